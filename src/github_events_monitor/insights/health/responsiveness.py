"""Responsiveness: are people answered?

https://chaoss.community/kb/metric-time-to-first-response/
"""

from itertools import chain
from statistics import median

from ...instants import seconds_between
from ..business_time import WEEKEND_HOURS, business_hours
from ..results import Component
from .period import Period, component
from .rules import BUSINESS_HOURS_TO_ANSWER

FORMULA = (
    "issues and pull requests opened by people in the window that another person answered (comment, review, close, "
    "merge) within two business days (48 hours of Monday-Friday, UTC) / those answered or older than that"
)


def measure(period: Period) -> Component:
    """Share answered in time among those answered or due, and the median hours to the first answer."""
    history = period.history
    in_time, waits, overdue, young = 0, list[float](), 0, 0
    for number, opened_at in chain(history.issues.opened.items(), history.pull_requests.opened.items()):
        if not period.since <= opened_at < period.until:
            continue
        answer = min(history.answered.get(number, period.until), period.until)
        hours = seconds_between(opened_at, answer) / 3600
        # at most a weekend lies between: with fewer hours than these, or with more, theirs say the same
        near = BUSINESS_HOURS_TO_ANSWER <= hours <= BUSINESS_HOURS_TO_ANSWER + WEEKEND_HOURS
        business = business_hours(opened_at, answer) if near else hours
        if answer < period.until:
            waits.append(max(0.0, hours))
            in_time += business <= BUSINESS_HOURS_TO_ANSWER
        elif business >= BUSINESS_HOURS_TO_ANSWER:
            overdue += 1
        else:
            young += 1
    counted = len(waits) + overdue
    return component(
        "responsiveness",
        in_time / counted if counted else None,
        counted,
        FORMULA,
        f"{in_time} of {counted} were answered in time, {overdue} not at all."
        if counted
        else "Nothing opened by people in the window was answered or due.",
        f"Median time to the first answer: {median(waits):.1f} hours." if waits else "",
        f"{young} younger ones without an answer are left out." if young else "",
        period.events_gap(),
    )
