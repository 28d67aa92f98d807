"""The record of issues and pull requests: by hand, and together with the feed."""

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.github.natural_keys import derived_id, natural_key
from github_events_monitor.insights.developers import rank_developers
from github_events_monitor.insights.repository_health import HealthInputs, assess_health
from github_events_monitor.insights.threads import (
    actor_of,
    bots_of,
    events_of,
    first_response_hours,
    join_threads,
    summarise,
    unseen_events,
    waiting_for,
)
from github_events_monitor.instants import business_hours, shift
from github_events_monitor.records import Activity, Reply, Span, Thread

from .builders import ALWAYS, SINCE, UNTIL, comment, issue, june, pull, review, row

IDS = iter(range(1, 10**9))


def reply(at: str, who: str | None = "ben", kind: Any = "comment", state: str | None = None, **more: Any) -> Reply:
    return Reply(str(next(IDS)), kind, at, who, more.get("author_type"), state)


def thread(number: int, at: str = june(1), *replies: Reply, kind: Any = "pull_request", **fields: Any) -> Thread:
    closed, merged = fields.get("closed_at"), fields.get("merged_at")
    state = "merged" if merged else "closed" if closed else "open"
    known: dict[str, Any] = {
        "author_login": "ann",
        "comments_complete": True,
        "reviews_complete": True,
        "updated_at": UNTIL,
    }
    return Thread(
        repo_name="o/r", number=number, kind=kind, created_at=at, replies=replies, **({"state": state} | known | fields)
    )


def components(threads: list[Thread], *rows: Activity, **changes: Any) -> dict[str, tuple[float | None, int | None]]:
    found = assess(threads, *rows, **changes).components
    names = {"responsiveness", "change_request_closure", "issue_closure", "review"}
    return {one.name: (one.value, one.sample_size) for one in found if one.name in names}


def assess(threads: list[Thread], *rows: Activity, **changes: Any) -> Any:
    known: dict[str, Any] = {
        "since": SINCE,
        "until": UNTIL,
        "threads_known": ALWAYS,
        "threads": threads,
        "activity": rows,
    }
    return assess_health(HealthInputs(**(known | changes)))


@pytest.mark.parametrize(
    ("found", "turn"),
    [
        (thread(1), "review"),
        (thread(1, june(1), reply(june(2))), "author"),
        (thread(1, june(1), reply(june(2)), reply(june(3), "Ann")), "review"),
        (thread(1, june(1), reply(june(2), "helper[bot]"), reply(june(2), "Copilot")), "review"),
        (thread(1, june(1), reply(june(2), "ci", author_type="Bot")), "review"),
        (thread(1, june(1), reply(june(2), "ben", "review", "changes_requested"), reply(june(3), "ann")), "author"),
        (thread(1, june(1), reply(june(2), "ben", "review", "approved")), "merge"),
        (
            thread(
                1, june(1), reply(june(2), "ben", "review", "changes_requested"),
                reply(june(3), "ben", "review", "approved"), reply(june(4), "ben", "review", "commented"),
            ),
            "merge",
        ),
        (
            thread(
                1, june(1), reply(june(2), "ben", "review", "approved"),
                reply(june(3), "cid", "review", "changes_requested"),
            ),
            "author",
        ),
        (thread(1, june(1), reply(june(2), "ann", "review", "approved")), "review"),
        (thread(1, review_decision="approved"), "merge"),
        (thread(1, review_decision="changes_requested"), "author"),
        (thread(1, june(1), reply(june(2), "ben", "review", "approved"), review_decision="review_required"), "review"),
        (thread(1, june(1), reply(june(2)), review_decision="review_required"), "author"),
        (thread(1, draft=True, review_decision="approved"), "author"),
        (thread(1, june(1), reply(june(2), "ben", "review", "dismissed")), "review"),
        (thread(1, closed_at=june(2)), None),
        (thread(1, merged_at=june(2), closed_at=june(2)), None),
        (thread(1, kind="issue"), None),
    ],
)  # fmt: skip
def test_whose_turn_it_is(found: Thread, turn: str | None) -> None:
    assert waiting_for(found) == turn


@pytest.mark.parametrize(
    ("found", "hours"),
    [
        (thread(1), None),
        (thread(1, june(1), reply(june(1, 1), "ann"), reply(june(1, 2), "ci[bot]"), reply(june(1, 3), "Claude")), None),
        (thread(1, june(1), reply(june(1, 5), "cid"), reply(june(1, 3))), 3),
        (thread(1, june(1), reply(june(1, 2), "ci", author_type="Bot"), reply(june(1, 3), None)), None),
        (thread(1, june(1), merged_at=june(1, 4), merged_by="ben"), 4),
        (thread(1, june(1), closed_at=june(1, 4), closed_by="ann"), None),
        (thread(1, june(1), reply(UNTIL)), None),
        (thread(1, june(2), reply(june(1))), 0),
        (thread(1, june(1), reply(june(1, 3), "my-ci")), None),
    ],
)
def test_hours_to_the_first_response(found: Thread, hours: float | None) -> None:
    assert first_response_hours(found, UNTIL, frozenset({"my-ci"})) == hours


def test_a_summary_by_hand() -> None:
    threads = [
        thread(1, june(2), reply(june(2, 6))), thread(2, june(3), reply(june(3, 2)),
               merged_at=june(4), closed_at=june(4)),
        thread(3, "2026-05-01T00:00:00Z", merged_at=june(1), closed_at=june(1)),
        thread(4, "2026-05-01T00:00:00Z", closed_at=june(9)), thread(5, "2026-05-01T00:00:00Z", closed_at=UNTIL),
        thread(6, UNTIL), thread(7, "2026-05-01T00:00:00Z", closed_at="2026-05-31T23:59:59Z"),
    ]  # fmt: skip
    found = summarise(threads, SINCE, UNTIL)
    assert (found.open, found.opened, found.merged, found.closed) == (2, 2, 2, 1)  # 1 and 5; 1, 2; 2, 3; 4
    assert (found.first_response_hours, found.first_response_sample) == (4, 2)
    assert (found.merge_hours, found.merge_sample) == ((24 + 31 * 24) / 2, 2)
    assert summarise([], SINCE, UNTIL) == (0, 0, 0, 0, None, 0, None, 0)


def test_what_the_record_tells_has_the_ids_of_webhooks_and_counts_once() -> None:
    told = thread(
        4, june(1), Reply("11", "comment", june(2), "ben"), Reply("12", "review", june(2), "ben", None, "approved"),
        Reply("13", "review_comment", june(2), "ben"), merged_at=june(3),
        closed_at=june(3), merged_by="cid", title="Fix",
    )  # fmt: skip
    events = events_of(told)
    assert [(event.event_type, event.facts.action, event.facts.number, event.actor_login) for event in events] == [
        ("PullRequestEvent", "opened", 4, "ann"),
        ("IssueCommentEvent", "created", 4, "ben"),
        ("PullRequestReviewEvent", "created", 4, "ben"),
        ("PullRequestReviewCommentEvent", "created", 4, "ben"),
        ("PullRequestEvent", "merged", 4, "cid"),
    ]
    assert [event.facts.subject for event in events] == ["ann"] * 5
    assert [json.loads(event.payload) for event in events[:3]] == [
        {"action": "opened", "number": 4, "pull_request": {"number": 4, "title": "Fix", "user": {"login": "ann"}}},
        {
            "action": "created",
            "issue": {"number": 4, "title": "Fix", "user": {"login": "ann"}, "pull_request": {}},
            "comment": {"id": 11, "state": None},
        },
        {
            "action": "created", "number": 4,
            "pull_request": {"number": 4, "title": "Fix", "user": {"login": "ann"}},
            "review": {"id": 12, "state": "approved"},
        },
    ]  # fmt: skip
    assert natural_key(events[2]) == "PullRequestReviewEvent\no/r\n12\ncreated"
    assert [event.id for event in events] == [derived_id(natural_key(event) or "") for event in events]
    assert len({event.id for event in events}) == 5
    by_webhook = [row("IssueCommentEvent", june(9), event_id=events[1].id)]
    assert [event.id for event in unseen_events([told], by_webhook)] == [
        event.id for event in sorted(events, key=lambda one: (one.created_at, one.id)) if event.id != events[1].id
    ]


def test_an_issue_is_told_as_one() -> None:
    told = thread(4, june(1), Reply("11", "comment", june(2), "ben"), kind="issue", author_login=None, title="Bug")
    opened, answered = events_of(told)
    assert json.loads(opened.payload) == {"action": "opened", "issue": {"number": 4, "title": "Bug"}}
    assert json.loads(answered.payload)["issue"] == {"number": 4, "title": "Bug"}
    assert (opened.event_type, opened.facts.number, opened.actor_login) == ("IssuesEvent", 4, None)


def test_a_reply_whose_id_is_no_number_has_an_id_of_the_record() -> None:
    """As an export that was written by hand may have it."""
    told = thread(4, june(1), Reply("x1", "comment", june(2), "ben"), kind="issue")
    assert [event.id for event in events_of(told)][1] == "record:4/issuecomment-x1"


@pytest.mark.parametrize("kind", ["issue", "pull_request"])
def test_what_happens_once_is_the_same_however_late_the_feed_is(kind: Any) -> None:
    record = thread(1, june(1), kind=kind)
    feed = (pull if kind == "pull_request" else issue)(june(1, 5), 1)
    assert unseen_events([record], [feed]) == []
    assert [(one.id, one.created_at) for one in join_threads([feed], [record])] == [(feed.id, june(1))]
    merged = thread(2, june(1), merged_at=june(2), closed_at=june(2), merged_by="ben")
    assert unseen_events([merged], [pull(june(1), 2), pull(june(2, 5), 2, "ben", "merged")]) == []


def test_a_reply_is_the_event_that_is_nearest_in_time() -> None:
    record = thread(1, june(1), reply(june(2)), reply(june(2, 0, 1)), kind="issue")
    first, second = (
        row("IssueCommentEvent", at, "ben", "created", 1, event_id=name)
        for at, name in (
            ("2026-06-01T23:59:58Z", "z"),
            ("2026-06-02T00:00:58Z", "a"),
        )
    )
    assert unseen_events([record], [issue(june(1), 1), first, second]) == []


def test_a_review_that_a_webhook_calls_submitted_is_the_records() -> None:
    record = thread(1, june(1), reply(june(2), "ben", "review"))
    assert unseen_events([record], [pull(june(1), 1), review(june(2), 1, "ben", "submitted")]) == []
    assert len(unseen_events([record], [pull(june(1), 1), review(june(2), 1, "ben", "dismissed")])) == 1


def test_who_did_it_is_what_the_record_says_where_the_feed_does_not() -> None:
    record = thread(1, june(1), kind="issue", closed_at=june(2), closed_by="ben")
    feed = [issue(june(1), 1, None), issue(june(2), 1, None, "closed")]
    assert [one.actor_login for one in join_threads(feed, [record])] == ["ann", "ben"]


@pytest.mark.parametrize(
    ("known", "count"),
    [
        ([comment(june(2), 1)], 1),  # the feed tells of one of two comments
        ([comment(june(2), 1), comment(june(2, 0, 1), 1, "BEN")], 0),
        ([comment(june(2, 0, 1), 1), comment(june(2, 0, 2), 1)], 1),  # the second is two minutes late for the first
        ([comment(june(2), 1, "cid"), comment(june(2), 2), comment(june(2), 1, action="deleted")], 2),
        ([], 2),
    ],
)
def test_each_event_of_the_feed_stands_for_one_comment(known: list[Activity], count: int) -> None:
    record = thread(1, june(1), reply(june(2)), reply(june(2)), kind="issue")
    found = unseen_events([record], [issue(june(1), 1), *known])
    assert len(found) == count


def test_a_closing_that_the_feed_missed_is_told() -> None:
    record = thread(1, june(1), kind="issue", closed_at=june(9), closed_by="ben")
    feed = [issue(june(1), 1), issue(june(5), 1, "ben", "closed"), issue(june(6), 1, "ann", "reopened")]
    assert [event.created_at for event in unseen_events([record], feed)] == [june(9)]
    assert unseen_events([record], [*feed, issue(june(9, 0, 1), 1, "ben", "closed")]) == []


def test_developers_get_what_the_feed_missed_with_evidence_that_opens() -> None:
    record = [
        thread(1, june(1), Reply("7", "comment", june(2), "ben"), Reply("8", "review", june(3), "ben"), kind="issue"),
        thread(2, june(1), Reply("9", "review_comment", june(2), "cid")),
    ]
    people = {one.login: one for one in developers(record, [issue(june(1), 1), comment(june(2), 1, "ben")])}
    assert people["ann"].contributions == {"issues": 1, "pull_requests": 1}
    assert people["ben"].contributions == {"comments": 1, "reviews": 1}
    told = {f"event:{event.id}" for one in record for event in events_of(one)}
    assert people["ben"].evidence[0] in told
    assert set(people["cid"].evidence) < told


def test_bots_are_known_by_their_kind_of_account() -> None:
    threads = [
        thread(1, june(1), reply(june(2), "Robot", author_type="Bot")),
        thread(2, author_login="x", author_type="Bot"),
    ]
    assert bots_of(threads) == {"robot", "x"}
    assert components([*threads, *(thread(n) for n in range(3, 8))])["responsiveness"] == (0, 6)


def test_replies_that_are_not_all_known_are_not_taken_for_none() -> None:
    answered = [thread(n, june(1), reply(june(1, 1))) for n in range(1, 9)]
    unread = [thread(n, june(1), reviews_complete=False) for n in (20, 21, 22)]
    few, many = assess([*answered, *unread[:2]]), assess([*answered, *unread])
    [some], [none] = ([c for c in one.components if c.name == "responsiveness"] for one in (few, many))
    assert (some.value, some.sample_size, some.score) == (1, 8, 1)
    assert (none.value, none.sample_size, none.score) == (None, 8, None)
    assert none.explanation.endswith(
        " Left out: 3 whose answers are not all known. Those are too many to tell the share."
    )
    assert some.explanation.endswith(" Left out: 2 whose answers are not all known.")
    whole = assess(answered)
    assert (whole.confidence or 0) > (few.confidence or 0) > (many.confidence or 0)
    assert whole.health_score == few.health_score
    assert components([*answered, *unread], events_known=ALWAYS)["responsiveness"] == (round(8 / 11, 3), 11)


def test_issues_have_no_reviews_that_could_be_unknown() -> None:
    unread = [thread(n, kind="issue", reviews_complete=False) for n in range(1, 6)]
    assert components(unread)["responsiveness"] == (0, 5)
    unknown = [thread(n, kind="issue", comments_complete=False) for n in range(1, 6)]
    assert components(unknown)["responsiveness"] == (None, 0)


@pytest.mark.parametrize(
    ("at", "action", "kind", "who"),
    [
        (june(2), "closed", "issue", "ben"), (june(2, 0, 1), "closed", "issue", "ben"),
        ("2026-06-02T00:01:01Z", "closed", "issue", None), (june(2), "reopened", "issue", None),
        (june(1), "opened", "issue", "ann"), (june(2), "merged", "pull_request", "cid"),
        (june(2), "merged", "issue", None),
    ],
)  # fmt: skip
def test_who_did_what_an_event_tells_without_an_actor(at: str, action: str, kind: Any, who: str | None) -> None:
    ended: dict[str, Any] = {"merged_at": june(2), "merged_by": "cid"} if kind == "pull_request" else {}
    record = thread(1, june(1), kind=kind, closed_at=june(2), closed_by="ben", **ended)
    happened = events_of(thread(1, june(1), kind=kind))[0]
    told = msgspec.structs.replace(happened, created_at=at, facts=happened.facts._replace(action=action))
    assert actor_of(record, told) == who


def test_a_merge_by_nobody_knows_whom_may_have_been_the_answer() -> None:
    answered = [thread(n, june(1), reply(june(1, 1))) for n in range(1, 9)]
    ended: dict[str, Any] = {"merged_at": june(2), "closed_at": june(2)}
    listed, left = (
        thread(20, june(1), **ended),
        thread(21, june(1), **ended, ending_known=True),
    )  # its account was deleted
    assert components([*answered, listed])["responsiveness"] == (1, 8)
    assert components([*answered, left])["responsiveness"] == (round(8 / 9, 3), 9)


def test_reviews_that_are_not_all_known_are_not_taken_for_none() -> None:
    reviewed = [
        thread(n, june(1), reply(june(1), "ben", "review"), merged_at=june(2), closed_at=june(2)) for n in range(1, 9)
    ]
    unread = [thread(n, merged_at=june(2), closed_at=june(2), reviews_complete=False) for n in (20, 21, 22)]
    few, many = assess([*reviewed, *unread[:2]]), assess([*reviewed, *unread])
    [some], [none] = ([c for c in one.components if c.name == "review"] for one in (few, many))
    assert (some.value, some.sample_size, some.score) == (1, 8, 1)
    assert (none.value, none.sample_size, none.score) == (None, 8, None)
    said = "8 of 8 merged pull requests had a review. Left out: {} whose reviews are not all known."
    assert some.explanation == said.format(2)
    assert none.explanation == f"{said.format(3)} Those are too many to tell the share."


@pytest.mark.parametrize(
    ("kind", "happened", "name"),
    [("issue", issue, "issue_closure"), ("pull_request", pull, "change_request_closure")],
)
def test_what_the_feed_closed_and_the_record_calls_open_was_reopened(kind: Any, happened: Any, name: str) -> None:
    opened = [happened(june(1), n) for n in range(1, 6)]
    closed = [happened(june(2), n, "ben", "closed") for n in range(1, 6)]
    record = [thread(n, kind=kind, updated_at=june(3)) for n in range(1, 4)]
    assert components(record, *opened, *closed)[name] == (0.4, 5)
    before = [thread(n, kind=kind, updated_at=june(1)) for n in range(1, 4)]  # read before the closing
    assert components(before, *opened, *closed)[name] == (1, 5)
    ended = [thread(n, kind=kind, updated_at=june(3), closed_at=june(2), closed_by="ben") for n in range(1, 4)]
    assert components(ended, *opened, *closed)[name] == (1, 5)
    again = [happened(june(2, 1), n, "ben", "reopened") for n in range(1, 6)]
    assert components(record, *opened, *closed, *again)[name] == (0, 5)
    [added] = join_threads(closed[:1], record[:1])[2:]
    assert (added.action, added.created_at, added.id) == ("reopened", june(3), "record:1/reopened")


def test_the_record_closes_the_gaps_of_the_feed() -> None:
    record = [thread(n, june(1), reply(june(1, 1))) for n in range(1, 6)]
    [known] = [c for c in assess(record).components if c.name == "responsiveness"]
    assert "gap" not in known.explanation
    assert "missed" not in known.explanation
    [cut] = [c for c in assess(record, threads_known=(Span(june(9), UNTIL),)).components if c.name == "responsiveness"]
    assert "Collection of issues and pull requests has " in cut.explanation


PEOPLE = ("ann", "ben", "cid", "eve")
WHO = st.sampled_from([*PEOPLE, "dependabot[bot]", "Copilot"])
WHEN = st.builds(
    lambda day, hour: shift("2026-05-10T00:00:00Z", timedelta(days=day, hours=hour)),
    st.integers(0, 60),
    st.integers(0, 23),
)


@st.composite
def records(draw: st.DrawFn) -> list[Thread]:
    found = []
    for number in range(1, draw(st.integers(1, 12)) + 1):
        kind, opened = draw(st.sampled_from(["issue", "pull_request"])), draw(WHEN)
        kinds = ["comment"] if kind == "issue" else ["comment", "review", "review_comment"]
        said = draw(st.lists(st.tuples(st.sampled_from(kinds), WHEN, WHO), max_size=4))
        replies = sorted((reply(max(at, opened), who, what) for what, at, who in said), key=lambda one: one.created_at)
        ended, end, by = draw(st.sampled_from(["", "closed", "merged"])), max(draw(WHEN), opened), draw(WHO)
        fields: dict[str, Any] = {"closed_at": end, "closed_by": by} if ended else {}
        if ended == "merged" and kind == "pull_request":
            fields |= {"merged_at": end, "merged_by": by}
        found.append(thread(number, opened, *replies, kind=kind, author_login=draw(WHO), **fields))
    return found


def by_hand(threads: list[Thread]) -> dict[str, tuple[float | None, int | None]]:
    """Counted over the whole record, with none of the code under test but the business hours."""
    mine = [one for one in threads if one.author_login in PEOPLE]
    in_time = counted = 0
    for one in mine:
        if not SINCE <= one.created_at < UNTIL:
            continue
        said = [(reply.created_at, reply.author_login) for reply in one.replies]
        if one.closed_at:
            said.append((one.closed_at, one.closed_by))
        answers = [at for at, who in said if who in PEOPLE and who != one.author_login and at < UNTIL]
        if answers:
            counted += 1
            in_time += business_hours(one.created_at, min(answers)) <= 48
        elif business_hours(one.created_at, UNTIL) >= 48:
            counted += 1
    merged = [one for one in mine if one.merged_at and SINCE <= one.merged_at < UNTIL]
    reviewed = sum(
        any(
            reply.kind != "comment" and reply.author_login in PEOPLE and reply.author_login != one.author_login
            and reply.created_at < UNTIL
            for reply in one.replies
        )
        for one in merged
    )  # fmt: skip

    def closure(kind: str) -> tuple[float | None, int]:
        opened = sum(one.kind == kind and SINCE <= one.created_at < UNTIL for one in mine)
        closed = sum(one.kind == kind and SINCE <= (one.closed_at or "") < UNTIL for one in mine)
        return (round(closed / opened, 3) if opened else None, opened)

    return {
        "responsiveness": (round(in_time / counted, 3) if counted else None, counted),
        "change_request_closure": closure("pull_request"),
        "issue_closure": closure("issue"),
        "review": (round(reviewed / len(merged), 3) if merged else None, len(merged)),
    }


def feed_of(threads: list[Thread]) -> list[Activity]:
    """The same happenings as the feed tells them: other ids, a second late, trimmed payloads without an author."""
    rows: list[Activity] = []
    for number, one in enumerate(event for found in threads for event in events_of(found)):
        at = shift(one.created_at, timedelta(seconds=number % 2))
        facts = one.facts._replace(subject=None)
        rows.append(Activity(str(number), one.event_type, at, one.actor_login, *facts))
    return rows


@given(records(), st.data())
def test_health_is_the_count_by_hand_whatever_the_feed_knows_beside_the_record(
    threads: list[Thread], data: st.DataObject
) -> None:
    expected = by_hand(threads)
    assert components(threads) == expected
    feed = feed_of(threads)
    some = [one for one in feed if data.draw(st.booleans())]
    assert components(threads, *some) == expected
    assert unseen_events(threads, feed) == []
    whole = {one.login: one.total for one in developers(threads, [])}
    assert {one.login: one.total for one in developers(threads, some)} == whole


def developers(threads: list[Thread], rows: list[Activity]) -> Any:
    """As they are counted once what the feed missed is stored, too."""
    unseen = [
        Activity(one.id, one.event_type, one.created_at, one.actor_login, *one.facts)
        for one in unseen_events(threads, rows)
    ]
    return rank_developers([*rows, *unseen], [], since="2026-01-01T00:00:00Z", until=UNTIL).developers


@given(records(), st.randoms(use_true_random=False))
def test_order_does_not_matter(threads: list[Thread], random: Any) -> None:
    rows = feed_of(threads)[::2]
    one = assess(threads, *rows)
    random.shuffle(threads)
    random.shuffle(rows)
    assert assess(threads, *rows) == one


def test_the_feed_alone_is_judged_as_before() -> None:
    rows = [pull(june(1), n) for n in range(1, 6)] + [review(june(1, 1), n) for n in range(1, 6)]
    assert components([], *rows)["responsiveness"] == (1, 5)


def test_the_last_word_is_the_latest_by_time() -> None:
    early, late = Reply("9", "review", june(2), "ben", None, "approved"), Reply("1", "comment", june(3), "ann")
    assert waiting_for(thread(1, june(1), late, Reply("9", "comment", june(2), "ben"))) == "review"
    again = Reply("1", "review", june(3), "ben", None, "changes_requested")
    assert waiting_for(thread(1, june(1), again, early)) == "author"
    robot = Reply("2", "review", june(3), "robot", "Bot", "changes_requested")
    assert waiting_for(thread(1, june(1), early, robot)) == "merge"


def test_a_summary_counts_from_the_first_second_and_rounds_to_a_tenth() -> None:
    threads = [thread(1, SINCE, reply(june(1, 1, 20)), merged_at=june(1, 2, 20), closed_at=june(1, 2, 20))]
    found = summarise(threads, SINCE, UNTIL)
    assert (found.opened, found.first_response_hours, found.merge_hours) == (1, 1.3, 2.3)
    assert summarise(threads, SINCE, UNTIL, frozenset({"ben"})).first_response_sample == 0
