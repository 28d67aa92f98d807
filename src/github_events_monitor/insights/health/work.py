"""The work itself: on how many people it rests, whether it goes on, and whether users get what was made.

https://chaoss.community/kb/metric-contributor-absence-factor/,
https://github.com/ossf/scorecard/blob/main/docs/checks.md#maintained,
https://chaoss.community/kb/metric-release-frequency/
"""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise
from statistics import median

from ...instants import seconds_between, shift
from ...ledger import missing_spans
from ...text import count_of
from ..delivery.releases import read_releases
from ..results import Component
from ..rows import within
from .period import Period, component
from .rules import MAINTENANCE_DAYS, RULES


def measure_contributors(period: Period) -> Component:
    """Return the factor by commits (authors and co-authors) where enough of them are known, else by pushes."""
    name, since, until = "contributor_absence_factor", period.since, period.until
    commits = Counter(
        [key for commit in period.history.commits if since <= commit.at < until for key in commit.authors.people]
    )
    pushes = Counter([period.people[row.actor_login] for row in period.part(period.history.pushes)])
    by_commits = commits.total() >= RULES[name].minimum or commits.total() >= pushes.total()
    made, what = (commits, "commit") if by_commits else (pushes, "push")
    factor = absence_factor(made)
    return component(
        name,
        factor,
        made.total(),
        f"{factor} of {count_of(len(made), 'person')} made at least half of {count_of(made.total(), what)}."
        if factor
        else "No contribution is known.",
        "Co-authors count." if by_commits and made else "",
        period.commits_gap() if by_commits else period.events_gap(),
    )


def absence_factor(contributions: Mapping[str, int]) -> int | None:
    """Return the smallest n whose n largest contributors make at least half; None when there are no contributions."""
    total, reached = sum(contributions.values()), 0
    for n, amount in enumerate(sorted(contributions.values(), reverse=True), start=1):
        reached += amount
        if 2 * reached >= total:
            return n
    return None


def measure_maintenance(period: Period) -> Component:
    """Return commits and issues touched; scored when all are known, or when the known ones reach the full score."""
    start = shift(period.until, -timedelta(days=MAINTENANCE_DAYS))
    (commits, what), (issues, maintainers) = _commits(period, start), _issues(period, start)
    idle = _idle(period, start)
    if idle:
        return component("maintenance", 0, commits + issues, idle)
    gaps = [gap for gap in (period.events_gap(start), period.commits_gap(start)) if gap]
    enough = commits + issues >= RULES["maintenance"].full_at
    caveats = [*gaps, "Not scored: this is only a lower bound."] if gaps else []
    if gaps and enough:
        caveats = ["Enough for the full score even if more happened."]
    return component(
        "maintenance",
        commits + issues,
        commits + issues,
        f"{count_of(commits, what)}, and {count_of(issues, 'issue')} touched by"
        f" {count_of(maintainers, 'maintainer')}, since {start}.",
        ""
        if period.snapshot and period.snapshot.archived is not None
        else "Whether the repository is archived or new is not known for this window.",
        *caveats,
        scored=enough or not gaps,
    )


def _idle(period: Period, start: str) -> str:
    if period.snapshot and period.snapshot.archived:
        return "The repository is archived."
    if period.snapshot and period.snapshot.created_at and period.snapshot.created_at > start:
        return f"The repository is younger than {MAINTENANCE_DAYS} days (created {period.snapshot.created_at})."
    return ""


def _commits(period: Period, start: str) -> tuple[int, str]:
    """Return how many commits by people, or pushes in their place, and which of them it is.

    A push may bring nothing to the default branch; it counts only where commits are not all known.
    """
    until = period.until
    commits = [work for work in period.history.commits if work.authors.people and start <= work.at < until]
    pushes = within(period.history.pushes, start, until)
    if len(pushes) > len(commits) and period.commits_gap(start):
        return len(pushes), "push"
    return len(commits), "commit"


def _issues(period: Period, start: str) -> tuple[int, int]:
    """Return how many issues maintainers touched, and how many maintainers are known."""
    history, until = period.history, period.until
    stewards = {row.actor_login for rows in history.stewardship for row in within(rows, start, until)}
    maintainers = {login for login in stewards if period.people[login]}
    touched = {
        row.number for rows in history.touches for row in within(rows, start, until) if row.actor_login in maintainers
    }
    return len(touched - {None}), len(maintainers)


def measure_releases(period: Period) -> Component:
    """Return the days between releases; the sample is the number of intervals."""
    times = _release_times(period)
    if not times:
        gap = period.releases_gap(period.since)
        return component("release_frequency", None, 0, "No release is known.", gap)
    days = [_days(a, b) for a, b in pairwise(times) if not missing_spans(period.releases_known, a, b)]
    since_last = _days(times[-1], period.until)
    current = not missing_spans(period.releases_known, times[-1], period.until)
    value = median(days) if days else None
    if value is not None and current:
        value = max(value, since_last)
    return component(
        "release_frequency",
        value,
        len(days),
        f"{count_of(len(times), 'release')} known, the last {since_last:.1f} days before the end of the window"
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
