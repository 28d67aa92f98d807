"""Review: do two pairs of eyes see a change before it is in?"""

from ..results import Component
from .period import Period, component

FORMULA = (
    "pull requests by people merged in the window that a person other than the author reviewed "
    "(review or comment on the diff) / all of them"
)


def measure(period: Period) -> Component:
    """Share of merged pull requests with a review by another person."""
    history = period.history
    merged = [number for number, at in history.merged.items() if period.has(at)]
    by_people = [number for number in merged if period.people[history.authors.get(number)]]
    reviewed = sum(history.reviewed.get(number, period.until) < period.until for number in by_people)
    unknown = sum(number not in history.authors for number in merged)
    others = len(merged) - len(by_people) - unknown
    return component(
        "review",
        reviewed / len(by_people) if by_people else None,
        len(by_people),
        FORMULA,
        f"{reviewed} of {len(by_people)} merged pull requests had a review.",
        f"{others} by bots or assistants are left out." if others else "",
        f"{unknown} whose author is not known are left out." if unknown else "",
        period.events_gap(),
    )
