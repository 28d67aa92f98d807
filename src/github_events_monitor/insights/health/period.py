"""One window of a repository's history, and what the components need to speak about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ...ledger import missing_spans
from ...observations import Snapshot
from ...records import Activity, MetricRow, Span, Thread
from ..results import Component
from ..rows import within
from .history import History
from .rules import RULES, score_of


@dataclass(frozen=True, slots=True)
class Period:
    """The window since <= t < until; history also reaches before it, and nothing after `until` is looked at.

    people: by login, the key of a person; empty for others. records: of issues and pull requests, by number.
    releases: as listed, beside those of history.
    snapshot: None for a window in the past. releases_known: by events or by the listing; threads_known: by events or by
    the record.
    """

    since: str
    until: str
    history: History
    people: Mapping[str | None, str]
    releases: Sequence[MetricRow]
    snapshot: Snapshot | None
    events_known: Sequence[Span]
    commits_known: Sequence[Span]
    releases_known: Sequence[Span]
    records: Mapping[int, Thread]
    threads_known: Sequence[Span]

    def part(self, rows: Sequence[Activity]) -> Sequence[Activity]:
        """Return of rows in the order of time, those in the window."""
        return within(rows, self.since, self.until)

    def events_gap(self, since: str | None = None) -> str:
        """Return a sentence about events that may be missing, empty when none can be."""
        return _gap("events", self.events_known, since or self.since, self.until)

    def threads_gap(self) -> str:
        """Return a sentence about issues and pull requests that may be missing, empty when none can be."""
        return _gap("issues and pull requests", self.threads_known, self.since, self.until)

    def releases_gap(self, since: str) -> str:
        """Return a sentence about releases that may be missing, empty when none can be."""
        return _gap("releases", self.releases_known, since, self.until)

    def commits_gap(self, since: str | None = None) -> str:
        """Return a sentence about commits that may be missing, empty when none can be."""
        return _gap("commits", self.commits_known, since or self.since, self.until)


Measure = Callable[[Period], Component]


def component(
    name: str,
    value: float | None,
    sample: int | None,
    *sentences: str,
    scored: bool = True,
    left_out: int = 0,
) -> Component:
    """Return a component by its rule: no score without a value, with too small a sample, or when the caller says so."""
    rule = RULES[name]
    too_few = sample is not None and sample < rule.minimum
    said = [sentence for sentence in sentences if sentence]
    if too_few:
        said.append(f"Not scored: {sample} in the sample, at least {rule.minimum} are needed.")
    known = scored and value is not None and not too_few
    return Component(
        name=name,
        value=None if value is None else round(value, 3),
        unit=rule.unit,
        score=round(score_of(name, value), 3) if known and value is not None else None,
        weight=rule.weight,
        sample_size=sample,
        formula=rule.formula,
        explanation=" ".join(said),
        left_out=left_out,
    )


def _gap(what: str, known: Sequence[Span], since: str, until: str) -> str:
    missing = missing_spans(known, since, until)
    if not missing:
        return ""
    if missing == (Span(since, until),):
        return f"It is not known whether {what} were missed in this time: they were never collected without a gap."
    gaps = "a gap" if len(missing) == 1 else f"{len(missing)} gaps, the first"
    return f"Collection of {what} has {gaps} from {missing[0].since} to {missing[0].until}: more may have happened."
