"""Answers as text: short plain lines for a model or a person who sees nothing else.

What strangers wrote is in double quotes, on one line and without double quotes of its own, so that it cannot look
like a line of ours.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from ...answers import Coverage, Window
from ...insights.results import Unit
from ...insights.series import STEPS
from ...instants import format_instant
from ...text import clean, count_of, first_few

MAX_TEXT_BYTES = 19_500
"""What the text of an answer may take, in UTF-8."""

_CUT = "(the text ends here for its size; the structured answer, next_cursor or a narrower question has the rest)"

_NOT_ALL = "not all of these repositories were collected as a whole yet: collect_now does that"


def quoted(text: str, limit: int = 140) -> str:
    """Return a stranger's text on one line, cleaned, cut and in double quotes."""
    return '"' + clean(text, limit, one_line=True).replace('"', "'") + '"'


def name_of(login: str | None, name: str | None = None) -> str:
    """Return who it was: a login as it is, a mere name in quotes."""
    if login:
        plain = clean(login, 80, one_line=True)
        return plain if " " not in plain and '"' not in plain else quoted(plain)
    return quoted(name, 80) if name else "unknown"


def span(window: Window) -> str:
    """Return the window in words."""
    return f"{window.since} to {window.until} ({window.hours} h)"


def known(coverage: Coverage, *, joined: bool = False, of: str | None = None) -> str:
    """Return what is known of a window: a reader must not take a partial answer for the whole.

    joined: of several repositories together. of: what the coverage is about, where an answer rests on more than that.
    """
    note, what = f" {coverage.note}" if coverage.note else "", f" of {of}" if of else ""
    if coverage.complete or (of and not joined and coverage.from_ and not coverage.gaps):
        return f"Coverage{what or ' of the window'} complete.{note}" if note else f"Coverage{what} complete."
    if coverage.from_ is None:
        every = " of all repositories" if joined else ""
        return f"Coverage: none of the window is completely known{every}.{note}"
    first, last = coverage.from_, coverage.to or ""
    inner = sum(first < gap.from_ < last for gap in coverage.gaps)
    gaps = f", except for {count_of(inner, 'gap')}" if inner else ""
    return f"Coverage{what} partial: known from {first} to {coverage.to}{gaps}.{note}"


class WindowedAnswer(Protocol):
    """An answer about a repository."""

    @property
    def now(self) -> str:
        """When it was made."""

    @property
    def repo(self) -> str | None:
        """Which one."""

    @property
    def coverage(self) -> Coverage:
        """What is known."""


def status_lines(answer: WindowedAnswer) -> Iterator[str]:
    """Yield the lines that every windowed answer has: when it was made, how fresh it is, where knowledge is missing."""
    yield from status_lines_of(answer.now, answer.coverage, answer.repo)


def status_lines_of(now: str, coverage: Coverage, repo: str | None) -> Iterator[str]:
    """Yield the same for an answer about one repository or, without `repo`, about many."""
    fresh = freshness(coverage) if repo or coverage.last_collected_at else _NOT_ALL if coverage.sources else None
    yield f"Now {now}{f'; {fresh}' if fresh else ''}."
    yield from gap_lines(coverage, repo)


def freshness(coverage: Coverage) -> str:
    """Return when it was last collected, and from what, in words."""
    sources = ", ".join(coverage.sources)
    if coverage.last_collected_at:
        return f"last collected {coverage.last_collected_at}{f' from {sources}' if sources else ''}"
    return f"read so far: {sources} alone" if sources else "never collected"


def gap_lines(coverage: Coverage, repo: str | None) -> Iterator[str]:
    """Yield where knowledge is missing and what to do about it."""
    if coverage.gaps:
        yield f"Not known: {first_few([f'{gap.from_} to {gap.to}' for gap in coverage.gaps], 5)}."
    nothing = coverage.from_ is None and not coverage.complete
    if repo and (nothing or coverage.gaps):
        reads = f'collect_now with repos=["{repo}"] reads what GitHub still shows of it'
        yield f"What happened then is unknown, not none; {reads}."


def cursor_line(cursor: str | None) -> Iterator[str]:
    """Yield how to go on, where there is more."""
    if cursor:
        yield f"More: ask again with cursor={cursor}"


def counts(values: dict[str, int]) -> str:
    """Return counts by name in one line."""
    return ", ".join(f"{name} {count}" for name, count in values.items()) or "none"


def participants(people: int | None, bots: int | None, ai_assistants: int | None) -> str:
    """Return how many of each kind of account there are."""
    counted = ((people, "person"), (bots, "bot"), (ai_assistants, "AI assistant"))
    return ", ".join(count_of(number, thing) for number, thing in counted if number is not None) or "unknown"


def flags(*marks: tuple[str, object]) -> str:
    """Return the names of those marks that hold, with commas before each."""
    return "".join(f", {name}" for name, holds in marks if holds)


def number(value: float | None) -> str:
    """Return a number in few digits, or that it is unknown."""
    return (
        "unknown"
        if value is None
        else f"{value:.3f}".rstrip("0").rstrip(".")
        if isinstance(value, float)
        else str(value)
    )


def hours_of(value: float | None) -> str:
    """Return hours in few digits; a short time that is rounded to 0 is "under 0.1"."""
    return "under 0.1" if value is not None and value < 0.05 else number(value)


def by_time(
    counted: Iterable[tuple[str, Sequence[int]]], unit: Unit, start: str, coverage: Coverage, window: Window
) -> Iterator[str]:
    """Yield series of counts as text, a line for each; none where there is nothing to count.

    A bucket without any that is not completely known has a question mark: unknown is not zero.
    """
    rows = list(counted)
    if not rows:
        return
    size = max(len(values) for _, values in rows) if any(0 in values for _, values in rows) else 0
    marks = _unknown_buckets(size, unit, start, coverage, window)
    lines = [_series(name, values, marks) for name, values in rows]
    yield f"By {unit}, from {start} on{' (? is unknown)' if any('?' in shown for _, shown in lines) else ''}:"
    yield from (f"  {name}: {' '.join(shown)}" for name, shown in lines)


def _series(name: str, values: Sequence[int], unknown: frozenset[int]) -> tuple[str, list[str]]:
    return name, ["?" if index in unknown and not value else str(value) for index, value in enumerate(values)]


def _unknown_buckets(size: int, unit: Unit, start: str, coverage: Coverage, window: Window) -> frozenset[int]:
    """Return which buckets of a series reach into what is not known of the window."""
    gaps = [(gap.from_, gap.to) for gap in coverage.gaps]
    if coverage.from_ is None and not coverage.complete:
        gaps = [(window.since, window.until)]
    if not gaps or not size:
        return frozenset()
    first, step = datetime.fromisoformat(start), STEPS[unit]
    edges = [format_instant(first + step * index) for index in range(size + 1)]
    return frozenset(
        index
        for index in range(size)
        if any(since < edges[index + 1] and edges[index] < until for since, until in gaps)
    )


def fit_lines(summary: str, lines: Iterable[str], budget: int) -> str:
    """Return the summary and as many of the lines as fit into `budget` bytes, and a note where some did not.

    Lines that say how to go on (the last ones, of cursors) are kept.
    """
    every = [summary, *lines]
    last = every.pop() if len(every) > 1 and every[-1].startswith("More: ") else None
    room = budget - (len(last.encode()) + 1 if last else 0)
    kept = _first(every, room)
    if len(kept) < len(every):
        kept = [*_first(every, room - len(_CUT) - 1), _CUT]
    return "\n".join([*kept, *([last] if last else [])])


def _first(lines: Sequence[str], room: int) -> list[str]:
    kept: list[str] = []
    for line in lines:
        room -= len(line.encode()) + 1
        if room < 0:
            break
        kept.append(line)
    return kept
