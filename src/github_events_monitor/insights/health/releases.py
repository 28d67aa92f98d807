"""Release frequency: do users get what was made?

https://chaoss.community/kb/metric-release-frequency/
"""

from itertools import pairwise
from statistics import median

from ...answers.insights import Component
from ...instants import seconds_between
from ..coverage import missing_spans
from ..delivery.releases import read_releases
from .period import Period, component

FORMULA = (
    "median days between GitHub releases known up to the end of the window, pre-releases left out; only intervals "
    "without a gap in collection count; the time since the last release where that is longer"
)


def measure(period: Period) -> Component:
    """Days between releases; the sample is the number of intervals."""
    times = _release_times(period)
    if not times:
        gap = period.releases_gap(period.since)
        return component("release_frequency", None, 0, FORMULA, "No release is known.", gap)
    days = [_days(a, b) for a, b in pairwise(times) if not missing_spans(period.releases_known, a, b)]
    since_last = _days(times[-1], period.until)
    current = not missing_spans(period.releases_known, times[-1], period.until)
    value = max(median(days), since_last if current else 0.0) if days else None
    return component(
        "release_frequency",
        value,
        len(days),
        FORMULA,
        f"{len(times)} releases known, the last {since_last:.1f} days before the end of the window"
        + (f"; {median(days):.1f} days between them (median of {len(days)})." if days else "."),
        "" if current else "There may be a later one.",
        period.releases_gap(times[0]),
    )


def _release_times(period: Period) -> list[str]:
    """Return when releases were published for the first time, in order."""
    found = read_releases(period.history.releases, period.releases, period.until)
    return sorted({release.published_at for release in found if not release.prerelease})


def _days(earlier: str, later: str) -> float:
    return seconds_between(earlier, later) / 86_400
