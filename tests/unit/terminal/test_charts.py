"""Pictures of text: what a reader sees of a series and of a score."""

import io
from datetime import timedelta

import pytest
from rich.console import Console, RenderableType

from github_events_monitor.terminal.charts import Sparkline, score_bar, with_gaps


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


def test_a_terminal_without_such_characters_is_spared_them() -> None:
    assert shown(Sparkline([1, 2]), encoding="ascii") == ""
    assert shown(score_bar(0.8), encoding="ascii").rstrip() == "----"


def test_the_length_says_what_the_colour_says() -> None:
    assert [shown(score_bar(score)).rstrip("\n") for score in (0, 0.5, 1)] == ["", "━━╸", "━━━━━"]
    assert "\x1b[3" in shown(score_bar(0.5), colour=True)


def test_a_day_that_a_gap_touches_is_not_known() -> None:
    gap = ("2026-06-02T22:00:00Z", "2026-06-04T00:00:00Z")
    days = with_gaps([4, 1, 0, 2], "2026-06-01T00:00:00Z", timedelta(days=1), [gap])
    assert days == (4, None, None, 2)
