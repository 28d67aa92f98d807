"""What DynamoDB costs and how long it takes, beside bare calls of aiobotocore on the same engine.

    python -m benchmarks.dynamodb

Needs DYNAMODB_ENDPOINT_URL, or Java and npm, with which DynamoDB Local is fetched. Contenders take turns and ratios are
of the same run: the engine shares the machine with the program, so absolute times are those of one machine.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from pydantic import SecretStr
from tests.engines import dynamodb_engine
from tests.fake_github import FakeGitHub, FakeRepository, commit

from github_events_monitor.collecting.collector import Collector
from github_events_monitor.github.client import GitHubClient
from github_events_monitor.github.credentials import StaticToken
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.dynamodb import cost
from github_events_monitor.infrastructure.dynamodb.manager import DynamoDBManager
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.infrastructure.questions.repository_health import REPOSITORY_HEALTH
from github_events_monitor.infrastructure.questions.trending_repositories import TRENDING_REPOSITORIES
from github_events_monitor.ledger import learn
from github_events_monitor.records import Ledger, RepositoryState, Span

from .dynamodb_peer import (
    BUSY,
    COMMITS,
    EVENTS,
    MONTH,
    NOW,
    POLL,
    Bare,
    ago,
    bare_client,
    event,
    happened,
    items,
    poll,
    record,
)
from .dynamodb_tables import tables

ROUNDS, ASKED, SINGLE = 25, 40, 100
REPOSITORIES, ROUNDS_A_DAY, NEWS_A_DAY, NEW_EVENTS, PAGE = 1_000, 288, 10, 10, 100
"""Assumed of an average repository: NEWS_A_DAY times it brings NEW_EVENTS and a commit, in a page of PAGE events."""
QUIET_A_DAY = 27
"""Visits to a repository that looks as it did: see `collecting/poller.py`. Each change is followed by two more."""
READINGS = 3
"""Of the watch list, in one round."""
HOT_KEY = 1_000
"""Write units a second that AWS gives one key: see `infrastructure/dynamodb/events.py`."""


async def took(work: Awaitable[object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


def say(name: str, value: float, unit: str, note: str = "") -> None:
    """One line of the result."""
    print(f"{name:52} {value:10,.2f} {unit:12} {note}", flush=True)


async def measure_storing(manager: DynamoDBManager, bare: Bare) -> None:
    """Events a second, counting what is new, beside items that are ready to be sent and nothing but sent."""
    speeds: dict[str, list[float]] = {"insert_events": [], "bare BatchWriteItem": [], "one put_item at a time": []}
    for _ in range(ROUNDS + 1):
        speeds["insert_events"].append(POLL / await took(manager.events.insert_events(poll())))
        speeds["bare BatchWriteItem"].append(POLL / await took(bare.write(items(poll()))))
        single = items(poll()[:SINGLE])
        speeds["one put_item at a time"].append(SINGLE / await took(bare.put(single)))
    ours = speeds["insert_events"][1:]  # the first round warms up
    for name, found in speeds.items():
        ratio = statistics.median(one / other for one, other in zip(ours, found[1:], strict=True))
        say(name, statistics.median(found[1:]), "events/s", f"insert_events is {ratio:.2f} of it")


async def fill(manager: DynamoDBManager) -> None:
    """A busy month of one repository; prints what writing it took."""
    capacity = manager.connection.capacity
    capacity.reset()
    await manager.events.insert_events(event(BUSY, MONTH.total_seconds()) for _ in range(EVENTS))
    units = capacity.write_units
    _, table = capacity.of(manager.connection.client.table("events"))
    people = (units - table) / EVENTS
    say("an event with its index rows", table / EVENTS, "write units", f"{people:.2f} more for rows about people")
    by_type = sum(found for use, found in capacity.units.items() if use.index_name == "type-created-index") / EVENTS
    say("a type's key in type-created-index takes", HOT_KEY / by_type, "events/s", "hot-key limit of AWS")
    await manager.commits.insert_commits(record(number) for number in range(COMMITS))
    await manager.collector_state.save_states([state()])


def state() -> RepositoryState:
    """All of the last quarter is known, the default branch too."""
    span, ledger = Span(ago(3.1 * MONTH.total_seconds()), ago(0)), Ledger()
    known = learn(learn(ledger, "events", span), "commits", span)
    return RepositoryState(repo_name=BUSY, default_branch="main", last_collected_at=ago(0), ledger=known)


async def measure_units(manager: DynamoDBManager, service: DatabaseService) -> None:
    """What questions about the busy repository read."""
    asked = manager.events
    for name, ask in (
        ("counts by type, 30 days", lambda: asked.count_by_type(BUSY, ago(MONTH.total_seconds()), ago(-1))),
        ("repository_health, 30 days", lambda: service.ask(REPOSITORY_HEALTH, repo=BUSY)),
        ("recent_commits, 30 days, thirty shown", lambda: service.ask(RECENT_COMMITS, repo=BUSY, hours=720)),
        ("trending, 24 hours, all that is stored", lambda: service.ask(TRENDING_REPOSITORIES)),
    ):
        manager.connection.capacity.reset()
        await ask()
        say(name, manager.connection.capacity.read_units, "read units")


async def measure_asking(service: DatabaseService, bare: Bare) -> None:
    """Medians of answers beside the calls that they need."""
    pairs: dict[str, tuple[Callable[[], Awaitable[object]], Callable[[], Awaitable[object]]]] = {
        "recent_commits": (lambda: service.ask(RECENT_COMMITS, repo=BUSY, hours=720), bare.recent_commits),
        "repository_health": (lambda: service.ask(REPOSITORY_HEALTH, repo=BUSY), bare.repository_health),
    }
    for name, (ask, calls) in pairs.items():
        both = [(await took(ask()) * 1000, await took(calls()) * 1000) for _ in range(ASKED + 1)][1:]
        ours, theirs = (statistics.median(column) for column in zip(*both, strict=True))
        say(name, ours, "ms (p50)", f"{ours / theirs:.2f} of the bare calls' {theirs:.2f} ms")


async def measure_growth(manager: DynamoDBManager) -> None:
    """A month of a thousand repositories, from what the collector's own polls of one of them take."""
    moment = [NOW]
    repository = FakeRepository("octo/polled")
    repository.events = [happened(number, NOW) for number in range(PAGE, 0, -1)]
    repository.branches["main"] = [commit(number, NOW - timedelta(days=30)) for number in range(9, 0, -1)]
    github = FakeGitHub(repository)
    github.clock = clock = lambda: moment[0]
    token = StaticToken(SecretStr("token"), "benchmark")
    client = GitHubClient(github.base, token, clock, transport=github.transport())
    collector = Collector(manager, client, clock=clock, with_token=True)

    async def poll_units() -> tuple[float, float]:
        moment[0] += timedelta(minutes=5)
        manager.connection.capacity.reset()
        await collector.collect([repository.full_name])
        return manager.connection.capacity.read_units, manager.connection.capacity.write_units

    for _ in range(3):  # the first pass fetches everything, the next what it left
        await poll_units()
    quiet = await poll_units()
    repository.events[:0] = [happened(number, moment[0]) for number in range(PAGE + NEW_EVENTS, PAGE, -1)]
    repository.branches["main"].insert(0, commit(10, moment[0], parents=(9,)))
    news = await poll_units()
    for name, (reads, writes) in (("a quiet poll", quiet), (f"{NEW_EVENTS} new of {PAGE} events, a commit", news)):
        say(name, writes, "write units", f"and {reads:.1f} read units")
    look = await look_units(manager)
    say(f"a round with a look at {REPOSITORIES:,}", look[1], "write units", f"and {look[0]:.1f} read units")
    each = [(2 * NEWS_A_DAY, quiet), (NEWS_A_DAY, news)]
    report_month(f"{NEWS_A_DAY} times a day {NEW_EVENTS} new events and a commit", [(QUIET_A_DAY, quiet), *each], look)
    report_month("nothing new", [(QUIET_A_DAY, quiet)], look)
    report_month("the same without a token", [(ROUNDS_A_DAY - NEWS_A_DAY, quiet), (NEWS_A_DAY, news)], (0, 0))
    report_month("nothing new, without a token", [(ROUNDS_A_DAY, quiet)], (0, 0))


Units = tuple[float, float]
"""Read and write units."""


async def look_units(manager: DynamoDBManager) -> Units:
    """What a round takes in which nothing is visited, by the second such look."""
    state, names = manager.collector_state, [f"octo/repo-{number:04d}" for number in range(REPOSITORIES)]
    await state.watch(names)
    for minute in (0, 5):
        manager.connection.capacity.reset()
        for _ in range(READINGS):
            await state.get_watch_list()
            await state.get_patterns()
        await state.save_look(ago(-60 * minute), names, ())
    return manager.connection.capacity.read_units, manager.connection.capacity.write_units


def report_month(what: str, visits: Sequence[tuple[int, Units]], look: Units) -> None:
    """What a month of a thousand repositories costs: so many visits to each a day at so many units, and looks."""
    day = [
        REPOSITORIES * sum(times * units[kind] for times, units in visits) + ROUNDS_A_DAY * look[kind]
        for kind in (0, 1)
    ]
    month = cost.monthly_cost(read_units=day[0], write_units=day[1], seconds=86_400, stored_bytes=0)
    say(f"{REPOSITORIES:,} repositories, {what}", month.total, "$ a month", f"${month.writes:,.2f} for writes")


async def measure(endpoint: str) -> None:
    """Everything, in turn."""
    async with tables(endpoint, NOW) as manager, bare_client(endpoint) as client:
        bare = Bare(client, manager.connection.client.table)
        service = DatabaseService(QuestionContext(manager=manager, clock=lambda: NOW))
        await fill(manager)
        await measure_units(manager, service)
        await measure_asking(service, bare)
        await measure_storing(manager, bare)
        await measure_growth(manager)


if __name__ == "__main__":
    with dynamodb_engine() as engine:
        asyncio.run(measure(engine.endpoint_url))
