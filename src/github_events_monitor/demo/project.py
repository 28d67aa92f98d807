"""The ninety days of the invented project: everyday work, and what is worth finding in it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ..collecting.leases import acquire
from ..errors import DatabaseError
from ..infrastructure.database_interface import DatabaseManager
from ..instants import format_instant
from ..observations import Snapshot
from ..records import CollectedBatch, Span, Stored
from .accounts import (
    AMARA,
    FOGHORN,
    JONAS,
    LIGHTHOUSE,
    LIN,
    MAINTAINERS,
    MIRA,
    OWNER,
    PILOT,
    SOL,
    TEO,
    TIDE_TABLES,
    VISITORS,
)
from .history import History, SeededRandom
from .work import Change, Report, Team, everyday, working, write

LENGTH = timedelta(days=90)
UNTIL = datetime(2026, 6, 11, 15, 40, tzinfo=UTC)
"""A Thursday afternoon: the present of the demo, always."""

REPOSITORIES = (f"{OWNER}/lighthouse", f"{OWNER}/foghorn", f"{OWNER}/tide-tables")


def invent(until: datetime = UNTIL) -> tuple[CollectedBatch, ...]:
    """Return the project's repositories with all that happened in the ninety days before an instant."""
    return (_lighthouse(until), _foghorn(until), _tide_tables(until))


def _ago(until: datetime, days: float, hour: float | None = None) -> datetime:
    """Return the instant a number of days earlier, at an hour of that day where one is given."""
    moment = until - timedelta(days=days)
    if hour is None:
        return moment
    return moment.replace(hour=0, minute=0, second=0) + timedelta(seconds=int(hour * 3600))


def _workdays_ago(until: datetime, days: int, hour: float) -> datetime:
    """Return an hour of the working day a number of working days earlier."""
    moment = _ago(until, 0, hour)
    while days:
        moment -= timedelta(days=1)
        days -= moment.weekday() < 5
    return moment


def _gap(until: datetime, days: float, hours: float) -> Span:
    start = _ago(until, days)
    return Span(format_instant(start), format_instant(start + timedelta(hours=hours)))


def _snapshot(until: datetime, runs: int, successes: int, profile: float, advisories: int) -> Snapshot:
    return Snapshot(
        observed_at=format_instant(until),
        archived=False,
        created_at=format_instant(until - timedelta(days=900)),
        fork=False,
        default_branch="main",
        ci_runs=runs,
        ci_successes=successes,
        community_profile=profile,
        open_advisories=advisories,
    )


def _lighthouse(until: datetime) -> CollectedBatch:
    """A service in good health that had a bad release, an outage of the monitor, and a busy week."""
    since, rng = until - LENGTH, SeededRandom("lighthouse")
    gaps = [_gap(until, 41.3, 31), _gap(until, 12.6, 7)]
    history = History(REPOSITORIES[0], 7_001, until, gaps)
    team = Team(people=MAINTAINERS, areas=LIGHTHOUSE, changes=1.9, reports=0.8)
    write(history, rng, [*everyday(team, rng, since, until), *_worth_finding(until)])
    for days, tag in ((86, "v2.1.0"), (72, "v2.2.0"), (58, "v2.2.1"), (44, "v2.3.0"), (31, "v2.3.1")):
        history.release(working(_ago(until, days, 13)), MIRA, tag)
    history.release(_workdays_ago(until, 4, 13), MIRA, "v2.5.0-rc.1", prerelease=True)
    history.release(_workdays_ago(until, 3, 13), JONAS, "v2.5.0")
    _bad_release(history, until)
    _deployments(history, until)
    _crowds(history, rng, until)
    history.event(
        "MemberEvent", _workdays_ago(until, 4, 10), MIRA.login, {"action": "added", "member": {"login": SOL.login}}
    )
    history.force_push(_ago(until, 0.7), TEO, "refs/tags/v2.5.0")
    history.force_push(_workdays_ago(until, 6, 11), JONAS, "refs/heads/jonas/rewrite-sweep")
    return history.batch(since, _snapshot(until, 100, 93, 87, 1).to_row(history.key))


def _bad_release(history: History, until: datetime) -> None:
    """A release that stopped the beam at midnight: taken back within hours, repaired the same evening."""
    day = _workdays_ago(until, 13, 9)
    history.release(day.replace(hour=10), MIRA, "v2.4.0")
    history.deploy(day.replace(hour=10, minute=30), "production", "success")
    broken = history.sha_of("rotation in UTC")
    files = {"src/lighthouse/rotation.py": (9, 31), "tests/test_beam.py": (2, 14)}
    sha = history.commit(
        day.replace(hour=12),
        AMARA,
        f'Revert "feat(beam): turn by UTC alone"\n\nThis reverts commit {broken}: the beam stops at midnight.',
        files,
        by=AMARA,
    )
    history.run(day.replace(hour=12, minute=12), sha, "tests", "failure")
    sha = history.commit(
        day.replace(hour=14),
        MIRA,
        "hotfix(beam): turn on when midnight passes",
        {"src/lighthouse/rotation.py": (12, 3), "tests/test_beam.py": (22, 0)},
        by=MIRA,
    )
    history.run(day.replace(hour=14, minute=9), sha, "tests", "success")
    history.release(day.replace(hour=15), MIRA, "v2.4.1")
    history.deploy(day.replace(hour=15, minute=20), "production", "success")


def _deployments(history: History, until: datetime) -> None:
    """Twice a week to production, the days between to staging; now and then one fails and the next repairs it."""
    failing = {73: "failure", 52: "error", 24: "failure"}
    for days in range(88, 0, -1):
        day = _ago(until, days, 14.5)
        if day.weekday() in {0, 2, 4}:
            history.deploy(day.replace(hour=9), "staging", "success")
        if day.weekday() in {1, 3} or days in failing:
            state = failing.get(days, "success")
            history.deploy(day, "production", state)
            if state != "success":
                history.deploy(day + timedelta(hours=2 + days % 3), "production", "success")


def _crowds(history: History, rng: SeededRandom, until: datetime) -> None:
    """Stars and forks as they trickle in, a rush of them, and a morning in which one person sorts the backlog."""
    fans = [f"{account.login}-{number}" for number in range(1, 9) for account in VISITORS]
    for number in range(150):
        at = until - timedelta(seconds=int(rng.between(0, LENGTH.total_seconds())))
        history.event("WatchEvent", at, rng.pick(fans), {"action": "started"})
        if number % 9 == 0:
            fork = {"id": 800_000 + number, "full_name": f"{rng.pick(fans)}/lighthouse"}
            history.event("ForkEvent", at + timedelta(minutes=5), rng.pick(fans), {"forkee": fork})
    for number in range(84):
        at = _workdays_ago(until, 3, 9) + timedelta(seconds=int(rng.between(0, 9_000)))
        history.event("WatchEvent", at, fans[number], {"action": "started"})
    issues = [thread for thread in history.threads.values() if thread.kind == "issue"][-28:]
    for number, issue in enumerate(issues):
        at = _workdays_ago(until, 2, 9) + timedelta(seconds=95 * number)
        about = {"number": issue.number, "title": issue.title, "user": {"login": issue.author_login}}
        payload = {"action": "labeled", "label": {"name": "triaged"}, "issue": about}
        history.event("IssuesEvent", at, TEO.login, payload)


def _worth_finding(until: datetime) -> Sequence[Change | Report]:
    """What a person should look at."""
    return (*_waiting(until), *_risky(until), *_reported(until))


def _waiting(until: datetime) -> Sequence[Change]:
    """Pull requests that are open, each with another one's turn."""
    code = {"src/lighthouse/signals.py": (64, 12), "tests/test_signals.py": (41, 0)}
    return (
        Change(
            opened=_workdays_ago(until, 4, 9.2),
            author=SOL,
            title="feat(signals): read flags by camera",
            files=code,
            reviewer=AMARA,
            first_answer=None,
            ending="open",
        ),
        Change(
            opened=_workdays_ago(until, 1, 10.4),
            author=JONAS,
            title="perf(weather): keep forecasts for ten minutes",
            files={"src/lighthouse/forecast.py": (38, 9)},
            reviewer=MIRA,
            first_answer=None,
            ending="open",
        ),
        Change(
            opened=_workdays_ago(until, 3, 8.7),
            author=TEO,
            title="feat(beam): a second lamp",
            files={"src/lighthouse/beam.py": (120, 33), "src/lighthouse/rotation.py": (18, 2)},
            reviewer=AMARA,
            review="changes_requested",
            ending="open",
        ),
        Change(
            opened=_workdays_ago(until, 2, 11),
            author=AMARA,
            title="docs: how a night is logged",
            files={"docs/operations.md": (52, 4)},
            reviewer=JONAS,
            ending="open",
        ),
        Change(
            opened=_workdays_ago(until, 5, 15),
            author=JONAS,
            title="refactor: one configuration for all harbours",
            files={"src/lighthouse/settings.py": (210, 140), "docs/operations.md": (12, 3)},
            reviewer=MIRA,
            first_answer=None,
            ending="open",
            draft=True,
        ),
    )


def _risky(until: datetime) -> Sequence[Change]:
    """Changes of workflows, of what protects users, of an interface, and of what is installed."""
    return (
        Change(
            opened=_workdays_ago(until, 1, 7.5),
            author=LIN,
            title="ci: publish nightly builds from forks",
            files={".github/workflows/nightly.yml": (34, 2)},
            reviewer=TEO,
            first_answer=2,
            to_merge=7,
        ),
        Change(
            opened=_workdays_ago(until, 7, 9),
            author=MIRA,
            title="fix(charts): refuse path traversal in uploaded charts",
            files={"src/lighthouse/uploads.py": (26, 5), "tests/test_uploads.py": (40, 0)},
            reviewer=JONAS,
            first_answer=1,
            to_merge=1,
            labels=("security",),
        ),
        Change(
            opened=_workdays_ago(until, 10, 9),
            author=AMARA,
            title="feat(signals)!: alphabets are chosen by name",
            files={"src/lighthouse/signals.py": (88, 74), "docs/keepers-guide.md": (30, 11)},
            reviewer=MIRA,
            body="BREAKING CHANGE: the numbers of alphabets are gone.",
        ),
        Change(
            opened=_workdays_ago(until, 14, 10),
            author=JONAS,
            title="build: install the charts with the package",
            files={"pyproject.toml": (6, 1), "uv.lock": (60, 22), "scripts/install.sh": (18, 4)},
            reviewer=TEO,
        ),
    )


def _reported(until: datetime) -> Sequence[Report]:
    """An issue that nobody answered, and the one that the bad release brought."""
    return (
        Report(
            opened=_workdays_ago(until, 7, 12),
            author=VISITORS[5],
            title="Lamp does not come back after maintenance mode",
            maintainer=MIRA,
            first_answer=None,
            closed_after=None,
            labels=("beam", "bug"),
        ),
        Report(
            opened=_workdays_ago(until, 13, 11.4),
            author=VISITORS[2],
            title="The beam stops at midnight since 2.4.0",
            maintainer=AMARA,
            first_answer=0.2,
            closed_after=4.2,
            labels=("beam", "bug", "regression"),
            extra=(VISITORS[7], VISITORS[11]),
        ),
    )


def _foghorn(until: datetime) -> CollectedBatch:
    """A library of two people whose checks fail since this morning, with a release today."""
    since, rng = until - LENGTH, SeededRandom("foghorn")
    history = History(REPOSITORIES[1], 7_002, until)
    team = Team(people=(AMARA, SOL, TEO), areas=FOGHORN, changes=0.7, reports=0.25)
    write(history, rng, everyday(team, rng, since, until))
    for days, tag in ((80, "0.8.0"), (49, "0.8.1"), (20, "0.9.0"), (0.2, "0.9.1")):
        history.release(_ago(until, days), AMARA, tag)
    sha = history.commit(_ago(until, 0.25), SOL, "horn: shorter blasts at night", {"src/horn.c": (31, 18)}, by=SOL)
    history.run(_ago(until, 0.24), sha, "build", "failure")
    return history.batch(since, _snapshot(until, 60, 49, 62, 0).to_row(history.key))


def _tide_tables(until: datetime) -> CollectedBatch:
    """Data that a bot renews every Monday, hardly touched otherwise."""
    since, rng = until - LENGTH, SeededRandom("tide tables")
    history = History(REPOSITORIES[2], 7_003, until)
    team = Team(people=(TEO, AMARA), areas=TIDE_TABLES, changes=0.08, reports=0.05)
    write(history, rng, everyday(team, rng, since, _ago(until, 9)))
    for days in range(int(LENGTH.days), 0, -1):
        day = _ago(until, days, 4)
        if day.weekday() == 0:
            files = {"data/north.csv": (rng.whole(20, 60), rng.whole(20, 60)), "data/south.csv": (30, 30)}
            sha = history.commit(day, PILOT, f"tables: the week of {format_instant(day)[:10]}", files, by=PILOT)
            history.run(day + timedelta(minutes=3), sha, "check", "success")
    return history.batch(since, _snapshot(until, 12, 12, 37, 0).to_row(history.key))


async def store_demo(manager: DatabaseManager, until: datetime = UNTIL) -> dict[str, Stored]:
    """Store the project as collecting would have, all of it watched, and return by repository how much was new.

    until: the present of the project; questions are asked at that instant.

    Raises:
        DatabaseError: Somebody else collects these repositories in this database.
    """
    new: dict[str, Stored] = {}
    for batch in invent(until):
        lease = await acquire(manager, lambda: until, batch.state.repo_name, "demo")
        if lease is None:
            raise DatabaseError(f"{batch.state.full_name} is being collected in this database; use an empty one")
        new[batch.state.full_name or lease.repo_name] = await manager.store(batch, lease)
        await manager.collector_state.release_lease(lease)
    await manager.collector_state.watch(REPOSITORIES)
    return new
