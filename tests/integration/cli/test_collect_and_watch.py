"""`collect` and `watch`."""

from tests.fake_github import FakeGitHub

from .conftest import Run


def test_collect_says_what_was_new_and_a_second_pass_adds_nothing(run: Run, github: FakeGitHub) -> None:
    first = run("collect", "octo/hello", "--json").json["repositories"][0]
    assert (first["status"], first["new_events"], first["new_commits"]) == ("collected", 3, 3)
    second = run("collect", "octo/hello", "--json").json["repositories"][0]
    assert (second["new_events"], second["new_commits"]) == (0, 0)


def test_a_dry_run_stores_nothing(run: Run, github: FakeGitHub) -> None:
    tried = run("collect", "octo/hello", "--dry-run")
    assert tried.code == 0, tried.err
    assert "Nothing was stored" in tried.out
    assert run("collect", "octo/hello", "--json").json["repositories"][0]["new_events"] == 3


def test_nothing_watched_is_said_with_what_to_do(run: Run, github: FakeGitHub) -> None:
    result = run("collect")
    assert result.code == 0
    assert "TARGET_REPOSITORIES" in result.err
    assert run("collect", "--json").json["repositories"] == []


def test_target_repositories_are_collected_when_none_is_named(run: Run, github: FakeGitHub) -> None:
    answer = run("collect", "--json", TARGET_REPOSITORIES="octo/hello").json
    assert [row["repo"] for row in answer["repositories"]] == ["Octo/Hello"]


def test_a_repository_that_fails_does_not_stop_the_others(run: Run, github: FakeGitHub) -> None:
    result = run("collect", "octo/missing", "octo/hello", "--json")
    assert result.code == 1
    assert [row["status"] for row in result.json["repositories"]] == ["not_found", "collected"]
    assert len(result.err.splitlines()) == 1


def test_the_watch_list_is_changed_and_shown_in_githubs_spelling(run: Run, github: FakeGitHub) -> None:
    assert "watch add" in run("watch").err
    assert run("watch", "add", "OCTO/hello", "octo/empty").out.splitlines() == ["octo/empty", "Octo/Hello"]
    assert run("watch", "remove", "octo/EMPTY").out.splitlines() == ["Octo/Hello"]
    again = run("watch", "remove", "octo/EMPTY", "octo/*")
    assert (again.code, again.out.splitlines()) == (0, ["Octo/Hello"])
    assert "Not on the list before: octo/empty, octo/*." in again.err
    assert run("watch").out.splitlines() == ["Octo/Hello"]
    assert run("watch", "list", "--json").json["watching"] == ["Octo/Hello"]


def test_a_removal_outranks_target_repositories(run: Run, github: FakeGitHub) -> None:
    run("watch", "remove", "octo/hello", TARGET_REPOSITORIES="octo/hello")
    assert run("watch", TARGET_REPOSITORIES="octo/hello").out == ""


def test_a_repository_that_does_not_exist_is_not_watched(run: Run, github: FakeGitHub) -> None:
    result = run("watch", "add", "octo/missing")
    assert (result.code, result.out) == (1, "")
    assert result.err.splitlines()[-1].startswith("error: octo/missing is not watched")
