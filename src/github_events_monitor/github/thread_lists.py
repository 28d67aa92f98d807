"""Issues, pull requests and comments from REST's listings, and from deliveries that show them alike, as records.

https://docs.github.com/en/rest/issues/issues#list-repository-issues lists pull requests, too, but neither branches nor
reviews of them: https://docs.github.com/en/rest/pulls/pulls#list-pull-requests has the branches. Deliveries:
https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request.
"""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from ..records import MAX_KEY_TEXT, Reply, Thread, repo_key
from .decoding import GHOST, Shape, array_of, count, instant, object_of, text
from .graphql.threads import MAX_TITLE

_NUMBER = re.compile(r"/(\d{1,15})$")


class ListedThread(NamedTuple):
    """A row of a listing: the thread; updated_at: what the listing is ordered by."""

    updated_at: str
    thread: Thread


class ListedReply(NamedTuple):
    """A row of a listing of comments. number: of the thread that it belongs to."""

    updated_at: str
    number: int
    reply: Reply


class Ending(NamedTuple):
    """Who closed or merged what has a number, and when; by: None for an account that is gone."""

    number: int
    at: str
    by: str | None


class _Account(msgspec.Struct):
    login: str | None = None
    type: str | None = None
    slug: str | None = None

    def __post_init__(self) -> None:
        if self.login == GHOST:
            self.login = self.type = None


class _Label(msgspec.Struct):
    name: str | None = None


class _Side(msgspec.Struct):
    ref: str | None = None
    sha: str | None = None


class _PullRequest(msgspec.Struct):
    merged_at: str | msgspec.UnsetType | None = msgspec.UNSET


class _Row(msgspec.Struct):
    """What is read of the five listings together: a name means the same in each of them."""

    id: int | None = None
    number: int | None = None
    title: str | None = None
    user: _Account | None = None
    state: str | None = None
    state_reason: str | None = None
    draft: bool | None = None
    created_at: str | None = None
    updated_at: str | None = None
    closed_at: str | None = None
    merged_at: str | None = None
    closed_by: _Account | None = None
    comments: int | None = None
    labels: list[_Label] | None = None
    pull_request: _PullRequest | None = None
    base: _Side | None = None
    head: _Side | None = None
    merge_commit_sha: str | None = None
    requested_reviewers: list[_Account] | None = None
    requested_teams: list[_Account] | None = None
    submitted_at: str | None = None
    issue_url: str | None = None
    pull_request_url: str | None = None
    merged_by: _Account | None = None
    additions: int | None = None
    deletions: int | None = None
    changed_files: int | None = None


class _Done(msgspec.Struct):
    """Something that was done to an issue or pull request."""

    event: str | None = None
    actor: _Account | None = None
    created_at: str | None = None
    issue: _Row | None = None


class _Delivery(msgspec.Struct):
    action: str | None = None
    issue: _Row | None = None
    pull_request: _Row | None = None
    comment: _Row | None = None
    review: _Row | None = None
    sender: _Account | None = None


_delivery = Shape(_Delivery)
_GONE = frozenset({"deleted", "transferred"})
_REPLIES: Mapping[str, Literal["comment", "review_comment"]] = {
    "IssueCommentEvent": "comment",
    "PullRequestReviewCommentEvent": "review_comment",
}
DELIVERED = frozenset({"IssuesEvent", "PullRequestEvent", "PullRequestReviewEvent", *_REPLIES})
"""Events whose deliveries show the issue or pull request that they are about."""


def parse_issues(repo: str, body: bytes) -> list[ListedThread | None]:
    """Return issues and pull requests; None for a row without what a thread needs.

    Raises `Unreachable` when the body is not a JSON array, as the other functions here do.
    """
    rows = array_of(_Row, body, "issues")
    return [_thread(repo_key(repo), row, "pull_request" if row.pull_request else "issue") for row in rows]


def parse_pulls(repo: str, body: bytes) -> list[ListedThread | None]:
    """Return pull requests with their branches and requested reviewers."""
    return [_thread(repo_key(repo), row, "pull_request") for row in array_of(_Row, body, "pull requests")]


def parse_comments(kind: Literal["comment", "review_comment"], body: bytes) -> list[ListedReply | None]:
    """Return comments on threads, or on the changes of pull requests; None for a row without what a reply needs."""
    return [_reply(kind, row) for row in array_of(_Row, body, "comments")]


def parse_reviews(body: bytes) -> list[Reply]:
    """Return the reviews of a pull request that were submitted, oldest first."""
    return [review for row in array_of(_Row, body, "reviews") if (review := _review(row)) is not None]


def parse_endings(body: bytes) -> tuple[str | None, list[Ending]]:
    """Return down to when a page of issue events reaches (None where it is empty), and the endings on it."""
    rows = array_of(_Done, body, "issue events")
    times = [at for row in rows if (at := instant(row.created_at))]
    endings = [
        Ending(number, at, text(row.actor.login, MAX_KEY_TEXT) if row.actor else None)
        for row in rows
        if row.event in {"closed", "merged"} and (at := instant(row.created_at)) and row.issue
        if (number := count(row.issue.number)) is not None
    ]
    return min(times, default=None), endings


def parse_thread(repo: str, body: bytes, kind: Literal["issue", "pull_request"]) -> Thread | None:
    """Return an issue or pull request that was asked for by its number; None for an answer that lacks what it needs."""
    listed = _thread(repo_key(repo), object_of(_Row, body, "an issue or pull request"), kind)
    return listed.thread if listed else None


class Mentioned(NamedTuple):
    """What a payload that lacks most of a thread says of it all the same. ended: closed, or merged."""

    base: str | None = None
    head: str | None = None
    head_sha: str | None = None
    reply: Reply | None = None
    ended: bool = False


def parse_mentioned_thread(event_type: str, body: bytes, at: str) -> Mentioned:
    """Return what a trimmed payload of the feed says. at: when a reply was written that does not say it itself."""
    delivery = _delivery.read(body)
    row = delivery.pull_request or delivery.issue or _Row()
    base, head = row.base or _Side(), row.head or _Side()
    sides = [text(side, MAX_KEY_TEXT) for side in (base.ref, head.ref, head.sha)]
    return Mentioned(sides[0], sides[1], sides[2], _reply_in(delivery, event_type, at), row.state == "closed")


def parse_delivered_thread(repo: str, event_type: str, body: bytes, actor: str | None = None) -> Thread | None:
    """Return the issue or pull request that a delivery shows, with the reply that it is about.

    None for other deliveries, for an issue that is not in the repository any more, and for a closed pull request of
    which it is not said whether it was merged: comments did not before 2022.
    actor: who did it, where the payload does not say.
    """
    if event_type not in DELIVERED:  # a push may have 25 MB, which are not read again for nothing
        return None
    delivery = _delivery.read(body)
    row = delivery.pull_request or delivery.issue
    if row is None or (event_type == "IssuesEvent" and delivery.action in _GONE):
        return None
    if row.pull_request is not None and row.pull_request.merged_at is msgspec.UNSET and row.state == "closed":
        return None
    is_pull = delivery.pull_request is not None or row.pull_request is not None
    listed = _thread(repo_key(repo), row, "pull_request" if is_pull else "issue")
    if listed is None:
        return None
    thread, reply = listed.thread, _reply_in(delivery, event_type)
    if reply is not None:
        thread = msgspec.structs.replace(thread, replies=(reply,))
    closer = delivery.sender.login if delivery.sender else actor
    if delivery.action == "closed" and thread.closed_by is None and thread.state != "open":
        thread = msgspec.structs.replace(thread, closed_by=text(closer, MAX_KEY_TEXT))
    return thread


def _reply_in(delivery: _Delivery, event_type: str, at: str | None = None) -> Reply | None:
    if event_type == "PullRequestReviewEvent" and delivery.review is not None:
        return _review(delivery.review, at)
    if event_type in _REPLIES and delivery.comment is not None and delivery.action not in _GONE:
        return _comment(_REPLIES[event_type], delivery.comment, at)
    return None


def _review(row: _Row, otherwise: str | None = None) -> Reply | None:
    number, at, user = count(row.id), instant(row.submitted_at) or otherwise, row.user or _Account()
    if number is None or at is None:
        return None
    login, account_type = text(user.login, MAX_KEY_TEXT), text(user.type, MAX_KEY_TEXT)
    return Reply(str(number), "review", at, login, account_type, text((row.state or "").lower(), MAX_KEY_TEXT))


def _thread(repo: str, row: _Row, kind: Literal["issue", "pull_request"]) -> ListedThread | None:
    number, created_at, updated_at = count(row.number), instant(row.created_at), instant(row.updated_at)
    if number is None or created_at is None or updated_at is None or row.state not in {"open", "closed"}:
        return None
    merged_at = instant((row.pull_request.merged_at or None) if row.pull_request else row.merged_at)
    user, base, head = row.user or _Account(), row.base or _Side(), row.head or _Side()
    thread = Thread(
        repo_name=repo,
        number=number,
        kind=kind,
        state="merged" if merged_at else "open" if row.state == "open" else "closed",
        created_at=created_at,
        updated_at=updated_at,
        title=text(row.title, MAX_TITLE),
        author_login=text(user.login, MAX_KEY_TEXT),
        author_type=text(user.type, MAX_KEY_TEXT),
        state_reason=text(row.state_reason, MAX_KEY_TEXT),
        draft=row.draft if kind == "pull_request" else None,
        closed_at=instant(row.closed_at),
        merged_at=merged_at,
        closed_by=text(row.closed_by.login, MAX_KEY_TEXT) if row.closed_by else None,
        merged_by=text(row.merged_by.login, MAX_KEY_TEXT) if row.merged_by else None,
        additions=count(row.additions),
        deletions=count(row.deletions),
        changed_files=count(row.changed_files),
        base=text(base.ref, MAX_KEY_TEXT),
        head=text(head.ref, MAX_KEY_TEXT),
        head_sha=text(head.sha, MAX_KEY_TEXT),
        merge_sha=text(row.merge_commit_sha, MAX_KEY_TEXT) if merged_at else None,  # of an open one it is a trial
        reviewers=_reviewers(repo, row),
        labels=None if row.labels is None else tuple(name for one in row.labels if (name := text(one.name, 255))),
        comments=count(row.comments),
    )
    return ListedThread(updated_at, thread)


def _reply(kind: Literal["comment", "review_comment"], row: _Row) -> ListedReply | None:
    url = (row.issue_url if kind == "comment" else row.pull_request_url) or ""
    about, reply = _NUMBER.search(url[-MAX_KEY_TEXT:]), _comment(kind, row)
    if about is None or reply is None:
        return None
    return ListedReply(instant(row.updated_at) or reply.created_at, int(about[1]), reply)


def _comment(kind: Literal["comment", "review_comment"], row: _Row, otherwise: str | None = None) -> Reply | None:
    created_at, number, user = instant(row.created_at) or otherwise, count(row.id), row.user or _Account()
    if number is None or created_at is None:
        return None
    return Reply(str(number), kind, created_at, text(user.login, MAX_KEY_TEXT), text(user.type, MAX_KEY_TEXT))


def _reviewers(repo: str, row: _Row) -> tuple[str, ...] | None:
    """Return whose review is asked for; a team by `organisation/team`, as GraphQL names it."""
    if row.requested_reviewers is None:
        return None
    teams = (f"{repo.partition('/')[0]}/{team.slug}" for team in row.requested_teams or () if team.slug)
    names = (*(account.login for account in row.requested_reviewers), *teams)
    return tuple(found for name in names if (found := text(name, MAX_KEY_TEXT)))
