"""Rows as short as the cases that use them. 2026-06-01 is a Monday."""

from github_events_monitor.records import Activity, Authorship, Span

SINCE, UNTIL = "2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z"
ALWAYS = (Span("2025-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),)


def june(day: int, hour: int = 0, minute: int = 0) -> str:
    return f"2026-06-{day:02}T{hour:02}:{minute:02}:00Z"


def row(
    event_type: str,
    at: str,
    actor: str | None = "ann",
    action: str | None = None,
    number: int | None = None,
    *,
    ref: str | None = None,
    sha: str | None = None,
    subject: str | None = None,
    event_id: str | None = None,
) -> Activity:
    name = event_id or f"{event_type}/{at}/{actor}/{action}/{number}/{ref}/{sha}"
    return Activity(name, event_type, at, actor, action, number, ref, sha, subject)


def issue(at: str, number: int, actor: str | None = "ann", action: str = "opened") -> Activity:
    return row("IssuesEvent", at, actor, action, number)


def pull(
    at: str, number: int, actor: str | None = "ann", action: str = "opened", subject: str | None = None
) -> Activity:
    return row("PullRequestEvent", at, actor, action, number, subject=subject)


def comment(at: str, number: int, actor: str | None = "ben", action: str = "created") -> Activity:
    return row("IssueCommentEvent", at, actor, action, number)


def review(at: str, number: int, actor: str | None = "ben", action: str = "created") -> Activity:
    return row("PullRequestReviewEvent", at, actor, action, number)


def push(at: str, actor: str = "ann") -> Activity:
    return row("PushEvent", at, actor, ref="refs/heads/main")


def release(at: str, tag: str, actor: str = "ann", action: str = "published") -> Activity:
    return row("ReleaseEvent", at, actor, action, ref=tag)


def commit(
    at: str,
    login: str | None = "ann",
    *,
    sha: str | None = None,
    name: str | None = None,
    email: str | None = None,
    account_type: str | None = None,
    co_authors: str = "",
) -> Authorship:
    return Authorship(sha or f"{at}/{login}/{name}/{email}", at, login, name, email, account_type, co_authors)
