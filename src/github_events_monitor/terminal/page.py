"""What pages of answers share: sections, and what a reader must not conclude."""

from rich.console import Console, RenderableType
from rich.padding import Padding

from ..answers import Coverage
from .screen import plain

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
