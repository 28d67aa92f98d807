"""What a transfer reports while it runs, and at its end."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import msgspec

Progress = Callable[[int, int | None, str], Awaitable[None]]
"""`await progress(done, total, message)`: bytes of the files for import, bytes written for export, items for migrate.

`total` is None where it cannot be known. Called between steps, never more than some tens of times a second.
"""

MAX_BROKEN_LINES = 20


class BrokenLine(NamedTuple):
    """A line that could not be used. `line` counts from 1; in one JSON array of events it is the position there."""

    file: str
    line: int
    reason: str


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did: read = stored + already_there + skipped.

    read: records, one a line. stored: those really new. skipped: those not asked for, and the broken ones.
    commits: new commits that came out of pushes, beside what was read. threads: issues and pull requests of which
    events told something new, likewise. broken_lines: the first 20 of `broken`.
    hours: whole hours of GH Archive that coverage counts from now on, though not for the repositories in `busy`, which
    were being collected all the while. by_table: new rows of each table. empty: files without any line.
    """

    read: int = 0
    stored: int = 0
    already_there: int = 0
    skipped: int = 0
    broken: int = 0
    commits: int = 0
    threads: int = 0
    hours: int = 0
    busy: tuple[str, ...] = ()
    broken_lines: tuple[BrokenLine, ...] = ()
    by_table: dict[str, int] = {}
    empty: tuple[str, ...] = ()


class Tally:
    """The same figures while they grow."""

    def __init__(self) -> None:
        self.read = self.filtered = self.broken = self.hours = self.known = 0
        self.broken_lines: list[BrokenLine] = []
        self.by_table: dict[str, int] = {}
        self.from_pushes = self.threads = 0

    def note_broken(self, file: str, broken: list[tuple[int, str]]) -> None:
        """Count lines that could not be used, and keep the first ones."""
        self.broken += len(broken)
        room = MAX_BROKEN_LINES - len(self.broken_lines)
        self.broken_lines += [BrokenLine(file, line, reason) for line, reason in broken[:room]]

    def note_new(self, table: str, count: int) -> None:
        """Count new rows."""
        if count:
            self.by_table[table] = self.by_table.get(table, 0) + count

    @property
    def stored(self) -> int:
        """Records that were new."""
        return sum(self.by_table.values()) - self.from_pushes

    def report(self, busy: Sequence[str] = (), empty: Sequence[str] = ()) -> ImportReport:
        """Return the figures as they are now."""
        skipped = self.filtered + self.broken
        return ImportReport(
            read=self.read,
            stored=self.stored,
            already_there=self.read - self.stored - skipped,
            skipped=skipped,
            broken=self.broken,
            commits=self.from_pushes,
            threads=self.threads,
            hours=self.hours,
            busy=tuple(dict.fromkeys(busy)),
            broken_lines=tuple(self.broken_lines),
            by_table=dict(self.by_table),
            empty=tuple(empty),
        )
