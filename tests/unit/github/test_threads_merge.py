from itertools import permutations

import msgspec

from github_events_monitor.github.threads_merge import merge_threads, with_replies
from github_events_monitor.records import Reply, Thread

ONE = Reply("1", "comment", "2026-11-02T00:00:00Z", "bob", "User")
TWO = Reply("2", "comment", "2026-11-03T00:00:00Z", None, None)
REVIEW = Reply("1", "review", "2026-11-04T00:00:00Z", "eve", "User", "approved")


def thread(updated: str, **fields: object) -> Thread:
    shape = Thread(
        repo_name="octo/hello",
        number=7,
        kind="pull_request",
        state="open",
        created_at="2026-11-01T00:00:00Z",
        updated_at=f"2026-11-{updated}T00:00:00Z",
    )
    return msgspec.structs.replace(shape, **fields)


def test_the_later_update_wins_whichever_arrives_first_and_the_unknown_overwrites_nothing() -> None:
    early = thread("02", title="Old", base="main", additions=3, labels=("a",))
    late = thread("03", title="New", labels=(), draft=True)
    for merged in (merge_threads(early, late), merge_threads(late, early)):
        assert merged == thread("03", title="New", base="main", additions=3, labels=(), draft=True)


def test_an_issue_and_a_pull_request_of_one_number_are_not_mixed() -> None:
    at = "2026-11-02T00:00:00Z"
    merged = thread("02", state="merged", merged_at=at, closed_at=at, replies=(REVIEW,))
    issue = thread("03", kind="issue", title="First of a new repository")
    assert merge_threads(merged, issue) == merge_threads(issue, merged) == issue
    assert merge_threads(issue, thread("04")) == thread("04")


def test_what_was_reopened_is_closed_no_more() -> None:
    closed = thread("02", state="closed", closed_at="2026-11-02T00:00:00Z", closed_by="ada", state_reason="completed")
    merged = merge_threads(closed, thread("03"))
    assert (merged.state, merged.closed_at, merged.closed_by, merged.state_reason) == ("open", None, None, None)


def test_a_merge_is_final() -> None:
    at = "2026-11-02T00:00:00Z"
    merged = thread("02", state="merged", merged_at=at, closed_at=at, merged_by="ada")
    for later in (thread("03", state="closed", closed_at=at), thread("03")):
        for both in (merge_threads(merged, later), merge_threads(later, merged)):
            assert (both.state, both.merged_at, both.merged_by, both.closed_at) == ("merged", at, "ada", at)


def test_replies_are_united_in_their_order_and_keep_what_is_known_of_them() -> None:
    deleted_account = ONE._replace(author_login=None, author_type=None)
    dismissed = REVIEW._replace(state="dismissed")
    merged = merge_threads(thread("02", replies=(ONE, REVIEW)), thread("03", replies=(deleted_account, TWO, dismissed)))
    assert merged.replies == (ONE, TWO, dismissed)
    assert merge_threads(thread("03", replies=(dismissed,)), thread("02", replies=(REVIEW,))).replies == (dismissed,)


def test_completeness_holds_as_of_the_update_it_was_found_at() -> None:
    whole = thread("02", comments_complete=True, reviews_complete=True, review_decision="approved")
    later = thread("03", comments=3)
    assert not merge_threads(whole, later).comments_complete
    assert not merge_threads(whole, later).reviews_complete
    assert merge_threads(whole, later).review_decision == "approved"
    assert merge_threads(whole, thread("02")).comments_complete
    assert merge_threads(whole, thread("03", reviews_complete=True)).review_decision is None


def test_as_many_comments_as_were_counted_are_all() -> None:
    counted = thread("03", comments=2, replies=(TWO,))
    assert not merge_threads(thread("02"), counted).comments_complete
    assert merge_threads(thread("02", replies=(ONE,)), counted).comments_complete
    assert with_replies(counted, [ONE]).comments_complete
    assert not with_replies(thread("02"), [ONE]).comments_complete


def test_merging_again_changes_nothing_and_the_order_of_arrival_does_not_matter() -> None:
    records = [
        thread("02", title="a", replies=(ONE,)),
        thread("03", state="closed", closed_at="2026-11-03T00:00:00Z", replies=(TWO,)),
        thread("04", title="c", replies=(REVIEW,), comments=2),
    ]
    results = set()
    for first, second, third in permutations(records):
        merged = merge_threads(merge_threads(first, second), third)
        assert merge_threads(merged, third) == merged
        results.add(msgspec.json.encode(merged))
    assert len(results) == 1
