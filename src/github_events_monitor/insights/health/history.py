"""Activity and commits arranged by what health asks of them.

Nothing here depends on the order of the rows, and a row that comes twice counts once. Only of two that contradict one
another within a second, which GitHub does not send, either may count.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ...instants import LAST
from ...records import Activity, Authorship
from ..accounts import Accounts, Authors
from ..contributions import CLOSING, NEW
from ..rows import by_action, by_time, by_type

Turn = tuple[str, bool]
"""When, and whether it was closed (True) or reopened (False)."""


class Work(NamedTuple):
    """A commit: when, and by whom."""

    at: str
    authors: Authors


@dataclass(frozen=True, slots=True)
class Items:
    """Issues, or pull requests. By number, opened: by people, first time; turns: of what was ever reopened."""

    opened: Mapping[int, str]
    closings: Sequence[Activity]
    turns: Mapping[int | None, Sequence[Turn]]


@dataclass(frozen=True, slots=True)
class History:
    """What happened, by the numbers that issues and pull requests share.

    authors: the key of who opened first, else of whom other events name as author; empty for bots and assistants.
    merged: first time. answered, reviewed: when a person other than the author first commented, reviewed or closed;
    reviewed or commented on the diff. touches: events and comments of issues. stewardship: what only those can do who
    maintain: pushes, releases, merges, closing what others opened. pushes: by people. Rows are in the order of time,
    those of `touches` and `stewardship` in each of their parts.
    """

    rows: Mapping[str, Sequence[Activity]]

    issues: Items
    pull_requests: Items
    authors: Mapping[int | None, str]
    merged: Mapping[int, str]
    answered: Mapping[int, str]
    reviewed: Mapping[int, str]
    touches: Sequence[Sequence[Activity]]
    stewardship: Sequence[Sequence[Activity]]
    pushes: Sequence[Activity]
    releases: Sequence[Activity]
    commits: Sequence[Work]


def arrange(rows: Iterable[Activity], authorship: Iterable[Authorship], accounts: Accounts) -> History:
    """Return rows and commits as a `History`."""
    found, people = by_type(by_time(rows)), accounts.people
    issues, pull_requests = found["IssuesEvent"], found["PullRequestEvent"]
    threads = [by_action(some) for some in (issues, pull_requests)]
    comments = [row for row in found["IssueCommentEvent"] if row.action in NEW]
    diff = by_time((*found["PullRequestReviewEvent"], *found["PullRequestReviewCommentEvent"]))
    openings = [_first(some["opened"]) for some in threads]
    named = {row.number: row.subject for row in (*issues, *pull_requests, *comments, *diff) if row.subject}
    authors = {number: people[login] for number, login in named.items()}
    authors |= {row.number: people[row.actor_login] for some in openings for row in some.values() if row.actor_login}

    def by_others(some: Iterable[Activity]) -> list[Activity]:
        """Return what people did to what others opened."""
        return [
            row for row in some if (person := people[row.actor_login]) and person != authors.get(row.number, person)
        ]

    items = [_items(some, opened, authors) for some, opened in zip(threads, openings, strict=True)]
    closed = [by_others(some.closings) for some in items]
    reviews = by_others(row for row in diff if row.action in NEW)
    merges = [some["merged"] for some in threads]
    pushes = [*{row.id: row for row in found["PushEvent"] if people[row.actor_login]}.values()]
    releases = [row for row in found["ReleaseEvent"] if row.action in NEW]
    return History(
        rows=found,
        issues=items[0],
        pull_requests=items[1],
        authors=authors,
        merged=_earliest(*merges),
        answered=_earliest(reviews, by_others(comments), *closed),
        reviewed=_earliest(reviews),
        touches=(issues, comments),
        stewardship=(pushes, releases, *merges, *closed),
        pushes=pushes,
        releases=found["ReleaseEvent"],
        commits=[
            Work(row.commit_date, accounts.of_commit(row)) for row in {row.sha: row for row in authorship}.values()
        ],
    )


def _items(
    thread: Mapping[str | None, Sequence[Activity]],
    openings: Mapping[int, Activity],
    authors: Mapping[int | None, str],
) -> Items:
    opened = {number: row.created_at for number, row in openings.items() if authors.get(number)}
    closings = by_time(row for action in CLOSING for row in thread[action])
    return Items(opened, closings, _turns(thread["reopened"], closings))


def _first(rows: Sequence[Activity]) -> dict[int, Activity]:
    """Return by number the earliest of rows that are in the order of time: backwards it is the last to be kept."""
    return {row.number: row for row in reversed(rows) if row.number is not None}


def _earliest(*parts: Sequence[Activity]) -> dict[int, str]:
    """Return by number the instant of the earliest of rows that are in the order of time in each of their parts."""
    found: dict[int, str] = {}
    for rows in parts:
        first = {row.number: row.created_at for row in reversed(rows) if row.number is not None}
        found |= {number: at for number, at in first.items() if at < found.get(number, LAST)}
    return found


def _turns(reopened: Iterable[Activity], closings: Iterable[Activity]) -> dict[int | None, list[Turn]]:
    turns: dict[int | None, list[Turn]] = {row.number: [] for row in reopened}
    for row in (*reopened, *closings) if turns else ():
        if row.number in turns:
            turns[row.number].append((row.created_at, row.action != "reopened"))
    return turns
