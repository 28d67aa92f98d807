"""Maintenance: OpenSSF Scorecard's rule for "Maintained".

https://github.com/ossf/scorecard/blob/main/docs/checks.md#maintained
"""

from datetime import timedelta

from ...instants import shift
from ..results import Component
from ..rows import within
from .period import Period, component
from .rules import MAINTENANCE_DAYS, RULES

FORMULA = (
    "min(1, (commits by people + issues touched by maintainers) / 12) over the 90 days before the end; 0 when archived "
    "or younger than 90 days; maintainers are people who then pushed, merged, released or closed what others opened; "
    "pushes stand for commits where more of them are known"
)


def measure(period: Period) -> Component:
    """Scored when everything is known, or when what is known already reaches the full score."""
    start = shift(period.until, -timedelta(days=MAINTENANCE_DAYS))
    commits, issues, maintainers = _commits(period, start), *_issues(period, start)
    idle = _idle(period, start)
    if idle:
        return component("maintenance", 0, commits + issues, FORMULA, idle)
    gaps = [gap for gap in (period.events_gap(start), period.commits_gap(start)) if gap]
    enough = commits + issues >= RULES["maintenance"].full_at
    return component(
        "maintenance",
        commits + issues,
        commits + issues,
        FORMULA,
        f"{commits} commits, and {issues} issues touched by {maintainers} maintainers, since {start}.",
        "" if period.snapshot else "Whether the repository is archived or new is not known for this window.",
        "Enough for the full score even if more happened." if enough and gaps else "",
        *([] if enough else gaps),
        "Not scored: this is only a lower bound." if gaps and not enough else "",
        scored=enough or not gaps,
    )


def _idle(period: Period, start: str) -> str:
    if period.snapshot and period.snapshot.archived:
        return "The repository is archived."
    if period.snapshot and period.snapshot.created_at and period.snapshot.created_at > start:
        return f"The repository is younger than {MAINTENANCE_DAYS} days (created {period.snapshot.created_at})."
    return ""


def _commits(period: Period, start: str) -> int:
    until, people = period.until, period.people
    commits = [work for work in period.history.commits if work.authors.people and start <= work.at < until]
    pushes = [row for row in within(period.history.pushes, start, until) if people[row.actor_login]]
    return max(len(commits), len(pushes))


def _issues(period: Period, start: str) -> tuple[int, int]:
    """How many issues maintainers touched, and how many maintainers are known."""
    history, until = period.history, period.until
    stewards = {row.actor_login for rows in history.stewardship for row in within(rows, start, until)}
    maintainers = {login for login in stewards if period.people[login]}
    touched = {
        row.number for rows in history.touches for row in within(rows, start, until) if row.actor_login in maintainers
    }
    return len(touched - {None}), len(maintainers)
