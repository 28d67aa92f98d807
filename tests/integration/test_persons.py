"""A person is found by whatever commits and events call them, and an unknown person is reported as unknown."""

from datetime import timedelta

import pytest

from github_events_monitor.errors import NotFound
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.developer_activity import DEVELOPER_ACTIVITY
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.infrastructure.questions.repository_activity import REPOSITORY_ACTIVITY
from github_events_monitor.ledger import learn
from github_events_monitor.records import Ledger, Reply, RepositoryState, Span, Thread
from tests.fake_github import iso
from tests.integration.conftest import NOW
from tests.integration.contract.builders import event, record

ADA = {"author_login": "Ada", "author_name": "Ada L", "author_email": "ada@example.org"}
AT = iso(NOW - timedelta(hours=5))


@pytest.fixture
async def service(manager: DatabaseManager) -> DatabaseService:
    """In four repositories by a login, by an address alone, as a co-author, and by an event."""
    by_address = {**ADA, "author_login": None, "author_name": "A."}
    helped = {"author_login": "bob", "author_name": "Bob", "author_email": "bob@example.org"}
    message = "fix\n\nCo-authored-by: Ada L <ada@example.org>"
    collected = RepositoryState(repo_name="o/helped", last_collected_at=iso(NOW), sources=("events",))
    await manager.collector_state.save_states([collected])
    await manager.commits.insert_commits(
        [
            record(1, AT, repo_name="o/login", **ADA),
            record(2, AT, repo_name="o/address", **by_address),
            record(3, AT, repo_name="o/helped", message=message, **helped),
            record(4, AT, repo_name="o/other", **helped),
        ]
    )
    await manager.events.insert_events(
        [
            event("e1", AT, repo_name="o/event", actor_login="ada", event_type="PushEvent"),
            *(event(f"x{name}", AT, repo_name=f"o/{name}", actor_login="fan") for name in ("login", "address")),
            *(event(f"x{name}", AT, repo_name=f"o/{name}", actor_login="fan") for name in ("helped", "other")),
        ]
    )
    return DatabaseService(QuestionContext(manager=manager, clock=lambda: NOW))


@pytest.mark.parametrize("called", ["ada", "@Ada", "Ada L", "ADA@example.org"])
async def test_a_person_is_found_across_repositories_by_login_name_and_address(
    service: DatabaseService, called: str
) -> None:
    answer = await service.ask(DEVELOPER_ACTIVITY, actor=called)
    (ada,) = answer.developers
    assert ada.repositories == ("o/address", "o/event", "o/helped", "o/login")
    assert ada.contributions == {"commits": 3, "pushes": 1}


@pytest.mark.parametrize("called", ["ada", "Ada L", "ADA@example.org"])
@pytest.mark.parametrize("path", ["o/login", "o/helped"])
async def test_recent_commits_of_a_person_are_those_that_their_activity_counts(
    service: DatabaseService, manager: DatabaseManager, called: str, path: str
) -> None:
    by_address = {**ADA, "author_login": None, "author_name": "A."}
    await manager.commits.insert_commits(
        [record(9, AT, repo_name=path, **ADA), record(8, AT, repo_name=path, **by_address)]
    )
    counted = await service.ask(DEVELOPER_ACTIVITY, repo=path, actor=called)
    first = await service.ask(RECENT_COMMITS, repo=path, author=called, limit=2)
    rest = await service.ask(RECENT_COMMITS, repo=path, cursor=first.next_cursor)
    searched = await service.ask(RECENT_COMMITS, repo=path, author=called, min_risk="low")
    assert first.total_commits == searched.total_commits == counted.developers[0].contributions["commits"] == 3
    assert len({row.sha for row in (*first.commits, *rest.commits)}) == 3


@pytest.mark.parametrize("called", ["ada", "Ada L", "ada@example.org"])
async def test_one_person_has_the_figures_of_the_whole_ranking(service: DatabaseService, called: str) -> None:
    ranked = await service.ask(DEVELOPER_ACTIVITY, repo="o/login")
    (alone,) = (await service.ask(DEVELOPER_ACTIVITY, repo="o/login", actor=called)).developers
    assert alone in ranked.developers


async def test_one_whom_nobody_knows_is_said_so_with_names_like_it(service: DatabaseService) -> None:
    everywhere = await service.ask(DEVELOPER_ACTIVITY, actor="bobb")
    here = await service.ask(DEVELOPER_ACTIVITY, repo="o/helped", actor="bobb")
    commits = await service.ask(RECENT_COMMITS, repo="o/helped", author="bobb")
    events = await service.ask(REPOSITORY_ACTIVITY, repo="o/helped", actor="bobb")
    for answer in (everywhere, here, commits, events):
        assert not answer.coverage.complete
        assert 'Nobody called "bobb" is known here; names like it: bob' in (answer.coverage.note or "")


@pytest.mark.parametrize("person", ["nobody", "zoe"])
async def test_what_a_filter_leaves_out_is_stored_all_the_same(service: DatabaseService, person: str) -> None:
    commits = await service.ask(RECENT_COMMITS, repo="o/login", author=person)
    events = await service.ask(REPOSITORY_ACTIVITY, repo="o/login", actor=person)
    types = await service.ask(REPOSITORY_ACTIVITY, repo="o/login", event_types=["ForkEvent"])
    assert (commits.total_commits, events.total_events, types.total_events) == (0, 0, 0)
    assert not commits.coverage.complete
    with pytest.raises(NotFound, match="nothing is stored"):
        await service.ask(RECENT_COMMITS, repo="o/none", author=person)


async def test_one_who_is_known_and_did_nothing_is_not_called_unknown(service: DatabaseService) -> None:
    answer = await service.ask(REPOSITORY_ACTIVITY, repo="o/helped", actor="bob")
    assert "Nobody" not in (answer.coverage.note or "")


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("pull_requests", {"author": "reviewr"}, 'Nobody called "reviewr" is known here; names like it: reviewer'),
        ("pull_requests", {"reviewer": "ghost"}, 'Nobody called "ghost" is known here'),
        ("pull_requests", {"author": "reviewer"}, None),
        ("pull_requests", {"reviewer": "writer"}, None),
        ("issues", {"author": "ghost"}, 'Nobody called "ghost" is known here'),
        ("issues", {"label": "buggy"}, 'No issue here has the label "buggy"; labels here: "bug", "good first".'),
        ("issues", {"label": "BUG", "state": "closed"}, None),
    ],
)
async def test_who_or_what_no_thread_names_is_said_so(
    manager: DatabaseManager, name: str, arguments: dict[str, str], said: str | None
) -> None:
    review = Reply(id="r", kind="review", created_at=AT, author_login="reviewer")
    about = {"repo_name": "o/threads", "state": "open", "created_at": AT, "updated_at": AT, "author_login": "writer"}
    pull = Thread(number=1, kind="pull_request", replies=(review,), **about)  # type: ignore[arg-type]
    bug = Thread(number=2, kind="issue", labels=("bug",), **about)  # type: ignore[arg-type]
    other = Thread(number=3, kind="issue", labels=("bug", "good first"), **about)  # type: ignore[arg-type]
    await manager.threads.save_threads([pull, bug, other])
    known = learn(Ledger(), "threads", Span(iso(NOW - timedelta(days=60)), iso(NOW)))
    state = RepositoryState(repo_name="o/threads", ledger=known, last_collected_at=iso(NOW), sources=("threads",))
    await manager.collector_state.save_states([state])
    service = DatabaseService(QuestionContext(manager=manager, clock=lambda: NOW))
    answer = await service.ask_by_name(name, {"repo": "o/threads", **arguments})
    wire = answer.to_wire()
    assert wire[f"total_{name}"] == 0
    note = wire["coverage"]["note"] or ""
    assert said in note if said else "here" not in note
    assert wire["coverage"]["complete"] is ("Nobody" not in note)
