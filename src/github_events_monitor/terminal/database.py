"""`database test|create|info|backup|check|delete`: what an operator does with the database of the settings."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import typer
from rich.console import Group

from ..errors import InvalidInput
from ..infrastructure.database_factory import DatabaseFactory
from ..infrastructure.database_interface import DatabaseManager
from ..settings import Settings
from ..transfer import database_url, require_database
from .messages import print_error, print_note
from .screen import columns, pairs, plain, print_json, stdout

_SIZE_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
_IN_COLUMNS = ("table", "status", "items", "size_bytes", "indexes")


async def test(settings: Settings, *, as_json: bool) -> int:
    """Whether the database answers, with tables or without."""
    async with _manager(settings) as manager:
        health = await manager.health_check()
    answers = health.get("tables_found") is not None
    if as_json:
        print_json(health)
    elif answers:
        stdout().print(pairs({name: value for name, value in health.items() if name != "error"}))
    if not answers:
        print_error(str(health.get("error", "the database does not answer")))
    elif not health["tables_found"]:
        print_note("There are no tables yet; make them with: github-events-monitor database create")
    return 0 if answers else 1


async def create(settings: Settings, options: Mapping[str, Any], *, as_json: bool) -> int:
    """Make the tables that are missing; that some are there already is normal."""
    async with _manager(settings) as manager:
        outcome = await manager.create_tables(**options)
    if as_json:
        print_json(outcome)
    else:
        stdout().print(pairs(outcome))
    return 0


def table_options(*, recovery: bool, protection: bool, encryption: str | None, tags: Sequence[str]) -> dict[str, Any]:
    """Return the options of `database create` as the provider takes them; those not asked for are absent."""
    options: dict[str, Any] = {}
    if recovery:
        options["point_in_time_recovery"] = True
    if protection:
        options["deletion_protection"] = True
    if encryption:
        options["encryption"] = encryption
    if tags:
        options["tags"] = dict(_tag(tag) for tag in tags)
    return options


def _tag(tag: str) -> tuple[str, str]:
    name, separator, value = tag.partition("=")
    if not name or not separator:
        raise InvalidInput(f"{tag!r} is not a tag; write it as --tag name=value")
    return name, value


async def info(settings: Settings, *, cost: bool, as_json: bool) -> int:
    """The tables and their settings; with `cost` also what they cost, from what is measured."""
    async with _manager(settings) as manager:
        about = await manager.describe()
        estimate = await _estimate(manager, about) if cost else None
    if as_json:
        print_json(about | ({"cost": estimate} if cost else {}))
        return 0
    page = stdout()
    tables = about.pop("tables", {})
    if about.get("retention_days", 0) is None:
        about["retention_days"] = "no limit"
    page.print(pairs(about))
    page.print()
    page.print(_tables(tables))
    if estimate is not None:
        page.print()
        page.print(pairs(_flat(estimate)))
    return 0


async def _estimate(manager: DatabaseManager, about: Mapping[str, Any]) -> dict[str, Any]:
    estimate = getattr(manager, "estimate_cost", None)
    if estimate is None:
        raise InvalidInput("--cost is about DynamoDB; SQLite costs nothing but the disk it uses")
    if any(table["status"] == "missing" for table in about["tables"].values()):
        raise InvalidInput("there is nothing to measure yet: tables are missing; make them with database create")
    found: dict[str, Any] = await estimate()
    return found


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return names and values of one level, the inner names after the outer ones."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        shown = name.replace("_", " ")
        flat |= (
            {f"{shown}: {inner}": one for inner, one in value.items()} if isinstance(value, Mapping) else {shown: value}
        )
    return flat


def _tables(tables: Mapping[str, Mapping[str, Any]]) -> Group:
    """Return a row for each table, and below them what else is known of each."""
    table = columns("table", "status", "items", "size", right=("items", "size"))
    more = []
    for name, about in tables.items():
        row = (about.get("table", name), about.get("status"), about.get("items"), _size(about.get("size_bytes")))
        table.add_row(*map(plain, row))
        said = [f"index {index}" for index in about.get("indexes", ())] + _settings_of(about)
        more += [plain(f"{name}: {', '.join(said)}")] if said else []
    return Group(table, *more)


def _settings_of(about: Mapping[str, Any]) -> list[str]:
    rest = {name: value for name, value in about.items() if name not in _IN_COLUMNS and not isinstance(value, Mapping)}
    return [f"{name.replace('_', ' ')} {plain(value)}" for name, value in rest.items()]


def _size(count: int | None) -> str:
    if count is None:
        return ""
    size, unit = float(count), 0
    while size >= 1024 and unit < len(_SIZE_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{size:,.0f} {_SIZE_UNITS[unit]}" if unit == 0 else f"{size:,.1f} {_SIZE_UNITS[unit]}"


async def backup(settings: Settings, file: str, *, force: bool) -> int:
    """Copy the database into a new private file."""
    await require_database(settings.database_config())
    async with _manager(settings) as manager:
        size = await manager.backup(Path(file), replace=force)
    print_note(f"copied {_size(size)} to {file}")
    return 0


async def check(settings: Settings, *, as_json: bool) -> int:
    """Look for damage and count what is stored; 1 where something is wrong."""
    await require_database(settings.database_config())
    async with _manager(settings) as manager:
        found = await manager.check()
    if as_json:
        print_json(found)
    else:
        page = stdout()
        rest = {name: value for name, value in found.items() if name not in {"problems", "tables"}}
        page.print(pairs(rest | {"problems": len(found["problems"]) or "none"}))
        page.print()
        page.print(_tables(found["tables"]))
    for problem in found["problems"]:
        print_error(problem)
    return 1 if found["problems"] else 0


def confirm_deletion(settings: Settings) -> bool:
    """Ask whether everything may go. Raises `InvalidInput` without an answer."""
    where = database_url(settings.database_config())
    try:
        agreed = typer.confirm(f"Delete everything stored in {where}? Export it first if in doubt.", err=True)
    except typer.Abort:  # the end of standard input
        print_note("")  # the error gets a line of its own
        raise InvalidInput(
            f"this deletes everything stored in {where}; add --yes to do it without being asked"
        ) from None
    if not agreed:
        print_note("nothing was deleted")
    return agreed


async def delete(settings: Settings) -> int:
    """Remove our tables with all they hold."""
    async with _manager(settings) as manager:
        names = await manager.delete_tables()
    print_note(f"deleted {len(names):,} tables" if names else "there were no tables to delete")
    return 0


@asynccontextmanager
async def _manager(settings: Settings) -> AsyncIterator[DatabaseManager]:
    """Give a manager that was not opened, and close it."""
    manager = DatabaseFactory.create(settings.database_config())
    try:
        yield manager
    finally:
        await manager.close()
