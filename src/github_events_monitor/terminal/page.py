"""What pages of answers share: sections, and what a reader must not conclude."""

from rich.console import Console, RenderableType
from rich.padding import Padding

from ..answers import Coverage
from .screen import plain


def section(page: Console, title: str, body: RenderableType) -> None:
    """Show a part of the page under its title."""
    page.print()
    page.print(plain(title, "bold"))
    page.print(Padding(body, (0, 0, 0, 2)))


def limits(what: str, coverage: Coverage) -> list[str]:
    """Return what the reader must not conclude from the page."""
    lines = []
    if not coverage.complete:
        known = (
            f"completely known from {coverage.from_} to {coverage.to}"
            if coverage.from_
            else "not completely known anywhere"
        )
        lines.append(f"The {what} of this window are {known}; {len(coverage.gaps):,} gaps.")
    return [*lines, *([coverage.note] if coverage.note else [])]
