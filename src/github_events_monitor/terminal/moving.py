"""`import`, `export`, `migrate`, `analyse`: data into, out of, between and within databases."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from ..collecting.reanalysis import analyse_again
from ..errors import DatabaseError, InvalidInput
from ..infrastructure.database_factory import DatabaseFactory
from ..private_file import new_private_file
from ..settings import Settings
from ..transfer import ImportReport, export_items, import_files, migrate, require_database
from .messages import print_note
from .screen import as_text, print_json, progress_bar

_STDOUT = "-"

Part = Mapping[str, Any]
"""What of it: `tables`, `since`, `repo`, as for `export_items`; None where not given."""


async def import_data(
    settings: Settings, files: Sequence[str], repos: Sequence[str], types: Sequence[str], *, as_json: bool
) -> int:
    """Store what files hold, and say how much of it was new."""
    manager = DatabaseFactory.create(settings.database_config())  # opened when the files turned out to be there
    try:
        with progress_bar(of_bytes=True) as bar:
            outcome = await import_files(
                manager,
                files,
                repos=repos or None,
                types=types or None,
                targets=settings.target_repositories,
                progress=bar,
                stdin=sys.stdin.buffer if "-" in files else None,
            )
    finally:
        await manager.close()
    _tell(outcome, as_json=as_json)
    return 0


async def export_data(settings: Settings, file: str, part: Part) -> int:
    """Write everything stored to a file, readable by its owner alone, or to stdout."""
    config = settings.database_config()
    await require_database(config)
    async with DatabaseFactory.create(config) as manager:
        with _output(file) as out, progress_bar(of_bytes=True) as bar:
            counts = await export_items(manager, out, **_given(part), progress=bar)
    print_note(f"exported {sum(counts.values()):,} items" + (f" to {file}" if file != _STDOUT else ""))
    return 0


async def migrate_data(source: str, target: str, part: Part, *, as_json: bool) -> int:
    """Copy what one database holds into another."""
    with progress_bar() as bar:
        outcome = await migrate(source, target, **_given(part), progress=bar)
    _tell(outcome, as_json=as_json)
    return 0


async def analyse(settings: Settings, repos: Sequence[str]) -> int:
    """Analyse commits again that were analysed by older rules."""
    config = settings.database_config()
    await require_database(config)
    async with DatabaseFactory.create(config) as manager:
        with progress_bar() as bar:
            count = await analyse_again(manager, repos, progress=bar)
        if count == 0 and config.get("db_path") != ":memory:":
            for problem in (await manager.check())["problems"]:  # damaged pages may hide what there was
                raise DatabaseError(f"no commits were analysed, and the database is not sound: {problem}")
    print_note(f"analysed {count:,} commits")
    return 0


def _given(part: Part) -> dict[str, Any]:
    given = {name: value for name, value in part.items() if value is not None}
    if "tables" in given:
        given["tables"] = [name.strip() for names in given["tables"] for name in names.split(",")]
    return given


def _tell(outcome: ImportReport, *, as_json: bool) -> None:
    if as_json:
        print_json(msgspec.to_builtins(outcome))
    else:
        figures = {
            "read": outcome.read,
            "stored": outcome.stored,
            "already there": outcome.already_there,
            "skipped": outcome.skipped,
        }
        sys.stdout.write("  ".join(f"{name} {as_text(figure)}" for name, figure in figures.items()) + "\n")
        for table, count in sorted(outcome.by_table.items()):
            sys.stdout.write(f"  new in {table}: {count:,}\n")
        if outcome.threads:
            sys.stdout.write(f"  issues and pull requests recorded: {outcome.threads:,}\n")
    for line in outcome.broken_lines:
        print_note(f"skipped {line.file}, line {line.line:,}: {line.reason}")
    if outcome.broken > len(outcome.broken_lines):
        print_note(f"and {outcome.broken - len(outcome.broken_lines):,} more lines that could not be used")
    for name in outcome.empty:
        print_note(f"skipped {name}: it is empty")
    for repo in outcome.busy:
        print_note(f"{repo} was being collected: import again, so that its coverage counts the hours")


@contextmanager
def _output(file: str) -> Iterator[BinaryIO]:
    """Where an export goes. A file gets its name when it is whole: what was there before stays until then."""
    if file == _STDOUT:
        yield sys.stdout.buffer
        return
    path = Path(file)
    if path.exists() and not path.is_file():  # a device or a named pipe; a folder fails here as it should
        with _opened(path) as out:
            yield out
        return
    with new_private_file(path, replace=not path.is_dir()) as partial, partial.open("wb") as out:
        yield out


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        descriptor = os.open(path, os.O_WRONLY)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written ({error.strerror}); name a file in a writable folder") from None
    with os.fdopen(descriptor, "wb") as out:
        yield out
