"""Where the findings of a security report begin and end, and what they say."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from github_events_monitor.insights.security import SecurityInputs, assess_security, find_severe
from github_events_monitor.instants import shift
from github_events_monitor.observations import Snapshot
from github_events_monitor.records import Activity, MetricRow, Span

from .builders import SINCE, UNTIL, june, row
from .security_builders import BASE, ORDER, force_push, kinds, made, only, summary, tag, text, with_files

WEEK, SECOND = timedelta(days=7), timedelta(seconds=1)
BEFORE = "2026-05-01T00:00:00Z"
NOTHING = SecurityInputs(since=SINCE, until=UNTIL)


@pytest.mark.parametrize(
    ("inputs", "known"),
    [
        (NOTHING, False),
        (replace(NOTHING, events_stored=True), True),
        (replace(NOTHING, activity=[row("PushEvent", SINCE)]), True),
        (replace(NOTHING, activity=[row("PushEvent", BEFORE)]), False),
        (replace(NOTHING, activity=[row("PushEvent", UNTIL)]), False),
        (replace(NOTHING, commits=[(made(SINCE), None)]), True),
        (replace(NOTHING, commits=[(made(BEFORE), None)]), False),
        (replace(NOTHING, snapshot=Snapshot(observed_at=june(30))), True),
        (replace(NOTHING, observations=[MetricRow(key="octo/hello", sort=f"snapshot#{june(3)}", data={})]), False),
        (replace(NOTHING, observations=[force_push(3, "refs/heads/main")]), True),
        (replace(NOTHING, events_known=[Span(BEFORE, SINCE)]), False),
        (replace(NOTHING, events_known=[Span(BEFORE, shift(SINCE, SECOND))]), True),
        (replace(NOTHING, commits_known=[Span(shift(UNTIL, -SECOND), UNTIL)]), True),
        (replace(NOTHING, commits_known=[Span(UNTIL, shift(UNTIL, WEEK))]), False),
    ],
)
def test_a_risk_is_said_where_anything_is_known(inputs: SecurityInputs, *, known: bool) -> None:
    assert (assess_security(inputs).risk_level is not None) is known


LOW = (
    {"observations": [force_push(3, "refs/heads/idea")]},
    {"activity": [tag("DeleteEvent", june(2), "nightly"), tag("CreateEvent", june(2), "nightly")]},
    {"commits": [(made(june(2), files_changed=1), summary(True))]},
)
MEDIUM = (
    {"activity": [row("MemberEvent", june(2), "ann", "added", subject="ben")]},
    {"texts": [text("a\u202eb")]},
    {"commits": [(made(june(2), files_changed=1), summary(True, "high"))]},
)


@pytest.mark.parametrize(("parts", "risk"), [(LOW[:2], "low"), (LOW, "low"), (MEDIUM[:2], "medium"), (MEDIUM, "high")])
def test_three_kinds_of_medium_are_high_and_of_low_are_low(parts: tuple[dict[str, Any], ...], risk: str) -> None:
    result = assess_security(replace(BASE, **{name: rows for part in parts for name, rows in part.items()}))
    assert (result.risk_level, len(result.findings)) == (risk, len(parts))


@pytest.mark.parametrize(
    ("count", "title"), [(0, None), (1, "1 open security advisory"), (2, "2 open security advisories")]
)
@pytest.mark.parametrize("url", [None, "https://github.com/octo/hello"])
def test_an_open_advisory(count: int, title: str | None, url: str | None) -> None:
    snapshot = Snapshot(observed_at=june(30), open_advisories=count)
    found = assess_security(replace(BASE, snapshot=snapshot, repo_url=url)).findings
    seen = (june(30), (f"{url}/security/advisories",)) if url else (None, ())
    assert [(one.title, (one.occurred_at, one.evidence)) for one in found] == ([(title, seen)] if title else [])


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ("abc", "3 force pushes to a, b, c"),
        ("abcd", "4 force pushes to a, b, c and 1 more"),
        ("abcdef", "6 force pushes to a, b, c and 3 more"),
        (("a\nb" + "c" * 80,), "1 force push to a b" + "c" * 77),
    ],
)
def test_three_names_are_shown_in_one_line(names: tuple[str, ...], shown: str) -> None:
    rows = [force_push(3 + day, f"refs/heads/{name}", "a\nb" + "c" * 80) for day, name in enumerate(names)]
    found = only(assess_security(replace(BASE, observations=rows)), "force_push")
    assert (found.title, found.actors) == (shown, ("a b" + "c" * 57,))


def forced(at: str, ref: str, sha: str | None, action: str | None = "force_push") -> Activity:
    return row("PushEvent", at, "mallory", action, ref=ref, sha=sha)


def test_a_push_is_forced_where_its_action_says_so() -> None:
    pushes = [forced(june(3), "refs/heads/main", "1", "pr_merge"), forced(june(4), "refs/heads/main", "2", None)]
    assert assess_security(replace(BASE, activity=pushes)).findings == ()
    found = only(
        assess_security(replace(BASE, activity=[*pushes, forced(june(5), "refs/heads/main", "3")])),
        "force_push_default_branch",
    )
    assert (found.occurred_at, found.title) == (june(5), "1 force push to the default branch main")


@pytest.mark.parametrize(("sha", "count"), [(f"{3:040}", 1), (None, 2)])
def test_a_force_push_is_known_by_its_commit_and_else_by_its_time(sha: str | None, count: int) -> None:
    pushes = [forced(june(3, 0, minute), "refs/heads/main", sha) for minute in (1, 2, 2)]
    found = only(assess_security(replace(BASE, activity=pushes)), "force_push_default_branch")
    assert found.title.startswith(f"{count} force push")


@pytest.mark.parametrize(
    ("default", "severity", "said"), [("main", "low", "is common"), (None, "medium", "not known which branch")]
)
def test_without_a_default_branch_any_may_be_it(default: str | None, severity: str, said: str) -> None:
    inputs = replace(BASE, default_branch=default, observations=[force_push(3, "refs/heads/idea")])
    found = only(assess_security(inputs), "force_push")
    assert found.severity == severity
    assert said in found.explanation


def test_tags_created_again_are_told_by_what_they_look_like() -> None:
    rows = [
        tag(event_type, june(2 + day), name)
        for name in ("v1.2", "nightly", "v1.0")
        for day, event_type in enumerate(("DeleteEvent", "CreateEvent"))
    ]
    result = assess_security(replace(BASE, activity=rows))
    assert [(one.type, one.title) for one in result.findings] == [
        ("tag_recreated", "2 tags deleted and created again: v1.0, v1.2"),
        ("moving_tag_recreated", "1 tag deleted and created again: nightly"),
    ]


@pytest.mark.parametrize(
    ("since", "after", "newcomer"),
    [
        (shift(june(10), -WEEK), 0 * WEEK, True),
        (shift(june(10), SECOND - WEEK), 0 * WEEK, None),
        (BEFORE, WEEK, True),
        (BEFORE, WEEK + SECOND, False),
    ],
)
def test_who_is_new_for_a_week_after_a_week_without(since: str, after: timedelta, newcomer: bool | None) -> None:
    first = (made(june(10), "mallory", files_changed=0), ["README.md"])
    change = (made(shift(june(10), after), "mallory"), ["README.md", "action.yml"])
    result = assess_security(with_files(first, change, since=since))
    assert ("workflow_changed_by_newcomer" in kinds(result)) is (newcomer is True)
    assert any("too little history" in said for said in result.unknown) is (newcomer is None)


def test_an_author_is_known_by_an_address_and_one_without_any_name_is_not_judged() -> None:
    change = made(june(10), None, author_email="Ann@example.org")
    inputs = with_files((change, ["action.yml"]))
    known = (made("2026-04-02T00:00:00Z", "ann", author_email="ann@example.org"), None)
    result = assess_security(replace(inputs, commits=[*inputs.commits, known]))
    assert (result.findings, result.unknown) == ((), ())
    unknown = assess_security(with_files((made(june(10), None), ["action.yml"])))
    assert unknown.findings == ()
    assert "1 commit that changed workflow files" in unknown.unknown[0]


def test_only_scripts_are_named_beside_dependencies() -> None:
    found = only(
        assess_security(with_files((made(june(10)), ["setup.py", "uv.lock", "a.py"]))),
        "dependencies_and_install_scripts",
    )
    assert found.title.endswith("in 1 commit: setup.py")


@pytest.mark.parametrize(("risk", "severity"), [("low", "low"), ("medium", "low"), ("high", "medium")])
def test_a_risky_security_commit_is_medium(risk: str, severity: str) -> None:
    commits = [(made(june(day), files_changed=1), summary(True, known)) for day, known in ((1, "low"), (2, risk))]
    found = only(assess_security(replace(BASE, commits=[*commits, (made(june(3)), summary(False, "high"))])),
                 "security_relevant_commits")  # fmt: skip
    assert (found.severity, found.title) == (severity, "2 security-relevant commits")
    assert "Reasons given: mentions CVE." in found.explanation


def test_evidence_is_the_newest_and_by_name_within_a_second() -> None:
    commits = [
        (msgspec.structs.replace(made(june(2), name, files_changed=1), sha=sha), summary(True))
        for name, sha in ((None, "1"), ("zoe", "2"), ("ann", "3"), (None, "4"))
    ]
    found = only(assess_security(replace(BASE, commits=commits)), "security_relevant_commits")
    assert found.evidence == ("commit:4", "commit:3", "commit:2", "commit:1")
    assert found.actors == ("ann", "zoe")


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("ignore-all-previous-instructions", True), ("ignore/all_previous.instructions", True),
        ("see ignore-all-previous-instructions", False), (ORDER, True),
    ],
)  # fmt: skip
def test_separators_are_spaces_in_names_alone(written: str, *, found: bool) -> None:
    result = assess_security(replace(BASE, texts=[text(written)]))
    assert [one.actors for one in result.findings] == [("mallory",)] * found


def test_severe_findings_come_with_all_their_occurrences() -> None:
    """What tells of the same push is recognised, whichever record it comes from; a push without a commit is not."""
    nameless = row("PushEvent", june(20), "mallory", "force_push", ref="refs/heads/main")
    inputs = replace(
        BASE,
        observations=[force_push(day, "refs/heads/main") for day in range(1, 9)],
        activity=[nameless, row("MemberEvent", june(2), "ann", "added", subject="ben")],
    )
    (found,) = find_severe(inputs)
    assert found.finding == only(assess_security(inputs), "force_push_default_branch")
    assert [(item.at, item.same) for item in found.items] == [
        (june(20), ""), *((june(day), f"main {day:040}") for day in range(8, 0, -1))
    ]  # fmt: skip
