"""What's new across repositories: counts, titles, attention, and marks that readers do not share."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from github_events_monitor.infrastructure.database_interface import CollectorState, DatabaseManager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions import whats_new
from github_events_monitor.infrastructure.questions.deployment_metrics import DEPLOYMENT_METRICS
from github_events_monitor.infrastructure.questions.issues import ISSUES
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.infrastructure.questions.security_report import SECURITY_REPORT
from github_events_monitor.infrastructure.questions.whats_new import KINDS, WHATS_NEW, WhatsNew
from github_events_monitor.records import Commit, CommitRecord, Event, Facts, Ledger, RepositoryState, Span, Thread
from tests.fake_github import NOW, FakeGitHub, FakeRepository, commit, iso, sha

from .conftest import World, build


def issue(number: int, at: str, **fields: Any) -> dict[str, Any]:
    person = {"login": "eve", "type": "User"}
    return {"number": number, "title": f"thing {number}", "user": person, "state": "open", "comments": 0,
            "created_at": at, "updated_at": at, "labels": [], **fields}  # fmt: skip


def make(manager: DatabaseManager | None = None) -> World:
    repository = FakeRepository("Octo/Hello")
    repository.branches["main"] = [commit(1, NOW - timedelta(hours=2), message="feat: a thing")]
    late = iso(NOW - timedelta(days=9))
    pull = {"url": "https://api.github.test/repos/octo/hello/pulls/3", "merged_at": None}
    repository.issues = [issue(4, iso(NOW - timedelta(hours=1))), issue(3, late, pull_request=pull)]
    return build(FakeGitHub(repository, FakeRepository("octo/quiet", id=8)), manager=manager)


async def ask(world: World, **arguments: Any) -> WhatsNew:
    return await world.service.ask(WHATS_NEW, repos=["octo/hello", "octo/quiet"], **arguments)


async def test_news_come_with_titles_and_what_waits_comes_first(manager: DatabaseManager) -> None:
    world = make(manager)
    await world.collector.collect(["octo/hello", "octo/quiet"])
    answer = await ask(world)
    assert [(part.repo, part.counts) for part in answer.repositories] == [
        ("Octo/Hello", {"commits": 1, "issues_opened": 1})
    ]
    assert answer.repositories[0].first["commits"][0].title == "feat: a thing"
    assert answer.quiet == ("octo/quiet",)
    assert [(one.kind, one.repo) for one in answer.attention] == [("pull_request_unanswered", "Octo/Hello")]
    text = WHATS_NEW.text(answer)
    assert '"#4 thing 4"' in text
    assert f'#3 "thing 3" by eve has no answer for two business days, opened {iso(NOW - timedelta(days=9))}' in text


async def test_each_reader_is_told_once_and_a_given_since_moves_no_mark() -> None:
    world = make()
    await world.collector.collect(["octo/hello", "octo/quiet"])
    assert len((await ask(world, reader="ann")).repositories) == 1
    assert (await ask(world, reader="ann")).repositories == ()
    world.pass_time(seconds=30)
    assert (await ask(world, reader="ann")).repositories == ()
    assert len((await ask(world, reader="bob", since="2026-11-20")).repositories) == 1
    assert len((await ask(world, reader="bob")).repositories) == 1
    await world.collector.close()


async def test_a_window_that_began_after_the_last_collection_asks_github_nothing() -> None:
    world = make()
    await world.collector.collect(["octo/hello", "octo/quiet"])
    world.pass_time(seconds=30)
    await ask(world, reader="ann")
    before = len(world.github.requests)
    world.pass_time(seconds=30)
    answer = await ask(world, reader="ann")
    assert (answer.note, len(world.github.requests)) == (None, before)
    await world.collector.close()


async def test_what_failed_is_named_and_keeps_the_mark_where_it_is() -> None:
    world = make()
    await world.collector.collect(["octo/hello"])
    answer = await world.service.ask(WHATS_NEW, repos=["octo/hello", "octo/none", "oops"])
    assert {name: problem.code for name, problem in answer.errors.items()} == {
        "octo/none": "not_found",
        "oops": "invalid",
    }
    assert "mark stays" in (answer.note or "")
    assert await world.manager.collector_state.get_reader_mark("default") == answer.since
    assert f"Ask next as the same reader, or with since={answer.since}; " in WHATS_NEW.text(answer)
    await world.collector.close()


async def test_newcomers_are_people(manager: DatabaseManager) -> None:
    world = make(manager)
    repository = world.github.repositories["octo/hello"]
    recent = iso(NOW - timedelta(hours=1))
    repository.issues = [
        issue(4, recent),
        issue(5, recent, user={"login": "dependabot[bot]", "type": "Bot"}),
        issue(6, recent, user={"login": "copilot", "type": "Bot"}),
        issue(7, recent, user={"login": "house-app", "type": "Bot"}),
    ]
    await world.collector.collect(["octo/hello"])
    await know_days_before(world, 90)
    (news,) = (await world.service.ask(WHATS_NEW, repos=["octo/hello"])).repositories
    assert news.newcomers is not None
    assert "eve" in news.newcomers
    assert not {"dependabot[bot]", "copilot", "house-app"} & set(news.newcomers)


async def test_quiet_is_said_to_be_without_issues_where_none_were_read(manager: DatabaseManager) -> None:
    ledger = Ledger(spans={kind: (Span(iso(NOW - timedelta(days=9)), iso(NOW)),) for kind in ("events", "commits")})
    state = RepositoryState(repo_name="octo/quiet", full_name="octo/quiet", ledger=ledger, last_collected_at=iso(NOW))
    await manager.collector_state.save_states([state])
    service = DatabaseService(QuestionContext(manager=manager, clock=lambda: NOW))
    answer = await service.ask(WHATS_NEW, repos=["octo/quiet"])
    said = "Issues and pull requests of octo/quiet were not read yet for this time; collect_now reads them."
    assert (answer.quiet, said in WHATS_NEW.text(answer).splitlines()[0]) == (("octo/quiet",), True)


async def know_days_before(world: World, days: int) -> None:
    """Have commits, issues and pull requests known since so many days before yesterday."""
    (state,) = (await world.manager.collector_state.get_states(["octo/hello"])).values()
    span = Span(iso(NOW - timedelta(days=days + 1)), iso(NOW))
    known = {**state.ledger.spans, "commits": (span,), "threads": (span,)}
    await world.manager.collector_state.save_states([replace(state, ledger=Ledger(spans=known))])


@pytest.mark.parametrize(
    ("days", "newcomers", "said"),
    [
        (90, ("eve",), "newcomers eve\n"),
        (89, ("eve",), f"newcomers eve (before {iso(NOW - timedelta(days=90))[:10]} not all is known)"),
        (7, ("eve",), f"newcomers eve (before {iso(NOW - timedelta(days=8))[:10]} not all is known)"),
        (6, None, "newcomers unknown"),
    ],
)
async def test_who_is_new_rests_on_what_is_known_of_the_time_before(
    manager: DatabaseManager, days: int, newcomers: tuple[str, ...] | None, said: str
) -> None:
    world = make(manager)
    repository = world.github.repositories["octo/hello"]
    repository.branches["main"], repository.issues = [], [issue(4, iso(NOW - timedelta(hours=1)))]
    await world.collector.collect(["octo/hello"])
    await know_days_before(world, days)
    service = DatabaseService(QuestionContext(manager=manager, clock=world.clock))
    answer = await service.ask(WHATS_NEW, repos=["octo/hello"])
    assert [part.newcomers for part in answer.repositories] == [newcomers]
    assert said in WHATS_NEW.text(answer)
    assert answer.to_wire()["repositories"][0]["newcomers"] == (None if newcomers is None else [*newcomers])


Step = tuple[Literal["commit", "pull", "release", "ann", "bob", "outage"], int]
"""What happens next: something is stored that happened so many seconds ago, a reader asks so much later, or an
outage of one repository begins or ends."""

DAY = 24 * 3600


async def collect(world: World) -> None:
    """Collect once; what is asked afterwards is answered from the database alone."""
    await world.collector.collect(["octo/hello", "octo/quiet"])
    world.service = DatabaseService(QuestionContext(manager=world.manager, clock=world.clock))


async def store(world: World, kind: str, number: int, at: str, repo: str = "octo/hello") -> str:
    """Store something that happened then and return its title."""
    if kind == "commit":
        record = Commit(sha=sha(number), repo_name=repo, commit_date=at, message=f"c{number}", branches=("main",))
        await world.manager.commits.insert_commits([CommitRecord(commit=record)])
        return f"c{number}"
    if kind == "release":
        facts = Facts(action="published", ref=f"v{number}")
        happened = Event(id=f"r{number}", event_type="ReleaseEvent", created_at=at, repo_name=repo, facts=facts)
        await world.manager.events.insert_events([happened])
        return f"v{number}"
    pull = Thread(repo_name=repo, number=number, kind="pull_request", state="open", created_at=at, updated_at=at,
                  title="pull")  # fmt: skip
    await world.manager.threads.save_threads([pull])
    return f"#{number} pull"


def titles(answer: WhatsNew) -> list[str]:
    return sorted(row.title for part in answer.repositories for rows in part.first.values() for row in rows)


async def test_what_is_learned_late_is_told_once_to_each_reader(manager: DatabaseManager) -> None:
    world = make(manager)
    await collect(world)
    for reader in ("ann", "bob"):
        assert titles(await ask(world, reader=reader)) == ["#4 thing 4", "feat: a thing"]
    late = iso(NOW - timedelta(hours=3))
    expected = sorted([await store(world, kind, number, late) for number, kind in
                       enumerate(("commit", "pull", "release"), 20)])  # fmt: skip
    first = await ask(world, reader="ann")
    assert titles(first) == expected
    assert first.repositories[0].counts == {"commits": 1, "pull_requests_opened": 1, "releases": 1}
    assert [one.reason for one in first.attention if one.kind == "release"] == ['new release "v22"']
    assert f'commits: "c20" at {late}' in WHATS_NEW.text(first)
    assert titles(await ask(world, reader="ann")) == []
    world.pass_time(seconds=30)
    again = await ask(world, reader="ann")
    assert (titles(again), [one for one in again.attention if one.kind == "release"]) == ([], [])
    assert titles(await ask(world, reader="bob")) == expected
    assert titles(await ask(world, reader="bob")) == []


async def test_what_is_closed_late_is_news_though_its_opening_was_told() -> None:
    world = make()
    await collect(world)
    opened, closed = iso(NOW - timedelta(hours=4)), iso(NOW - timedelta(hours=3))
    await store(world, "pull", 20, opened)
    await ask(world)
    merged = Thread(repo_name="octo/hello", number=20, kind="pull_request", state="merged", created_at=opened,
                    updated_at=closed, title="pull", closed_at=closed, merged_at=closed)  # fmt: skip
    await world.manager.threads.save_threads([merged])
    assert [part.counts for part in (await ask(world)).repositories] == [{"pull_requests_merged": 1}]
    assert (await ask(world)).repositories == ()
    await world.collector.close()


async def test_what_a_repository_has_from_before_a_reader_first_saw_it_is_no_late_news() -> None:
    world = make()
    await collect(world)
    await world.service.ask(WHATS_NEW, repos=["octo/quiet"])
    assert titles(await ask(world)) == []
    await store(world, "commit", 20, iso(NOW - timedelta(minutes=1)))
    assert titles(await ask(world)) == []
    await store(world, "commit", 21, iso(NOW - timedelta(minutes=1)), "octo/quiet")
    assert titles(await ask(world)) == ["c21"]
    await world.collector.close()


async def test_where_one_repository_fails_the_others_are_told_once_all_the_same() -> None:
    world = make()
    await collect(world)
    await ask(world)
    await store(world, "commit", 20, iso(NOW - timedelta(hours=3)))
    for expected in (["c20"], [], []):
        assert titles(await world.service.ask(WHATS_NEW, repos=["octo/hello", "oops"])) == expected
        world.pass_time(seconds=30)
    assert titles(await ask(world)) == []
    await world.collector.close()


async def test_a_given_since_knows_no_late_news_and_leaves_what_was_told() -> None:
    world = make()
    await collect(world)
    await ask(world)
    await store(world, "commit", 20, iso(NOW - timedelta(hours=3)))
    assert titles(await ask(world, since=iso(NOW - timedelta(minutes=90)))) == ["#4 thing 4"]
    assert titles(await ask(world)) == ["c20"]
    await world.collector.close()


async def test_what_has_not_changed_is_not_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make()
    await collect(world)
    await ask(world)
    state, written = world.manager.collector_state, []
    save = state.save_reader_mark

    async def watch(reader: str, instant: str, seen: Any = None) -> None:
        written.append(sorted(seen))
        await save(reader, instant, seen)

    monkeypatch.setattr(state, "save_reader_mark", watch)
    world.pass_time(seconds=30)
    await ask(world)
    await store(world, "commit", 20, iso(NOW - timedelta(hours=3)))
    await ask(world)
    assert written == [[], ["octo/hello"]]
    await world.collector.close()


async def know_all(world: World, *, but: str | None = None) -> None:
    """Let all that happened up to now count as known, of one repository nothing."""
    known = Ledger(spans={kind: (Span("2020-01-01T00:00:00Z", iso(world.now)),) for kind in KINDS})
    await world.manager.collector_state.save_states(
        RepositoryState(
            repo_name=name, full_name=name, default_branch="main", ledger=Ledger() if name == but else known
        )
        for name in ("octo/hello", "octo/quiet")
    )


async def check(world: World, steps: Iterable[Step]) -> None:
    """Each reader is told exactly once of all that happened since the first window that the reader was told of.

    What is known of a repository that cannot be collected is told until it can be, and then once more. A window of no
    length says nothing of what is known in it: each has a second at least.
    """
    world.service = DatabaseService(QuestionContext(manager=world.manager, clock=world.clock))
    stored: dict[str, tuple[str, str]] = {}
    floors: dict[str, str] = {}
    told: dict[str, set[str]] = {"ann": set(), "bob": set()}
    failing: str | None = None
    for number, (what, seconds) in enumerate(steps, 100):
        if what == "outage":
            failing = None if failing else "octo/quiet"
            continue
        if what not in told:
            at, repo = iso(world.now - timedelta(seconds=seconds)), ("octo/hello", "octo/quiet")[seconds % 2]
            stored[await store(world, what, number, at, repo)] = at, repo
            continue
        world.pass_time(seconds=1 + seconds % 3600)
        await know_all(world, but=failing)
        floor, now = floors.setdefault(what, iso(world.now - timedelta(days=1))), iso(world.now)
        expected = {title for title, (at, _) in stored.items() if floor <= at < now} - told[what]
        assert titles(await ask(world, reader=what)) == sorted(expected)
        told[what] |= {title for title in expected if stored[title][1] != failing}


STEPS = st.tuples(st.sampled_from(("commit", "pull", "release", "ann", "bob", "outage")), st.integers(0, 2 * DAY))


@settings(max_examples=40, deadline=None)
@given(st.lists(STEPS, min_size=2, max_size=20))
def test_whatever_is_stored_when_each_reader_is_told_exactly_once(steps: list[Step]) -> None:
    async def run() -> None:
        world = build(FakeGitHub())
        try:
            await check(world, steps)
        finally:
            await world.collector.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whats_new, "MAX_SHOWN", 100)
        asyncio.run(run())


@pytest.mark.parametrize("seed", [1, 2])
async def test_that_holds_with_every_database(
    manager: DatabaseManager, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(whats_new, "MAX_SHOWN", 100)
    chance = random.Random(seed)
    kinds: tuple[Literal["commit", "pull", "release", "ann", "bob", "outage"], ...] = (
        "commit",
        "pull",
        "release",
        "ann",
        "bob",
        "outage",
    )
    world = build(FakeGitHub(), manager=manager)
    await check(world, [(chance.choice(kinds), chance.randrange(2 * DAY)) for _ in range(25)])


async def test_a_repository_that_could_not_be_asked_is_not_quiet() -> None:
    world = make()
    await world.collector.collect(["octo/hello", "octo/quiet"])
    last = iso(world.clock())
    world.pass_time(hours=2)
    world.github.fail(100, 503)
    answer = await ask(world, since=iso(world.clock() - timedelta(hours=3)))
    assert answer.quiet == ()
    by_name = {part.repo: part for part in answer.repositories}
    assert by_name["octo/quiet"].counts == {}
    assert f"last collected {last}" in (by_name["octo/quiet"].note or "")
    text = WHATS_NEW.text(answer)
    assert "octo/quiet: no news known. Collecting failed: " in text
    assert "1 repository with news, 0 quiet, 1 not known" in text.splitlines()[0]


async def test_asked_twice_in_a_second_nothing_is_collected_and_nothing_is_left() -> None:
    world = make()
    await world.collector.collect(["octo/hello", "octo/quiet"])
    await ask(world, reader="ann")
    before = len(world.github.requests)
    answer = await ask(world, reader="ann")
    assert (answer.note, len(world.github.requests)) == (None, before)


async def test_what_a_first_question_did_not_read_is_said_and_does_not_pass_for_none(manager: DatabaseManager) -> None:
    world = make(manager)
    first = await world.service.ask(WHATS_NEW, repos=["octo/hello"])
    assert first.note == (
        "Failing checks or advisories of 1 repository are not known yet (collect_now)."
        " Issues and pull requests of Octo/Hello were not read yet for this time; collect_now reads them."
    )
    assert first.note in WHATS_NEW.text(first)
    await world.collector.collect(["octo/hello"])
    assert (await world.service.ask(WHATS_NEW, repos=["octo/hello"])).note is None


async def test_checks_and_advisories_that_other_questions_read_are_known(manager: DatabaseManager) -> None:
    world = make(manager)
    await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")
    assert "checks or advisories" in ((await world.service.ask(WHATS_NEW, repos=["octo/hello"])).note or "")
    await world.service.ask(SECURITY_REPORT, repo="octo/hello")
    assert (await world.service.ask(WHATS_NEW, repos=["octo/hello"])).note is None


async def test_a_question_about_commits_leaves_issues_as_old_as_they_were_to_the_next(manager: DatabaseManager) -> None:
    world = make(manager)
    await world.collector.collect(["octo/hello"])
    world.pass_time(hours=20)
    world.github.repositories["octo/hello"].issues.insert(0, issue(7, iso(world.now - timedelta(hours=1))))
    await world.service.ask(RECENT_COMMITS, repo="octo/hello")
    world.pass_time(minutes=1)
    for _ in range(2):
        answer = await world.service.ask(ISSUES, repo="octo/hello")
        assert ([row.number for row in answer.issues], answer.coverage.complete) == ([7, 4], True)
        asked = len(world.github.requests)
    assert await world.service.ask(ISSUES, repo="octo/hello") == answer
    assert len(world.github.requests) == asked


class Waves:
    """Lets reads go on together once nothing else is left to be done, and remembers which went together."""

    def __init__(self) -> None:
        self.seen: list[set[str]] = []
        self._waiting: dict[str, asyncio.Future[None]] = {}

    def hold(self, reads: CollectorState, monkeypatch: pytest.MonkeyPatch) -> None:
        """Hold every read of it."""
        for name in [name for name in dir(reads) if name.startswith("get_")]:
            monkeypatch.setattr(reads, name, partial(self._held, getattr(reads, name)))

    async def _held(self, read: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        loop, name = asyncio.get_running_loop(), read.__name__
        if not self._waiting:
            loop.call_soon(self._let_go, 50)
        self._waiting[name] = turn = loop.create_future()
        await turn
        return await read(*arguments)

    def _let_go(self, turns: int) -> None:
        if turns:
            asyncio.get_running_loop().call_soon(self._let_go, turns - 1)
            return
        self.seen.append({*self._waiting})
        for turn in self._waiting.values():
            turn.set_result(None)
        self._waiting = {}


async def test_what_does_not_depend_on_each_other_is_read_side_by_side(
    manager: DatabaseManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, waves = make(manager), Waves()
    await world.collector.collect(["octo/hello", "octo/quiet"])
    await manager.collector_state.watch(["octo/hello", "octo/quiet"])
    waves.hold(manager.collector_state, monkeypatch)
    answer = await DatabaseService(world.service.context.without_collecting()).ask(WHATS_NEW, reader="ann")
    assert [part.repo for part in answer.repositories] == ["Octo/Hello"]
    assert waves.seen == [
        {"get_reader_mark", "get_watch_list", "get_patterns"},
        {"get_states"},
        {"get_looked_states"},
        {"get_seen"},
    ]
