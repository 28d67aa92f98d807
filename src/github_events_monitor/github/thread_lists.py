"""Issues, pull requests and comments from REST's listings, as records.

https://docs.github.com/en/rest/issues/issues#list-repository-issues lists pull requests, too, but neither branches nor
reviews of them: https://docs.github.com/en/rest/pulls/pulls#list-pull-requests has the branches.
"""

import re
from typing import Literal, NamedTuple

import msgspec

from ..records import MAX_KEY_TEXT, Reply, Thread, repo_key
from .decoding import array_of, count, instant, text
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


class _Account(msgspec.Struct):
    login: str | None = None
    type: str | None = None
    slug: str | None = None


class _Label(msgspec.Struct):
    name: str | None = None


class _Side(msgspec.Struct):
    ref: str | None = None
    sha: str | None = None


class _PullRequest(msgspec.Struct):
    merged_at: str | None = None


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
    return [
        Reply(
            str(number),
            "review",
            at,
            text(user.login, MAX_KEY_TEXT),
            text(user.type, MAX_KEY_TEXT),
            text((row.state or "").lower(), MAX_KEY_TEXT),
        )
        for row in array_of(_Row, body, "reviews")
        if (number := count(row.id)) is not None and (at := instant(row.submitted_at)) is not None
        for user in [row.user or _Account()]
    ]


def _thread(repo: str, row: _Row, kind: Literal["issue", "pull_request"]) -> ListedThread | None:
    number, created_at, updated_at = count(row.number), instant(row.created_at), instant(row.updated_at)
    if number is None or created_at is None or updated_at is None or row.state not in {"open", "closed"}:
        return None
    merged_at = instant(row.pull_request.merged_at if row.pull_request else row.merged_at)
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
    about, created_at = _NUMBER.search(url[-MAX_KEY_TEXT:]), instant(row.created_at)
    number, user = count(row.id), row.user or _Account()
    if about is None or number is None or created_at is None:
        return None
    reply = Reply(str(number), kind, created_at, text(user.login, MAX_KEY_TEXT), text(user.type, MAX_KEY_TEXT))
    return ListedReply(instant(row.updated_at) or created_at, int(about[1]), reply)


def _reviewers(repo: str, row: _Row) -> tuple[str, ...] | None:
    """Return whose review is asked for; a team by `organisation/team`, as GraphQL names it."""
    if row.requested_reviewers is None:
        return None
    teams = (f"{repo.partition('/')[0]}/{team.slug}" for team in row.requested_teams or () if team.slug)
    names = (*(account.login for account in row.requested_reviewers), *teams)
    return tuple(found for name in names if (found := text(name, MAX_KEY_TEXT)))
