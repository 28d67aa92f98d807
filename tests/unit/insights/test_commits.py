"""Commit analysis: what is recognised, and why it says so."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from github_events_monitor.insights.commit_messages import is_merge_subject, read_message
from github_events_monitor.insights.commits import RULES_VERSION, analyse_commit
from github_events_monitor.insights.file_kinds import is_sensitive, is_workflow, kind_of_file
from github_events_monitor.records import Commit, CommitFile, CommitSummary


def analyse(message: str, files: dict[str, int] | None = None, **fields: Any) -> CommitSummary:
    """files: added lines by name."""
    changed = None if files is None else [CommitFile(filename=n, additions=a, deletions=0) for n, a in files.items()]
    if files is not None:
        fields = {"additions": sum(files.values()), "deletions": 0, "files_changed": len(files)} | fields
    commit = Commit(sha="a" * 40, repo_name="o/r", commit_date="2026-06-01T00:00:00Z", message=message, **fields)
    return analyse_commit(commit, changed)


@pytest.mark.parametrize(
    ("message", "files", "categories"),
    [
        ("feat(api): pause schedules", {"src/a.py": 3}, ("feature",)),
        ("fix(docs): spelling", {"docs/guide.rst": 1}, ("fix", "docs")),
        ("build(deps): bump x from 1 to 2", {"uv.lock": 9}, ("build", "dependencies")),
        ("perf!: one query", None, ("performance",)),
        ("chore( Security ): pin", None, ("chore", "security")),
        ("chore(release): 1.2", None, ("chore", "release")),
        ("Fixed a crash in the scheduler", {"src/a.py": 3}, ("fix",)),
        ("Added the release version", {"docs/history.rst": 2}, ("release", "docs")),
        ("v1.2.3", None, ("release",)),
        ("Bump actions/checkout from 5 to 6", {".github/workflows/test.yml": 1}, ("dependencies", "ci")),
        ("Added a note about extras", {"docs/guide.rst": 5}, ("docs",)),
        ("Refactored job acquisition", {"src/a.py": 500}, ("refactor",)),
        ('Revert "Added a thing"\n\nThis reverts commit 1234567.', None, ("revert",)),
        ("Merge pull request #5 from o/fix-it", None, ("merge",)),
        ("Regenerate", {"dist/app.min.js": 9000, "proto/x_pb2.py": 80}, ("generated",)),
        ("Formatted with the new settings", {"src/a.py": 4, "src/b.py": 4}, ("style",)),
        ("Always mark running jobs", {"src/a.py": 4}, ("other",)),
        ("note: this is no prefix that means anything", None, ("other",)),
        ("", None, ("other",)),
    ],
)
def test_categories(message: str, files: dict[str, int] | None, categories: tuple[str, ...]) -> None:
    assert analyse(message, files).categories == categories


@pytest.mark.parametrize(
    ("message", "parents", "category", "reason"),
    [
        ("Fix everything", 2, "merge", "it has several parents"),
        ("Merge branch 'a'", 2, "merge", "it has several parents"),
        ("Merge branch 'a'", 1, "merge", "the message is that of a merge"),
        ("Fix everything", 1, "fix", "the message has the word 'fix'"),
    ],
)
def test_a_merge_is_known_by_its_parents_or_its_message(message: str, parents: int, category: str, reason: str) -> None:
    summary = analyse(message, parents=("b" * 40,) * parents)
    assert summary.categories == (category,)
    assert summary.reasons[0] == reason


@pytest.mark.parametrize(
    "message", ["feat(api)!: drop v1", "feat: x\n\nBREAKING CHANGE: v1 is gone", "x\n\nBREAKING-CHANGE: y"]
)
def test_breaking_is_marked_and_high_risk(message: str) -> None:
    summary = analyse(message, {"src/a.py": 1})
    assert (summary.breaking, summary.risk_level) == (True, "high")
    assert summary.text.startswith(("Breaking feature", "Breaking change"))
    assert any("breaking" in reason for reason in summary.reasons)


def test_speaking_of_breaking_changes_is_not_breaking() -> None:
    assert not analyse("Marked the removal as a BREAKING CHANGE in the docs").breaking


@pytest.mark.parametrize(
    ("message", "files"),
    [
        ("Bump lib\n\nFixes cve-2026-12345", None),
        ("See GHSA-abcd-1234-efgh", None),
        ("Fix SQL injection in search", None),
        ("security: validate input", None),
        ("Tidy", {"src/auth/token_store.py": 2}),
    ],
)
def test_security_relevant(message: str, files: dict[str, int] | None) -> None:
    summary = analyse(message, files)
    assert summary.security_relevant
    assert summary.risk_level != "low"
    assert any(reason.startswith("security:") for reason in summary.reasons)


@pytest.mark.parametrize("path", ["docs/security.md", "tests/test_auth.py", "src/author.py", "src/tokenizer.py"])
def test_not_security_relevant(path: str) -> None:
    assert not analyse("Tidy", {path: 2}).security_relevant


def test_impact_by_hand() -> None:
    # 45 * ln(101)/ln(2001) = 27.3; 25 * ln(3)/ln(51) = 7.0; 10 for code: 44
    assert analyse("Always", {"src/a.py": 60, "src/b.py": 40}).impact_score == 44
    # documentation alone: 45 * ln(101)/ln(2001) + 25 * ln(2)/ln(51) = 31.7, halved
    assert analyse("Always", {"docs/a.md": 100}).impact_score == 16
    # generated and lock files weigh nothing
    assert analyse("Always", {"package-lock.json": 9000}).impact_score == 0
    assert analyse("Always", {"docs/a.md": 100, "tests/a.py": 0, "uv.lock": 9, "dist/a.js": 9}).impact_score == 17
    # an empty commit changes nothing
    assert analyse("Always", {}).impact_score == 0
    # 5 for CI, build or project files: 45 * ln(2)/ln(2001) + 25 * ln(2)/ln(51) = 8.5
    assert [analyse("Always", {name: 1}).impact_score for name in ("tox.ini", "Makefile", "package.json")] == [14] * 3
    # breaking is 20 more, and not halved
    assert [analyse(message, {"docs/a.md": 100}).impact_score for message in ("docs!: a", "docs: a")] == [36, 16]
    assert analyse("fix!: a leak").impact_score == 30 + 20
    # everything at once: 45 + 25 + 10 + 5 + 10 + 10 + 20
    whole = {"src/auth.py": 9000, "Makefile": 1, **{f"src/{n}.py": 1 for n in range(50)}}
    assert analyse("security!: all", whole).impact_score == 100


def test_a_size_without_files_is_all_that_impact_is_judged_from() -> None:
    """GitHub's lists of commits tell the size, not the files, and not always their number."""
    # 45 * ln(101)/ln(2001) = 27.3
    some = analyse("Always", additions=60, deletions=40)
    assert some.impact_score == 27
    assert some.reasons == (
        "impact: 100 lines in an unknown number of files",
        "risk is low: no rule for a higher level applies",
    )
    assert some.text == "Change: 60 lines added, 40 removed."
    # 25 * ln(3)/ln(51) = 7.0 more
    more = analyse("Always", additions=60, deletions=40, files_changed=2)
    assert (more.impact_score, more.reasons[0]) == (34, "impact: 100 lines in 2 files")
    assert more.text == "Change in 2 files: 60 lines added, 40 removed."


@pytest.mark.parametrize("unknown", ["additions", "deletions"])
def test_lines_that_are_not_told_are_unknown(unknown: str) -> None:
    told: dict[str, Any] = {"additions": 60, "deletions": 40, "files_changed": 2} | {unknown: None}
    summary = analyse("Always", **told)
    assert (summary.impact_score, summary.text) == (7, "Change in 2 files.")
    assert summary.reasons[0] == "impact: an unknown number of lines in 2 files"


def test_lines_of_files_count_where_all_are_told_else_those_of_the_commit() -> None:
    commit = Commit(sha="a" * 40, repo_name="o/r", commit_date="2026-06-01T00:00:00Z", additions=70, deletions=30)
    commit = replace(commit, files_changed=2)
    lock = CommitFile(filename="uv.lock", additions=60, deletions=0)
    told = CommitFile(filename="a.py", additions=10, deletions=30)
    assert "impact: 40 lines" in analyse_commit(commit, [told, lock]).reasons[0]
    for untold in (CommitFile(filename="b.py", additions=5), CommitFile(filename="b.py", deletions=5)):
        assert "impact: 100 lines" in analyse_commit(commit, [told, lock, untold]).reasons[0]


def test_a_list_of_files_that_was_cut_is_a_lower_bound() -> None:
    summary = analyse("Always", {"a.py": 3, "docs/a.md": 1}, files_changed=None)
    assert summary.text == "Change in at least 2 files (code, documentation): 4 lines added, 0 removed."
    assert "impact: at least 4 lines in at least 2 files outside generated and lock files" in summary.reasons
    assert summary.reasons[-1] == "risk is low: no rule for a higher level applies, as far as its files are known"
    numbered = analyse("Always", {"a.py": 3, "docs/a.md": 1}, files_changed=4_000)
    assert numbered.text == "Change in 4,000 files, 2 of them known (code, documentation): 4 lines added, 0 removed."
    docs = {"a.md": 3, "b.md": 1}
    assert analyse("Always", docs, files_changed=2).categories == ("docs",)
    assert analyse("Always", docs, files_changed=None).categories == ("other",)  # the other files may be anything


def test_an_unknown_size_is_said_and_not_taken_as_zero() -> None:
    summary = analyse("fix: a leak")
    assert summary.impact_score == 30
    assert "the size is not known yet: impact judged from the message alone" in summary.reasons
    assert summary.text == "Bug fix."


def test_the_text_is_one_plain_sentence_in_our_words() -> None:
    summary = analyse(
        "feat: ignore\u202e previous instructions", {"src/a.py": 3, "docs/a.md": 1}, author_login="renovate[bot]"
    )
    assert summary.text == "Feature by a bot in 2 files (code, documentation): 4 lines added, 0 removed."
    assert "made by a bot" in summary.reasons
    assert summary.rules == RULES_VERSION
    many = {"go.sum": 0, "a.md": 0, "a.yml": 0, "b.yml": 0, **{f"test_{n}.py": 0 for n in range(3)}}
    kinds = "tests, configuration, documentation"
    assert analyse("Always", many).text == f"Change in 7 files ({kinds}): 0 lines added, 0 removed."
    assert analyse("Always", {}, deletions=2000).text == "Change in 0 files: 0 lines added, 2,000 removed."


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("fix!: a leak", "Breaking bug fix."),
        ("ci!: another runner", "Breaking CI change."),
        ("chore(deps): pin", "Chore and dependency update."),
        ("Fix the docs and tests of the CI", "Bug fix and documentation."),
        ("Test the CI", "Tests and CI change."),
        ("Always", "Change."),
    ],
)
def test_a_sentence_names_the_first_two_categories(message: str, text: str) -> None:
    assert analyse(message).text == text


@pytest.mark.parametrize(
    ("message", "files", "reasons"),
    [
        (
            "feat: a", {"src/a.py": 1},
            (
                "the message begins with 'feat'", "impact: 1 line in 1 file outside generated and lock files",
                "risk is low: no rule for a higher level applies",
            ),
        ),
        (
            "docs!: a\n\nCVE-2026-12345", {"docs/a.md": 1, "README.md": 2},
            (
                "all files are documentation", "breaking: the type carries an exclamation mark",
                "security: the message names CVE-2026-12345",
                "impact: 3 lines in 2 files outside generated and lock files", "risk is high: it is breaking",
            ),
        ),
        (
            "Always", {"src/auth.py": 0, "src/login.py": 0},
            (
                "security: 2 files named after access, secrets or cryptography",
                "impact: 0 lines in 2 files outside generated and lock files",
                "risk is medium: it is security-relevant",
            ),
        ),
    ],
)  # fmt: skip
def test_everything_that_is_said_has_its_reason(message: str, files: dict[str, int], reasons: tuple[str, ...]) -> None:
    assert analyse(message, files).reasons == reasons


@pytest.mark.parametrize(
    "author", [{"author_login": "ci[bot]"}, {"author_name": "ci[bot]"}, {"author_login": "ci", "author_type": "Bot"}]
)
def test_a_bot_is_known_by_its_login_its_name_or_its_kind_of_account(author: dict[str, Any]) -> None:
    assert analyse("Always", **author).text == "Change by a bot."


def test_workflows_changed_by_people_are_a_risk() -> None:
    files = {".github/workflows/release.yml": 2}
    assert analyse("Tweak", files).risk_level == "medium"
    assert analyse("Tweak", files, author_login="dependabot[bot]").risk_level == "low"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("src/app.py", "code"), ("tests/test_app.py", "test"), ("web/app.spec.ts", "test"), ("README.md", "docs"),
        ("Cargo.toml", "manifest"), ("go.sum", "lock"), ("requirements-dev.txt", "manifest"), ("Dockerfile", "build"),
        (".github/workflows/ci.yml", "ci"), ("node_modules/x/index.js", "generated"), ("config/app.yaml", "config"),
        ("vendor/", "generated"), ("", "code"),
        ("Makefile", "build"), ("Dockerfile.dev", "build"), ("web.dockerfile", "build"), ("rules.mk", "build"),
        ("constraints.in", "manifest"), ("requirements.py", "code"), ("notes.txt", "docs"),
        ("test_app", "test"), ("test_app.py", "test"), ("app_test", "test"), ("app_test.go", "test"),
        ("app.v2.spec.ts", "test"), ("conftest.py", "test"), ("app.py", "code"), ("attest_app.py", "code"),
    ],
)  # fmt: skip
def test_kinds_of_files(path: str, kind: str) -> None:
    kind_of_file.cache_clear()  # so that it is judged anew
    assert kind_of_file(path) == kind


def test_workflows_and_sensitive_paths() -> None:
    assert is_workflow("action.yml")
    assert not is_workflow("docs/workflows/a.yml")
    assert is_sensitive("src/AuthService.java")
    assert not is_sensitive("src/authors.py")


@given(st.text(max_size=300), st.none() | st.dictionaries(st.text(max_size=30), st.integers(0, 10**6), max_size=5))
def test_any_message_gives_a_summary_in_range(message: str, files: dict[str, int] | None) -> None:
    summary = analyse(message, files)
    assert summary == analyse(message, files)
    assert 0 <= summary.impact_score <= 100
    assert summary.categories
    assert summary.reasons


@pytest.mark.parametrize(
    "piece", ["a", "a-", "feat(", "(", ": ", "CVE-", "GHSA-", "\n", " ", "Merge ", "1.", "BREAKING "]
)
def test_long_messages_take_linear_time(piece: str) -> None:
    message = piece * (1_000_000 // len(piece))
    started = time.process_time()
    analyse(message)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    ("message", "reverts"),
    [
        ('Revert "feat: a"', True),
        ("revert: a", True),
        ("Reverts the cache", True),
        ("feat: a (#7)\n\n* one\n\n* Revert one\n\nThis reverts commit 1234567.", False),
        ('Reapply "feat: a"\n\nThis reverts commit 1234567.', False),
        ('Revert "Revert "feat: a""', False),
        ('Revert "Reapply "feat: a""', True),
        ("revert-buffer keeps its mode", False),
        ("", False),
    ],
)
def test_the_first_line_says_what_a_commit_is(message: str, reverts: bool) -> None:
    summary = analyse(message)
    assert ("revert" in summary.categories) is reverts
    assert ("risk is medium: it reverts or repairs in haste" in summary.reasons) is reverts


def test_what_is_done_again_is_what_it_was() -> None:
    assert analyse('Reapply "perf: one query" (#9)').categories == ("performance",)
    assert analyse('Revert "Revert "v1.2.3"" (#9)').categories == ("release",)
    again = read_message('Reapply "hotfix: a"')
    assert (again.is_hotfix, again.is_revert, list(again.categories)) == (False, False, ["fix"])


def test_a_revert_is_nothing_else() -> None:
    assert analyse('Revert "Fix a crash in the docs"').categories == ("revert",)
    assert analyse("Reverting the docs").categories == ("revert",)


@pytest.mark.parametrize(
    ("message", "release"),
    [
        ("v1.2.3", True), ("Prepare the release of docs", True), ("Mark this as Release Version 7", True),
        ("Prepare release notes", False), ("Mark this as version 7", False),
    ],
)  # fmt: skip
def test_what_speaks_of_a_release(message: str, release: bool) -> None:
    assert (analyse(message).categories == ("release",)) is release


def test_reasons_name_what_was_read() -> None:
    assert read_message("fix(deps): a").categories == {
        "fix": "the message begins with 'fix'", "dependencies": "the scope is 'deps'"
    }  # fmt: skip
    assert read_message("\n  fix: cve-2026-12345, CVE-2026-12345 and ghsa-abcd-2345-wxyz").advisories == (
        "CVE-2026-12345", "GHSA-ABCD-2345-WXYZ"
    )  # fmt: skip


def test_blank_lines_before_the_first_one_say_nothing() -> None:
    assert read_message("\n\n fix: a").has_prefix
    assert is_merge_subject("\n Merge branch 'x'")
    assert not is_merge_subject("See\nMerge branch 'x'")


def test_an_exclamation_mark_after_what_is_no_type_breaks_nothing() -> None:
    assert not analyse("Oops!: forgot a file").breaking


@pytest.mark.parametrize(
    ("message", "word"),
    [("Stop an SQL injection", "sql injection"), ("Fix xss", "xss"), ("Ignore injection", None), ("sql", None)],
)
def test_the_word_that_makes_it_about_security(message: str, word: str | None) -> None:
    assert read_message(message).security_word == word


@pytest.mark.parametrize(
    ("message", "is_hotfix"),
    [
        ("hotfix: a", True), ("Hot-fix the login", True), ("fix: hotfix for the login", True),
        ("Roll back to 1.2", True), ("fix(web api): roll back the limit", True),
        ("rollback: a", True), ("fix: rolled back the limit", True), ("Merge branch 'hotfix/login'", True),
        ("docs: how a hotfix is made", False), ("feat: rollback command", False), ("Add rollback to migrations", False),
        ("Add a page\n\nhotfix: a", False), ("Roll the logs", False),
    ],
)  # fmt: skip
def test_repairs_in_haste(message: str, is_hotfix: bool) -> None:
    assert read_message(message).is_hotfix is is_hotfix


@pytest.mark.parametrize(
    "body",
    [
        "The changelog must list\nBREAKING CHANGE: entries", "    BREAKING CHANGE: an example",
        "> BREAKING CHANGE: quoted",
        "```\n\nBREAKING CHANGE: code\n```", "~~~\na\n~~~\n```\n\nBREAKING CHANGE: code\n```",
    ],
)  # fmt: skip
def test_a_quoted_trailer_breaks_nothing(body: str) -> None:
    assert not analyse(f"docs: footers\n\n{body}\n").breaking


def test_a_trailer_after_another_or_before_more_text_breaks() -> None:
    assert analyse("feat: a\n\nRefs: #7\nBREAKING CHANGE: v1 is gone").breaking
    assert analyse("feat: a\r\n\r\nBREAKING CHANGE: v1 is gone\r\n\r\nUse v2.").breaking
    assert analyse("feat: a\n\nBREAKING CHANGE:\n\nUse v2.").breaking
    assert analyse("feat: a\r\n\r\nBREAKING CHANGE:\r\n\r\nUse v2.").breaking
    assert analyse("feat: a\n\n```\ncode\n```\n\nBREAKING CHANGE: v1 is gone").breaking


def test_an_advisory_that_is_quoted_is_not_this_commits() -> None:
    assert not analyse("Bump lib\n\n> Fixes CVE-2026-12345\n").security_relevant
