"""Where to read about an event on GitHub: its own link where that is safe, otherwise one built from names."""

import re
from collections.abc import Callable
from urllib.parse import quote

from ...records import Event
from .payload import Payload

_SAFE = re.compile(r"[A-Za-z0-9._~/%#?&=+@!,:;-]{1,400}")
_PLACES = ("comment", "review", "issue", "pull_request", "discussion", "release", "forkee")
_RUNS = ("workflow_run", "workflow_job", "check_run")
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def url_of(event: Event, payload: Payload, full_name: str, web_url: str) -> str | None:
    """An https address on the host of `web_url`, or None when there is nothing to open."""
    for place in (*_PLACES, *_RUNS):
        url = payload.text(place, "html_url")
        if url and url.startswith(f"{web_url}/") and _SAFE.fullmatch(url):
            return url
    build = _BUILDERS.get(event.event_type)
    path = build(event, payload) if build else None
    return None if path is None else f"{web_url}/{quote(full_name, safe='/')}{path}"


def _push(event: Event, payload: Payload) -> str | None:
    before, head = payload.text("before"), event.facts.sha
    if not head or not _SHA.fullmatch(head) or not head.strip("0"):
        return None
    if before and _SHA.fullmatch(before) and before.strip("0"):
        return f"/compare/{before}...{head}"
    return f"/commit/{head}"


def _created(event: Event, _: Payload) -> str | None:
    ref = event.facts.ref
    return f"/tree/{_ref(ref)}" if ref else ""


def _ref(ref: str) -> str:
    return quote(ref.removeprefix("refs/heads/").removeprefix("refs/tags/"), safe="/")


def _numbered(folder: str) -> Callable[[Event, Payload], str | None]:
    def build(event: Event, payload: Payload) -> str | None:
        kind = "pull" if payload.has("issue", "pull_request") else folder
        return f"/{kind}/{event.facts.number}" if event.facts.number else None

    return build


def _release(event: Event, _: Payload) -> str | None:
    return f"/releases/tag/{_ref(event.facts.ref)}" if event.facts.ref else "/releases"


def _commit(event: Event, payload: Payload) -> str | None:
    sha = event.facts.sha or payload.text("comment", "commit_id")
    return f"/commit/{sha}" if sha and _SHA.fullmatch(sha) else None


def _whole_repository(_: Event, __: Payload) -> str:
    return ""


_BUILDERS: dict[str, Callable[[Event, Payload], str | None]] = {
    "PushEvent": _push,
    "CreateEvent": _created,
    "PublicEvent": _whole_repository,
    "ReleaseEvent": _release,
    "GollumEvent": lambda _, __: "/wiki",
    "IssuesEvent": _numbered("issues"),
    "IssueCommentEvent": _numbered("issues"),
    "DiscussionEvent": _numbered("discussions"),
    "DiscussionCommentEvent": _numbered("discussions"),
    **dict.fromkeys(
        ("PullRequestEvent", "PullRequestReviewEvent", "PullRequestReviewCommentEvent", "PullRequestReviewThreadEvent"),
        _numbered("pull"),
    ),
    **dict.fromkeys(("CommitCommentEvent", "StatusEvent", "CheckRunEvent", "CheckSuiteEvent"), _commit),
    **dict.fromkeys(("WorkflowRunEvent", "WorkflowJobEvent", "DeploymentEvent", "DeploymentStatusEvent"), _commit),
}
