"""Answers as text: short plain lines for a model or a person who sees nothing else.

What strangers wrote stands in double quotes, on one line and without double quotes of its own, so that it cannot look
like a line of ours.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from ...answers import Coverage, Window
from ...text import clean, count_of

MAX_TEXT_BYTES = 19_500
"""What the text of an answer may take, in UTF-8."""

_CUT = "(the text ends here for its size; the structured answer, next_cursor or a narrower question has the rest)"


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


def known(coverage: Coverage) -> str:
    """Return what is known of a window: a reader must not take a partial answer for the whole."""
    note = f" {coverage.note}" if coverage.note else ""
    if coverage.complete:
        return f"Coverage complete.{note}"
    if coverage.from_ is None:
        return f"Coverage: none of the window is completely known.{note}"
    gaps = f", with {count_of(len(coverage.gaps), 'gap')}" if coverage.gaps else ""
    return f"Coverage partial: known from {coverage.from_} to {coverage.to}{gaps}.{note}"


class Standing(Protocol):
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


def standing(answer: Standing) -> Iterator[str]:
    """Yield the lines that every windowed answer has: when it was made, how fresh it is, where knowledge is missing."""
    yield from standing_of(answer.now, answer.coverage, answer.repo)


def standing_of(now: str, coverage: Coverage, repo: str | None) -> Iterator[str]:
    """Yield the same for an answer about one repository or, without `repo`, about many."""
    yield f"Now {now}; {freshness(coverage)}."
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
        shown = ", ".join(f"{gap.from_} to {gap.to}" for gap in coverage.gaps[:5])
        more = f" and {len(coverage.gaps) - 5} more" if len(coverage.gaps) > 5 else ""
        yield f"Not known: {shown}{more}."
    nothing = coverage.from_ is None and not coverage.complete
    if repo and (nothing or coverage.gaps):
        yield f'To learn more, call collect_now with repos=["{repo}"]. What happened in the rest is unknown, not none.'


def cursor_line(cursor: str | None) -> Iterator[str]:
    """Yield how to go on, where there is more."""
    if cursor:
        yield f"More: ask again with cursor={cursor}"


def counts(values: dict[str, int]) -> str:
    """Return counts by name in one line."""
    return ", ".join(f"{name} {count}" for name, count in values.items()) or "none"


def took_part(people: int | None, bots: int | None, ai_assistants: int | None) -> str:
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


def fit_lines(summary: str, lines: Iterable[str], budget: int) -> str:
    """Return the summary and as many of the lines as fit into so many bytes, and a word where some did not.

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
