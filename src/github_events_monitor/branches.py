"""Which branches have a commit, and of which branches it is not known at present which commits they have.

A listing of commits is of a branch as it was. A delivery that says that a branch was forced, or deleted and made anew,
or that another one is the default one, comes at any time, also during a pass. It is noted beside the state of its
repository, and what was listed before is not called complete until a pass that knew of it has joined the listing anew.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from .records import Ledger, RepositoryState, Rewriting

MAX_NOTED = 100
"""Rewritings that are noted of a repository."""


def listing_of(branch: str, default_branch: str | None) -> str:
    """Return the kind of what is known of a branch's commits; see `Ledger`."""
    return "commits" if branch == default_branch else f"commits:{branch}"


def with_rewritings(state: RepositoryState, noted: Mapping[str, Rewriting]) -> RepositoryState:
    """Return a state, as it is read, with the rewritings after which its listings were not joined anew yet."""
    left = {kind: rewriting for kind, rewriting in noted.items() if state.rejoined.get(kind) != rewriting}
    return replace(state, rewritten=left) if left else state


def to_store(state: RepositoryState) -> RepositoryState:
    """Return a state without what is noted beside it."""
    return replace(state, rewritten={}) if state.rewritten else state


def noted_with(noted: Mapping[str, Rewriting], new: Mapping[str, Rewriting]) -> dict[str, Rewriting]:
    """Return what is noted once there are new rewritings: of each listing the last one."""
    kept = {kind: rewriting for kind, rewriting in noted.items() if kind not in new}
    return dict([*kept.items(), *new.items()][-MAX_NOTED:])


def rejoined(state: RepositoryState, kind: str) -> RepositoryState:
    """Return a state after a listing was joined anew that was rewritten."""
    if kind not in state.rewritten:
        return state
    left = {other: one for other, one in state.rewritten.items() if other != kind}
    return replace(state, rewritten=left, rejoined={**state.rejoined, kind: state.rewritten[kind]})


def sure_ledger(state: RepositoryState) -> Ledger:
    """Return what is known of a repository's records without the listings that were rewritten since."""
    if not state.rewritten:
        return state.ledger
    return Ledger(spans={kind: spans for kind, spans in state.ledger.spans.items() if kind not in state.rewritten})


def replaced_on(branch: str) -> str:
    """Return the entry of `Commit.branches` for a branch that lost the commit by a force push.

    No branch can have this name: https://git-scm.com/docs/git-check-ref-format
    """
    return f"~{branch}"


_MAX_BRANCHES = 160_000
"""Bytes that the names of a commit's branches have together: an item of DynamoDB holds 400 KB with all else in it."""


def kept_branches(names: Iterable[str]) -> tuple[str, ...]:
    """Return the first of a commit's branches, as many as every provider can store: thousands of usual ones."""
    return tuple(fitting(names, _MAX_BRANCHES))


def fitting(texts: Iterable[str], room: int) -> Iterator[str]:
    """Yield the first texts that fit into a number of bytes, with a byte between two."""
    for text in texts:
        room -= len(text.encode("utf-8", "replace")) + 1
        if room < 0:
            return
        yield text
