"""An issue or pull request as it was at an earlier moment."""

import pytest

from github_events_monitor.infrastructure.questions.threads import as_of
from github_events_monitor.insights.threads import waiting_for
from github_events_monitor.records import Reply, Thread

MONDAY, TUESDAY, WEDNESDAY = (f"2026-11-{day}T12:00:00Z" for day in (16, 17, 18))


@pytest.mark.parametrize(("until", "turn"), [(TUESDAY, "review"), (WEDNESDAY, "merge")])
@pytest.mark.parametrize("merged_at", [None, "2026-11-18T13:00:00Z"])
def test_a_later_approval_had_not_decided_yet(merged_at: str | None, until: str, turn: str) -> None:
    approval = Reply("1", "review", "2026-11-17T15:00:00Z", "bob", "User", "approved")
    thread = Thread(
        repo_name="octo/hello",
        number=7,
        kind="pull_request",
        state="merged" if merged_at else "open",
        created_at=MONDAY,
        updated_at=merged_at or approval.created_at,
        merged_at=merged_at,
        closed_at=merged_at,
        author_login="ada",
        review_decision="approved",
        replies=(approval,),
        reviews_complete=True,
    )
    assert waiting_for(as_of(thread, until)) == turn
