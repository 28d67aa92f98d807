"""`report`: what a person sees first, and what programs get."""

import re
from datetime import UTC, datetime

from tests.fake_github import FakeGitHub, sha

from .conftest import SECRET, Run


def test_the_page_shows_commits_and_health_at_eighty_columns(run: Run, github: FakeGitHub) -> None:
    page = run("report", "octo/hello")
    assert page.code == 0, page.err
    assert "Octo/Hello" in page.out
    assert "3 new events and 3 new commits" in page.out
    assert "Events by day: 3" in page.out
    assert "Watch 1" in page.out
    for text in (sha(3)[:7], sha(2)[:7], "ada", "bob", "+2 -1", "fix: change 2", "[bot]", "[breaking]"):
        assert text in page.out
    assert "Health over 720 hours: unknown" in page.out
    assert "responsiveness" in page.out
    assert datetime.now(UTC).strftime("%Y-") in page.out
    assert max(map(len, page.out.splitlines())) <= 80


def test_text_from_strangers_is_shown_as_it_is_and_without_colour_in_a_pipe(run: Run, github: FakeGitHub) -> None:
    page = run("report", "octo/hello")
    assert "[bold red]drop[/]" in re.sub(r"\s+", " ", page.out)
    assert "\x1b" not in page.out + page.err


def test_json_holds_the_answers_of_the_tools_under_their_names(run: Run, github: FakeGitHub) -> None:
    answer = run("report", "octo/hello", "octo/empty", "--hours", "48", "--json").json
    assert answer["collect_now"]["repositories"][0]["new_commits"] == 3
    assert answer["collect_now"]["now"].endswith("Z")
    assert "3 new commits from 2 repositories" in answer["collect_now"]["summary_line"]
    first, second = answer["reports"]
    assert first["recent_commits"]["total_commits"] == 3
    assert [row["sha"] for row in first["recent_commits"]["commits"]] == [sha(3), sha(2), sha(1)]
    assert first["recent_commits"]["window"]["hours"] == 48
    assert {part["name"] for part in first["repository_health"]["components"]} >= {"responsiveness", "maintenance"}
    assert second["recent_commits"]["repo"] == "octo/empty"


def test_a_repository_that_is_not_found_is_one_line_and_the_others_are_reported(run: Run, github: FakeGitHub) -> None:
    page = run("report", "octo/hello", "octo/missing")
    assert page.code == 1
    assert sha(3)[:7] in page.out
    assert len(page.err.splitlines()) == 1
    assert page.err.startswith("error: octo/missing")
    assert "not" in page.err


def test_during_an_outage_what_is_stored_is_reported_and_the_page_says_so(run: Run, github: FakeGitHub) -> None:
    run("report", "octo/hello")
    github.faults.append(lambda _: (503, {}, b"<html>"))
    page = run("report", "octo/hello")
    assert page.code == 0, page.err
    assert sha(3)[:7] in page.out
    assert "Not collected:" in page.out


def test_an_outage_with_nothing_stored_is_a_failure(run: Run, github: FakeGitHub) -> None:
    github.faults.append(lambda _: (503, {}, b"<html>"))
    page = run("report", "octo/hello")
    assert (page.code, page.out) == (1, "")
    assert len(page.err.splitlines()) == 1
    assert "github-events-monitor demo" in page.err


def test_the_token_is_in_nothing_that_is_printed(run: Run, github: FakeGitHub) -> None:
    run("report", "octo/hello")
    github.fail(1, 401, body=b'{"message": "Bad credentials"}')
    page = run("report", "octo/hello", GITHUB_TOKEN=SECRET, LOG_LEVEL="DEBUG", LOG_FILE="logs/monitor.log")
    with open("logs/monitor.log", encoding="utf-8") as log:
        written = page.out + page.err + log.read()
    assert "Bad credentials" in written
    assert SECRET not in written
