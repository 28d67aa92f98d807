"""How a stored commit and an arriving one become one: the merge rules of `CommitsRepository`, for every provider."""

import msgspec

from .. import people
from ..branches import fitting, kept_branches, replaced_on
from ..ledger import united_ledger
from ..records import Commit, CommitRecord, RepositoryState

_MAX_CO_AUTHORS = 8_000


def co_authors(message: str) -> str:
    """Return `Name <email>` of Co-authored-by trailers, one a line; see `records.Authorship`.

    Of hundreds those that come first, whole, in so far as they fit: the same ones on every provider.
    """
    lines = [f"{name} <{email}>" for name, email in people.co_authors(message)]
    return "\n".join(fitting(lines, _MAX_CO_AUTHORS))


def merge_records(stored: CommitRecord, new: CommitRecord) -> CommitRecord:
    """Return what is stored afterwards; `stored` may come without files, and `files` None then leaves them alone."""
    return CommitRecord(
        commit=merge_commits(stored.commit, new.commit),
        files=stored.files if new.files is None else new.files,
        summary=stored.summary if _keeps_summary(stored, new) else new.summary,
    )


def is_missing(arriving: CommitRecord, stored: CommitRecord | None) -> bool:
    """Return whether an exported commit is to be stored: what is there stays, unless it is known from a push alone."""
    return stored is None or _outranks(arriving.commit, stored.commit)


def merge_states(stored: RepositoryState | None, arriving: RepositoryState | None) -> RepositoryState | None:
    """Return a stored state, and what came with records of an export that are stored by now: it is known, too.

    What the stored one does not say of the repository's name, id and default branch the other says; of two names of one
    id the name is the one read last. What is known of another repository, which had or has the name, is left aside.
    """
    if stored is None or arriving is None:
        return stored or arriving
    same_id = stored.repository_id == arriving.repository_id
    if not same_id and None not in {stored.repository_id, arriving.repository_id}:
        return stored
    is_later = same_id and (arriving.last_collected_at or "") > (stored.last_collected_at or "")
    return msgspec.structs.replace(
        stored,
        full_name=(arriving.full_name if is_later else None) or stored.full_name or arriving.full_name,
        repository_id=stored.repository_id or arriving.repository_id,
        default_branch=stored.default_branch or arriving.default_branch,
        taken_over_at=max(filter(None, (stored.taken_over_at, arriving.taken_over_at)), default=None),
        ledger=united_ledger(stored.ledger, arriving.ledger),
        sources=tuple(dict.fromkeys((*stored.sources, *arriving.sources))),
    )


def merge_commits(stored: Commit, new: Commit) -> Commit:
    """Return the fields of the better source, each completed from the other; branches of both, stored ones first."""
    first, second = (stored, new) if _outranks(stored, new) else (new, stored)
    known = {
        name: getattr(first, name) for name in first.__struct_fields__ if getattr(first, name) not in (None, "", ())
    }
    both_pushed = stored.source == new.source == "push"
    changes = {
        "branches": merge_branches(stored.branches, new.branches),
        # The first push that brought a commit is nearest to its true time, in whatever order pushes are read.
        "commit_date": min(stored.commit_date, new.commit_date) if both_pushed else first.commit_date,
    }
    return msgspec.structs.replace(second, **known | changes)


def merge_branches(stored: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    """Return the branches of both; what is newer decides whether a branch still has the commit."""
    outdated = {name[1:] if name.startswith("~") else replaced_on(name) for name in new}
    return kept_branches(dict.fromkeys((*(name for name in stored if name not in outdated), *new)))


_RANKS = {"push": 0, "webhook": 1, "api": 2}
"""How much each source is to be believed: a delivery does not say which of a commit's two dates it gives."""


def _outranks(better: Commit, other: Commit) -> bool:
    return _RANKS[better.source] > _RANKS[other.source]


def _keeps_summary(stored: CommitRecord, new: CommitRecord) -> bool:
    """Return whether a summary gives way to a newer one: not to one made by older rules or from less knowledge."""
    if stored.summary is None or new.summary is None:
        return new.summary is None
    if new.summary.rules != stored.summary.rules:
        return new.summary.rules < stored.summary.rules
    return _outranks(stored.commit, new.commit) or (
        stored.commit.additions is not None and new.commit.additions is None
    )
