"""A listing of workflow runs tells what deliveries tell, under the same ids."""

import json
from typing import Any

from github_events_monitor.github.webhooks import parse_webhook
from github_events_monitor.github.workflow_runs import parse_workflow_runs

AT = "2026-11-20T10:00:00Z"
DONE = "2026-11-20T10:07:00Z"
SHA = "a" * 40


def run(number: int, conclusion: str | None = "success", **more: Any) -> dict[str, Any]:
    about = {
        "id": number,
        "name": "CI",
        "head_branch": "main",
        "head_sha": SHA,
        "run_attempt": 1,
        "status": "completed",
    }
    times = {"created_at": AT, "run_started_at": AT, "updated_at": DONE}
    return {**about, **times, "conclusion": conclusion, "triggering_actor": {"login": "ada"}, **more}


def body(*runs: dict[str, Any]) -> bytes:
    return json.dumps({"total_count": len(runs), "workflow_runs": runs}).encode()


def test_a_run_is_the_same_event_as_its_delivery() -> None:
    [event] = parse_workflow_runs("Octo/Hello", body(run(7, "failure"))).events
    delivery = {"action": "completed", "workflow_run": run(7, "failure", check_suite_id=3), "sender": {"login": "ada"}}
    repository = {"full_name": "Octo/Hello", "id": 7}
    whole = json.dumps({**delivery, "repository": repository}).encode()
    delivered = parse_webhook("workflow_run", "d-1", whole, AT).event
    assert delivered is not None
    assert (event.id, event.event_type, event.created_at) == (delivered.id, "WorkflowRunEvent", DONE)
    assert (event.repo_name, event.actor_login, event.facts) == ("octo/hello", "ada", delivered.facts)
    assert (event.facts.action, event.facts.ref, event.facts.sha, event.facts.subject) == ("failure", "main", SHA, "CI")


def test_each_attempt_is_an_event_and_a_running_one_is_none() -> None:
    page = parse_workflow_runs("octo/hello", body(run(7), run(7, run_attempt=2), run(8, None, status="in_progress")))
    assert len({event.id for event in page.events}) == 2
    assert page.verdicts == ("success", "success")
    assert page.listed_from == AT


def test_runs_without_a_verdict_are_kept_but_judge_nothing() -> None:
    verdicts = ("success", "failure", "timed_out", "startup_failure")
    others = ["skipped", "cancelled", "neutral", "stale", "action_required", "", None]
    rows = [run(number, conclusion) for number, conclusion in enumerate([*verdicts, *others])]
    page = parse_workflow_runs("octo/hello", body(*rows))
    assert page.verdicts == verdicts
    assert len(page.events) == len(verdicts) + 5


def test_a_branch_of_a_fork_that_has_the_same_name_is_another_branch() -> None:
    fork = run(1, repository={"id": 7}, head_repository={"id": 8})
    own = run(2, repository={"id": 7}, head_repository={"id": 7})
    page = parse_workflow_runs("octo/hello", body(fork, own, run(3)))
    assert len(page.events) == len(page.verdicts) == 2


def test_what_a_run_does_not_say_is_not_made_up() -> None:
    page = parse_workflow_runs("octo/hello", body({"id": 5, "conclusion": "failure"}, {"conclusion": "failure"}))
    assert (page.events, page.verdicts, page.listed_from) == ((), ("failure",), None)
    [event] = parse_workflow_runs(
        "octo/hello", body({"id": 5, "conclusion": "failure", "created_at": AT}), "main"
    ).events
    assert (event.facts.ref, event.facts.subject, event.actor_login) == ("main", None, None)
