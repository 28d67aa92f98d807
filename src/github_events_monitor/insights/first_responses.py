"""Who answered first: of events and the record of issues and pull requests together."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ..instants import FIRST, seconds_between
from ..records import Activity, Authorship, Thread
from .accounts import Accounts
from .contributions import CLOSING, NEW
from .rows import in_order, within
from .threads import THREAD_TYPES, bots_of, join_threads

Responses = Mapping[str, Sequence[float]]
"""By the key of an account, the hours after which it was the first person to answer."""

_OPENED = ("IssuesEvent", "PullRequestEvent")


def first_responses(
    activity: Iterable[Activity],
    authorship: Iterable[Authorship],
    threads: Sequence[Thread],
    *,
    since: str,
    until: str,
    bot_logins: frozenset[str] = frozenset(),
) -> dict[str, list[float]]:
    """Return who first answered (comment, review, close, merge) what another person opened, since <= answer < until.

    Only what is known since it was opened counts: else an earlier answer may be missing. Answers of bots and AI
    assistants, and what they opened, do not count.
    """
    people = Accounts(authorship, bot_logins, bots_of(threads)).people
    about_threads = [row for row in activity if row.number is not None and row.event_type in THREAD_TYPES]
    rows = within(in_order(join_threads(about_threads, threads) if threads else about_threads), FIRST, until)
    opened = {row.number: row for row in reversed(rows) if row.action == "opened" and row.event_type in _OPENED}
    answered: dict[int | None, Activity] = {}
    for row in rows:
        opening = opened.get(row.number)
        if opening is not None and row.number not in answered and _answers(row):
            person, author = people[row.actor_login], people[opening.actor_login]
            if person and author and person != author:
                answered[row.number] = row
    found: defaultdict[str, list[float]] = defaultdict(list)
    for number, row in answered.items():
        if since <= row.created_at:
            hours = seconds_between(opened[number].created_at, row.created_at) / 3600
            found[people[row.actor_login]].append(max(0.0, hours))
    return dict(found)


def _answers(row: Activity) -> bool:
    return row.action in (CLOSING if row.event_type in _OPENED else NEW)
