"""Who answered first: of events and the record of issues and pull requests together."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ..instants import seconds_between
from ..records import Activity, Authorship, Thread
from .accounts import Accounts
from .contributions import CLOSING, NEW
from .threads import bots_of, join_threads

Responses = Mapping[str, Sequence[float]]
"""By the key of an account, the hours after which it was the first person to answer."""

_THREADS = ("IssuesEvent", "PullRequestEvent")
_REPLIES = frozenset({"IssueCommentEvent", "PullRequestReviewEvent", "PullRequestReviewCommentEvent"})


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
    accounts = Accounts(authorship, bot_logins, bots_of(threads))
    rows = [row for row in join_threads(activity, threads) if row.created_at < until]
    opened: dict[int, tuple[str, str]] = {}
    replies: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.created_at, row.id)):
        number, person = row.number, accounts.people[row.actor_login]
        if number is None:
            continue
        if row.event_type in _THREADS and row.action == "opened":
            opened.setdefault(number, (row.created_at, person))
        elif person and _answers(row):
            replies[number].append((row.created_at, person))
    found: defaultdict[str, list[float]] = defaultdict(list)
    for number, (at, author) in opened.items():
        first = next((reply for reply in replies[number] if reply[1] != author), None)
        if author and first is not None and since <= first[0]:
            found[first[1]].append(max(0.0, seconds_between(at, first[0]) / 3600))
    return dict(found)


def _answers(row: Activity) -> bool:
    if row.event_type in _THREADS:
        return row.action in CLOSING
    return row.event_type in _REPLIES and row.action in NEW
