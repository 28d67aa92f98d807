"""Who answered first, of the feed and the record together."""

from github_events_monitor.insights.first_responses import first_responses
from github_events_monitor.records import Activity, Reply, Thread

from .builders import SINCE, UNTIL, comment, issue, june, pull, review, row


def thread(number: int, at: str, *replies: Reply, author: str = "ann") -> Thread:
    return Thread(
        repo_name="o/r", number=number, kind="issue", state="open", created_at=at, updated_at=UNTIL,
        author_login=author, replies=replies,
    )  # fmt: skip


def said(at: str, who: str) -> Reply:
    return Reply(f"{at}{who}", "comment", at, who, None, None)


def find(rows: list[Activity], *threads: Thread) -> dict[str, list[float]]:
    return first_responses(rows, [], threads, since=SINCE, until=UNTIL, bot_logins=frozenset({"robo"}))


def test_the_first_person_but_the_author_and_no_bot_is_credited() -> None:
    rows = [
        issue(june(1), 1), comment(june(1, 1), 1, "robo"), comment(june(1, 2), 1, "ann"), comment(june(1, 3), 1, "ben"),
        comment(june(1, 4), 1, "cy"), pull(june(2), 2), review(june(2, 6), 2, "cy"), issue(june(3), 3, "robo"),
        comment(june(3, 1), 3, "ben"), issue(june(4), 4), issue(june(4, 8), 4, "cy", "closed"),
    ]  # fmt: skip
    assert find(rows) == {"ben": [3.0], "cy": [6.0, 8.0]}


def test_an_answer_counts_from_the_start_of_the_window_until_its_end() -> None:
    before = issue("2026-05-31T23:30:00Z", 1)
    assert find([before, comment(SINCE, 1)]) == {"ben": [0.5]}
    assert find([before, comment(UNTIL, 1)]) == {}
    assert find([before, comment("2026-05-31T23:00:00Z", 1), comment(SINCE, 1, "cy")]) == {}


def test_what_is_no_answer_credits_nobody() -> None:
    loose = row("IssueCommentEvent", june(1), "ben", "created")
    others = [comment(june(1, 1), 1, "ben", "deleted"), issue(june(1, 1), 1, "ben", "labeled"), pull(june(2), 2)]
    assert find([loose, issue(june(1), 1), *others]) == {}
    assert find([loose, issue(june(1), 1), *others, comment(june(1, 2), 1, "cy")]) == {"cy": [2.0]}


def test_a_bot_is_known_by_its_kind_of_account() -> None:
    told = thread(1, june(1), Reply("1", "comment", june(1, 1), "ci", "Bot", None), said(june(1, 2), "ben"))
    assert find([], told) == {"ben": [2.0]}


def test_what_was_answered_before_the_window_or_opened_unseen_credits_nobody() -> None:
    assert find([issue("2026-05-30T00:00:00Z", 1), comment("2026-05-31T00:00:00Z", 1), comment(june(1), 1, "cy")]) == {}
    assert find([comment(june(1), 7)]) == {}


def test_what_both_tell_counts_once_and_the_earlier_answer_wins() -> None:
    rows = [issue(june(1), 1), comment(june(1, 9), 1, "cy")]
    assert find(rows, thread(1, june(1), said(june(1, 2), "ben"), said(june(1, 9), "cy"))) == {"ben": [2.0]}
    assert find([], thread(1, june(1), said(june(1, 2), "ben"))) == {"ben": [2.0]}
