"""A page of workflow runs -> the events that webhooks bring for them, under the same ids.

https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-repository,
https://docs.github.com/en/webhooks/webhook-events-and-payloads#workflow_run
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from ..jsontext import dump_json
from ..records import MAX_KEY_TEXT, Event, repo_key
from .decoding import instant, object_of, text
from .facts import extract_facts
from .natural_keys import derived_id, natural_key

VERDICTS = frozenset({"success", "failure", "timed_out", "startup_failure"})
FAILED_VERDICTS = VERDICTS - {"success"}
"""Conclusions that judge what was run; skipped, cancelled, neutral, stale and action_required runs say nothing of it.
https://docs.github.com/en/rest/checks/runs#list-check-runs-in-a-check-suite"""

_KEPT = (
    "id", "name", "head_branch", "head_sha", "run_number", "run_attempt", "event", "status", "conclusion",
    "workflow_id", "path", "html_url", "created_at", "run_started_at", "updated_at",
)  # fmt: skip
"""What is kept of a run; a delivery has all of it, and more that no question needs."""


class WorkflowRuns(NamedTuple):
    """What a page holds.

    verdicts: of its runs, newest first. listed_from: when the oldest run was created. under_way: when those were that
    have no result yet, without those that wait for a person.
    """

    events: tuple[Event, ...]
    verdicts: tuple[str, ...]
    listed_from: str | None
    under_way: tuple[str, ...] = ()


class _Account(msgspec.Struct):
    login: str | None = None


class _Repository(msgspec.Struct):
    id: int | None = None


class _Run(msgspec.Struct):
    id: int | None = None
    name: str | None = None
    head_branch: str | None = None
    head_sha: str | None = None
    run_number: int | None = None
    run_attempt: int | None = None
    event: str | None = None
    status: str | None = None
    conclusion: str | None = None
    workflow_id: int | None = None
    path: str | None = None
    html_url: str | None = None
    created_at: str | None = None
    run_started_at: str | None = None
    updated_at: str | None = None
    actor: _Account | None = None
    triggering_actor: _Account | None = None
    repository: _Repository | None = None
    head_repository: _Repository | None = None


class _Runs(msgspec.Struct):
    workflow_runs: list[_Run] | None = None


class _Workflow(msgspec.Struct):
    id: int | None = None
    state: str | None = None


class _Workflows(msgspec.Struct):
    workflows: list[_Workflow] | None = None


def parse_workflow_runs(repo: str, body: bytes, branch: str | None = None) -> WorkflowRuns:
    """Return the finished runs of a branch's own commits; a fork's branch may have its name.

    branch: what was asked for, in place of one that a run does not name.
    """
    listed = object_of(_Runs, body, "workflow runs").workflow_runs or ()
    runs = [run for run in listed if run.id is not None and not _is_from_fork(run)]
    events = (_event(repo, run, branch) for run in runs if run.conclusion)
    created = [at for run in listed if (at := instant(run.created_at))]
    under_way = [run for run in runs if not run.conclusion and run.status not in {"completed", "waiting"}]
    return WorkflowRuns(
        tuple(event for event in events if event is not None),
        _verdicts(runs),
        min(created, default=None),
        tuple(at for run in under_way if (at := instant(run.created_at))),
    )


def parse_active_workflows(body: bytes) -> tuple[int, ...]:
    """Return the ids of a page's workflows that can run: not of those whose file is gone, or that are disabled.

    https://docs.github.com/en/rest/actions/workflows#list-repository-workflows
    """
    listed = object_of(_Workflows, body, "workflows").workflows or ()
    return tuple(one.id for one in listed if one.id is not None and one.state == "active")


def _verdicts(runs: Sequence[_Run]) -> tuple[str, ...]:
    return tuple(run.conclusion for run in runs if run.conclusion is not None and run.conclusion in VERDICTS)


def _is_from_fork(run: _Run) -> bool:
    own, head = run.repository, run.head_repository
    return own is not None and head is not None and None not in {own.id, head.id} and own.id != head.id


def _event(repo: str, run: _Run, branch: str | None) -> Event | None:
    """Return the delivery `completed` of a run, dated as that is; None where the run has no date."""
    at = instant(run.updated_at) or instant(run.created_at)
    if at is None:
        return None
    kept: dict[str, Any] = {name: value for name in _KEPT if (value := getattr(run, name)) is not None}
    body = dump_json({"action": "completed", "workflow_run": {"head_branch": branch, **kept}})
    actor = run.triggering_actor or run.actor or _Account()
    event = Event(
        id=f"workflow_run:{run.id}",
        event_type="WorkflowRunEvent",
        created_at=at,
        repo_name=repo_key(repo),
        actor_login=text(actor.login, MAX_KEY_TEXT),
        payload=body,
        facts=extract_facts("WorkflowRunEvent", body),
    )
    key = natural_key(event)
    return msgspec.structs.replace(event, id=derived_id(key)) if key else event
