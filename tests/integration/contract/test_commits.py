"""What `CommitsRepository` promises, of every provider."""

from typing import Any

import msgspec
import pytest

from github_events_monitor.errors import InvalidInput
from github_events_monitor.infrastructure import wire
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.records import Authorship, Commit, CommitFile, CommitMessage, CommitRecord

from .builders import END, OTHER, REPO, START, at, commit, full_commit, record, sha, summary


async def test_an_insert_answers_how_many_commits_were_new(manager: DatabaseManager) -> None:
    assert await manager.commits.insert_commits([record(1), record(2)]) == 2
    assert await manager.commits.insert_commits([record(2), record(3)]) == 1
    assert await manager.commits.insert_commits([record(1), record(2), record(3)]) == 0
    assert await manager.commits.insert_commits([record(4), record(4)]) == 1
    assert await manager.commits.insert_commits([]) == 0
    assert await manager.commits.count_commits(REPO, START, END) == 4


async def test_a_commit_comes_back_as_it_was(manager: DatabaseManager) -> None:
    stored = full_commit()
    await manager.commits.insert_commits([stored])
    assert await manager.commits.get_commit("Octo/Spoon", sha(1).upper()) == stored
    assert await manager.commits.get_commits(REPO, START, END) == [
        CommitRecord(commit=stored.commit, summary=stored.summary)
    ]
    assert await manager.commits.get_commit(REPO, sha(2)) is None
    assert await manager.commits.get_commit(OTHER, sha(1)) is None


async def test_unknown_fields_stay_unknown(manager: DatabaseManager) -> None:
    bare = CommitRecord(commit=Commit(sha=sha(1), repo_name=REPO, commit_date=at(0)))
    await manager.commits.insert_commits([bare])
    assert await manager.commits.get_commit(REPO, sha(1)) == bare


async def test_a_commit_that_changed_no_file_has_no_files_rather_than_unknown_ones(manager: DatabaseManager) -> None:
    await manager.commits.insert_commits(
        [CommitRecord(commit=commit(1, additions=0, deletions=0, files_changed=0), files=()), record(2)]
    )
    empty, unknown = await manager.commits.get_commit(REPO, sha(1)), await manager.commits.get_commit(REPO, sha(2))
    assert empty is not None
    assert unknown is not None
    assert (empty.files, unknown.files) == ((), None)


async def test_dicts_are_accepted_and_checked(manager: DatabaseManager) -> None:
    row = wire.commit_to_dict(full_commit().commit)
    assert (
        await manager.commits.insert_commits(
            [{**row, "repo_name": "Octo/SPOON", "commit_date": "2025-03-10T14:00:00+02:00"}]
        )
        == 1
    )
    stored = await manager.commits.get_commit(REPO, sha(1))
    assert stored is not None
    assert stored.commit == full_commit().commit
    bad: list[dict[str, Any]] = [
        {**row, "sha": "xyz"},
        {**row, "commit_date": "never"},
        {"sha": sha(5)},
        {**row, "repo_name": "x"},
        {**row, "additions": "many"},
    ]
    for wrong in bad:
        with pytest.raises(InvalidInput):
            await manager.commits.insert_commits([{**row, "sha": sha(9)}, wrong])
    assert await manager.commits.get_commit(REPO, sha(9)) is None


async def test_the_same_sha_in_two_repositories_is_two_commits(manager: DatabaseManager) -> None:
    ours = full_commit()
    theirs = CommitRecord(
        commit=commit(1, repo_name=OTHER, message="theirs"), files=(CommitFile(filename="z"),), summary=summary("z")
    )
    assert await manager.commits.insert_commits([ours, theirs]) == 2
    assert await manager.commits.get_commit(REPO, sha(1)) == ours
    assert await manager.commits.get_commit(OTHER, sha(1)) == theirs
    assert await manager.commits.get_files(OTHER, [sha(1)]) == {sha(1): [CommitFile(filename="z")]}


async def test_a_prefix_finds_its_commit_and_refuses_two(manager: DatabaseManager) -> None:
    first, second = "abcdef0" + "1" * 33, "abcdef0" + "2" * 33
    await manager.commits.insert_commits(
        [
            CommitRecord(commit=Commit(sha=first, repo_name=REPO, commit_date=at(0))),
            CommitRecord(commit=Commit(sha=second, repo_name=REPO, commit_date=at(1))),
            CommitRecord(commit=Commit(sha="abcdef0" + "3" * 33, repo_name=OTHER, commit_date=at(1))),
            CommitRecord(commit=Commit(sha="fedcba98", repo_name=REPO, commit_date=at(1))),
            CommitRecord(commit=Commit(sha="fedcba9876", repo_name=REPO, commit_date=at(1))),
        ]
    )

    async def found(prefix: str) -> str | None:
        stored = await manager.commits.get_commit(REPO, prefix)
        return stored.commit.sha if stored else None

    assert await found("ABCDEF01") == first
    assert await found("abcdef02") == second
    assert await found("fedcba98") == "fedcba98"
    assert await found("abcdef03") is None
    with pytest.raises(InvalidInput, match="several") as raised:
        await found("abcdef0")
    assert first in raised.value.message
    assert second in raised.value.message
    for wrong in ("abcdef", "not-hex", "", "a" * 41):
        with pytest.raises(InvalidInput, match="sha"):
            await found(wrong)


async def test_commits_newest_first_then_by_sha(manager: DatabaseManager) -> None:
    await manager.commits.insert_commits(
        [record(3, at(1)), record(1, at(1)), record(2, at(1)), record(9, at(2)), record(8, at(0))]
    )
    page = await manager.commits.get_commits(REPO, START, END)
    assert [one.commit.sha for one in page] == [sha(9), sha(1), sha(2), sha(3), sha(8)]
    assert [row.sha for row in await manager.commits.get_authorship(REPO, START, END)] == [
        sha(8),
        sha(1),
        sha(2),
        sha(3),
        sha(9),
    ]
    assert [one.sha for one, _ in await manager.commits.get_summaries(REPO, START, END)] == [
        sha(8),
        sha(1),
        sha(2),
        sha(3),
        sha(9),
    ]


async def test_pages_of_commits_follow_each_other(manager: DatabaseManager) -> None:
    stored = [record(number, at(number // 4)) for number in range(1, 22)]
    await manager.commits.insert_commits(stored)
    expected = sorted(stored, key=lambda one: one.commit.sha)
    expected.sort(key=lambda one: one.commit.commit_date, reverse=True)
    seen: list[str] = []
    after: tuple[str, str] | None = None
    while page := await manager.commits.get_commits(REPO, START, END, limit=3, after=after):
        assert len(page) <= 3
        found = await manager.commits.get_page(REPO, START, at(50), branch=None, limit=3, after=after)
        assert found == (21, page)
        seen += [one.commit.sha for one in page]
        after = (page[-1].commit.commit_date, page[-1].commit.sha)
        await manager.commits.insert_commits([record(1000 + len(seen), at(50))])
    assert seen == [one.commit.sha for one in expected]


async def test_a_window_of_commits_includes_its_beginning_and_not_its_end(manager: DatabaseManager) -> None:
    await manager.commits.insert_commits([record(number, at(number)) for number in range(5)])
    assert [one.commit.sha for one in await manager.commits.get_commits(REPO, at(1), at(3))] == [sha(2), sha(1)]
    assert await manager.commits.count_commits(REPO, at(1), at(3)) == 2
    assert [row.sha for row in await manager.commits.get_authorship(REPO, at(1), at(3))] == [sha(1), sha(2)]
    assert [one.sha for one, _ in await manager.commits.get_summaries(REPO, at(1), at(3))] == [sha(1), sha(2)]
    assert await manager.commits.count_commits(REPO, at(3), at(3)) == 0
    assert await manager.commits.count_commits("nobody/nothing", START, END) == 0


async def test_commits_of_a_branch(manager: DatabaseManager) -> None:
    await manager.commits.insert_commits(
        [
            record(1, at(1), branches=("main", "feature/ü")),
            record(2, at(2), branches=("main",)),
            record(3, at(3), branches=("maintenance",)),
            record(4, at(4)),
        ]
    )

    async def numbers(branch: str | None = None) -> list[int]:
        page = await manager.commits.get_commits(REPO, START, END, branch=branch)
        assert await manager.commits.count_commits(REPO, START, END, branch=branch) == len(page)
        found = await manager.commits.get_page(REPO, START, END, branch=branch, limit=100, after=None)
        assert found == (len(page), page)
        return [int(one.commit.sha, 16) for one in page]

    assert await numbers() == [4, 3, 2, 1]
    assert await numbers(branch="main") == [2, 1]
    assert await numbers(branch="feature/ü") == [1]
    assert await numbers(branch="MAIN") == []
    in_branch = await manager.commits.get_authorship(REPO, START, END, branch="main")
    assert [row.sha for row in in_branch] == [sha(1), sha(2)]


async def test_authorship_names_everyone_without_the_text(manager: DatabaseManager) -> None:
    await manager.commits.insert_commits([full_commit(1), record(2, at(30), author_login=None)])
    assert await manager.commits.get_authorship(REPO, START, END) == [
        Authorship(
            sha(1),
            at(0),
            "Zoe-U",
            "Zoë Ünal",
            "Zoe@Example.org",
            "User",
            "Ada L <ada@example.org>\nBo <bo@example.org>",
        ),
        Authorship(sha(2), at(30), None, None, None, None, ""),
    ]


async def test_summaries_of_a_window(manager: DatabaseManager) -> None:
    await manager.commits.insert_commits([full_commit(1), record(2, at(30))])
    found = await manager.commits.get_summaries(REPO, START, END)
    assert found == [(full_commit(1).commit, summary()), (commit(2, at(30)), None)]


async def test_messages_of_a_window(manager: DatabaseManager) -> None:
    await manager.commits.insert_commits([record(2, at(30)), full_commit(1), record(3, END)])
    assert await manager.commits.get_messages(REPO, START, END) == [
        CommitMessage(one.sha, one.commit_date, one.message) for one in (full_commit(1).commit, commit(2, at(30)))
    ]


async def test_branches_are_united(manager: DatabaseManager) -> None:
    await manager.commits.insert_commits([record(1, branches=("main",))])
    assert await manager.commits.insert_commits([record(1, branches=("dev",))]) == 0
    stored = await manager.commits.get_commit(REPO, sha(1))
    assert stored is not None
    assert sorted(stored.commit.branches) == ["dev", "main"]
    assert await manager.commits.count_commits(REPO, START, END, branch="dev") == 1
    assert await manager.commits.count_commits(REPO, START, END, branch="main") == 1


async def test_unknown_details_never_replace_known_ones(manager: DatabaseManager) -> None:
    await manager.commits.insert_commits([full_commit(1)])
    bare = CommitRecord(
        commit=Commit(sha=sha(1), repo_name=REPO, commit_date=at(0), message=full_commit(1).commit.message),
        summary=summary("made without knowing the files"),
    )
    await manager.commits.insert_commits([bare])
    assert await manager.commits.get_commit(REPO, sha(1)) == full_commit(1)
    assert await manager.commits.get_commits(REPO, START, END) == [
        CommitRecord(commit=full_commit(1).commit, summary=summary())
    ]


async def test_details_arrive_later(manager: DatabaseManager) -> None:
    await manager.commits.insert_commits([record(1, branches=("main",), message="feat")])
    detailed = full_commit(1, message="feat", branches=())
    assert await manager.commits.insert_commits([detailed]) == 0
    stored = await manager.commits.get_commit(REPO, sha(1))
    assert stored is not None
    assert stored == msgspec.structs.replace(
        detailed, commit=msgspec.structs.replace(detailed.commit, branches=("main",))
    )
    assert await manager.commits.get_without_details(REPO, 10) == []


async def test_files_are_replaced_as_a_whole(manager: DatabaseManager) -> None:
    await manager.commits.insert_commits([full_commit(1)])
    fewer = CommitRecord(commit=full_commit(1).commit, files=(CommitFile(filename="only.py", additions=1),))
    await manager.commits.insert_commits([fewer])
    assert await manager.commits.get_files(REPO, [sha(1)]) == {sha(1): [CommitFile(filename="only.py", additions=1)]}
    stored = await manager.commits.get_commit(REPO, sha(1))
    assert stored is not None
    assert stored.summary == summary()


async def test_githubs_own_record_replaces_that_of_a_push(manager: DatabaseManager) -> None:
    pushed = record(1, at(50), source="push", author_login=None, author_name="From Push", branches=("main",))
    await manager.commits.insert_commits([pushed])
    listed = record(1, at(10), author_login="octocat", author_name="From GitHub", message="full message")
    assert await manager.commits.insert_commits([listed]) == 0
    stored = await manager.commits.get_commit(REPO, sha(1))
    assert stored is not None
    assert stored.commit == msgspec.structs.replace(listed.commit, branches=("main",))
    page = await manager.commits.get_commits(REPO, START, END)
    assert [(one.commit.sha, one.commit.commit_date) for one in page] == [(sha(1), at(10))]
    assert await manager.commits.count_commits(REPO, at(40), END) == 0


@pytest.mark.parametrize("listed_first", [True, False])
async def test_what_the_listing_says_outlasts_a_delivery(manager: DatabaseManager, listed_first: bool) -> None:
    listed, delivered = record(1, at(10)), record(1, at(50), source="webhook", author_name="Delivered")
    for one in (listed, delivered) if listed_first else (delivered, listed):
        await manager.commits.insert_commits([one])
    stored = await manager.commits.get_commit(REPO, sha(1))
    assert stored
    assert (stored.commit.commit_date, stored.commit.source) == (at(10), "api")
    assert stored.commit.author_name == "Delivered"  # which the listing leaves open here
    assert await manager.commits.count_commits(REPO, at(49), at(51)) == 0


@pytest.mark.parametrize("source", ["api", "webhook"])
async def test_a_push_never_replaces_githubs_own_record(manager: DatabaseManager, source: str) -> None:
    await manager.commits.insert_commits([full_commit(1, source=source)])
    pushed = CommitRecord(
        commit=commit(
            1, at(50), source="push", message="cut", author_name="Somebody", author_login=None, branches=("dev",)
        ),
        summary=summary("from less"),
    )
    assert await manager.commits.insert_commits([pushed]) == 0
    expected = full_commit(1, source=source, branches=("main", "release/1.x", "dev"))
    assert await manager.commits.get_commit(REPO, sha(1)) == expected


async def test_known_shas(manager: DatabaseManager) -> None:
    await manager.commits.insert_commits([record(number) for number in range(150)])
    asked = [sha(number) for number in range(100, 300)] * 2
    assert await manager.commits.get_known_shas("OCTO/spoon", asked) == {sha(number) for number in range(100, 150)}
    assert await manager.commits.get_known_shas(OTHER, asked) == set()
    assert await manager.commits.get_known_shas(REPO, []) == set()


async def test_commits_without_details_newest_first(manager: DatabaseManager) -> None:
    await manager.commits.insert_commits(
        [record(number, at(number)) for number in range(1, 5)]
        + [
            full_commit(5),
            record(6, at(30), source="push"),
            record(7, at(40), source="webhook"),
            record(8, repo_name=OTHER),
        ]
    )
    assert await manager.commits.get_without_details(REPO, 10) == [sha(7), sha(4), sha(3), sha(2), sha(1)]
    assert await manager.commits.get_without_details(REPO, 2) == [sha(7), sha(4)]
    await manager.commits.insert_commits([record(7, at(40), additions=0, deletions=0, files_changed=0)])
    assert await manager.commits.get_without_details("Octo/Spoon", 1) == [sha(4)]


async def test_files_of_several_commits(manager: DatabaseManager) -> None:
    many = tuple(CommitFile(filename=f"dir/{number:04}.txt", additions=number) for number in range(300))
    await manager.commits.insert_commits(
        [full_commit(1), record(2), CommitRecord(commit=commit(3, files_changed=300), files=many[::-1])]
    )
    found = await manager.commits.get_files(REPO, [sha(1), sha(2), sha(3), sha(4)])
    assert found == {sha(1): list(full_commit(1).files or ()), sha(3): list(many)}
    assert await manager.commits.get_files(REPO, []) == {}


async def test_many_commits_are_all_found(manager: DatabaseManager) -> None:
    text = "long message " * 100
    await manager.commits.insert_commits([record(number, at(number % 60), message=text) for number in range(700)])
    assert await manager.commits.count_commits(REPO, START, END) == 700
    assert len(await manager.commits.get_commits(REPO, START, END, limit=650)) == 650
    assert len(await manager.commits.get_authorship(REPO, START, END)) == 700
    assert len(await manager.commits.get_summaries(REPO, START, END)) == 700


@pytest.mark.parametrize("limit", [0, -3, False, 1.0])
async def test_limits_are_positive_whole_numbers(manager: DatabaseManager, limit: Any) -> None:
    with pytest.raises(InvalidInput, match="limit"):
        await manager.commits.get_commits(REPO, START, END, limit=limit)
    with pytest.raises(InvalidInput, match="limit"):
        await manager.commits.get_without_details(REPO, limit)


async def test_delete_before_takes_files_and_summaries_along(manager: DatabaseManager) -> None:
    await manager.commits.insert_commits([full_commit(1), *(record(number, at(number)) for number in range(20, 30))])
    removed = await manager.commits.delete_before(at(24))
    assert await manager.commits.count_commits(REPO, START, END) == 11 - removed
    kept = await manager.commits.get_known_shas(REPO, [sha(number) for number in range(1, 40)])
    assert kept >= {sha(number) for number in range(24, 30)}
    if removed:
        assert await manager.commits.get_commit(REPO, sha(1)) is None
        assert await manager.commits.get_files(REPO, [sha(1)]) == {}
    assert await manager.commits.delete_before("0001-01-01T00:00:00Z") == 0


@pytest.mark.parametrize(
    "odd",
    [
        {"branches": ["a\nb"]},
        {"parents": ["a b"]},
        {"parents": [""]},
        {"message": "a\ud800b"},
        {"author_name": "\udfff"},
        {"branches": ["\ud800"]},
    ],
)
async def test_what_one_engine_could_not_hold_is_refused_by_all(manager: DatabaseManager, odd: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="commit 0"):
        await manager.commits.insert_commits([{**wire.commit_to_dict(commit(1)), **odd}])
    assert await manager.commits.count_commits(REPO, START, END) == 0
