"""`pulls` and `issues`: whose turn it is, for a person; and what the tools answer, for programs."""

from datetime import UTC, datetime, timedelta

import pytest

from github_events_monitor.infrastructure.questions.catalogue import tools
from github_events_monitor.instants import format_instant
from tests.fake_github import FakeGitHub, Json

from .conftest import Result, Run


@pytest.fixture
def threads(github: FakeGitHub) -> None:
    """Two pull requests, one of them merged, and two issues."""
    hello = github.repositories["octo/hello"]
    now = datetime.now(UTC)

    def thread(number: int, title: str, author: str, **more: object) -> Json:
        ago = format_instant(now - timedelta(hours=20 - number))
        about = {"number": number, "title": title, "user": {"login": author, "type": "User"}, "state": "open"}
        return {**about, "created_at": ago, "updated_at": ago, "comments": 0, "labels": [], **more}

    merged_at = format_instant(now - timedelta(hours=10))
    sides = {"head": {"ref": "topic", "sha": "a" * 40}, "base": {"ref": "main", "sha": "b" * 40}}
    hello.issues = [
        thread(4, "Add [bold red]a dial[/]", "ada", draft=False, pull_request={"merged_at": None}),
        thread(
            3,
            "Mend the dial",
            "bob",
            draft=False,
            state="closed",
            closed_at=merged_at,
            pull_request={"merged_at": merged_at},
        ),
        thread(2, "The dial sticks", "eve", labels=[{"name": "bug"}]),
        thread(1, "A dial, please", "ada"),
    ]
    hello.pulls = [
        {**{name: row[name] for name in row if name != "pull_request"}, **row["pull_request"], **sides}
        for row in hello.issues[:2]
    ]


def flat(page: Result) -> str:
    return " ".join(page.out.split())


@pytest.mark.usefixtures("threads")
def test_open_pull_requests_say_whose_turn_it_is_at_eighty_columns(run: Run) -> None:
    page = run("pulls", "octo/hello")
    assert (page.code, page.err) == (0, "")
    assert "Pull requests: 1;" in page.out
    assert "1 open, 2 opened, 1 merged, 0 closed" in flat(page)
    for text in ("#4", "needs review", "[bold red]a", "ada"):
        assert text in page.out
    assert "#3" not in page.out
    assert max(map(len, page.out.splitlines())) <= 80


@pytest.mark.usefixtures("threads")
def test_issues_are_chosen_by_the_words_of_the_question(run: Run) -> None:
    assert "#1" not in run("issues", "octo/hello", "--label", "BUG").out
    page = run("issues", "octo/hello", "--author", "@ada")
    assert "A dial, please" in page.out
    assert "#2" not in page.out


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize(("command", "rows"), [("pulls", "pull_requests"), ("issues", "issues")])
def test_json_is_the_answer_of_the_tool(run: Run, command: str, rows: str) -> None:
    answer = run(command, "octo/hello", "--state", "all", "--limit", "1", "--json").json
    assert answer[f"total_{rows}"] == 2
    assert len(answer[rows]) == 1
    assert answer["coverage"]["last_collected_at"] is not None
    following = run(command, "octo/hello", "--cursor", answer["next_cursor"], "--json").json
    assert {answer[rows][0]["number"], following[rows][0]["number"]} in ({3, 4}, {1, 2})


@pytest.mark.parametrize(("command", "question"), [("pulls", "pull_requests"), ("issues", "issues")])
def test_every_argument_of_the_question_is_an_option(run: Run, command: str, question: str) -> None:
    query = next(tool.query for tool in tools() if tool.name == question)
    shown = run(command, "--help").out
    assert all(f"--{name} " in shown for name in query.model_fields if name != "repo")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("pulls octo/hello --state draft", "state must be one of open, merged, closed, all"),
        ("issues octo/hello --limit 900", "limit must be a whole number from 1 to 100"),
        ("issues octo/hello --hours 2 --since 2026-01-01", "not both"),
        ("pulls octohello", "owner/name"),
    ],
)
def test_a_wrong_word_is_one_line(run: Run, arguments: str, said: str) -> None:
    result = run(*arguments.split())
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert len(result.err.splitlines()) == 1


def test_a_repository_that_is_not_found_is_no_empty_page(run: Run, github: FakeGitHub) -> None:
    page = run("pulls", "octo/missing")
    assert (page.code, page.out) == (1, "")
    assert page.err.startswith("error: ")
