"""Answers that are kept: which, how long, and what makes them go."""

from datetime import timedelta
from typing import Any

import pytest

from github_events_monitor.answers import Answer, Coverage
from github_events_monitor.errors import NotFound
from github_events_monitor.infrastructure.questions import cache as caching
from github_events_monitor.infrastructure.questions.cache import AnswerCache
from github_events_monitor.infrastructure.questions.query import Repo, WindowedQuery
from tests.fake_github import NOW, iso

CLOSED = iso(NOW - timedelta(hours=1))


class Numbered(Answer):
    repo: str
    number: int
    coverage: Coverage


class Whose(WindowedQuery):
    repo: Repo


class Asked:
    """A question whose every answer has the next number."""

    def __init__(self) -> None:
        self.now = NOW
        self.collected_at = NOW
        self.count = 0
        self.kept = AnswerCache(lambda: self.now, 300.0)
        self.meanwhile: Any = lambda: None

    async def question(self, query: Whose) -> Numbered:
        async def ask() -> Numbered:
            self.count += 1
            self.meanwhile()
            if query.repo == "octo/none":
                raise NotFound("not found")
            coverage = Coverage(last_collected_at=iso(self.collected_at))
            return Numbered(repo="Octo/Hello", number=self.count, coverage=coverage)

        return await self.kept.answer("question", query, ask) if self.kept.covers(query) else await ask()

    async def numbers(self, *questions: dict[str, Any]) -> list[int]:
        queries = [Whose.read({"repo": "octo/hello", "until": CLOSED, **asked}) for asked in questions]
        return [(await self.question(query)).number for query in queries]


async def test_the_same_question_again_is_answered_from_what_is_kept() -> None:
    asked = Asked()
    assert await asked.numbers({}, {}, {"hours": 25}, {"hours": "25"}) == [1, 1, 2, 2]
    assert (asked.kept.hits, asked.kept.misses) == (2, 2)


@pytest.mark.parametrize("until", [None, iso(NOW), iso(NOW - timedelta(minutes=5)), "soon"])
async def test_a_window_that_is_not_over_is_asked_anew(until: str | None) -> None:
    asked = Asked()
    assert await asked.numbers({"until": until}, {"until": until}) == [1, 2]
    assert asked.kept.misses == 0


async def test_what_is_stored_about_the_repository_makes_its_answers_go() -> None:
    asked = Asked()
    await asked.numbers({})
    asked.kept.forget("octo/other")
    assert await asked.numbers({}) == [1]
    asked.kept.forget("octo/hello")
    assert await asked.numbers({}) == [2]


async def test_an_answer_made_while_something_was_stored_is_not_kept() -> None:
    asked = Asked()
    asked.meanwhile = lambda: asked.kept.forget("octo/hello")
    assert await asked.numbers({}, {}) == [1, 2]


async def test_answers_are_kept_for_seconds_and_never_longer_than_they_are_fresh() -> None:
    asked = Asked()
    await asked.numbers({})
    asked.now += caching.KEPT
    assert await asked.numbers({}) == [2]
    asked.now += timedelta(seconds=265)
    assert await asked.numbers({}) == [3]
    asked.now += timedelta(seconds=6)
    assert await asked.numbers({}) == [4]


async def test_failures_are_not_kept() -> None:
    asked = Asked()
    for _ in range(2):
        with pytest.raises(NotFound):
            await asked.numbers({"repo": "octo/none"})
    assert asked.count == 2


async def test_the_least_recently_used_answers_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caching, "MAX_ANSWERS", 2)
    asked = Asked()
    assert await asked.numbers({"hours": 1}, {"hours": 2}, {"hours": 1}, {"hours": 3}, {"hours": 1}, {"hours": 2}) == [
        1, 2, 1, 3, 1, 4,
    ]  # fmt: skip
    assert len(asked.kept) == 2
