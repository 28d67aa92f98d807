"""Who may write, and who may read: members added, repository made public."""

from collections.abc import Iterator

from ..results import Finding
from .case import Case, count_of, event_item, finding, names


def find_added_members(case: Case) -> Iterator[Finding]:
    """Medium: collaborators added."""
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


def find_publication(case: Case) -> Iterator[Finding]:
    """High: the repository was made public."""
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
