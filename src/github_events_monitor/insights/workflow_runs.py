"""What runs of workflows say of a branch: how many failed, and which workflow fails since when.

Only verdicts count: a skipped, cancelled, neutral, stale or action_required run says nothing of the commit. A run that
is run again is one run, and its latest attempt judges it: https://docs.github.com/en/actions/how-tos/manage-workflow-runs/re-run-workflows-and-jobs
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..github.workflow_runs import FAILED_VERDICTS, VERDICTS
from ..ledger import missing_spans
from ..records import Activity, Span
from ..text import count_of
from .results import FailingWorkflow, WorkflowRunsResult
from .rows import evidence_of, in_order

RUN_TYPES = ("WorkflowRunEvent",)


class Failing(NamedTuple):
    """A workflow whose last verdict is a failure. first: the failure that followed its last success, or the first known
    one; since_known: whether that success is known."""

    workflow: str
    first: Activity
    last: Activity
    since_known: bool


def verdicts_on(activity: Iterable[Activity], branch: str | None) -> list[Activity]:
    """Return the attempts on a branch (None: on any of the repository's own) that judge what was run, oldest first."""
    rows = [row for row in activity if row.event_type in RUN_TYPES and row.action in VERDICTS]
    return in_order(row for row in rows if row.ref == branch or (branch is None and ":" not in (row.ref or "")))


def latest_attempts(verdicts: Sequence[Activity]) -> list[Activity]:
    """Return each run once, as its latest attempt judges it, oldest first."""
    return in_order({row.number or row.id: row for row in verdicts}.values())


def find_failing(verdicts: Sequence[Activity]) -> list[Failing]:
    """Return the workflows that fail, the one that fails for the longest time first.

    The latest run decides, in the order in which they began: an older commit's may end later, or be run again. Where
    that is not known of all runs of a workflow, they count in the order in which they ended.
    """
    failing: dict[str, Failing] = {}
    succeeded: set[str] = set()
    unordered = {row.subject for row in verdicts if row.number is None}  # earlier versions did not keep it
    for row in sorted(verdicts, key=lambda row: 0 if row.subject in unordered else row.number or 0):
        workflow = row.subject or ""
        if row.action not in FAILED_VERDICTS:
            succeeded.add(workflow)
            failing.pop(workflow, None)
        elif workflow in failing:
            failing[workflow] = failing[workflow]._replace(last=row)
        else:
            failing[workflow] = Failing(workflow, row, row, workflow in succeeded)
    return sorted(failing.values(), key=lambda one: one.first.created_at)


def measure_workflow_runs(
    activity: Iterable[Activity], branch: str | None, since: str, until: str, known: Sequence[Span]
) -> WorkflowRunsResult | None:
    """Return what the runs of a window say; None where none is known, and nothing says that there was none."""
    attempts = [row for row in verdicts_on(activity, branch) if since <= row.created_at < until]
    rows = latest_attempts(attempts)
    missing = missing_spans(known, since, until)
    if not rows and missing == (Span(since, until),):
        return None
    failed = sum(row.action in FAILED_VERDICTS for row in rows)
    gap = f"Not all are known from {missing[0].since} to {missing[-1].until}." if missing else ""
    return WorkflowRunsResult(
        verdicts=len(rows),
        failed=failed,
        failing=tuple(map(_answer, find_failing(attempts))),
        complete=not missing,
        explanation=" ".join(
            filter(None, (f"{failed} of {count_of(len(rows), 'run')} on the default branch failed.", gap))
        ),
    )


def _answer(one: Failing) -> FailingWorkflow:
    return FailingWorkflow(
        workflow=one.workflow,
        since=one.first.created_at,
        sha=one.first.sha,
        since_known=one.since_known,
        evidence=tuple(dict.fromkeys((evidence_of(one.first), evidence_of(one.last)))),
    )
