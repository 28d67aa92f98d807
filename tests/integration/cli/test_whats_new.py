"""`whats-new` on the terminal."""

from datetime import UTC, datetime, timedelta

from tests.fake_github import FakeGitHub

from .conftest import Run


def test_the_page_reads_well_and_the_second_asking_has_nothing_new(run: Run, github: FakeGitHub) -> None:
    first = run("whats-new", "octo/hello", "octo/empty")
    assert (first.code, first.err) == (0, "")
    assert "Octo/Hello  3 commits" in first.out
    assert "[bold red]drop[/]" in first.out
    assert "Quiet\n  octo/empty" in first.out
    assert all(len(line) <= 80 for line in first.out.splitlines())
    second = run("whats-new", "octo/hello", "octo/empty")
    assert "Nothing new." in second.out
    assert "3 commits" in run("whats-new", "octo/hello", "--reader", "other").out


def test_json_is_the_answer_of_the_tool(run: Run, github: FakeGitHub) -> None:
    answer = run(
        "whats-new", "octo/hello", "--since", f"{datetime.now(UTC) - timedelta(days=2):%Y-%m-%d}", "--json"
    ).json
    assert answer["repositories"][0]["counts"]["commits"] == 3
    assert answer["next_since"] == answer["until"]


def test_markdown_escapes_what_strangers_wrote(run: Run, github: FakeGitHub) -> None:
    out = run("whats-new", "octo/hello", "--markdown").out
    assert out.startswith("# What's new, ")
    assert r"feat\!: \[bold red\]drop\[/\]" in out
    assert "](https://github.com/Octo/Hello/commit/" in out


def test_a_repository_that_is_not_there_is_said_and_the_others_are_shown(run: Run, github: FakeGitHub) -> None:
    result = run("whats-new", "octo/missing", "octo/hello")
    assert result.code == 1
    assert "3 commits" in result.out
    assert "error: octo/missing: " in result.err
    for shown in ((), ("--markdown",)):
        assert "Nothing new." not in run("whats-new", "octo/missing", *shown).out
    assert "--reader" in run("whats-new", "--help").out
