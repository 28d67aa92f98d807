"""A page of a branch's history: commits with their authors and statistics, a hundred for one point."""

import re
from typing import Any, NamedTuple

import msgspec

from ...records import MAX_KEY_TEXT, Commit, repo_key
from ..commits import MAX_MESSAGE, is_sha
from ..decoding import count, instant, object_of, text
from . import documents
from .protocol import Actor, PageInfo, login_of, question, type_of

_BOT = re.compile(r"\d+\+(?P<login>[^@+\s]{1,100}\[bot\])@users\.noreply\.github\.com")


class HistoryPage(NamedTuple):
    """Commits in GitHub's order (from the head); `next_cursor` is None on the last page.

    unread: rows that GitHub left out of an answer in part: then the page is not complete for its stretch.
    found: whether there is such a branch; False for an empty repository, too.
    """

    commits: tuple[Commit, ...]
    next_cursor: str | None
    unread: int = 0
    found: bool = True


def history_question(
    repo: str, branch: str | None, since: str | None, until: str | None, after: str | None
) -> dict[str, Any]:
    """Return the body of the request for a page of history; without a branch the default branch is meant."""
    ref = f"refs/heads/{branch}" if branch else "HEAD"
    return question(documents.HISTORY, repo, ref=ref, since=since, until=until, after=after)


class _Person(msgspec.Struct):
    name: str | None = None
    email: str | None = None
    user: Actor | None = None


class _Parent(msgspec.Struct):
    oid: str | None = None


class _Parents(msgspec.Struct):
    nodes: list[_Parent] | None = None


class _Node(msgspec.Struct, rename="camel"):
    oid: str | None = None
    message: str | None = None
    committed_date: str | None = None
    authored_date: str | None = None
    additions: int | None = None
    deletions: int | None = None
    changed_files_if_available: int | None = None
    author: _Person | None = None
    committer: _Person | None = None
    parents: _Parents | None = None


class _History(msgspec.Struct, rename="camel"):
    page_info: PageInfo | None = None
    nodes: list[_Node] | None = None


class _Object(msgspec.Struct):
    history: _History | None = None


class _Repository(msgspec.Struct):
    object: _Object | None = None


class _Data(msgspec.Struct):
    repository: _Repository | None = None


class _Answer(msgspec.Struct):
    data: _Data | None = None


def parse_history(repo: str, body: bytes, branch: str | None) -> HistoryPage:
    """Return the commits of a page of history; branch: the one asked about, or the default branch's name.

    Raises `Unreachable` when the body is not a JSON object.
    """
    history = _history(body)
    if history is None:
        return HistoryPage((), None, found=False)
    nodes, branches = history.nodes or (), (branch,) if branch else ()
    commits = tuple(commit for node in nodes if (commit := _commit(repo_key(repo), node, branches)) is not None)
    cursor = (history.page_info or PageInfo()).next_cursor
    return HistoryPage(commits, cursor, len(nodes) - len(commits) + (history.nodes is None))


def _history(body: bytes) -> _History | None:
    data = object_of(_Answer, body, "a history").data
    target = data.repository.object if data and data.repository else None
    return target.history if target else None


def _commit(repo: str, node: _Node, branches: tuple[str, ...]) -> Commit | None:
    authored_at = instant(node.authored_date)
    commit_date = instant(node.committed_date) or authored_at
    if not is_sha(node.oid) or commit_date is None:
        return None
    author, committer = node.author or _Person(), node.committer or _Person()
    login, kind = _account(author)
    return Commit(
        sha=node.oid,
        repo_name=repo,
        commit_date=commit_date,
        message=text(node.message, MAX_MESSAGE) or "",
        author_name=text(author.name, MAX_KEY_TEXT),
        author_email=text(author.email, MAX_KEY_TEXT),
        author_login=login,
        author_type=kind,
        committer_login=login_of(committer.user),
        authored_at=authored_at,
        parents=tuple(parent.oid for parent in (node.parents or _Parents()).nodes or () if is_sha(parent.oid)),
        branches=branches,
        additions=count(node.additions),
        deletions=count(node.deletions),
        files_changed=count(node.changed_files_if_available),
    )


def _account(person: _Person) -> tuple[str | None, str | None]:
    """Return login and kind. GraphQL knows users only: a bot is known by the address that GitHub gives it.

    https://docs.github.com/en/account-and-profile/reference/email-addresses-reference#your-noreply-email-address
    """
    bot = _BOT.fullmatch((person.email or "")[:MAX_KEY_TEXT])
    if bot and (person.user is None or not person.user.login):
        return bot["login"], "Bot"
    return login_of(person.user), type_of(person.user)
