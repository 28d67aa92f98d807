"""Who is who among the authors of commits."""

import pytest

from github_events_monitor.insights.accounts import Account, Accounts
from github_events_monitor.records import Authorship

from .builders import commit, june

COMMITS = [
    commit(june(1), "ann", name="Ann A", email="Ann@example.org", co_authors="Ben <the builder> <BEN@example.org>"),
    commit(june(2), None, name="Cem C", email="cem@example.org", co_authors="Ann A <ann@example.org>"),
    commit(june(3), "dee", name="Dee D", email="dee@example.org"),
]


def accounts(*commits: Authorship) -> Accounts:
    return Accounts(commits, frozenset())


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ("ANN", {"ann"}), ("@dee", {"dee"}), ("dee d", {"dee d", "dee"}),
        ("dee@EXAMPLE.org", {"dee@example.org", "dee"}),
        ("ann a", {"ann a", "ann"}), ("ANN@example.org ", {"ann@example.org", "ann"}),
        ("cem c", {"cem c"}), ("CEM@example.org", {"cem@example.org", "cem c"}),
        ("ben <the builder>", {"ben <the builder>"}), ("ben@example.org", {"ben@example.org", "ben <the builder>"}),
        ("eve", {"eve"}),
    ],
)  # fmt: skip
def test_a_person_is_meant_by_login_name_or_address(asked: str, keys: set[str]) -> None:
    """Whoever only helped with a commit of theirs is not meant."""
    assert accounts(*COMMITS).keys_of(asked, COMMITS) == keys


@pytest.mark.parametrize(
    ("name", "email", "account"),
    [
        ("Ada L", None, Account("ada l", "Ada L", "person")),
        (None, "Ada@example.org", Account("ada@example.org", "Ada@example.org", "person")),
        ("renovate[bot]", None, Account("renovate[bot]", "renovate[bot]", "bot")),
        ("Claude Code", None, Account("claude code", "Claude Code", "ai_assistant")),
        ("C", "noreply@anthropic.com", Account("c", "C", "ai_assistant")),
    ],
)
def test_who_has_no_login_is_known_by_name(name: str | None, email: str | None, account: Account) -> None:
    row = commit(june(1), None, name=name, email=email)
    assert accounts(row).of_commit(row).accounts == (account,)


def test_an_address_of_several_logins_is_the_first_ones() -> None:
    logins = ("zoe", "eve", "ann", "moe")
    shared = [commit(june(1), login, email=f"{n}@Example.org") for n in range(10) for login in logins]
    learned = accounts(*shared)
    found = {learned.of_commit(commit(june(2), None, email=f"{n}@example.org")).accounts for n in range(10)}
    assert found == {(Account("ann", "ann", "person"),)}
