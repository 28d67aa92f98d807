"""Who may write, release and read, and what its users are exposed to."""

from collections.abc import Iterator

from ...records import Activity
from ...text import count_of
from .case import Case, Found, Item, event_item, finding, names

_PUBLISHED = frozenset({None, "published", "released", "created", "prereleased"})


def find_added_members(case: Case) -> Iterator[Found]:
    """Yield a medium finding where collaborators were added."""
    added = [row for row in case.window_rows_of("MemberEvent") if row.action in {None, "added"}]
    if added:
        who = names(row.subject or "somebody" for row in added)
        yield finding(
            "member_added",
            "medium",
            f"{count_of(len(added), 'member')} added: {who}",
            "A collaborator may be able to push, release and read secrets. Check that the maintainers expected it.",
            [event_item(row) for row in added],
        )


def find_publication(case: Case) -> Iterator[Found]:
    """Yield a high finding where the repository was made public."""
    made_public = case.window_rows_of("PublicEvent")
    if made_public:
        yield finding(
            "repository_made_public",
            "high",
            "The repository was made public",
            "Its whole history can be read and copied by anybody now, with every secret ever committed to it, and that "
            "cannot be taken back. Check that it was meant, and replace such secrets.",
            [event_item(row) for row in made_public],
        )


def find_first_releases(case: Case) -> Iterator[Found | str]:
    """Yield a medium finding, judged against the releases known before each one, or that none is known."""
    earlier: set[str] = set()
    first: list[Activity] = []
    for row in case.rows_of("ReleaseEvent"):
        if row.action not in _PUBLISHED or not row.actor_login:
            continue
        login = row.actor_login.lower()
        if case.in_window(row.created_at) and login not in earlier:
            if earlier:
                first.append(row)
            else:
                yield "Whether the first known release was by somebody new: no release before it is known."
        earlier.add(login)
    if first:
        who = names(row.actor_login or "" for row in first)
        yield finding(
            "first_time_releaser",
            "medium",
            f"{count_of(len(first), 'release')} by someone who never released before: {who}",
            "Somebody else made all releases known from the 90 days before the window on. A new releaser may be a new "
            "maintainer, or somebody who got hold of an account: ask the others.",
            [event_item(row) for row in first],
        )


def find_open_advisories(case: Case) -> Iterator[Found | str]:
    """Yield a high finding; a snapshot that could not be read is unknown, never none."""
    snapshot = case.inputs.snapshot
    if snapshot is None or snapshot.open_advisories is None:
        reason = snapshot.unknown.get("open_advisories") if snapshot else None
        yield f"Open security advisories: {reason or 'no snapshot of the repository for this window'}."
    elif snapshot.open_advisories > 0:
        yield finding(
            "open_advisories",
            "high",
            count_of(snapshot.open_advisories, "open security advisory"),
            "Published without a fixed version, which leaves users exposed, or still a draft or in triage, which "
            "nobody else can read: the page tells which.",
            [Item(snapshot.observed_at, None, f"{case.inputs.repo_url}/security/advisories")]
            if case.inputs.repo_url
            else [],
        )
