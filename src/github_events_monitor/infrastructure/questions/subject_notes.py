"""What limits an answer about a repository beside the times that are known: its branches and its names."""

from ...records import RepositoryState, Span
from ...text import clean

_REWRITTEN = {
    "forced": "was force-pushed",
    "remade": "was deleted or made anew",
    "default": "is not the default branch any more",
}


def rewriting_note(state: RepositoryState | None, kind: str) -> str | None:
    """Return that it is not known which commits a branch has by now."""
    found = state.rewritten.get(kind) if state else None
    if state is None or found is None:
        return None
    branch = kind.partition(":")[2] or state.default_branch or "the default branch"
    name = clean(branch, 60, one_line=True)
    told = f"A webhook told at {found.at} that {name} {_REWRITTEN[found.why]}"
    return f"{told}: which of these commits it has is not known until it is collected again."


def former_name_note(asked: str | None, name: str) -> str | None:
    """Return that this is about the repository that had the name before, by which it was asked for; None where not."""
    if asked is None:
        return None
    former = clean(asked, 140, one_line=True)
    return f"The name {former} belonged to {name} before it was renamed: this is about {name}."


def former_owner_note(state: RepositoryState | None, span: Span) -> str | None:
    """Return that another repository had the name in a part of the window."""
    if state is None or state.taken_over_at is None or span.since >= state.taken_over_at:
        return None
    return (
        f"Another repository had the name {state.full_name} before {state.taken_over_at}:"
        " older records may be that one's, and nothing older counts as known."
    )


def record_refusal(state: RepositoryState | None) -> str | None:
    """Return why GitHub did not let issues and pull requests be read when that was tried last; None where it did."""
    refused = state.refused.get("threads") if state else None
    return clean(refused.reason, 160, one_line=True).rstrip(".") if refused else None
