"""What an earlier version left behind opens unchanged and gives the same answers.

The fixtures were written by the version of commit 8dedf26: the statements of its SQLite file (`.dump`), with records of
every table, a lease, a watch list, aliases and imported hours, and its `export` of that file.
"""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.insights.deployments import DeploymentInputs, measure_deployments
from github_events_monitor.insights.security import SecurityInputs, assess_security
from github_events_monitor.observations import SNAPSHOT, Snapshot
from github_events_monitor.records import Span

from .test_export_files import exported, imported

FIXTURES = Path(__file__).parents[2] / "fixtures" / "earlier_version"
EXPORT = (FIXTURES / "export.jsonl").read_bytes().splitlines(keepends=True)
REPO, NOW = "octo/hello", "2026-11-10T12:00:00Z"
SINCE = "2026-11-01T00:00:00Z"


def sha(number: int) -> str:
    return f"{number:040x}"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[DatabaseManager]:
    path = tmp_path / "events.db"
    with sqlite3.connect(path) as db:
        db.executescript((FIXTURES / "database.sql").read_text())
    db.close()
    async with get_sqlite_manager(str(path)) as manager:
        yield manager


async def check_records(manager: DatabaseManager) -> None:
    assert await manager.events.count_by_type(REPO, SINCE, NOW) == {
        "DeploymentStatusEvent": 1,
        "IssueCommentEvent": 1,
        "IssuesEvent": 1,
        "PullRequestEvent": 1,
        "PushEvent": 1,
        "ReleaseEvent": 1,
        "WatchEvent": 1,
    }
    rows = {row.id: row for row in await manager.events.get_activity(REPO, SINCE, NOW)}
    assert (rows["1006"].action, rows["1006"].number) == ("merged", 4)
    assert (rows["derived:7"].action, rows["derived:7"].subject) == ("success", "production")
    issue = (await manager.events.get_events_by_type("IssuesEvent", REPO))[0]["payload"]["issue"]
    assert (issue["title"], issue["user"]["html_url"]) == ("The gate squeaks ☂", "https://github.com/ben")
    commits = await manager.commits.get_commits(REPO, SINCE, NOW)
    assert [record.commit.sha for record in commits] == [sha(2), sha(3), sha(1)]
    first = await manager.commits.get_commit(REPO, sha(1))
    assert first is not None
    assert first.summary is not None
    assert first.summary.breaking
    assert [file.previous_filename for file in first.files or ()] == [None, "old name.md"]
    assert first.commit.author_name == "Ada Löve"


async def check_insights(manager: DatabaseManager) -> None:
    rows = await manager.metrics.get_metrics("deployment_metrics", REPO)
    found = measure_deployments(DeploymentInputs(since=SINCE, until=NOW, rows=rows))
    assert [(one.tag, one.author_login) for one in found.releases] == [("v1.1.0", "ada")]
    assert [(one.id, one.state, one.evidence) for one in found.deployments] == [("8", "success", (f"commit:{sha(2)}",))]
    observed = await manager.metrics.get_metrics("security_metrics", REPO)
    report = assess_security(SecurityInputs(since=SINCE, until=NOW, default_branch="main", observations=observed))
    (push,) = (one for one in report.findings if one.type == "force_push_default_branch")
    assert (push.actors, push.evidence) == (("mallory",), (f"commit:{sha(3)}",))
    (row,) = await manager.metrics.get_metrics("security_metrics", REPO, prefix=SNAPSHOT)
    snapshot = Snapshot.from_row(row)
    assert snapshot is not None
    assert (snapshot.ci_successes, snapshot.open_advisories, list(snapshot.unknown)) == (3, None, ["open_advisories"])
    assert await manager.metrics.get_health(REPO, "", "9") == {"2026-11-09": {"health_score": 71.5, "hours": 720}}


async def test_a_database_is_opened_with_all_that_it_holds(database: DatabaseManager) -> None:
    await check_records(database)
    await check_insights(database)
    assert sorted((await exported(database))[1:-1]) == sorted(EXPORT[1:-1])


async def test_what_the_collector_remembered_still_holds(database: DatabaseManager) -> None:
    state = database.collector_state
    known = await state.get_state("Octo/Hello")
    assert known is not None
    assert (known.full_name, known.etags, known.not_modified) == (
        "Octo/Hello",
        {"events/1": 'W/"abc"'},
        {"events/1": 2},
    )
    assert known.ledger.spans["events"] == (Span(SINCE, NOW),)
    assert await state.get_watch_list() == {"octo/gone": False, REPO: True}
    assert [await state.get_alias(name) for name in ("octo/howdy", "octo/old-name")] == [REPO, REPO]
    assert await state.get_archive_hours() == (Span("2026-11-05T00:00:00Z", "2026-11-05T03:00:00Z"),)
    assert await state.acquire_lease(REPO, "another", "2026-11-10T12:00:19Z", "2026-11-10T12:00:39Z") is None
    lease = await state.acquire_lease(REPO, "another", "2026-11-10T12:00:20Z", "2026-11-10T12:00:40Z")
    assert lease is not None
    assert lease.epoch == 2


async def test_an_export_is_imported_with_all_that_it_holds(manager: DatabaseManager) -> None:
    counts = await imported(manager, EXPORT)
    assert sum(counts.values()) == len(EXPORT) - 2
    await check_records(manager)
    await check_insights(manager)
    state = await manager.collector_state.get_state(REPO)
    assert state is not None
    assert (state.full_name, state.etags, state.ledger.spans["events"]) == ("Octo/Hello", {}, (Span(SINCE, NOW),))
    assert await manager.collector_state.get_watch_list() == {"octo/gone": False, REPO: True}
    assert sorted((await exported(manager))[1:-1]) == sorted(EXPORT[1:-1])
