"""What every text says of knowledge: how fresh it is, where it ends, and what to call."""

import pytest

from github_events_monitor.answers import Coverage, Gap
from github_events_monitor.infrastructure.questions.lines import standing_of

NOW = "2026-11-20T12:00:00Z"


@pytest.mark.parametrize(
    ("sources", "collected", "said"),
    [
        ((), None, "never collected."),
        (("commits", "threads"), None, "read so far: commits, threads alone."),
        (("commits",), "2026-11-01T00:00:00Z", "last collected 2026-11-01T00:00:00Z from commits."),
    ],
)
def test_what_was_read_in_part_is_neither_collected_nor_untouched(
    sources: tuple[str, ...], collected: str | None, said: str
) -> None:
    coverage = Coverage(
        from_="2026-11-01T00:00:00Z", to=NOW, complete=False, last_collected_at=collected, sources=sources
    )
    assert list(standing_of(NOW, coverage, "o/n")) == [f"Now {NOW}; {said}"]  # no gap: collecting tells no more


def test_where_knowledge_is_missing_it_is_said_what_to_call() -> None:
    gap = Gap(from_="2026-11-01T00:00:00Z", to="2026-11-02T00:00:00Z")
    nothing = Coverage(from_=None, to=None, complete=False, last_collected_at=None, sources=())
    for coverage in (nothing, nothing.model_copy(update={"from_": gap.to, "gaps": (gap,)})):
        assert 'collect_now with repos=["o/n"]' in list(standing_of(NOW, coverage, "o/n"))[-1]
