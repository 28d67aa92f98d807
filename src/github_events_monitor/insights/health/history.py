"""Activity and commits arranged by what health asks of them.

Nothing here depends on the order of the rows, and a row that comes twice counts once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from ...records import Activity, Authorship
from ..accounts import Accounts, Authors
from ..contributions import CLOSING, NEW
from ..rows import by_action, by_time, by_type

_Value = TypeVar("_Value", str, tuple[str, str])

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
    turns: Mapping[int, Sequence[Turn]]


@dataclass(frozen=True, slots=True)
class History:
    """What happened, by the numbers that issues and pull requests share.

    authors: the actor of the first opening, else as other events name the author, lower-case. merged: first time.
    answered, reviewed: when a person other than the author first commented, reviewed or closed; reviewed or commented
    on the diff. touches: events and comments of issues. stewardship: what only those can do who maintain: pushes,
    releases, merges, closing what others opened. Rows are in the order of time, those of `touches` and `stewardship`
    in each of their parts.
    """

    rows: Mapping[str, Sequence[Activity]]

    issues: Items
    pull_requests: Items
    authors: Mapping[int, str]
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
    found = by_type(by_time(rows))
    issues, pull_requests = found["IssuesEvent"], found["PullRequestEvent"]
    threads = [by_action(some) for some in (issues, pull_requests)]
    comments = [row for row in found["IssueCommentEvent"] if row.action in NEW]
    diff = (*found["PullRequestReviewEvent"], *found["PullRequestReviewCommentEvent"])
    reviews = [row for row in diff if row.action in NEW]
    openings, people = _openings(row for some in threads for row in some["opened"]), accounts.people
    authors = _authors((*issues, *pull_requests, *comments, *diff), openings)
    items = [_items(some, openings, authors, people) for some in threads]
    closings = [row for some in items for row in some.closings]
    reviewed = _first_by_others(reviews, authors, people)
    pushes = list({row.id: row for row in found["PushEvent"]}.values())
    releases = [row for row in found["ReleaseEvent"] if row.action in NEW]
    return History(
        rows=found,
        issues=items[0],
        pull_requests=items[1],
        authors=authors,
        merged=_least((row.number, row.created_at) for some in threads for row in some["merged"]),
        answered=_first_by_others((*comments, *closings), authors, people, known=reviewed),
        reviewed=reviewed,
        touches=(issues, comments),
        stewardship=(pushes, releases, *(_for_others(some.closings, authors) for some in items)),
        pushes=pushes,
        releases=found["ReleaseEvent"],
        commits=[
            Work(row.commit_date, accounts.of_commit(row)) for row in {row.sha: row for row in authorship}.values()
        ],
    )


def _items(
    thread: Mapping[str | None, Sequence[Activity]],
    openings: Mapping[int, tuple[str, str]],
    authors: Mapping[int, str],
    people: Mapping[str | None, str],
) -> Items:
    numbers = {row.number for row in thread["opened"]}
    opened = {n: openings[n][0] for n in numbers if n is not None and people[authors.get(n)]}
    closings = by_time(row for action in CLOSING for row in thread[action])
    return Items(opened, closings, _turns(thread["reopened"], closings))


def _openings(rows: Iterable[Activity]) -> dict[int, tuple[str, str]]:
    """Return when each was first opened, and by whom ("" when that is not known)."""
    return _least((row.number, (row.created_at, row.actor_login or "")) for row in rows)


def _authors(rows: Iterable[Activity], openings: Mapping[int, tuple[str, str]]) -> dict[int, str]:
    """Return authors by number; of several logins, because one was renamed, it is always the same."""
    openers = {number: opener.lower() for number, (_, opener) in openings.items() if opener}
    named = {(row.number, row.subject.lower()) for row in rows if row.subject and row.number not in openers}
    return _least(named) | openers


def _turns(reopened: Iterable[Activity], closings: Iterable[Activity]) -> dict[int, list[Turn]]:
    turns: dict[int, list[Turn]] = {row.number: [] for row in reopened if row.number is not None}
    for row in (*reopened, *closings):
        if row.number in turns:
            turns[row.number].append((row.created_at, row.action != "reopened"))
    return turns


def _least(found: Iterable[tuple[int | None, _Value]]) -> dict[int, _Value]:
    """Return by number the least value, which is the earliest moment; what has no number is left out."""
    return dict(sorted(((number, value) for number, value in found if number is not None), reverse=True))


_NOTHING: Mapping[int, str] = {}


def _first_by_others(
    rows: Iterable[Activity],
    authors: Mapping[int, str],
    people: Mapping[str | None, str],
    known: Mapping[int, str] = _NOTHING,
) -> dict[int, str]:
    """Return when a person other than the author first did something, by number; nothing where no author is known."""
    first = dict(known)
    for row in rows:
        number = row.number or 0
        at = first.get(number)
        if at is None or row.created_at < at:
            person, author = people[row.actor_login], authors.get(number)
            if person and author and author != person:
                first[number] = row.created_at
    return first


def _for_others(closings: Iterable[Activity], authors: Mapping[int, str]) -> list[Activity]:
    """Return the closings that need the right to: merges, and closings of what another person opened."""
    found = []
    for row in closings:
        author = authors.get(row.number or 0)
        if row.action == "merged" or (author and author != (row.actor_login or "").lower()):
            found.append(row)
    return found
