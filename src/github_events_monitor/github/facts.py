"""What questions need from a payload, taken out in one typed step: `extract_facts`.

Payload fields by event type: https://docs.github.com/en/rest/using-the-rest-api/github-event-types, and for the types
that only webhooks deliver https://docs.github.com/en/webhooks/webhook-events-and-payloads. Payloads were trimmed on
2025-10-07 (no commits in pushes, pull requests without author, title or `merged`); GitHub Enterprise Server and older
archives still have the full form. Both are read.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import msgspec

from ..records import PRERELEASE, RELEASE, Facts
from .decoding import GHOST, Shape, text
from .workflow_names import Workflow

PayloadT = TypeVar("PayloadT", bound=msgspec.Struct)

_MAX_NUMBER = 2**53


class _Login(msgspec.Struct):
    login: str | None = None


class _Head(msgspec.Struct):
    sha: str | None = None


class _Thread(msgspec.Struct):
    """An issue, a pull request or a discussion."""

    number: int | None = None
    user: _Login | None = None
    head: _Head | None = None
    merged: bool | None = None


class _ThreadPayload(msgspec.Struct):
    action: str | None = None
    number: int | None = None
    issue: _Thread | None = None
    pull_request: _Thread | None = None
    discussion: _Thread | None = None


class _PushPayload(msgspec.Struct):
    ref: str | None = None
    head: str | None = None
    after: str | None = None
    forced: bool | None = None
    activity_type: str | None = None


class _RefPayload(msgspec.Struct):
    ref: str | None = None
    ref_type: str | None = None
    full_ref: str | None = None


class _Release(msgspec.Struct):
    id: int | None = None
    tag_name: str | None = None
    prerelease: bool | None = None


class _ReleasePayload(msgspec.Struct):
    action: str | None = None
    release: _Release | None = None


class _MemberPayload(msgspec.Struct):
    action: str | None = None
    member: _Login | None = None


class _Deployment(msgspec.Struct):
    id: int | None = None
    environment: str | None = None
    ref: str | None = None
    sha: str | None = None
    state: str | None = None


class _DeploymentPayload(msgspec.Struct):
    action: str | None = None
    deployment: _Deployment | None = None
    deployment_status: _Deployment | None = None


class _Suite(msgspec.Struct):
    head_branch: str | None = None


class _Repository(msgspec.Struct):
    id: int | None = None
    full_name: str | None = None


class _Run(msgspec.Struct):
    """A workflow run or job, a check run or a check suite."""

    id: int | None = None
    name: str | None = None
    head_branch: str | None = None
    repository: _Repository | None = None
    head_repository: _Repository | None = None
    head_sha: str | None = None
    status: str | None = None
    conclusion: str | None = None
    workflow_id: int | None = None
    path: str | None = None
    check_suite: _Suite | None = None


class _RunPayload(msgspec.Struct):
    action: str | None = None
    workflow_run: _Run | None = None
    workflow_job: _Run | None = None
    check_run: _Run | None = None
    check_suite: _Run | None = None


class _StatusPayload(msgspec.Struct):
    state: str | None = None
    context: str | None = None
    sha: str | None = None


def extract_facts(event_type: str, payload: bytes) -> Facts:
    """Return the facts of an event; never raises, whatever the payload holds: a fact that cannot be read is None.

    A pull request closed with merged=true has the action "merged", as GitHub itself says since 2025-10. The action of a
    push is its activity type where that is known ("force_push" when a webhook says so), that of a deployment status its
    state, that of a run or check its conclusion, or while it has none its status.
    """
    return _READERS.get(event_type, _read_thread)(payload)


def _read(shape: Shape[PayloadT], facts: Callable[[PayloadT], Facts], payload: bytes) -> Facts:
    return facts(shape.read(payload))


def _facts(
    action: str | None,
    number: int | None = None,
    ref: str | None = None,
    sha: str | None = None,
    subject: str | None = None,
) -> Facts:
    return Facts(
        text(action),
        number if number is not None and 0 < number < _MAX_NUMBER else None,
        text(ref),
        text(sha),
        text(subject),
    )


def _thread(payload: _ThreadPayload) -> Facts:
    about = payload.pull_request or payload.issue or payload.discussion or _Thread()
    merged = payload.action == "closed" and about.merged is True
    return _facts(
        "merged" if merged else payload.action,
        payload.number if payload.number is not None else about.number,
        sha=about.head.sha if about.head else None,
        subject=about.user.login if about.user and about.user.login != GHOST else None,
    )


def _push(payload: _PushPayload) -> Facts:
    action = payload.activity_type or ("force_push" if payload.forced else None)
    return _facts(action, ref=payload.ref, sha=payload.head or payload.after)


def _created_or_deleted(payload: _RefPayload) -> Facts:
    return _facts(None, ref=payload.full_ref or full_ref(payload.ref, payload.ref_type))


def full_ref(ref: str | None, ref_type: str | None) -> str | None:
    """Return `refs/heads/x` or `refs/tags/x` of a short name; None for a repository's creation, which has no ref."""
    folder = {"branch": "refs/heads/", "tag": "refs/tags/"}.get(ref_type or "")
    if not ref or folder is None:
        return None
    return ref if ref.startswith(folder) else folder + ref


def _release(payload: _ReleasePayload) -> Facts:
    release = payload.release or _Release()
    kind = None if release.prerelease is None else PRERELEASE if release.prerelease else RELEASE
    return _facts(payload.action, release.id, ref=release.tag_name, subject=kind)


def _member(payload: _MemberPayload) -> Facts:
    return _facts(payload.action, subject=payload.member.login if payload.member else None)


def _deployment(payload: _DeploymentPayload) -> Facts:
    status, about = payload.deployment_status or _Deployment(), payload.deployment or _Deployment()
    return _facts(
        status.state or payload.action,
        about.id,
        ref=about.ref,
        sha=about.sha,
        subject=status.environment or about.environment,
    )


def _run(payload: _RunPayload) -> Facts:
    run = payload.workflow_run or payload.workflow_job or payload.check_run or payload.check_suite or _Run()
    state = run.conclusion or run.status or payload.action
    branch = run.head_branch or (run.check_suite.head_branch if run.check_suite else None)
    number, subject = None, run.name
    if payload.workflow_run:
        number, subject = run.id, Workflow(run.name, run.workflow_id, run.path).to_subject()
    return _facts(state, number, ref=_of_fork(run, branch), sha=run.head_sha, subject=subject)


def _of_fork(run: _Run, branch: str | None) -> str | None:
    """Return a branch as GitHub labels that of a fork, `owner:branch`: a fork's main is not the repository's."""
    own, head = run.repository or _Repository(), run.head_repository or _Repository()
    if branch is None or None in {own.id, head.id} or own.id == head.id:
        return branch
    return f"{(head.full_name or '').partition('/')[0]}:{branch}"


def _status(payload: _StatusPayload) -> Facts:
    return _facts(payload.state, sha=payload.sha, subject=payload.context)


_read_thread = partial(_read, Shape(_ThreadPayload), _thread)

_READERS: dict[str, Callable[[bytes], Facts]] = {
    "PushEvent": partial(_read, Shape(_PushPayload), _push),
    "ReleaseEvent": partial(_read, Shape(_ReleasePayload), _release),
    "MemberEvent": partial(_read, Shape(_MemberPayload), _member),
    "StatusEvent": partial(_read, Shape(_StatusPayload), _status),
    **dict.fromkeys(("CreateEvent", "DeleteEvent"), partial(_read, Shape(_RefPayload), _created_or_deleted)),
    **dict.fromkeys(
        ("DeploymentEvent", "DeploymentStatusEvent"), partial(_read, Shape(_DeploymentPayload), _deployment)
    ),
    **dict.fromkeys(
        ("WorkflowRunEvent", "WorkflowJobEvent", "CheckRunEvent", "CheckSuiteEvent"),
        partial(_read, Shape(_RunPayload), _run),
    ),
}
