"""What runs of workflows say of a branch: how many failed, and which workflow fails since when.

Only verdicts count: a skipped, cancelled, neutral, stale or action_required run says nothing of the commit. A run that
is run again is one run, and its latest attempt judges it: https://docs.github.com/en/actions/how-tos/manage-workflow-runs/re-run-workflows-and-jobs
Workflows are told apart by GitHub's id. What earlier versions stored has names alone: such a run is of the workflow of
that name, and of an unknown one where several have it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..github.workflow_names import Workflow
from ..github.workflow_runs import FAILED_VERDICTS, VERDICTS
from ..ledger import missing_spans
from ..observations import Snapshot
from ..records import Activity, Span
from ..text import count_of
from .results import FailingWorkflow, WorkflowRunsResult
from .rows import evidence_of, in_order

RUN_TYPES = ("WorkflowRunEvent",)

_Key = int | str
"""A workflow: its id, or its name where no id is known."""


class Failing(NamedTuple):
    """A workflow whose last verdict on a branch is a failure. first: the failure that followed its last success, or the
    first known one; since_known: whether that success is known. workflow: see `Workflows.label`."""

    workflow: str
    workflow_id: int | None
    first: Activity
    last: Activity
    since_known: bool


class Workflows:
    """The workflows of some runs, the latest of which is the last."""

    def __init__(self, runs: Iterable[Activity]) -> None:
        self._known = {run.subject: Workflow.of(run.subject) for run in runs}
        self._ids: defaultdict[str, set[int]] = defaultdict(set)
        self._names: defaultdict[_Key, list[Workflow]] = defaultdict(list)
        for one in self._known.values():
            if one.id is not None:
                self._ids[one.name or ""].add(one.id)
        for subject, one in self._known.items():
            if (key := self.key(subject)) is not None:
                self._names[key].append(one)

    def key(self, subject: str | None) -> _Key | None:
        """Return which workflow it is; None where its name alone is known and several have that."""
        one = self._known[subject]
        ids = self._ids.get(one.name or "", set())
        if one.id is not None or not ids:
            return one.id if one.id is not None else one.name or ""
        return next(iter(ids)) if len(ids) == 1 else None

    def label(self, subject: str | None) -> str:
        """Return the name, with the workflow's file or id where that does not tell it from others."""
        key, name = self.key(subject), self._known[subject].name or ""
        own = self._names[key] if key is not None else []
        path = next((one.path for one in reversed(own) if one.path), None)
        if not isinstance(key, int) or (name and len(self._ids[name]) == 1 and len({one.name for one in own}) == 1):
            return name
        which = path or f"workflow {key}"
        return f"{name} ({which})" if name else which


def verdicts_on(activity: Iterable[Activity], branch: str | None) -> list[Activity]:
    """Return the attempts on a branch (None: on any of the repository's own) that judge what was run, oldest first."""
    rows = [row for row in activity if row.event_type in RUN_TYPES and row.action in VERDICTS]
    return in_order(row for row in rows if row.ref == branch or (branch is None and ":" not in (row.ref or "")))


def latest_attempts(verdicts: Sequence[Activity]) -> list[Activity]:
    """Return each run once, as its latest attempt judges it, oldest first."""
    return in_order({row.number or row.id: row for row in verdicts}.values())


def find_failing(verdicts: Sequence[Activity], seen: Snapshot | None = None) -> list[Failing]:
    """Return the workflows that fail, on each branch by itself, the one that fails for the longest time first.

    The latest run decides, in the order in which they began: an older commit's may end later, or be run again. Where
    that is not known of all runs of a workflow, they count in the order in which they ended.

    seen: as the repository was seen last; a workflow that could not run any more then does not fail.
    """
    failing: dict[tuple[_Key, str | None], Failing] = {}
    succeeded: set[tuple[_Key, str | None]] = set()
    workflows = Workflows(verdicts)
    runs = [((key, row.ref), row) for row in verdicts if (key := workflows.key(row.subject)) is not None]
    unordered = {place for place, row in runs if row.number is None}  # earlier versions did not keep it
    for place, row in sorted(runs, key=lambda run: 0 if run[0] in unordered else run[1].number or 0):
        if row.action not in FAILED_VERDICTS:
            succeeded.add(place)
            failing.pop(place, None)
            continue
        label, known = workflows.label(row.subject), place[0] if isinstance(place[0], int) else None
        first, sure = (
            (failing[place].first, failing[place].since_known) if place in failing else (row, place in succeeded)
        )
        failing[place] = Failing(label, known, first, row, sure)
    standing = [one for one in failing.values() if _can_run(one, seen)]
    return sorted(standing, key=lambda one: one.first.created_at)


def _can_run(one: Failing, seen: Snapshot | None) -> bool:
    if seen is None or seen.workflows is None or one.workflow_id is None:
        return True
    return one.workflow_id in seen.workflows or one.last.created_at > seen.observed_at


def measure_workflow_runs(
    activity: Iterable[Activity],
    branch: str | None,
    since: str,
    until: str,
    known: Sequence[Span],
    seen: Snapshot | None = None,
) -> WorkflowRunsResult | None:
    """Return what the runs of a window say; None where none is known, and nothing says that there was none.

    seen: as the repository was seen in the window.
    """
    attempts = [row for row in verdicts_on(activity, branch) if since <= row.created_at < until]
    rows = latest_attempts(attempts)
    missing = missing_spans(known, since, until)
    if not rows and missing == (Span(since, until),):
        return None
    failed = sum(row.action in FAILED_VERDICTS for row in rows)
    where = "on the default branch" if branch else "on branches of its own, whichever is its default,"
    gap = f"Not all are known from {missing[0].since} to {missing[-1].until}." if missing else ""
    return WorkflowRunsResult(
        verdicts=len(rows),
        failed=failed,
        failing=tuple(_answer(one, branch) for one in find_failing(attempts, seen)),
        complete=not missing,
        explanation=" ".join(filter(None, (f"{failed} of {count_of(len(rows), 'run')} {where} failed.", gap))),
    )


def _answer(one: Failing, branch: str | None) -> FailingWorkflow:
    return FailingWorkflow(
        workflow=one.workflow,
        workflow_id=one.workflow_id,
        branch=None if branch else one.last.ref,
        since=one.first.created_at,
        sha=one.first.sha,
        since_known=one.since_known,
        evidence=tuple(dict.fromkeys((evidence_of(one.first), evidence_of(one.last)))),
    )
