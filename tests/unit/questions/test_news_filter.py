"""What is remembered of what a reader was told."""

from github_events_monitor.infrastructure.questions.news import MAX_SEEN, NewsFilter
from github_events_monitor.records import Seen, Span


def at(day: int, second: int = 0) -> str:
    return f"2026-11-{day:02}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"


def test_only_the_window_counts_for_one_who_was_told_of_nothing() -> None:
    news = NewsFilter(Span(at(10), at(11)))
    assert [news.is_news(name, at(day)) for name, day in (("a", 9), ("b", 10), ("c", 11))] == [
        False,
        True,
        False,
    ]
    seen = news.remember()
    assert seen is not None
    assert (seen.since, len(seen.keys)) == (at(10), 1)


def test_what_was_learned_late_is_news_once_and_what_stays_right_is_not_written_again() -> None:
    first = NewsFilter(Span(at(10), at(11)))
    assert first.is_news("a", at(10))
    second = NewsFilter(Span(at(11), at(11)), first.remember())
    assert [second.is_news("a", at(10)), second.is_news("late", at(10, 5))] == [False, True]
    third = NewsFilter(Span(at(11), at(12)), second.remember())
    assert [third.is_news("a", at(10)), third.is_news("late", at(10, 5))] == [False, False]
    assert third.remember() is None


def test_what_is_older_than_three_days_before_the_mark_is_forgotten() -> None:
    news = NewsFilter(Span(at(20), at(21)), Seen(since=at(1)))
    assert [
        news.is_news("old", at(16)),
        news.is_news("late", at(17)),
        news.is_news("new", at(20)),
    ] == [
        False,
        True,
        True,
    ]
    seen = news.remember()
    assert seen is not None
    assert (seen.since, len(seen.keys)) == (at(18), 1)


def test_of_very_many_the_newest_are_remembered_and_nothing_older_is_told_again() -> None:
    span, times = Span(at(10), at(11)), [at(10, second // 2) for second in range(2 * MAX_SEEN)]
    news = NewsFilter(span)
    assert all(news.is_news(f"{number}", when) for number, when in enumerate(times))
    seen = news.remember()
    assert seen is not None
    assert MAX_SEEN - 2 <= len(seen.keys) <= MAX_SEEN
    again = NewsFilter(Span(at(11), at(11, 1)), seen)
    assert not any(again.is_news(f"{number}", when) for number, when in enumerate(times))
    assert again.is_news("late", times[-1])


def test_a_clock_that_went_back_tells_nothing_twice() -> None:
    news = NewsFilter(Span(at(15), at(16)))
    assert news.is_news("a", at(15))
    back = NewsFilter(Span(at(14), at(14)), news.remember())
    assert back.remember() is None
    assert not NewsFilter(Span(at(14), at(16)), news.remember()).is_news("a", at(15))
