"""What runs of workflows say of the default branch of a window."""

from collections.abc import Sequence

import pytest

from github_events_monitor.github.workflow_names import Workflow
from github_events_monitor.github.workflow_runs import FAILED_VERDICTS
from github_events_monitor.insights.deployments import DeploymentInputs, measure_deployments
from github_events_monitor.insights.results import WorkflowRunsResult
from github_events_monitor.records import Activity, Span

from .builders import ALWAYS, SINCE, UNTIL, june, row

BEFORE, LAST = "2026-05-31T23:59:59Z", "2026-06-30T23:59:59Z"


def run(
    at: str,
    verdict: str = "success",
    workflow: str | None = "CI",
    branch: str = "main",
    *,
    which: int | None = None,
    path: str | None = None,
) -> Activity:
    return row(
        "WorkflowRunEvent", at, None, verdict, ref=branch, sha=f"sha-{at}",
        subject=Workflow(workflow, which, path).to_subject(), event_id=f"{workflow}/{at}/{branch}",
    )  # fmt: skip


def measure(*rows: Activity, known: Sequence[Span] = ALWAYS, branch: str | None = "main") -> WorkflowRunsResult | None:
    inputs = DeploymentInputs(since=SINCE, until=UNTIL, activity=rows, runs_known=known, default_branch=branch)
    return measure_deployments(inputs).workflow_runs


def failing(*rows: Activity) -> list[tuple[str, str, str | None, bool, tuple[str, ...]]]:
    found = measure(*rows)
    assert found
    return [(one.workflow, one.since, one.sha, one.since_known, one.evidence) for one in found.failing]


@pytest.mark.parametrize("verdict", sorted(FAILED_VERDICTS))
def test_a_workflow_fails_since_the_first_failure_after_its_last_success(verdict: str) -> None:
    runs = [run(june(1), verdict), run(june(2)), run(june(3), verdict), run(june(4), verdict), run(june(5), verdict)]
    evidence = (f"event:CI/{june(3)}/main", f"event:CI/{june(5)}/main")
    assert failing(*reversed(runs)) == [("CI", june(3), f"sha-{june(3)}", True, evidence)]


def test_a_failure_is_since_an_unknown_time_where_no_success_before_it_is_known() -> None:
    runs = [run(june(1), "success", "Docs"), run(june(2), "failure"), run(june(3), "failure")]
    evidence = (f"event:CI/{june(2)}/main", f"event:CI/{june(3)}/main")
    assert failing(*runs) == [("CI", june(2), f"sha-{june(2)}", False, evidence)]
    assert failing(runs[1])[0][-1] == evidence[:1]


def test_what_succeeded_last_does_not_fail_and_the_longest_failure_is_first() -> None:
    runs = [
        run(june(1), "failure", "Z"), run(june(2), "failure", "Docs"), run(june(3), "failure"), run(june(4)),
        run(june(5), "failure", None), run(june(6), "failure"),
        run(june(7), "success", "Docs"),
    ]  # fmt: skip
    assert [(name, since) for name, since, *_ in failing(*runs)] == [("Z", june(1)), ("", june(5)), ("CI", june(6))]


def test_verdicts_of_the_default_branch_in_the_window_count_once() -> None:
    rows = [
        run(BEFORE, "failure"), run(SINCE, "failure"), run(june(9), "success"), run(june(9), "success"),
        run(LAST, "failure"), run(UNTIL, "failure"), run(june(9), "failure", branch="dev"),
        *(run(june(10, hour), verdict) for hour, verdict in enumerate(("skipped", "cancelled", "neutral", "stale"))),
        row("CheckRunEvent", june(11), None, "failure", ref="main"),
    ]  # fmt: skip
    found = measure(*rows)
    assert found
    assert (found.verdicts, found.failed, found.complete) == (3, 2, True)
    assert found.explanation == "2 of 3 runs on the default branch failed."
    [one] = found.failing
    assert (one.since, one.since_known) == (LAST, True)
    anywhere = measure(*rows, branch=None)
    assert anywhere
    assert (anywhere.verdicts, anywhere.failed) == (4, 3)
    assert anywhere.explanation == "3 of 4 runs on branches of its own, whichever is its default, failed."
    assert [(one.workflow, one.branch) for one in anywhere.failing] == [("CI", "dev"), ("CI", "main")]


def test_no_run_is_nothing_known_where_nothing_says_that_there_was_none() -> None:
    assert measure(known=()) is None
    assert measure(run(june(3), branch="dev"), known=()) is None
    none = measure()
    assert none
    assert (none.verdicts, none.failed, none.failing, none.complete) == (0, 0, (), True)
    assert none.explanation == "0 of 0 runs on the default branch failed."
    half = measure(known=(Span(june(2), june(9)),))
    assert half
    assert (half.verdicts, half.complete) == (0, False)


def test_what_is_not_known_of_a_window_is_said() -> None:
    for known in ((), (Span(june(2), june(9)),)):
        found = measure(run(june(3)), known=known)
        assert found
        assert (found.verdicts, found.complete) == (1, False)
        assert found.explanation == (
            "0 of 1 run on the default branch failed."
            " Not all are known from 2026-06-01T00:00:00Z to 2026-07-01T00:00:00Z."
        )


A_FILE, B_FILE = ".github/workflows/a.yml", ".github/workflows/b.yml"


def named(*rows: Activity) -> list[tuple[str, int | None, str, bool]]:
    found = measure(*rows)
    assert found
    return [(one.workflow, one.workflow_id, one.since, one.since_known) for one in found.failing]


def test_two_workflows_of_one_name_are_two() -> None:
    rows = [
        run(june(1), which=1, path=A_FILE), run(june(2), "failure", which=2, path=B_FILE),
        run(june(3), which=1, path=A_FILE), run(june(4), "failure", which=2, path=B_FILE),
    ]  # fmt: skip
    assert named(*rows) == [(f"CI ({B_FILE})", 2, june(2), False)]
    rows[1:2] = [run(june(2), which=2)]
    assert named(*rows) == [(f"CI ({B_FILE})", 2, june(4), True)]
    without_paths = [run(june(1), which=1), run(june(2), "failure", which=2)]
    assert named(*without_paths) == [("CI (workflow 2)", 2, june(2), False)]
    assert named(run(june(1), "failure", which=2, path=B_FILE)) == [("CI", 2, june(1), False)]


def test_a_workflow_whose_runs_have_names_of_their_own_is_one() -> None:
    rows = [
        run(june(day), verdict, f"Deploy {day}", which=1, path=A_FILE)
        for day, verdict in ((1, "success"), (2, "failure"))
    ]
    assert named(*rows) == [(f"Deploy 2 ({A_FILE})", 1, june(2), True)]
    assert named(*rows, run(june(3), "success", "Deploy 3", which=1)) == []
    assert named(run(june(1), "failure", None, which=7)) == [("workflow 7", 7, june(1), False)]


def test_a_run_stored_without_an_id_is_of_the_only_workflow_of_its_name() -> None:
    assert named(run(june(1), "failure"), run(june(2), which=1)) == []
    assert named(run(june(1)), run(june(2), "failure", which=1)) == [("CI", 1, june(2), True)]
    both = [run(june(3), which=1, path=A_FILE), run(june(4), "failure", which=2, path=B_FILE)]
    assert named(run(june(1), "failure"), *both) == [(f"CI ({B_FILE})", 2, june(4), False)]
    found = measure(run(june(1), "failure"), *both)
    assert found
    assert (found.verdicts, found.failed) == (3, 2)


@pytest.mark.parametrize(
    ("workflow", "subject"),
    [
        (Workflow("CI"), "CI"), (Workflow(None), None), (Workflow("CI", 5), "CI\n5"), (Workflow(None, 5), "\n5"),
        (Workflow("CI", 5, A_FILE), f"CI\n5 {A_FILE}"), (Workflow("a\n7 b", 5, A_FILE), f"a\n7 b\n5 {A_FILE}"),
    ],
)  # fmt: skip
def test_the_stored_fact_says_name_id_and_file(workflow: Workflow, subject: str | None) -> None:
    assert workflow.to_subject() == subject
    assert Workflow.of(subject) == workflow


def test_a_fact_stays_short_and_whole() -> None:
    assert Workflow.of(Workflow("n" * 500, 2**53 - 1, "p" * 110).to_subject()) == ("n" * 110, 2**53 - 1, "p" * 110)
    assert Workflow("CI", 5, "p" * 111).to_subject() == "CI\n5"
    assert Workflow("CI", 5, f"{A_FILE}@refs/heads/main").to_subject() == f"CI\n5 {A_FILE}"
    assert [Workflow("CI", odd).to_subject() for odd in (0, -1, 2**53)] == ["CI"] * 3
