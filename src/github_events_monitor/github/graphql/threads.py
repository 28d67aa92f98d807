"""Pages of pull requests and issues with their replies, as records.

https://docs.github.com/en/graphql/reference/objects#pullrequest, https://docs.github.com/en/graphql/reference/objects#issue
"""

from typing import Literal, NamedTuple

import msgspec

from ...errors import Unreachable
from ...records import MAX_KEY_TEXT, Reply, Thread, repo_key
from ..decoding import count, instant, object_of, text
from .protocol import Actor, PageInfo, login_of, type_of

MAX_TITLE = 1_024

Kind = Literal["issue", "pull_request"]


class MoreReplies(NamedTuple):
    """Where the replies of a thread go on; a cursor is None where there are no more of the kind.

    node_id: GitHub's name of the thread in GraphQL.
    """

    node_id: str
    comments: str | None
    reviews: str | None


class ThreadsPage(NamedTuple):
    """Threads, last updated first.

    more: threads by number whose replies go on. unread: rows that GitHub left out of an answer in part: then the page
    is not complete for its stretch. next_cursor: None on the last page.
    """

    threads: tuple[Thread, ...]
    more: dict[int, MoreReplies]
    next_cursor: str | None
    unread: int = 0


class RepliesPage(NamedTuple):
    """Further replies of a thread, and where they go on; None after the last."""

    replies: tuple[Reply, ...]
    more: MoreReplies | None
    unread: bool = False


class _Oid(msgspec.Struct):
    oid: str | None = None


class _Label(msgspec.Struct):
    name: str | None = None


class _Labels(msgspec.Struct):
    nodes: list[_Label] | None = None


class _Reviewer(msgspec.Struct, rename="camel"):
    typename: str | None = msgspec.field(default=None, name="__typename")
    login: str | None = None
    combined_slug: str | None = None


class _Request(msgspec.Struct, rename="camel"):
    requested_reviewer: _Reviewer | None = None


class _Requests(msgspec.Struct):
    nodes: list[_Request] | None = None


class _Closing(msgspec.Struct):
    actor: Actor | None = None


class _Closings(msgspec.Struct):
    nodes: list[_Closing] | None = None


class _Reply(msgspec.Struct, rename="camel"):
    full_database_id: str | int | None = None
    created_at: str | None = None
    submitted_at: str | None = None
    state: str | None = None
    author: Actor | None = None


class _Replies(msgspec.Struct, rename="camel"):
    total_count: int | None = None
    page_info: PageInfo | None = None
    nodes: list[_Reply] | None = None


class _Node(msgspec.Struct, rename="camel"):
    id: str | None = None
    number: int | None = None
    title: str | None = None
    state: str | None = None
    state_reason: str | None = None
    is_draft: bool | None = None
    created_at: str | None = None
    updated_at: str | None = None
    closed_at: str | None = None
    merged_at: str | None = None
    author: Actor | None = None
    merged_by: Actor | None = None
    base_ref_name: str | None = None
    head_ref_name: str | None = None
    head_ref_oid: str | None = None
    merge_commit: _Oid | None = None
    additions: int | None = None
    deletions: int | None = None
    changed_files: int | None = None
    review_decision: str | None = None
    labels: _Labels | None = None
    review_requests: _Requests | None = None
    closings: _Closings | None = None
    comments: _Replies | None = None
    reviews: _Replies | None = None


class _Threads(msgspec.Struct, rename="camel"):
    page_info: PageInfo | None = None
    nodes: list[_Node] | None = None


class _Repository(msgspec.Struct):
    threads: _Threads | None = None


class _Data(msgspec.Struct):
    repository: _Repository | None = None
    node: _Node | None = None


class _Answer(msgspec.Struct):
    data: _Data | None = None


def parse_threads(repo: str, kind: Kind, body: bytes) -> ThreadsPage:
    """Return a page of pull requests or issues. Raises `Unreachable` when the body is no answer about any."""
    data = object_of(_Answer, body, "issues and pull requests").data or _Data()
    listed = (data.repository or _Repository()).threads
    if listed is None or listed.nodes is None:
        raise Unreachable(f"GitHub did not list issues or pull requests of {repo} by GraphQL; try again later")
    threads, more = [], {}
    for node in listed.nodes:
        thread = _thread(repo_key(repo), kind, node)
        if thread is not None:
            threads.append(thread)
            following = _more(node.id, node)
            if following is not None:
                more[thread.number] = following
    cursor = (listed.page_info or PageInfo()).next_cursor
    return ThreadsPage(tuple(threads), more, cursor, len(listed.nodes) - len(threads))


def parse_replies(asked: MoreReplies, body: bytes) -> RepliesPage:
    """Return further replies of a thread. Raises `Unreachable` when the body is not a JSON object."""
    node = (object_of(_Answer, body, "replies").data or _Data()).node or _Node()
    unread = (asked.comments is not None and not _whole(node.comments)) or (
        asked.reviews is not None and not _whole(node.reviews)
    )
    return RepliesPage(_replies(node), _more(asked.node_id, node), unread)


def _thread(repo: str, kind: Kind, node: _Node) -> Thread | None:
    number, created_at, updated_at = count(node.number), instant(node.created_at), instant(node.updated_at)
    state = {"OPEN": "open", "CLOSED": "closed", "MERGED": "merged"}.get(node.state or "")
    if number is None or created_at is None or updated_at is None or state is None:
        return None
    pull = kind == "pull_request"
    closing = ((node.closings or _Closings()).nodes or [_Closing()])[-1]
    return Thread(
        repo_name=repo,
        number=number,
        kind=kind,
        state=state,  # type: ignore[arg-type]  # one of the dict's values
        created_at=created_at,
        updated_at=updated_at,
        title=text(node.title, MAX_TITLE),
        author_login=login_of(node.author),
        author_type=type_of(node.author),
        state_reason=_word(node.state_reason),
        draft=node.is_draft,
        closed_at=instant(node.closed_at),
        merged_at=instant(node.merged_at),
        closed_by=login_of(closing.actor) if state != "open" else None,
        merged_by=login_of(node.merged_by),
        base=text(node.base_ref_name, MAX_KEY_TEXT),
        head=text(node.head_ref_name, MAX_KEY_TEXT),
        head_sha=text(node.head_ref_oid, MAX_KEY_TEXT),
        merge_sha=text(node.merge_commit.oid, MAX_KEY_TEXT) if node.merge_commit else None,
        additions=count(node.additions),
        deletions=count(node.deletions),
        changed_files=count(node.changed_files),
        review_decision=_word(node.review_decision),
        reviewers=_reviewers(node.review_requests),
        labels=_labels(node.labels),
        comments=count(node.comments.total_count) if node.comments else None,
        replies=_replies(node),
        comments_complete=_whole(node.comments) and not _cursor(node.comments),
        reviews_complete=pull and _whole(node.reviews) and not _cursor(node.reviews),
        ending_known=state != "open" and node.closings is not None and node.closings.nodes is not None,
    )


def _replies(node: _Node) -> tuple[Reply, ...]:
    found = [_reply("comment", row) for row in (node.comments or _Replies()).nodes or ()]
    found += [_reply("review", row) for row in (node.reviews or _Replies()).nodes or ()]
    return tuple(
        sorted((reply for reply in found if reply), key=lambda reply: (reply.created_at, reply.kind, reply.id))
    )


def _reply(kind: Literal["comment", "review"], row: _Reply) -> Reply | None:
    """Return a reply; None for a review that is still being written, which only its author sees."""
    at, number = instant(row.submitted_at if kind == "review" else row.created_at), row.full_database_id
    if at is None or number is None or row.state == "PENDING":
        return None
    identity = text(str(number), MAX_KEY_TEXT) or ""
    return Reply(identity, kind, at, login_of(row.author), type_of(row.author), _word(row.state))


def _whole(listed: _Replies | None) -> bool:
    """Return whether GitHub answered the connection, with an id and a time for every row."""
    if listed is None or listed.nodes is None:
        return False
    return all(row.full_database_id is not None for row in listed.nodes)


def _cursor(listed: _Replies | None) -> str | None:
    return listed.page_info.next_cursor if listed and listed.page_info else None


def _more(node_id: str | None, node: _Node) -> MoreReplies | None:
    comments, reviews = _cursor(node.comments), _cursor(node.reviews)
    return MoreReplies(node_id, comments, reviews) if node_id and (comments or reviews) else None


def _reviewers(requests: _Requests | None) -> tuple[str, ...] | None:
    """Return whose review is asked for; a team by `organisation/team`. None where GitHub does not say."""
    if requests is None or requests.nodes is None:
        return None
    asked = [row.requested_reviewer for row in requests.nodes if row.requested_reviewer]
    names = [who.combined_slug or login_of(Actor(who.typename, who.login)) for who in asked]
    return tuple(found for name in names if (found := text(name, MAX_KEY_TEXT)))


def _labels(labels: _Labels | None) -> tuple[str, ...] | None:
    if labels is None or labels.nodes is None:
        return None
    return tuple(name for row in labels.nodes if (name := text(row.name, MAX_KEY_TEXT)))


def _word(value: str | None) -> str | None:
    """Return one of GraphQL's constants as REST writes it."""
    return text(value.lower() if value else None, MAX_KEY_TEXT)
