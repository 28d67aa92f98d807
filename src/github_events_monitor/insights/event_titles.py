"""An event in one line, and where to read about it: its own link where that is safe, else one built from names.

Payloads by type: https://docs.github.com/en/rest/using-the-rest-api/github-event-types, and for what only webhooks
deliver https://docs.github.com/en/webhooks/webhook-events-and-payloads. Since 2025-10-07 payloads lack most titles,
so every title has a form without them.
"""

import re
from collections.abc import Callable
from functools import partial
from urllib.parse import quote

from ..github.workflow_names import Workflow
from ..records import Event
from ..text import clean
from .event_texts import Payload

MAX_TITLE = 160
GITHUB = "https://github.com"

_MAX_NAME = 80
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")

Describe = Callable[[Event, Payload], str]


def describe_event(
    event: Event, full_name: str, *, web_url: str = GITHUB, title: str | None = None
) -> tuple[str, str | None]:
    """Return a title of at most 160 characters saying what happened (not by whom), and a link or None.

    full_name: "owner/name" as GitHub spells it. web_url: where people read it, another one for GitHub Enterprise
    Server. title: of the issue or pull request, where its record knows what the payload lacks. The text is cleaned;
    payloads of any shape give a title.
    """
    payload = Payload(event, title)
    describe = _DESCRIBE.get(event.event_type, _other)
    return clean(describe(event, payload), MAX_TITLE, one_line=True), _url_of(event, payload, full_name, web_url)


def _push(event: Event, payload: Payload) -> str:
    verb = "force-pushed" if event.facts.action == "force_push" else "pushed"
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
    kind = "tag" if ref.startswith("refs/tags/") else "branch" if ref.startswith("refs/heads/") else "branch or tag"
    return f"{kind} {_ref(ref)}"


def _pull_request(event: Event, payload: Payload) -> str:
    head, base = payload.text("pull_request", "head", "ref"), payload.text("pull_request", "base", "ref")
    branches = f" ({_name(head)} → {_name(base)})" if head and base else ""
    about = _title(payload, "pull_request") or branches
    return f"{_action(event)} {_numbered('pull request', event)}{_detail(payload)}{about}"


def _issue(event: Event, payload: Payload) -> str:
    return f"{_action(event)} {_numbered('issue', event)}{_detail(payload)}{_title(payload, 'issue')}"


def _detail(payload: Payload) -> str:
    """Return which label or person an action is about, where it is about one."""
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
    verbs = {"approved": "approved", "changes_requested": "requested changes on"}
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


def _run(kind: str, event: Event, _: Payload) -> str:
    where = ", ".join(part for part in (_ref(event.facts.ref), _short(event.facts.sha)) if part)
    subject = _name(Workflow.of(event.facts.subject).name)
    name = f" {subject}" if subject else ""
    return f"{kind}{name}: {_outcome(event)}{f' ({where})' if where else ''}"


def _other(event: Event, _: Payload) -> str:
    words = _WORDS.sub(" ", _name(event.event_type).removesuffix("Event")).lower()
    return f"{words or 'event'}{f' {_action(event)}' if event.facts.action else ''}"


def _action(event: Event, otherwise: str = "changed") -> str:
    return (_name(event.facts.action) or otherwise).replace("_", " ")


def _outcome(event: Event) -> str:
    return _action(event, "no result yet")


def _numbered(kind: str, event: Event) -> str:
    return f"{kind} #{event.facts.number}" if event.facts.number else f"{'an' if kind == 'issue' else 'a'} {kind}"


def _title(payload: Payload, place: str) -> str:
    title = payload.text(place, "title") or payload.title
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
    "WorkflowRunEvent": partial(_run, "workflow"),
    "WorkflowJobEvent": partial(_run, "workflow job"),
    "CheckRunEvent": partial(_run, "check"),
    "CheckSuiteEvent": partial(_run, "check suite"),
    "StatusEvent": partial(_run, "status"),
}

_SAFE = re.compile(r"[A-Za-z0-9._~/%#?&=+@!,:;-]{1,400}")
_PLACES = ("comment", "review", "issue", "pull_request", "discussion", "release", "forkee")
_RUNS = ("workflow_run", "workflow_job", "check_run")
_SHA = re.compile(r"(?!0+\Z)(?:[0-9a-f]{40}|[0-9a-f]{64})")  # all zeros stand for no commit


def _url_of(event: Event, payload: Payload, full_name: str, web_url: str) -> str | None:
    """Return an https address on the host of `web_url`, or None when there is nothing to open."""
    for place in (*_PLACES, *_RUNS):
        url = payload.text(place, "html_url")
        if url and url.startswith(f"{web_url}/") and _SAFE.fullmatch(url):
            return url
    build = _BUILDERS.get(event.event_type)
    path = build(event, payload) if build else None
    return None if path is None else f"{web_url}/{quote(full_name)}{path}"


def _push_path(event: Event, payload: Payload) -> str | None:
    before, head = payload.text("before"), event.facts.sha
    if not head or not _SHA.fullmatch(head):
        return None
    if before and _SHA.fullmatch(before):
        return f"/compare/{before}...{head}"
    return f"/commit/{head}"


def _created_path(event: Event, _: Payload) -> str | None:
    ref = event.facts.ref
    return f"/tree/{_quoted(ref)}" if ref else ""


def _quoted(ref: str) -> str:
    return quote(ref.removeprefix("refs/heads/").removeprefix("refs/tags/"))


def _numbered_path(folder: str, event: Event, payload: Payload) -> str | None:
    kind = "pull" if payload.has("issue", "pull_request") else folder
    return f"/{kind}/{event.facts.number}" if event.facts.number else None


def _release_path(event: Event, _: Payload) -> str | None:
    return f"/releases/tag/{_quoted(event.facts.ref)}" if event.facts.ref else "/releases"


def _commit_path(event: Event, payload: Payload) -> str | None:
    sha = event.facts.sha or payload.text("comment", "commit_id")
    return f"/commit/{sha}" if sha and _SHA.fullmatch(sha) else None


def _whole_repository(_: Event, __: Payload) -> str:
    return ""


_BUILDERS: dict[str, Callable[[Event, Payload], str | None]] = {
    "PushEvent": _push_path,
    "CreateEvent": _created_path,
    "PublicEvent": _whole_repository,
    "ReleaseEvent": _release_path,
    "GollumEvent": lambda _, __: "/wiki",
    "IssuesEvent": partial(_numbered_path, "issues"),
    "IssueCommentEvent": partial(_numbered_path, "issues"),
    "DiscussionEvent": partial(_numbered_path, "discussions"),
    "DiscussionCommentEvent": partial(_numbered_path, "discussions"),
    **dict.fromkeys(
        ("PullRequestEvent", "PullRequestReviewEvent", "PullRequestReviewCommentEvent", "PullRequestReviewThreadEvent"),
        partial(_numbered_path, "pull"),
    ),
    **dict.fromkeys(("CommitCommentEvent", "StatusEvent", "CheckRunEvent", "CheckSuiteEvent"), _commit_path),
    **dict.fromkeys(("WorkflowRunEvent", "WorkflowJobEvent", "DeploymentEvent", "DeploymentStatusEvent"), _commit_path),
}
