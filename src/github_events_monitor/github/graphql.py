"""The one GraphQL question: statistics of a branch's history, a hundred commits at the cost of one point.

https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api: it needs a token, knows no
ETag, and says its errors with status 200.
"""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from ..errors import Forbidden, NotFound, Unreachable
from .decoding import any_json, count, object_of, storable
from .limits import RateLimit, rate_limited
from .refusals import Request

_HISTORY = """
query($owner: String!, $name: String!, $ref: String!, $since: GitTimestamp, $until: GitTimestamp, $after: String) {
  repository(owner: $owner, name: $name) {
    object(expression: $ref) {
      ... on Commit {
        history(first: 100, since: $since, until: $until, after: $after) {
          pageInfo { hasNextPage endCursor }
          nodes { oid additions deletions changedFilesIfAvailable }
        }
      }
    }
  }
}
"""


class CommitStats(NamedTuple):
    """Changed lines and files of a commit; None where GitHub does not know."""

    additions: int | None
    deletions: int | None
    files_changed: int | None


class CommitStatsPage(NamedTuple):
    """Statistics by sha; `next_cursor` is None on the last page."""

    stats: dict[str, CommitStats]
    next_cursor: str | None


class _PageInfo(msgspec.Struct, rename="camel"):
    has_next_page: bool | None = None
    end_cursor: str | None = None


class _Node(msgspec.Struct, rename="camel"):
    oid: str | None = None
    additions: int | None = None
    deletions: int | None = None
    changed_files_if_available: int | None = None


class _History(msgspec.Struct, rename="camel"):
    page_info: _PageInfo | None = None
    nodes: list[_Node] | None = None


class _Object(msgspec.Struct):
    history: _History | None = None


class _Repository(msgspec.Struct):
    object: _Object | None = None


class _Data(msgspec.Struct):
    repository: _Repository | None = None


class _Answer(msgspec.Struct):
    data: _Data | None = None


def graphql_url(api_url: str) -> str:
    """Where GraphQL is asked; GHES has it beside `/api/v3`, not below it.

    https://docs.github.com/en/enterprise-server/graphql/guides/forming-calls-with-graphql#the-graphql-endpoint
    """
    base = api_url.rstrip("/")
    return base.removesuffix("/v3") + "/graphql" if base.endswith("/api/v3") else base + "/graphql"


def history_query(
    repo: str, *, branch: str | None, since: str | None, until: str | None, after: str | None
) -> dict[str, Any]:
    """The body of the request; without a branch the default branch is meant."""
    owner, name = repo.split("/")
    ref = f"refs/heads/{branch}" if branch else "HEAD"
    variables = {"owner": owner, "name": name, "ref": ref, "since": since, "until": until, "after": after}
    return {"query": _HISTORY, "variables": variables}


def check_graphql(body: bytes, request: Request, *, now: datetime, limit: RateLimit | None) -> None:
    """Raises what the `errors` of an answer mean; does nothing when there are none."""
    answer = any_json(body)
    errors = answer.get("errors") if isinstance(answer, dict) else None
    if not isinstance(errors, list) or not errors:
        return
    first = errors[0] if isinstance(errors[0], dict) else {}
    kind = str(first.get("type")).upper()
    said = f" ({' '.join(storable(str(first.get('message', ''))).split())[:200]})"
    if "RATE_LIMIT" in kind:
        raise rate_limited(limit.reset_at if limit and limit.reset_at > now else None, now, authenticated=True)
    if kind == "NOT_FOUND":
        raise NotFound(f"not found or not visible with this token: {request.what}{said}; check the name")
    if kind in {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        raise Forbidden(f"{request.host} does not allow {request.what}{said}; check what the token may read")
    raise Unreachable(f"{request.host} could not answer GraphQL for {request.what}{said}; REST still works")


def parse_commit_stats(body: bytes) -> CommitStatsPage:
    """The answer to `history_query`. Raises `Unreachable` when it is not a JSON object."""
    data = object_of(_Answer, body, "commit statistics").data
    target = data.repository.object if data and data.repository else None
    history = (target.history if target else None) or _History()
    page = history.page_info or _PageInfo()
    stats = {
        node.oid: CommitStats(count(node.additions), count(node.deletions), count(node.changed_files_if_available))
        for node in history.nodes or ()
        if node.oid
    }
    return CommitStatsPage(stats, page.end_cursor if page.has_next_page else None)
