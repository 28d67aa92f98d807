"""The screen: results on stdout, all else on stderr. Text from strangers is shown, never taken for markup."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.progress import BarColumn, DownloadColumn, Progress, ProgressColumn, TaskProgressColumn, TextColumn
from rich.table import Table
from rich.text import Text

from ..answers import Coverage
from ..text import clean

_MAX_TEXT = 1_000


def stdout() -> Console:
    """Return the page: colours on a terminal only, and not with NO_COLOR (https://no-color.org)."""
    return Console(highlight=False, emoji=False, markup=False, soft_wrap=False)


def stderr() -> Console:
    """Notes and progress."""
    return Console(stderr=True, highlight=False, emoji=False, markup=False)


def print_json(value: Any) -> None:
    """An answer for programs."""
    sys.stdout.flush()
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def columns(*headers: str, right: Sequence[str] = (), wide: str = "") -> Table:
    """A table without lines; `right` names columns of numbers, `wide` the one that takes what is left of the width.

    Nothing is cut: text that is too long for its column goes on below.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), expand=bool(wide), header_style="dim")
    for header in headers:
        table.add_column(
            header,
            justify="right" if header in right else "left",
            ratio=1 if header == wide else None,
            min_width=len(header),
            overflow="fold",
        )
    return table


def pairs(values: Mapping[str, Any]) -> Table:
    """Return names and values, one a line."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in values.items():
        table.add_row(name, plain(value))
    return table


def plain(value: Any, style: str = "") -> Text:
    """Return a value as text, whatever it contains."""
    return Text(clean(as_text(value), _MAX_TEXT), style=style)


def changed_lines(additions: int | None, deletions: int | None) -> Text:
    """Lines added and removed, or that they are not known."""
    if additions is None or deletions is None:
        return Text("?", "dim")
    return Text.assemble((f"+{additions}", "green"), " ", (f"-{deletions}", "red"))


def add_marks(text: Text, **marks: bool | None) -> Text:
    """The text with the names of those marks that hold behind it, in brackets."""
    for name in (name for name, holds in marks.items() if holds):
        text.append(f" [{name.replace('_', ' ')}]", "magenta")
    return text


def as_text(value: Any) -> str:
    """Return a value for people: yes and no, digits in groups, lists with commas."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1_000 else f"{value:,.0f}"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(as_text, value)) or "none"
    return str(value)


class ProgressBar:
    """Takes the `progress(done, total, message)` calls of long work; where `total` is None it shows a moving bar."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    async def __call__(self, done: float, total: float | None, message: str) -> None:
        """Show how far the work is."""
        self._progress.update(self._task, completed=done, total=total, description=clean(message, 60, one_line=True))


@contextmanager
def progress_bar(*, of_bytes: bool = False) -> Iterator[ProgressBar]:
    """A bar on a terminal's stderr that vanishes when the work is done; elsewhere nothing is shown."""
    console = stderr()
    shown: list[ProgressColumn] = [BarColumn(), DownloadColumn() if of_bytes else TaskProgressColumn()]
    message = TextColumn("{task.description}", markup=False)
    with Progress(*shown, message, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield ProgressBar(progress)


MAX_GAPS = 3
"""Gaps in what is known that are named."""


def section(page: Console, title: str, body: RenderableType) -> None:
    """Show a part of the page under its title."""
    page.print()
    page.print(plain(title, "bold"))
    page.print(Padding(body, (0, 0, 0, 2)))


def limits(what: str, coverage: Coverage) -> list[str]:
    """Return what the reader must not conclude from the page."""
    lines = []
    if not coverage.complete:
        known = f"known from {coverage.from_} to {coverage.to}" if coverage.from_ else "not completely known anywhere"
        shown = [f"{gap.from_} to {gap.to}" for gap in coverage.gaps[:MAX_GAPS]]
        more = [f"{len(coverage.gaps) - MAX_GAPS:,} more gaps"] if len(coverage.gaps) > MAX_GAPS else []
        without = f", but not {' nor '.join([*shown, *more])}" if shown and coverage.from_ else ""
        lines.append(f"The {what} of this window are {known}{without}.")
    return [*lines, *([coverage.note] if coverage.note else [])]
