"""`whats_new` in few bytes: first fewer titles are shown, then pull requests that wait are counted, nothing is lost."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from ...text import count_of, first_few
from .news import ONGOING, Attention, AttentionKind, WhatsNew
from .sizes import MAX_BYTES, shorten

NUMBERS = 5
"""Pull requests that are named where several are one item."""
_COUNTED: dict[AttentionKind, tuple[str, str]] = {
    "pull_request_waiting": ("waits for a review", "wait for a review"),
    "pull_request_unanswered": ("has no answer for two business days", "have no answer for two business days"),
}


class Fitted(NamedTuple):
    """An answer that fits. whole: whether it shows every event. note: what it leaves out."""

    answer: WhatsNew
    whole: bool
    note: str | None


def fit(answer: WhatsNew, text_size: Callable[[WhatsNew], int], text_bytes: int) -> Fitted:
    """Return the fullest form of an answer that fits into text and structure.

    Where that is not enough, states are left out and counted: they are shown the next time. Only an event that does not
    fit keeps an answer from being whole.
    """

    def fits(form: WhatsNew) -> bool:
        # the wire form has no character more, and takes far longer to make
        return text_size(form) <= text_bytes and len(form.model_dump_json(by_alias=True).encode()) <= MAX_BYTES

    form = answer
    for form in _forms(answer):
        if fits(form):
            return Fitted(form, True, None)
    stands = [one for one in form.attention if one.kind in ONGOING]
    least, most = 0, len(stands)
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if fits(_with_ongoing(form, stands[:middle])) else (least, middle - 1)
    shown, left = _with_ongoing(form, stands[:least]), count_of(len(stands) - least, "more thing")
    note = f"{left} that {'waits' if len(stands) - least == 1 else 'wait'} or fail is not shown; name fewer repos."
    if fits(shown):
        return Fitted(shown, True, note)
    return _cut(form, fits)


def _forms(answer: WhatsNew) -> Iterator[WhatsNew]:
    """Yield an answer, then with less and less detail."""
    yield answer
    for titles in (2, 1):
        yield _with_titles(answer, titles)
    for kinds in (["pull_request_waiting"], list(_COUNTED)):
        counted = answer.model_copy(update={"attention": tuple(_counted(answer.attention, kinds))})
        for titles in (3, 1, 0):
            yield _with_titles(counted, titles)


def _with_titles(answer: WhatsNew, titles: int) -> WhatsNew:
    shown = (
        part.model_copy(update={"first": {kind: rows[:titles] for kind, rows in part.first.items() if titles}})
        for part in answer.repositories
    )
    return answer.model_copy(update={"repositories": tuple(shown)})


def _counted(rows: Sequence[Attention], kinds: Sequence[str]) -> Iterator[Attention]:
    """Yield what needs a person, with several pull requests of a repository and kind as one item."""
    for kind, of_kind in groupby(rows, key=lambda one: one.kind):
        if kind not in kinds:
            yield from of_kind
            continue
        by_repo: dict[str, list[Attention]] = {}
        for one in of_kind:
            by_repo.setdefault(one.repo, []).append(one)
        for found in by_repo.values():
            yield found[0] if len(found) == 1 else _as_one(found)


def _as_one(found: Sequence[Attention]) -> Attention:
    """Return pull requests as one item, dated by the one that waits longest, with its numbers."""
    first = found[0]
    numbers = [f"#{(one.url or '').rpartition('/')[2]}" for one in found]
    reason = f"{len(found)} pull requests {_COUNTED[first.kind][1]}: {first_few(numbers, NUMBERS)}"
    url = (first.url or "").rpartition("/pull/")[0]
    return first.model_copy(update={"reason": reason, "url": f"{url}/pulls"})


def _with_ongoing(answer: WhatsNew, shown: Sequence[Attention]) -> WhatsNew:
    """Return an answer with only these of its ongoing states."""
    kept = {id(one) for one in shown}
    rows = (one for one in answer.attention if one.kind not in ONGOING or id(one) in kept)
    return answer.model_copy(update={"attention": tuple(rows)})


def _cut(answer: WhatsNew, fits: Callable[[WhatsNew], bool]) -> Fitted:
    """Return as much of an answer as fits: what happened is left out, and the answer is not whole."""
    shown, note = shorten(_with_ongoing(answer, ()), "repositories", "attention")
    while not fits(shown) and (shown.repositories or shown.attention):
        longest = "repositories" if len(shown.repositories) >= len(shown.attention) else "attention"
        shown = shown.model_copy(update={longest: getattr(shown, longest)[:-1]})
    parts = ((len(shown.attention), len(answer.attention), "things"),
             (len(shown.repositories), len(answer.repositories), "repositories"))  # fmt: skip
    said = ", ".join(f"{kept} of {there} {what}" for kept, there, what in parts if kept < there)
    return Fitted(shown, False, f"The answer was too long; it shows the first {said}." if said else note)
