"""Pushes from /activity: the only source that names force pushes, and one without the limit of the feed.

https://docs.github.com/en/rest/repos/repos#list-repository-activities
"""

from collections.abc import Sequence
from typing import NamedTuple

from ..branches import listing_of
from ..errors import Forbidden, NotFound
from ..github.activity import PushActivity, event_from_activity, parse_activity
from ..github.client import Answer, BudgetSpent
from ..instants import SECOND, shift
from ..ledger import missing_spans
from ..observations import ForcePush
from ..records import MetricRow, Rewriting, Span
from .events import FEED_REACH
from .pass_state import REFUSED, PassState

KIND = "activity"
"""The kind of what is known of it."""


class ActivityRead(NamedTuple):
    """What was read. answer: the first page. rows: with those of further pages. known: that these are whole for."""

    answer: Answer
    rows: Sequence[PushActivity]
    known: Sequence[Span]


async def collect_activity(state: PassState, ahead: ActivityRead | None = None) -> None:
    """Collect force pushes as observations, and pushes as events where the feed is not completely known.

    ahead: what was read of it already, beside the feed and the commits.
    """
    try:
        read = ahead or await read_activity(state)
    except (Forbidden, NotFound):
        return  # not every server and token has it; the events feed stands alone then
    except REFUSED as refused:
        state.postpone(f"pushes were not compared with /activity: {refused.message}")
        return
    except BudgetSpent:
        state.postpone("pushes were not compared with /activity; the request budget was spent")
        return
    modified = state.saw("activity", read.answer)
    state.learn(KIND, *read.known)
    if not modified or read.answer.status != "ok":
        return
    state.add_source("activity")
    state.security += [_observation(state.repo, row) for row in read.rows if row.activity_type == "force_push"]
    await _notice_replaced(state, read.rows)
    await _add_unseen(state, read.rows)


async def read_activity(state: PassState) -> ActivityRead:
    """Read pushes back to what is known, or as far as a share of the budget allows; nothing is kept of it yet.

    Raises what GitHub answers, and `BudgetSpent`, when nothing could be read.
    """
    asked_at, known = state.now(), state.known(KIND)
    with state.noting_refusal(KIND):
        answer = await state.client.fetch_activity(
            state.asked_name, time_period="month", etag=state.etag("activity"), budget=state.budget
        )
    if answer.status != "ok":
        return ActivityRead(answer, (), [Span(span.until, asked_at) for span in known[-1:]])
    rows, url, floor = parse_activity(answer.body), answer.next_url, shift(asked_at, -FEED_REACH)
    with state.optional_reading("older pushes were not compared with /activity") as budget:
        while url is not None and rows and rows[-1].timestamp >= (known[-1].until if known else floor):
            page = await state.client.fetch_activity(state.asked_name, budget=budget, url=url)
            rows, url = [*rows, *parse_activity(page.body)], page.next_url
    reached = floor if url is None or not rows else shift(min(row.timestamp for row in rows), SECOND)
    return ActivityRead(answer, rows, [Span(reached, asked_at)])


async def _notice_replaced(state: PassState, rows: Sequence[PushActivity]) -> None:
    """Make the next pass list a branch again whose replaced head is stored as if the branch still had it.

    A head that the branch got back has been looked into when the listing was joined after the force push.
    """
    for row in rows:
        branch = row.ref.removeprefix("refs/heads/")
        kind = listing_of(branch, state.repository.default_branch)
        if row.activity_type != "force_push" or kind not in state.repository.ledger.spans or not row.before:
            continue
        looked_into = state.repository.rejoined.get(kind)
        if kind in state.rewritings or (looked_into and row.timestamp <= looked_into.at):
            continue
        stored = await state.manager.commits.get_known_shas(state.repo, [row.before])
        record = await state.manager.commits.get_commit(state.repo, row.before) if stored else None
        if record is not None and branch in record.commit.branches and row.before not in state.commits:
            state.rewritings[kind] = Rewriting(row.timestamp, "forced", f"activity {row.id}")


async def _add_unseen(state: PassState, rows: Sequence[PushActivity]) -> None:
    since, until = shift(state.now(), -FEED_REACH), state.now()
    gaps = missing_spans(state.known("events"), since, until)
    unseen = [
        event_from_activity(state.repo, row)
        for row in rows
        if any(gap.since <= row.timestamp < gap.until for gap in gaps)
    ]
    if not unseen:
        return
    stored = await state.manager.events.get_activity(
        state.repo, since, until, event_types={event.event_type for event in unseen}, facts=("ref", "sha")
    )
    pushed = {(row.event_type, row.ref, row.sha) for row in stored}
    for event in unseen:
        if (event.event_type, event.facts.ref, event.facts.sha) not in pushed:
            state.events.setdefault(event.id, event)


def _observation(repo: str, row: PushActivity) -> MetricRow:
    push = ForcePush(ref=row.ref, before=row.before, after=row.after, actor=row.actor_login, timestamp=row.timestamp)
    return push.to_row(repo, row.id)
