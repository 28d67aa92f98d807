"""Every field of every kind of exported row, corrupted by the author of the file: refused in a sentence, or no harm."""

import io
import json
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

import pytest

from github_events_monitor.demo.project import REPOSITORIES, UNTIL, store_demo
from github_events_monitor.errors import InvalidInput, MonitorError, NotFound
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.catalogue import questions
from github_events_monitor.transfer import export_items, import_files

SPOILED = "example-harbour/lighthouse"
GONE, MORE = object(), object()
LONG = "x" * 100_000
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**40, 2**63, "", LONG, "\ud800", "\0", "\u202e", "x/../y", "example-harbour/foghorn",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-13-01", "2026-06-01T00:00:00Z", [], {}, [None], [[]],
    {"x": LONG}, [["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"]],
    [["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"]], GONE, MORE,
)  # fmt: skip
TABLES = (
    "events", "commits", "commit_files", "commit_summaries", "threads", "deployment_metrics", "developer_metrics",
    "security_metrics", "event_patterns", "repository_health_metrics",
)  # fmt: skip
KEPT = ("repository_health", "security_report", "developer_activity", "event_anomalies", "deployment_metrics")
"""Questions whose answers are stored by day, and exported."""
AT_ONCE = 60
"""Spoiled rows in one database: the first of a key stays."""
NOT_ASKED = {"collect_now", "watch_repositories", "status"}
"""What needs a GitHub, or a program that runs."""

Row = dict[str, Any]
Path = tuple[str | int, ...]


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Where something stands in a row, down to four levels; of a list the first."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    if len(path) < 4:
        for name, part in list(inner)[:40]:
            yield from places(part, (*path, name))


def spoiled(row: Row, path: Path, value: Any) -> Row:
    """The row with another value at one place; GONE: without it, MORE: with something more beside it."""
    changed: Any = deepcopy(row)
    at = changed
    for name in path[:-1]:
        at = at[name]
    if value is GONE:
        del at[path[-1]]
    elif value is not MORE:
        at[path[-1]] = value
    elif isinstance(at, dict):
        at["more"] = LONG
    else:
        at.append(LONG)
    return changed  # type: ignore[no-any-return]


def as_file(table: str, row: Row) -> bytes:
    """A file of one row, whose sender left out how many there are."""
    head = {
        "format": "github-events-monitor",
        "version": 1,
        "provider": "sqlite",
        "exported_at": "2026-06-11T15:40:00Z",
    }
    lines = (json.dumps(line, ensure_ascii=False) for line in (head, {"table": table, "item": row}))
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")


async def store(manager: DatabaseManager, content: bytes) -> str | None:
    """Import a file; return why not."""
    try:
        await import_files(manager, ["-"], stdin=io.BytesIO(content))
    except MonitorError as refused:
        return refused.message
    return None


def arguments(fields: dict[str, Any], repo: str) -> Row:
    """What makes a question look at everything that is stored."""
    wide = {"repo": repo, "sha": "32eead5", "state": "all", "hours": 2160}
    return {name: value for name, value in wide.items() if name in fields}


async def ask_all(manager: DatabaseManager) -> None:
    """Ask everything about every repository; only about the spoiled one may there be a refusal."""
    service = DatabaseService(QuestionContext(manager=manager, clock=lambda: UNTIL))
    for question in questions():
        fields = question.query.schema()["properties"]
        if question.name in NOT_ASKED:
            continue
        for repo in REPOSITORIES if "repo" in fields else (SPOILED,):
            try:
                answer = await service.ask_by_name(question.name, arguments(fields, repo))
            except (InvalidInput, NotFound):
                if "sha" not in fields and ("repo" not in fields or repo != SPOILED):
                    raise
                continue  # the row that would say it was spoiled, and the commit is none of the other repositories'
            json.dumps(answer.to_wire(), ensure_ascii=False, allow_nan=False).encode()
            question.text(answer).encode()


async def whole_project() -> bytes:
    """Return the whole project as an export, with the answers that are kept by day."""
    async with get_sqlite_manager(":memory:", clock=lambda: UNTIL) as manager:
        await store_demo(manager)
        service = DatabaseService(QuestionContext(manager=manager, clock=lambda: UNTIL))
        for question in KEPT:
            for repo in REPOSITORIES:
                await service.ask_by_name(question, {"repo": repo})
        out = io.BytesIO()
        await export_items(manager, out)
    return out.getvalue()


@pytest.mark.parametrize("table", TABLES)
async def test_a_spoiled_field_is_refused_or_does_no_harm(table: str) -> None:
    project = await whole_project()
    items = [json.loads(line) for line in project.splitlines()[1:-1]]
    assert {item["table"] for item in items} == set(TABLES)
    rows = [item["item"] for item in items if item["table"] == table and SPOILED in json.dumps(item["item"])]
    cases = [(path, value) for path in places(rows[0]) for value in VALUES]
    Random(7).shuffle(cases)
    for start in range(0, len(cases), AT_ONCE):
        async with get_sqlite_manager(":memory:", clock=lambda: UNTIL) as manager:
            for number, (path, value) in enumerate(cases[start : start + AT_ONCE]):
                row = rows[number % len(rows)]
                if path not in set(places(row)):
                    row = rows[0]
                why = await store(manager, as_file(table, spoiled(row, path, value)))
                assert why is None or ("\n" not in why and len(why) < 600), (path, why)
            await store(manager, project)  # what is stored stays
            await ask_all(manager)
