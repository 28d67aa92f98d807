"""Pictures of text: what a reader sees of a series and of a score."""

import io

import pytest
from rich.console import Console, RenderableType

from github_events_monitor.answers import Coverage, Gap, Window
from github_events_monitor.infrastructure.questions.repository_activity import EventCounts
from github_events_monitor.insights.results import ActivitySeries
from github_events_monitor.terminal.charts import Sparkline, activity_line, score_bar


def shown(picture: RenderableType, *, encoding: str = "utf-8", width: int = 80, colour: bool = False) -> str:
    page = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=page, width=width, force_terminal=colour, color_system="standard" if colour else None)
    console.print(picture)
    page.seek(0)
    return page.read()


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ((0, 1, 8, 4), "·▁█▄"),
        ((1, 1, 1), "███"),
        ((0, 0), "··"),
        ((None, 3, None), "?█?"),
        ((1, 1_000), "▁█"),
        ((), ""),
    ],
)
def test_a_series_is_a_bar_for_each_value_nothing_a_dot_and_what_is_not_known_a_mark(
    values: tuple[int | None, ...], line: str
) -> None:
    assert shown(Sparkline(values)) == f"{line}\n"


def test_where_there_is_no_room_the_newest_values_are_shown() -> None:
    assert shown(Sparkline([9, 9, 1, 2]), width=2) == "▄█\n"


def test_a_terminal_without_such_characters_has_others() -> None:
    assert shown(Sparkline([0, 1, None, 8, 4]), encoding="ascii") == "_.?@=\n"
    assert shown(score_bar(0.8), encoding="ascii").rstrip() == "----"


def test_the_length_says_what_the_colour_says() -> None:
    assert [shown(score_bar(score)).rstrip("\n") for score in (0, 0.5, 1)] == ["", "━━╸", "━━━━━"]
    assert "\x1b[3" in shown(score_bar(0.5), colour=True)


def test_a_day_that_a_gap_touches_is_not_known() -> None:
    gap = Gap.model_validate({"from": "2026-06-02T22:00:00Z", "to": "2026-06-04T00:00:00Z"})
    answer = EventCounts(
        repo="octo/hello",
        repo_url="https://github.com/octo/hello",
        window=Window(hours=96, since="2026-06-01T00:00:00Z", until="2026-06-05T00:00:00Z"),
        coverage=Coverage(gaps=(gap,)),
        total_events=7,
        counts_by_type={"PushEvent": 5, "WatchEvent": 2},
        series=ActivitySeries(
            unit="day",
            start="2026-06-01T00:00:00Z",
            counts={"PushEvent": (4, 1, 0, 0), "WatchEvent": (0, 0, 0, 2)},
        ),
        weekday_hours=(),
    )
    assert shown(activity_line(answer)) == "█??▄\n"
