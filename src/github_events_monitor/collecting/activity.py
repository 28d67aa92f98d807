"""Pushes as /activity tells them: the only source that names force pushes, and one that the feed's limit does not cut.

https://docs.github.com/en/rest/repos/repos#list-repository-activities
"""

from ..errors import Forbidden, NotFound
from ..github.client import BudgetSpent
from ..github.payloads import PushActivity, event_from_activity, parse_activity
from ..insights.coverage import missing_spans
from ..instants import shift
from ..observations import ForcePush
from ..records import MetricRow
from .draft import Draft
from .events import FEED_REACH


async def collect_activity(draft: Draft) -> None:
    """Draft force pushes as observations, and pushes as events where the feed is not completely known."""
    try:
        answer = await draft.client.fetch_activity(
            draft.asked_name, time_period="month", etag=draft.etag("activity"), budget=draft.budget
        )
    except (Forbidden, NotFound):
        return  # not every server and token has it; the events feed stands alone then
    except BudgetSpent:
        draft.notes.append("pushes were not compared with /activity; the request budget was spent")
        return
    if not draft.saw("activity", answer) or answer.status != "ok":
        return
    rows = parse_activity(answer.body)
    draft.add_source("activity")
    draft.security += [_observation(draft.repo, row) for row in rows if row.activity_type == "force_push"]
    await _add_unseen(draft, rows)


async def _add_unseen(draft: Draft, rows: list[PushActivity]) -> None:
    since, until = shift(draft.now(), -FEED_REACH), draft.now()
    gaps = missing_spans(draft.known("events"), since, until)
    unseen = [
        event_from_activity(draft.repo, row)
        for row in rows
        if any(gap.since <= row.timestamp < gap.until for gap in gaps)
    ]
    if not unseen:
        return
    stored = await draft.manager.events.get_activity(
        draft.repo, since, until, event_types={event.event_type for event in unseen}, facts=("ref", "sha")
    )
    pushed = {(row.event_type, row.ref, row.sha) for row in stored}
    for event in unseen:
        if (event.event_type, event.facts.ref, event.facts.sha) not in pushed:
            draft.events.setdefault(event.id, event)


def _observation(repo: str, row: PushActivity) -> MetricRow:
    push = ForcePush(ref=row.ref, before=row.before, after=row.after, actor=row.actor_login, timestamp=row.timestamp)
    return push.to_row(repo, row.id)
