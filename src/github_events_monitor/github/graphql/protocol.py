"""GraphQL's rules, without I/O: where it is asked, what its errors mean, how its actors are spelled.

https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api: it needs a token, knows no
ETag, and says its errors with status 200.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from ...errors import Forbidden, GitHubError, NotFound
from ...records import MAX_KEY_TEXT, repo_key
from ..decoding import any_json, storable, text
from ..limits import RateLimit, rate_limited
from ..refusals import NotOffered, Request, Transient


class PageInfo(msgspec.Struct, rename="camel"):
    """https://docs.github.com/en/graphql/guides/using-pagination-in-the-graphql-api"""

    has_next_page: bool | None = None
    end_cursor: str | None = None

    @property
    def next_cursor(self) -> str | None:
        """The `after` of the next page; None on the last."""
        return self.end_cursor if self.has_next_page else None


class Actor(msgspec.Struct):
    """https://docs.github.com/en/graphql/reference/interfaces#actor"""

    typename: str | None = msgspec.field(default=None, name="__typename")
    login: str | None = None


def login_of(actor: Actor | None) -> str | None:
    """Return the login as REST spells it: a bot's ends in `[bot]`. None for a deleted account, which GraphQL omits."""
    login = text(actor.login, MAX_KEY_TEXT) if actor else None
    if login is None or actor is None or actor.typename != "Bot" or login.endswith("[bot]"):
        return login
    return f"{login}[bot]"


def type_of(actor: Actor | None) -> str | None:
    """Return the kind of account ("User", "Bot", "Mannequin"…); None for a deleted one."""
    return text(actor.typename, MAX_KEY_TEXT) if actor and actor.login else None


def graphql_url(api_url: str) -> str:
    """Return where GraphQL is asked; GHES has it beside `/api/v3`, not below it.

    https://docs.github.com/en/enterprise-server/graphql/guides/forming-calls-with-graphql#the-graphql-endpoint
    """
    base = api_url.rstrip("/")
    return base.removesuffix("/v3") + "/graphql" if base.endswith("/api/v3") else base + "/graphql"


def question(document: str, repo: str, **variables: Any) -> dict[str, Any]:
    """Return the body of a request about one repository."""
    owner, name = repo_key(repo).split("/")
    return {"query": document, "variables": {"owner": owner, "name": name, **variables}}


def question_about_many(document: str, repos: Sequence[str]) -> dict[str, Any]:
    """Return the body of a request about several repositories: variables o0, n0, o1, …"""
    named = [repo_key(repo).split("/") for repo in repos]
    owners = {f"o{number}": owner for number, (owner, _) in enumerate(named)}
    names = {f"n{number}": name for number, (_, name) in enumerate(named)}
    return {"query": document, "variables": owners | names}


def check_graphql(body: bytes, request: Request, *, now: datetime, limit: RateLimit | None) -> None:
    """Raise what the `errors` of an answer without data mean, and any rate limit.

    Errors beside data belong to the fields that are null there: an answer may be read as far as it goes.
    """
    answer = any_json(body)
    errors = answer.get("errors") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(errors, list) or not errors:
        return
    rows = [row if isinstance(row, dict) else {} for row in errors]
    said = " ".join(storable(str(rows[0].get("message", ""))).split())[:200]
    kind = str(rows[0].get("type")).upper()
    if "RATE_LIMIT" in kind or "rate limit" in said.lower():
        until = limit.reset_at if limit and limit.remaining == 0 and limit.reset_at > now else None
        raise rate_limited(until, now, remedy=None, primary="secondary" not in said.lower())
    data = answer.get("data")
    if "data" not in answer and rows[0].get("extensions"):  # the document is not understood, as by an older server
        raise NotOffered(f"{request.host} knows another GraphQL than {request.what} need ({said}); REST still works")
    if not isinstance(data, dict) or all(value is None for value in data.values()):
        raise _refusal(kind, f" ({said})" if said else "", request)


def rows_by_name(body: bytes) -> tuple[dict[str, Any], object]:
    """Return what an answer has under `data`, and its errors; an answer that is none has no data."""
    answer = any_json(body)
    whole = answer if isinstance(answer, dict) else {}
    data = whole.get("data")
    return data if isinstance(data, dict) else {}, whole.get("errors")


def missing_paths(errors: object) -> set[tuple[object, ...]]:
    """Return the paths of what the errors of an answer say is not there, or not visible."""
    rows = [row for row in errors if isinstance(row, dict)] if isinstance(errors, list) else []
    paths = [row.get("path") for row in rows if row.get("type") == "NOT_FOUND"]
    return {tuple(map(str, path)) for path in paths if isinstance(path, list)}


def _refusal(kind: str, said: str, request: Request) -> GitHubError:
    """https://docs.github.com/en/graphql/guides/troubleshooting — an error without a type is mostly a time-out."""
    if kind == "NOT_FOUND":
        return NotFound(f"not found or not visible with this token: {request.what}{said}; check the name")
    if kind in {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        return Forbidden(f"{request.host} does not allow {request.what}{said}; check what the token may read")
    return Transient(f"{request.host} could not answer GraphQL for {request.what}{said}; REST still works")
