"""What runs of workflows say of the default branch of a window."""

from collections.abc import Sequence

import pytest

from github_events_monitor.github.workflow_runs import FAILED_VERDICTS
from github_events_monitor.insights.deployments import DeploymentInputs, measure_deployments
from github_events_monitor.insights.results import WorkflowRunsResult
from github_events_monitor.records import Activity, Span

from .builders import ALWAYS, SINCE, UNTIL, june, row

BEFORE, LAST = "2026-05-31T23:59:59Z", "2026-06-30T23:59:59Z"


def run(at: str, verdict: str = "success", workflow: str | None = "CI", branch: str = "main") -> Activity:
    return row(
        "WorkflowRunEvent", at, None, verdict, ref=branch, sha=f"sha-{at}", subject=workflow,
        event_id=f"{workflow}/{at}/{branch}",
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
