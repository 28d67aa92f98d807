"""Small pictures of text for the terminal. Where it has no block characters they are of ASCII."""

from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.progress_bar import ProgressBar
from rich.segment import Segment

from ..infrastructure.questions.repository_activity import EventCounts
from ..insights.series import STEPS
from ..instants import shift

_BLOCKS, _ASCII = "·▁▂▃▄▅▆▇█", "_.:-=+*#@"
"""What stands for nothing, and then for ever more."""
_UNKNOWN = "?"


class Sparkline:
    """A row of bars, one for each value, the last ones where there is no room for all.

    A day of nothing is a dot; one that is not completely known a question mark, for what is seen of it says little.
    """

    def __init__(self, values: Sequence[int | None]) -> None:
        self._values = values

    @property
    def has_gaps(self) -> bool:
        """Return whether some of the values are not known."""
        return None in self._values

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Return how wide it is."""
        width = min(len(self._values), options.max_width)
        return Measurement(min(width, 1), width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield it in one line."""
        shown = self._values[-options.max_width :]
        highest = max((value for value in shown if value is not None), default=0)
        bars = _ASCII if options.ascii_only else _BLOCKS
        yield Segment("".join(_bar(value, highest, bars) for value in shown), console.get_style("cyan"))
        yield Segment.line()


def activity_line(answer: EventCounts) -> Sparkline:
    """Return the events of a window by hour, day or week."""
    series = answer.series
    totals = [sum(counts) for counts in zip(*series.counts.values(), strict=True)]
    begins = [shift(series.start, STEPS[series.unit] * number) for number in range(len(totals) + 1)]
    gaps = answer.coverage.gaps
    return Sparkline(
        [
            None if any(gap.from_ < end and gap.to > begin for gap in gaps) else total
            for total, begin, end in zip(totals, begins, begins[1:], strict=False)
        ]
    )


def _bar(value: int | None, highest: int, bars: str) -> str:
    if value is None:
        return _UNKNOWN
    return bars[1 + (value * (len(bars) - 1) - 1) // highest] if value else bars[0]


def score_bar(score: float) -> ProgressBar:
    """Return a bar of a score from 0 to 1; its colour says no more than its length."""
    style = "green" if score >= 0.7 else "yellow" if score >= 0.4 else "red"
    return ProgressBar(total=1, completed=score, width=5, style="dim", complete_style=style, finished_style=style)
