"""Small pictures of text for the terminal. Where it has no block characters they are ASCII or left out."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from rich.console import Console, ConsoleOptions, RenderResult
from rich.progress_bar import ProgressBar
from rich.segment import Segment

from ..instants import shift

_BLOCKS = "▁▂▃▄▅▆▇█"
_NOTHING, _UNKNOWN = "·", "?"


class Sparkline:
    """A row of bars, one for each value, the last ones where there is no room for all.

    A day of nothing is a dot; one that is not completely known a question mark, for what is seen of it says little.
    """

    def __init__(self, values: Sequence[int | None]) -> None:
        self._values = values

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield it in one line."""
        if not options.ascii_only:
            shown = self._values[-options.max_width :]
            highest = max((value for value in shown if value is not None), default=0)
            line = "".join(_bar(value, highest) for value in shown)
            yield Segment(line, console.get_style("cyan"))
            yield Segment.line()


def with_gaps(
    totals: Sequence[int], start: str, step: timedelta, gaps: Iterable[tuple[str, str]]
) -> tuple[int | None, ...]:
    """Return counts of equal stretches of time from `start` on; None for those that a gap touches."""
    begins = [shift(start, step * number) for number in range(len(totals) + 1)]
    missing = list(gaps)
    return tuple(
        None if any(since < end and until > begin for since, until in missing) else total
        for total, begin, end in zip(totals, begins, begins[1:], strict=False)
    )


def _bar(value: int | None, highest: int) -> str:
    if value is None:
        return _UNKNOWN
    return _BLOCKS[max(0, value * len(_BLOCKS) - 1) // highest] if value else _NOTHING


def score_bar(score: float, width: int = 5) -> ProgressBar:
    """Return a bar of a score from 0 to 1; its colour says no more than its length."""
    style = "green" if score >= 0.7 else "yellow" if score >= 0.4 else "red"
    return ProgressBar(total=1, completed=score, width=width, style="dim", complete_style=style, finished_style=style)
