"""An event in one line.

Payloads by type: https://docs.github.com/en/rest/using-the-rest-api/github-event-types, and for what only webhooks
deliver https://docs.github.com/en/webhooks/webhook-events-and-payloads. Since 2025-10-07 payloads lack most titles,
so every title has a form without them.
"""

import re
from collections.abc import Callable

from ...records import Event
from ...text import clean
from .links import url_of
from .payload import Payload

MAX_TITLE = 160
GITHUB = "https://github.com"

_MAX_NAME = 80
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")

Describe = Callable[[Event, Payload], str]


def describe_event(event: Event, full_name: str, *, web_url: str = GITHUB) -> tuple[str, str | None]:
    """A title of at most 160 characters saying what happened (not by whom), and a link or None.

    full_name: "owner/name" as GitHub spells it. web_url: where people read it, another one for GitHub Enterprise
    Server. The text is cleaned; payloads of any shape give a title.
    """
    payload = Payload(event)
    describe = _DESCRIBE.get(event.event_type, _other)
    return clean(describe(event, payload), MAX_TITLE, one_line=True), url_of(event, payload, full_name, web_url)


def _push(event: Event, payload: Payload) -> str:
    verb = "force-pushed" if event.facts.action == "force_push" or payload.flag("forced") else "pushed"
    what = _pushed_commits(payload)
    head = f" (head {_short(event.facts.sha)})" if event.facts.sha else ""
    return f"{verb}{what} to {_pushed_ref(event.facts.ref)}{head}"


def _pushed_commits(payload: Payload) -> str:
    """Return how many commits a push brought, and how many of them no push had brought before."""
    listed = payload.size("commits")
    total, new = payload.number("size") or listed, payload.number("distinct_size")
    if new is None:
        new = total - payload.falses("commits", "distinct")
    if new <= 0:
        return ""
    some = f"{new} new of {total}" if new < total else f"{new}"
    return f" {some} commit{'s' if max(new, total) != 1 else ''}"


def _pushed_ref(ref: str | None) -> str:
    tag = "tag " if ref and ref.startswith("refs/tags/") else ""
    return tag + (_ref(ref) or "an unnamed ref")


def _created(event: Event, payload: Payload) -> str:
    return f"created {_branch_or_tag(event, payload) or 'the repository'}"


def _deleted(event: Event, payload: Payload) -> str:
    return f"deleted {_branch_or_tag(event, payload) or 'a branch or tag'}"


def _branch_or_tag(event: Event, payload: Payload) -> str | None:
    ref = event.facts.ref or payload.text("ref")
    if not ref:
        return None
    kind = "tag" if ref.startswith("refs/tags/") or payload.text("ref_type") == "tag" else "branch"
    return f"{kind} {_ref(ref)}"


def _pull_request(event: Event, payload: Payload) -> str:
    head, base = payload.text("pull_request", "head", "ref"), payload.text("pull_request", "base", "ref")
    branches = f" ({_name(head)} → {_name(base)})" if head and base else ""
    about = _title(payload, "pull_request") or branches
    return f"{_action(event)} {_numbered('pull request', event)}{_detail(payload)}{about}"


def _issue(event: Event, payload: Payload) -> str:
    return f"{_action(event)} {_numbered('issue', event)}{_detail(payload)}{_title(payload, 'issue')}"


def _detail(payload: Payload) -> str:
    """Which label or person an action is about, where it is about one."""
    action = payload.text("action") or ""
    if action in {"labeled", "unlabeled"} and payload.text("label", "name"):
        return f" ({_name(payload.text('label', 'name'))})"
    if action in {"assigned", "unassigned"} and payload.text("assignee", "login"):
        return f" ({_name(payload.text('assignee', 'login'))})"
    return ""


def _issue_comment(event: Event, payload: Payload) -> str:
    kind = "pull request" if payload.has("issue", "pull_request") else "issue"
    return f"{_commented(event)} {_numbered(kind, event)}{_title(payload, 'issue')}"


def _discussion(event: Event, payload: Payload) -> str:
    return f"{_action(event)} {_numbered('discussion', event)}{_title(payload, 'discussion')}"


def _discussion_comment(event: Event, payload: Payload) -> str:
    return f"{_commented(event)} {_numbered('discussion', event)}{_title(payload, 'discussion')}"


def _commit_comment(event: Event, payload: Payload) -> str:
    sha = payload.text("comment", "commit_id")
    return f"{_commented(event)} commit {_short(sha)}" if sha else f"{_commented(event)} a commit"


def _commented(event: Event) -> str:
    verbs = {"edited": "edited a comment on", "updated": "edited a comment on", "deleted": "deleted a comment on"}
    return verbs.get(event.facts.action or "", "commented on")


def _review(event: Event, payload: Payload) -> str:
    verbs = {"approved": "approved", "changes_requested": "requested changes on", "commented": "reviewed"}
    state = (payload.text("review", "state") or "").lower()
    verb = verbs.get(state, "reviewed")
    if event.facts.action == "dismissed" or state == "dismissed":
        verb = "dismissed a review of"
    return f"{verb} {_numbered('pull request', event)}{_title(payload, 'pull_request')}"


def _review_comment(event: Event, payload: Payload) -> str:
    return f"{_commented(event)} the code of {_numbered('pull request', event)}{_title(payload, 'pull_request')}"


def _release(event: Event, payload: Payload) -> str:
    kind = "pre-release" if payload.flag("release", "prerelease") else "release"
    tag, name = event.facts.ref, payload.text("release", "name")
    named = f": {name}" if name and name != tag else ""
    return f"{_action(event, 'published')} {kind} {_name(tag) or 'without a tag'}{named}"


def _fork(_: Event, payload: Payload) -> str:
    fork = payload.text("forkee", "full_name")
    return f"forked to {_name(fork)}" if fork else "forked the repository"


def _wiki(_: Event, payload: Payload) -> str:
    pages = payload.texts("pages", "title") or payload.texts("pages", "page_name")
    if not pages:
        return "edited the wiki"
    actions = set(payload.texts("pages", "action"))
    verb = "created" if actions == {"created"} else "edited"
    return f"{verb} wiki page{'s' if len(pages) > 1 else ''} {', '.join(_name(page) for page in pages[:5])}"


def _member(event: Event, _: Payload) -> str:
    return f"{_action(event, 'added')} member {_name(event.facts.subject) or 'without a name'}"


def _deployment(event: Event, _: Payload) -> str:
    what = _short(event.facts.sha) or _ref(event.facts.ref) or "something"
    return f"began to deploy {what} to {_name(event.facts.subject) or 'an unnamed environment'}"


def _deployment_status(event: Event, _: Payload) -> str:
    return f"deployment to {_name(event.facts.subject) or 'an unnamed environment'}: {_outcome(event)}"


def _run(kind: str) -> Describe:
    def describe(event: Event, _: Payload) -> str:
        where = ", ".join(part for part in (_ref(event.facts.ref), _short(event.facts.sha)) if part)
        name = f" {_name(event.facts.subject)}" if event.facts.subject else ""
        return f"{kind}{name}: {_outcome(event)}{f' ({where})' if where else ''}"

    return describe


def _other(event: Event, _: Payload) -> str:
    words = _WORDS.sub(" ", clean(event.event_type, _MAX_NAME, one_line=True).removesuffix("Event")).lower()
    return f"{words or 'event'}{f' {_action(event)}' if event.facts.action else ''}"


def _action(event: Event, otherwise: str = "changed") -> str:
    return (_name(event.facts.action) or otherwise).replace("_", " ")


def _outcome(event: Event) -> str:
    return _action(event, "no result yet")


def _numbered(kind: str, event: Event) -> str:
    return f"{kind} #{event.facts.number}" if event.facts.number else f"{'an' if kind == 'issue' else 'a'} {kind}"


def _title(payload: Payload, place: str) -> str:
    title = payload.text(place, "title")
    return f": {title}" if title else ""


def _ref(ref: str | None) -> str:
    if ref and ref.startswith("refs/tags/"):
        return _name(ref.removeprefix("refs/tags/"))
    return _name(ref.removeprefix("refs/heads/")) if ref else ""


def _name(value: str | None) -> str:
    return clean(value, _MAX_NAME, one_line=True) if value else ""


def _short(sha: str | None) -> str:
    return _name(sha)[:7]


_DESCRIBE: dict[str, Describe] = {
    "PushEvent": _push,
    "CreateEvent": _created,
    "DeleteEvent": _deleted,
    "PullRequestEvent": _pull_request,
    "IssuesEvent": _issue,
    "IssueCommentEvent": _issue_comment,
    "DiscussionEvent": _discussion,
    "DiscussionCommentEvent": _discussion_comment,
    "CommitCommentEvent": _commit_comment,
    "PullRequestReviewEvent": _review,
    "PullRequestReviewCommentEvent": _review_comment,
    "ReleaseEvent": _release,
    "ForkEvent": _fork,
    "GollumEvent": _wiki,
    "MemberEvent": _member,
    "PublicEvent": lambda _, __: "made the repository public",
    "WatchEvent": lambda _, __: "starred the repository",
    "DeploymentEvent": _deployment,
    "DeploymentStatusEvent": _deployment_status,
    "WorkflowRunEvent": _run("workflow"),
    "WorkflowJobEvent": _run("workflow job"),
    "CheckRunEvent": _run("check"),
    "CheckSuiteEvent": _run("check suite"),
    "StatusEvent": _run("status"),
}
