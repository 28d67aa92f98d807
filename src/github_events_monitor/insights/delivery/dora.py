"""The four DORA keys as proxies: GitHub does not know what reached users or hurt them.

Bands of 2023: https://dora.dev/research/2023/
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from statistics import median
from typing import Literal, NamedTuple

from ...instants import seconds_between
from ...text import count_of
from ..results import DoraKey

Band = Literal["elite", "high", "medium", "low"]
KeyName = Literal["deployment_frequency", "lead_time", "change_failure_rate", "time_to_restore"]

MINIMUM: dict[KeyName, int] = {
    "deployment_frequency": 3, "lead_time": 5, "change_failure_rate": 5, "time_to_restore": 3,
}  # fmt: skip
"""With a smaller sample there is no band."""

LIMITS: dict[KeyName, tuple[float, float, float]] = {
    "deployment_frequency": (7, 1, 7 / 30),
    "lead_time": (24, 7 * 24, 30 * 24),
    "change_failure_rate": (5, 10, 15),
    "time_to_restore": (1, 24, 7 * 24),
}
"""elite, high, medium: more than so many a week (high, medium: at least), fewer hours, at most so many percent."""

UNITS: dict[KeyName, str] = {
    "deployment_frequency": "per week", "lead_time": "hours", "change_failure_rate": "percent",
    "time_to_restore": "hours",
}  # fmt: skip


class Delivery(NamedTuple):
    """A release or deployment: when, what shows it, when it was seen to fail (None: it was not)."""

    at: str
    evidence: tuple[str, ...]
    failed_at: str | None = None


class Record(NamedTuple):
    """What the keys are worked out from, over the window since <= t < until.

    deliveries: releases or deployments known, also before the window, oldest first. what: "releases", "production
    deployments"… commits: (when, sha), remedies: those after the first of deliveries and unjudged that revert or repair
    in haste; oldest first. gap: empty, or a sentence about what may be missing. status_known: whether the deliveries
    themselves say that they failed. unjudged: those of the window of which it is not known whether they failed, oldest
    first; they are none of the deliveries. aside: empty, or a sentence about what else of the window is of unknown
    outcome.
    """

    since: str
    until: str
    what: str
    deliveries: Sequence[Delivery]
    commits: Sequence[tuple[str, str]]
    remedies: Sequence[tuple[str, str]]
    gap: str
    status_known: bool
    unjudged: Sequence[Delivery] = ()
    aside: str = ""


def measure_keys(record: Record) -> tuple[DoraKey, ...]:
    """Return the four keys. There is no band where deliveries that are not judged could change it."""
    measures = (_frequency, _lead_time, _change_failure_rate, _time_to_restore)
    keys = [measure(record) for measure in measures]
    if not record.unjudged:
        return tuple(keys)
    failed = [delivery._replace(failed_at=delivery.at) for delivery in record.unjudged]
    others = [_with(record, record.unjudged), _with(record, failed)]
    return tuple(
        _said(record, key, sure=all(measure(other).band == key.band for other in others))
        for measure, key in zip(measures, keys, strict=True)
    )


def _with(record: Record, judged: Sequence[Delivery]) -> Record:
    return record._replace(deliveries=sorted([*record.deliveries, *judged], key=lambda delivery: delivery.at))


def _said(record: Record, key: DoraKey, *, sure: bool) -> DoraKey:
    """Return a key that says what it leaves out."""
    left_out = f"Not counted: {len(record.unjudged)} without a known status"
    bound = "; this is a lower bound" if key.name == "deployment_frequency" and key.value is not None else ""
    held = " They could change the band: no band." if key.band and not sure else ""
    return key.model_copy(
        update={
            "band": key.band if sure else None,
            "explanation": f"{key.explanation} {left_out}{bound}.{held}",
        }
    )


def _frequency(record: Record) -> DoraKey:
    made = [d for d in record.deliveries if d.at >= record.since and d.failed_at is None]
    weeks = seconds_between(record.since, record.until) / (7 * 86_400)
    return _key(
        record,
        "deployment_frequency",
        len(made) / weeks if made else None,
        len(made),
        formula=f"{record.what} in the window that did not fail / weeks in the window",
        said=f"{len(made)} in {weeks:.1f} weeks.{record.aside}",
        evidence=[proof for d in reversed(made) for proof in d.evidence[:1]],
    )


def _lead_time(record: Record) -> DoraKey:
    times = [d.at for d in record.deliveries if d.failed_at is None]
    waits = []
    for at, sha in record.commits:
        place = bisect_left(times, at)
        if place < len(times) and times[place] >= record.since:
            waits.append((seconds_between(at, times[place]) / 3600, f"commit:{sha}"))
    return _key(
        record,
        "lead_time",
        median(hours for hours, _ in waits) if waits else None,
        len(waits),
        formula=f"median hours from a commit to the first of the {record.what} at or after it",
        said=f"Delivered in the window: {len(waits)} of {count_of(len(record.commits), 'commit')}.",
        evidence=[proof for _, proof in sorted(waits, reverse=True)],
    )


def _failures(record: Record) -> list[tuple[str, str]]:
    """Return for every delivery of the window that failed the moment of the first sign and its evidence."""
    found = []
    instants = [at for at, _ in record.remedies]
    for place, delivery in enumerate(record.deliveries):
        following = record.deliveries[place + 1].at if place + 1 < len(record.deliveries) else record.until
        signs = [(delivery.failed_at, "".join(delivery.evidence[-1:]))] if delivery.failed_at else []
        first = bisect_right(instants, delivery.at)
        if first < len(instants) and instants[first] < following:
            signs.append((instants[first], f"commit:{record.remedies[first][1]}"))
        if signs and delivery.at >= record.since:
            found.append(min(signs))
    return found


def _change_failure_rate(record: Record) -> DoraKey:
    made, failed = sum(d.at >= record.since for d in record.deliveries), _failures(record)
    visible = bool(record.commits) or record.status_known
    blind = "Neither commits nor statuses are known that could show a failure."
    return _key(
        record,
        "change_failure_rate",
        100 * len(failed) / made if made and visible else None,
        made,
        formula=f"{record.what} with a failed status, or a revert or hotfix commit before the next one / all of them",
        said=f"{len(failed)} of {made} failed." if visible else blind,
        evidence=[proof for _, proof in failed],
    )


def _time_to_restore(record: Record) -> DoraKey:
    good = [d.at for d in record.deliveries if d.failed_at is None]
    restored, failed = [], _failures(record)
    for at, proof in failed:
        place = bisect_right(good, at)
        if place < len(good):
            restored.append((seconds_between(at, good[place]) / 3600, proof))
    return _key(
        record,
        "time_to_restore",
        median(hours for hours, _ in restored) if restored else None,
        len(restored),
        formula=f"median hours from the first sign of a failure to the next of the {record.what} that did not fail",
        said=f"Followed by one: {len(restored)} of {count_of(len(failed), 'failure')}.",
        evidence=[proof for _, proof in sorted(restored, reverse=True)],
    )


def _key(
    record: Record, name: KeyName, value: float | None, sample: int, *, formula: str, said: str, evidence: Sequence[str]
) -> DoraKey:
    enough = sample >= MINIMUM[name]
    few = "" if enough else f"No band: {sample} in the sample, at least {MINIMUM[name]} are needed."
    bound = "This is a lower bound" if name == "deployment_frequency" else "This is worked out from a part of them"
    held = f"{record.gap} {bound}: no band." if record.gap else ""
    return DoraKey(
        name=name,
        value=None if value is None else round(value, 2),
        unit=UNITS[name],
        band=band_of(name, value) if value is not None and enough and not held else None,
        sample_size=sample,
        formula=f"Proxy: {formula}.",
        explanation=" ".join(part for part in (said, held or few) if part),
        evidence=tuple(dict.fromkeys(filter(None, evidence)))[:5],
    )


def band_of(name: KeyName, value: float) -> Band:
    """Return the band of a key's value."""
    elite, high, medium = LIMITS[name]
    if name == "deployment_frequency":
        return "elite" if value > elite else "high" if value >= high else "medium" if value >= medium else "low"
    if name == "change_failure_rate":
        return "elite" if value <= elite else "high" if value <= high else "medium" if value <= medium else "low"
    return "elite" if value < elite else "high" if value < high else "medium" if value < medium else "low"
