"""Who did what, who is new, and who is whom."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.insights.accounts import Accounts
from github_events_monitor.insights.developers import rank_developers, rank_person
from github_events_monitor.insights.results import DeveloperResult
from github_events_monitor.records import Activity, Authorship

from .builders import SINCE, UNTIL, comment, commit, issue, june, pull, push, release, review, row

MAY = "2026-05-20T00:00:00Z"


def rank(rows: list[Activity], commits: list[Authorship] | None = None, **changes: Any) -> DeveloperResult:
    return rank_developers(rows, commits or [], since=SINCE, until=UNTIL, **changes)


def test_kinds_of_contributions_add_up() -> None:
    rows = [
        pull(june(1), 1), pull(june(2), 1, "ann", "merged"), review(june(2), 1, "ann"), issue(june(3), 2),
        issue(june(3), 3, action="closed"), comment(june(4), 2, "ann"), comment(june(4), 2, "ann", "edited"),
        release(june(5), "v1"), row("WatchEvent", june(6), "ann", "started"), push(june(7)), push(june(8)),
    ]  # fmt: skip
    commits = [commit(june(day), sha=str(day)) for day in (7, 8, 9)]
    [ann] = rank(rows, commits).developers
    assert ann.contributions == {
        "comments": 1, "commits": 3, "issues": 1, "merged": 1, "other": 2, "pull_requests": 1,
        "pushes": 2, "releases": 1, "reviews": 1,
    }  # fmt: skip
    assert ann.total == 1 + 3 + 1 + 1 + 2 + 1 + 1 + 1  # two pushes are inside three commits
    assert (ann.first_seen, ann.last_seen) == (june(1), june(9))
    assert ann.evidence[0] == "commit:9"


def test_people_bots_and_assistants_stand_apart() -> None:
    rows = [push(june(1), login) for login in ("ann", "dependabot[bot]", "ci-robot", "Copilot")]
    commits = [commit(june(2), "machine", account_type="Bot")]
    result = rank(rows, commits, bot_logins=frozenset({"ci-robot"}))
    assert [found.login for found in result.developers] == ["ann"]
    assert [found.login for found in result.bots] == ["ci-robot", "dependabot[bot]", "machine"]
    assert [found.login for found in result.ai_assistants] == ["Copilot"]
    assert result.total_people == 1


def test_first_answers_are_told_with_their_median() -> None:
    rows = [push(june(1), "ann"), push(june(1), "ben"), push(june(1), "ci[bot]")]
    responses = {"ann": [1.0, 5.06, 3.0, 2.06], "ci[bot]": [4.0]}
    result = rank(rows, responses=responses)
    [ann, ben], [bot] = result.developers, result.bots
    assert (ann.first_responses, ann.median_first_response_hours) == (4, 2.5)  # of 2.06 and 3
    assert (ben.first_responses, ben.median_first_response_hours) == (0, None)
    assert (bot.first_responses, bot.median_first_response_hours) == (1, 4)
    assert [found.is_bot for found in (ann, ben, bot)] == [False, False, True]
    [alone] = rank_person("ann", {"o/r": (rows, [])}, since=SINCE, until=UNTIL, responses=responses).developers
    assert (alone.first_responses, alone.median_first_response_hours) == (4, 2.5)


def test_the_last_three_of_a_kind_are_its_evidence() -> None:
    rows = [push(june(day)) for day in range(1, 5)]
    assert rank(rows).developers[0].evidence == tuple(f"event:{rows[n].id}" for n in (3, 2, 1))


def test_who_is_new_is_said_only_when_known() -> None:
    rows = [push(june(1), "ann"), push(MAY, "ann"), push(june(2), "ben")]
    new = {found.login: found.new_contributor for found in rank(rows, history_known=True).developers}
    assert new == {"ann": False, "ben": True}
    unknown = {found.login: found.new_contributor for found in rank(rows).developers}
    assert unknown == {"ann": False, "ben": None}


def test_co_authors_count_once_each() -> None:
    names = "Ben <7+ben@users.noreply.github.com>\nann <ann@example.org>\nClaude <noreply@anthropic.com>"
    commits = [commit(june(1), "ann", email="ann@example.org", co_authors=names)]
    result = rank([], commits)
    assert [(found.login, found.total) for found in result.developers] == [("ann", 1), ("ben", 1)]
    assert [found.login for found in result.ai_assistants] == ["Claude"]


def test_commits_without_login_go_to_the_login_of_the_address_else_to_the_name() -> None:
    commits = [
        commit(june(1), "ann", email="Ann@example.org"),
        commit(june(2), None, name="A. N. N.", email="ann@example.org"),
        commit(june(3), None, name="Nobody Knows", email="nobody@example.org"),
    ]
    assert [(found.login, found.total) for found in rank([], commits).developers] == [("ann", 2), ("Nobody Knows", 1)]


def test_a_commit_without_any_author_belongs_to_nobody() -> None:
    found = Accounts([], frozenset()).of_commit(commit(june(1), None))
    assert found.accounts == ()


def test_repositories_of_a_person() -> None:
    [ann] = rank([push(june(1), "Ann")], repositories={"ann": ["o/b", "o/a"]}).developers
    assert ann.repositories == ("o/a", "o/b")


LOGINS = st.sampled_from(["ann", "Ann", "ben", "renovate[bot]", "Copilot", "ANN"])
ROWS = st.lists(st.builds(push, st.builds(june, st.integers(1, 30)), LOGINS), max_size=20)


@given(ROWS, st.lists(st.builds(commit, st.builds(june, st.integers(1, 30)), LOGINS), max_size=10), st.randoms())
def test_order_and_repetition_do_not_matter(rows: list[Activity], commits: list[Authorship], random: Any) -> None:
    shuffled, others = [*rows, *rows[:3]], [*commits, *commits[:2]]
    random.shuffle(shuffled)
    random.shuffle(others)
    assert rank(rows, commits) == rank(shuffled, others)


def rows_of_ann() -> tuple[list[Activity], list[Authorship]]:
    rows = [push(june(1), "ann"), pull(june(2), 1, "Ann"), push(june(3), "ben")]
    commits = [
        commit(june(4), "ann", email="a@x.org", sha="1"), commit(june(5), None, name="Ann A", email="A@x.org", sha="2"),
        commit(june(6), "ben", sha="3", co_authors="Ann A <a@x.org>"), commit(MAY, "ann", sha="0"),
        commit(june(7), None, name="Ann A", email="7+ann@users.noreply.github.com", sha="4"),
        commit(june(8), "ben", sha="5"),
    ]  # fmt: skip
    return rows, commits


@pytest.mark.parametrize("actor", ["ann", "ANN ", "@ann", "Ann A"])
def test_asking_for_one_person_gives_the_figures_of_the_ranking(actor: str) -> None:
    rows, commits = rows_of_ann()
    [ranked] = [found for found in rank(rows, commits, history_known=True).developers if found.login.lower() == "ann"]
    result = rank_person(actor, {"o/r": (rows, commits)}, since=SINCE, until=UNTIL, history_known=True)
    assert result.developers == (ranked.model_copy(update={"repositories": ("o/r",)}),)
    assert ranked.contributions["commits"] == 4
    assert (result.total_people, result.bots, ranked.new_contributor) == (1, (), False)


def test_a_person_is_followed_across_repositories() -> None:
    there = [commit(june(9), None, name="A.", email="a@x.org", sha="9")], [commit(june(9), "ben", sha="8")]
    result = rank_person(
        "ann", {"o/r": rows_of_ann(), "o/s": ([], there[0]), "o/t": ([], there[1])}, since=SINCE, until=UNTIL
    )
    [ann] = result.developers
    assert ann.contributions["commits"] == 5
    assert ann.repositories == ("o/r", "o/s")


def test_a_name_without_a_login_is_found_and_a_login_is_not_taken_for_a_name() -> None:
    commits = [
        commit(june(1), None, name="Ada L", email="l@x.org", sha="1"),
        commit(june(2), "ben", name="ann", sha="2"),
    ]
    assert [
        found.login for found in rank_person("ada l", {"o/r": ([], commits)}, since=SINCE, until=UNTIL).developers
    ] == ["Ada L"]
    commits.append(commit(june(3), "ann", sha="3"))
    assert [found.login for found in rank([], commits, actor="ann").developers] == ["ann"]
    assert rank([], commits, actor="eve").developers == ()


def test_a_repository_is_named_for_what_was_done_in_the_window() -> None:
    rows = {
        "o/first": ([push(SINCE, "ann")], []), "o/before": ([push(MAY, "ann")], []),
        "o/end": ([push(UNTIL, "ann")], []),
        "o/commit": ([], [commit(SINCE, "ann", sha="1")]), "o/later": ([], [commit(UNTIL, "ann", sha="2")]),
    }  # fmt: skip
    [ann] = rank_person("ann", rows, since=SINCE, until=UNTIL).developers
    assert ann.repositories == ("o/commit", "o/first")
    [new] = rank_person("ann", {"o/first": rows["o/first"]}, since=SINCE, until=UNTIL, history_known=True).developers
    assert (new.new_contributor, ann.new_contributor) == (True, False)
    assert (
        rank_person("ann", {"o/first": rows["o/first"]}, since=SINCE, until=UNTIL).developers[0].new_contributor is None
    )
    bots = rank_person("ann", rows, since=SINCE, until=UNTIL, bot_logins=frozenset({"ann"})).bots
    assert [found.login for found in bots] == ["ann"]


def test_a_co_author_with_brackets_in_the_name_is_read_from_the_end() -> None:
    commits = [commit(june(1), "ann", sha="1", co_authors="Ben <the builder> <7+ben@users.noreply.github.com>")]
    assert {found.login for found in rank([], commits).developers} == {"ann", "ben"}
