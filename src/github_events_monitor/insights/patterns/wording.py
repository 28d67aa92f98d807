"""Anomalies in words."""

import math
from collections.abc import Mapping
from typing import Any

from ...text import clean, count_of
from ..results import Anomaly
from .buckets import DAY, HISTORY, HOUR, Timeline, start_of
from .bursts import Burst
from .counts import Evidence
from .deviations import Deviation
from .levels import MINIMUM_HISTORY, Baseline

FORMULA = (
    "Events are counted per type in UTC hours and days, empty ones included. Usual is the mean of the other buckets "
    f"(window and up to {HISTORY.days} days before it; the tested one and up to three of the highest others left out), "
    "drawn towards the same hour or day of the week in other weeks where at least four are known. p_value is the tail "
    "of a negative binomial whose dispersion is learned from the same buckets. A spike has at least 5 events and twice "
    "the usual. A drop has at most half of the usual, which is at least 5; it takes a week of known hours, or two "
    "weeks of known days. A burst has at least 10 events of one login in an hour and three times what is usual for it "
    "(or, without enough history, for logins of its kind). Reported is what stays when false discoveries over all "
    "buckets, types and logins are held to 1 % (Benjamini-Hochberg, a third each for hours, days and bursts)."
)

_SMALLEST = 1e-300
_LARGEST_SHARE = 0.5


def describe_deviation(found: Deviation, evidence: Evidence) -> Anomaly:
    """Return a spike or a drop; a spike names the login that made at least half of it."""
    size = found.timeline.size
    actor, by_whom = _main_actor(evidence.actors, found.observed) if found.kind == "spike" else (None, "")
    unfinished = " so far" if found.bucket == found.timeline.current else ""
    began = start_of(found.bucket, size)
    when = f"in the hour from {began}" if size.name == "hour" else f"on {began[:10]} (UTC)"
    return Anomaly(
        type=found.kind,
        event_type=found.event_type,
        bucket=size.name,
        started_at=began,
        actor_login=actor,
        explanation=f"{found.observed} {found.event_type} {when}{unfinished}, where "
        f"{_usual(found):g} is usual ({_sample(found.baseline, size.name)}){by_whom}.",
        **_figures(found, evidence),
    )


def describe_burst(found: Burst, evidence: Evidence) -> Anomaly:
    """Return an anomaly: much by one login in one hour, over all event types."""
    actor = _login(found.actor)
    types = sorted(evidence.types.items(), key=lambda item: (-item[1], item[0]))[:3]
    of_what = ", ".join(f"{count} {event_type}" for event_type, count in types)
    began = start_of(found.bucket, HOUR)
    whose = "its own" if found.own else "similar logins'"
    return Anomaly(
        type="burst",
        event_type="all",
        bucket="hour",
        started_at=began,
        actor_login=actor,
        explanation=f"{actor} made {count_of(found.observed, 'event')} ({of_what}) in the hour from {began}, where "
        f"{_usual(found):g} is usual ({found.baseline.sample} other active hours, {whose}).",
        **_figures(found, evidence),
    )


def _figures(found: Deviation | Burst, evidence: Evidence) -> dict[str, Any]:
    return {
        "observed": found.observed,
        "expected": _usual(found),
        "p_value": _rounded(max(math.exp(found.log_probability), _SMALLEST)),
        "sample_size": found.baseline.sample,
        "evidence": evidence.events,
    }


def _usual(found: Deviation | Burst) -> float:
    return _rounded(found.baseline.level.mean)


def explain_tests(hours: Timeline, days: Timeline, *, types: int, omitted: int, ledger: bool) -> str:
    """Return what was compared, and what could not be."""
    if not types:
        return "Nothing is stored for the window or the history before it, so there is nothing to compare."
    if not _enough(hours):
        return (
            f"Too little history to say what is usual: known: {count_of(len(hours.known), 'whole hour')}; "
            f"{MINIMUM_HISTORY} others are needed for each that is tested."
        )
    parts = [
        f"Compared: {count_of(hours.buckets, 'hour')} and {count_of(days.buckets, 'day')} of the window, for "
        f"{count_of(types, 'event type')}, against {count_of(len(hours.known), 'hour')} and "
        f"{count_of(len(days.known), 'day')} of history and window together."
    ]
    if not ledger:
        parts.append(
            "It is not on record which hours were collected completely, so everything between the first and the last "
            "stored event was taken as known for spikes and bursts; drops cannot be judged."
        )
    else:
        parts.append("Hours and days that are not completely known were neither tested nor counted as quiet.")
        if not (hours.drops and days.drops):
            parts.append(
                f"Drops are judged from {HOUR.enough_for_drops} known hours and {DAY.enough_for_drops} known days on."
            )
    if not _enough(days):
        parts.append(f"Days were not judged: {MINIMUM_HISTORY} other whole days must be known.")
    if omitted:
        parts.append(f"Left out: {count_of(omitted, 'anomaly')} less improbable than these.")
    return " ".join(parts)


def _enough(timeline: Timeline) -> bool:
    return len(timeline.known) >= MINIMUM_HISTORY + (timeline.current is None)


def _main_actor(actors: Mapping[str, int], observed: int) -> tuple[str | None, str]:
    """Return the login that made at least half, and how much it made."""
    login, count = min(actors.items(), key=lambda item: (-item[1], item[0]), default=("", 0))
    if count < _LARGEST_SHARE * observed:
        return None, ""
    actor = _login(login)
    return actor, f"; {count / observed:.0%} of them by {actor}"


def _login(login: str) -> str:
    return clean(login, 60, one_line=True)


def _sample(baseline: Baseline, bucket: str) -> str:
    if baseline.seasonal:
        return f"the same {bucket} of the week in {baseline.sample} other weeks, and all others"
    return f"{baseline.sample} other {bucket}s"


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")
