"""Finding commits by path, events by words, and several repositories side by side, on every provider."""

from typing import Any

import pytest
from msgspec.structs import replace

from github_events_monitor.errors import InvalidInput
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.commit_details import COMMIT_DETAILS
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.infrastructure.questions.repository_activity import REPOSITORY_ACTIVITY
from github_events_monitor.infrastructure.questions.repository_health import REPOSITORY_HEALTH
from github_events_monitor.infrastructure.questions.security_report import SECURITY_REPORT
from github_events_monitor.insights.commits import analyse_commit
from github_events_monitor.records import Commit, CommitFile, CommitRecord, Ledger, Refusal, RepositoryState, Span

from ..conftest import NOW
from .builders import OTHER, REPO, at, sha

KNOWN = Ledger(spans={kind: (Span(at(0, day=1), "2025-03-31T12:00:00Z"),) for kind in ("events", "commits", "threads")})


def service(manager: DatabaseManager) -> DatabaseService:
    return DatabaseService(QuestionContext(manager=manager, clock=lambda: NOW))


def change(number: int, *paths: str, details: bool = True, before: str | None = None) -> CommitRecord:
    files = tuple(CommitFile(filename=path, status="modified", previous_filename=before) for path in paths)
    about: dict[str, Any] = {"additions": 1, "deletions": 1, "files_changed": len(paths)} if details else {}
    commit = Commit(sha=sha(number), repo_name=REPO, commit_date=at(number), message=f"change {number}", **about)
    return CommitRecord(commit=commit, files=files if details else None)


async def fill(manager: DatabaseManager) -> DatabaseService:
    await manager.collector_state.save_states(
        RepositoryState(repo_name=repo, full_name=repo.title(), ledger=KNOWN, last_collected_at=at(0, day=31))
        for repo in (REPO, OTHER)
    )
    await manager.commits.insert_commits(
        [
            change(1, "src/app.py", "README.md"),
            change(2, "tests/test_app.py"),
            change(3, details=False),
            change(4, "lib/new.py", before="src/old.py"),
            change(5),
            change(6, "setup.py", "docs/a.md"),
        ]
    )
    return service(manager)


@pytest.mark.parametrize(
    ("path", "numbers"),
    [
        ("src/", [4, 1]),
        ("/README", [1]),
        ("*.py", [6, 4, 2, 1]),
        ("**/setup.py", [6]),
        ("*/test_*.py", [2]),
        ("SRC", []),
    ],
)
async def test_commits_are_found_by_path_and_those_not_known_are_counted(
    manager: DatabaseManager, path: str, numbers: list[int]
) -> None:
    asked = await fill(manager)
    answer = await asked.ask(RECENT_COMMITS, repo=REPO, since="2025-03-01", path=path)
    assert [row.sha for row in answer.commits] == [sha(number) for number in numbers]
    assert (answer.total_commits, answer.files_unknown) == (len(numbers), 1)
    text = RECENT_COMMITS.text(answer)
    assert "known to match (1 not judged)" in text.splitlines()[0]  # not "0 commits", which would be an answer
    assert "The files of 1 more commit are not known yet" in text
    assert "files_unknown" not in (await asked.ask(RECENT_COMMITS, repo=REPO, since="2025-03-01")).to_wire()


async def test_a_cursor_fixes_the_path_and_the_words(manager: DatabaseManager) -> None:
    asked = await fill(manager)
    first = await asked.ask(RECENT_COMMITS, repo=REPO, since="2025-03-01", path="*.py", limit=3)
    second = await asked.ask(RECENT_COMMITS, repo=REPO, cursor=first.next_cursor)
    assert [row.sha for row in (*first.commits, *second.commits)] == [sha(number) for number in (6, 4, 2, 1)]
    assert (second.total_commits, second.next_cursor) == (4, None)
    assert all(page.summary_line.endswith(' Asked for: path "*.py".') for page in (first, second))
    assert "Asked for" not in (await asked.ask(RECENT_COMMITS, repo=REPO, since="2025-03-01", limit=3)).summary_line
    with pytest.raises(InvalidInput, match="path is fixed by the cursor"):
        await asked.ask(RECENT_COMMITS, repo=REPO, cursor=first.next_cursor, path="src/")


async def test_files_of_a_commit_known_by_its_numbers_alone_are_not_looked_at(manager: DatabaseManager) -> None:
    asked = await fill(manager)
    numbers = [replace(change(number, "a", "b"), files=None) for number in (30, 31)]
    commits = [change(29, "src/a.py"), *numbers, change(32, "README.md")]
    await manager.commits.insert_commits(
        replace(record, summary=analyse_commit(record.commit, record.files)) for record in commits
    )
    state = (await manager.collector_state.get_states([REPO]))[REPO]
    spans = {**state.ledger.spans, "commits/without_files": (Span(at(28), at(31)),)}
    refused = {f"commit:{sha(31)}": Refusal("too large", 1, at(40))}
    await manager.collector_state.save_states([replace(state, ledger=Ledger(spans=spans), refused=refused)])
    answer = await asked.ask(SECURITY_REPORT, repo=REPO, since=at(29), until=at(33))
    assert [thing for thing in answer.unknown if thing.startswith("Files of")] == [
        "Files of 2 of 4 commits were not all fetched: changes to workflows, dependencies and install scripts in them "
        "are not seen."
    ]


async def test_events_are_found_by_words_of_their_titles(manager: DatabaseManager) -> None:
    asked = await fill(manager)
    await manager.events.insert_events(
        {
            "id": str(number), "event_type": kind, "created_at": at(number), "repo_name": REPO, "actor_login": "ada",
            "payload": {"action": "opened", kind_of: {"number": number, "title": title}},
        }
        for number, (kind, kind_of, title) in enumerate(
            [
                ("IssuesEvent", "issue", "Crash on start"),
                ("PullRequestEvent", "pull_request", "Fix the CRASH at start"),
                ("IssuesEvent", "issue", "Crash at the end"),
                ("IssuesEvent", "issue", "A start"),
            ],
            1,
        )
    )  # fmt: skip
    answer = await asked.ask(REPOSITORY_ACTIVITY, repo=REPO, since="2025-03-01", query="start crash", limit=1)
    assert (answer.total_events, answer.counts_by_type) == (2, {"IssuesEvent": 1, "PullRequestEvent": 1})
    rest = await asked.ask(REPOSITORY_ACTIVITY, repo=REPO, cursor=answer.next_cursor)
    assert [event.id for event in (*answer.events, *rest.events)] == ["2", "1"]
    assert (rest.total_events, rest.next_cursor) == (2, None)
    with pytest.raises(InvalidInput, match="query is fixed by the cursor"):
        await asked.ask(REPOSITORY_ACTIVITY, repo=REPO, cursor=answer.next_cursor, query="end")


async def test_repositories_are_compared_side_by_side(manager: DatabaseManager) -> None:
    asked = await fill(manager)
    alone = await asked.ask(REPOSITORY_HEALTH, repo=REPO)
    both = await asked.ask(REPOSITORY_HEALTH, repos=[OTHER, REPO, "octo/none"])
    assert [row.repo for row in both.repositories] == [OTHER.title(), REPO.title(), "octo/none"]
    row = both.repositories[1]
    assert row.health_score == alone.health_score
    assert {name: part.score for name, part in row.components.items()} == {p.name: p.score for p in alone.components}
    assert both.repositories[2].error is not None
    assert both.repositories[2].error.code == "not_found"
    text = REPOSITORY_HEALTH.text(both)
    assert f"responsiveness: {OTHER.title()} " in text
    assert f"; {REPO.title()} " in text
    assert "octo/none: not_found" in text
    assert len(REPOSITORY_HEALTH.text(alone).encode()) < 4_000


@pytest.mark.parametrize(
    "arguments",
    [{}, {"repo": REPO, "repos": [REPO, OTHER]}, {"repos": [REPO]}, {"repos": [f"o/r{n}" for n in range(11)]}],
)
async def test_one_repository_or_two_to_ten(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="2 to 10"):
        await service(get_sqlite_manager(":memory:")).ask(REPOSITORY_HEALTH, **arguments)


async def test_a_glob_of_many_wildcards_is_refused(manager: DatabaseManager) -> None:
    with pytest.raises(InvalidInput, match="more than 10 wildcards"):
        await (await fill(manager)).ask(RECENT_COMMITS, repo=REPO, since="2025-03-01", path="*a" * 11)


@pytest.mark.parametrize("changed", [None, 4_000])
async def test_a_commit_whose_files_were_read_in_part_may_touch_any_path(
    manager: DatabaseManager, changed: int | None
) -> None:
    part = change(9, "src/a.py", "src/b.py")
    commit = replace(part.commit, files_changed=changed)
    asked = await fill(manager)
    await manager.commits.insert_commits([replace(part, commit=commit)])
    found = await asked.ask(RECENT_COMMITS, repo=REPO, since="2025-03-01", path="docs/guide/")
    assert (found.total_commits, found.files_unknown) == (0, 2)
    details = await asked.ask(COMMIT_DETAILS, repo=REPO, sha=sha(9))
    assert details.commit.files_changed == changed
    assert details.note == "It may change more files than the 2 that are known: the others were not read."
    text = COMMIT_DETAILS.text(details)
    assert "at least 2 files" in text
    assert "of them known" in text if changed else "in at least 2 files" in text


async def test_a_newcomers_workflow_beside_code_is_a_finding(manager: DatabaseManager) -> None:
    def by(login: str, number: int, day: int, *paths: str) -> CommitRecord:
        made = change(number, *paths)
        commit = replace(made.commit, author_login=login, commit_date=at(0, day=day), message="feat: a thing")
        return replace(made, commit=commit, summary=analyse_commit(commit, made.files))

    asked = await fill(manager)
    known = [by("ann", 20 + day, day, "src/a.py") for day in range(1, 12)]
    await manager.commits.insert_commits([*known, by("eve", 40, 30, "src/b.py", ".github/workflows/ci.yml")])
    report = await asked.ask(SECURITY_REPORT, repo=REPO, since="2025-03-20")
    [found] = [one for one in report.findings if one.type == "workflow_changed_by_newcomer"]
    assert (found.severity, found.evidence) == ("high", (f"commit:{sha(40)}",))


async def test_hours_of_the_week_that_were_never_covered_are_unknown_not_zero(manager: DatabaseManager) -> None:
    asked = await fill(manager)
    known = Ledger(spans={"events": (Span(at(0, day=29, hour=6), "2025-03-31T12:00:00Z"),)})
    await manager.collector_state.save_states([RepositoryState(repo_name=REPO, full_name=REPO, ledger=known)])
    star = {"id": "1", "event_type": "WatchEvent", "repo_name": REPO, "created_at": at(5)}
    await manager.events.insert_events([star])
    answer = await asked.ask(REPOSITORY_ACTIVITY, repo=REPO, since="2025-03-10")
    monday, *middle, saturday, sunday = answer.weekday_hours
    assert monday == (*[0] * 12, 1, *[None] * 11)
    assert [hours for day in middle for hours in day if hours is not None] == []
    assert (saturday, sunday) == ((*[None] * 6, *[0] * 18), (0,) * 24)
    text = REPOSITORY_ACTIVITY.text(answer)
    assert f"\nBy weekday and hour (? is unknown):\nMon by hour (UTC): {'0 ' * 12}1{' ?' * 11}\nTue" in text


async def test_a_security_report_does_not_call_complete_what_it_did_not_look_at(manager: DatabaseManager) -> None:
    asked = await fill(manager)
    whole, late = KNOWN.spans["events"], (Span(at(0, day=30), "2025-03-31T12:00:00Z"),)

    async def report(**spans: tuple[Span, ...]) -> tuple[bool, str, list[str]]:
        state = RepositoryState(repo_name=REPO, full_name=REPO, ledger=Ledger(spans={"events": whole, **spans}))
        await manager.collector_state.save_states([state])
        answer = await asked.ask(SECURITY_REPORT, repo=REPO, since=at(0, day=29), until=at(0, day=31))
        said = [thing for thing in answer.unknown if "not completely known" in thing]
        return answer.coverage.complete, SECURITY_REPORT.summarise(answer).partition("). ")[2], said

    missing = f"not completely known: {at(0, day=29)} to"
    lacking = "Not all is known of commits, force pushes and moved tags: see unknown."
    assert await report(commits=late) == (
        False,
        f"Coverage of events complete. {lacking}",
        [f"commits {missing} {at(0, day=30)}", f"force pushes and moved tags {missing} {at(0, day=31)}"],
    )
    assert await report(commits=whole, activity=whole) == (True, "Coverage of events complete.", [])
