"""Records made presentable: cleaned, cut, and marked as to who made them."""

from typing import Literal

import msgspec

from ...answers import AnswerModel, Flag, Kind, Link, Strings
from ...insights.commits import analyse_commit
from ...insights.event_titles import describe_event
from ...insights.threads import actor_of
from ...people import kind_of
from ...records import Commit, CommitFile, CommitRecord, CommitSummary, Event, Thread
from ...text import clean, first_line

MAX_MESSAGE = 140
"""Characters of a commit's first line in a list; a cut message is a plain prefix."""
MAX_NAME = 80
MAX_WORD = 60
"""Characters of what GitHub names by one word of its own (types, actions, states), and a file of events by any text."""
MAX_PATH = 300


class CommitAnalysis(AnswerModel):
    """What the commit looks like. `text` and `reasons` only in commit details."""

    text: Link = None
    categories: tuple[str, ...] = ()
    impact_score: int
    risk_level: Literal["low", "medium", "high"]
    breaking: Flag = False
    security_relevant: Flag = False
    reasons: Strings = ()


class CommitAnswer(AnswerModel):
    """One commit; `message` is its first line, numbers are None until they were fetched."""

    sha: str
    message: str
    author_name: str | None
    author_login: str | None
    is_bot: Flag = False
    ai_assistant: Flag = False
    committed_at: str
    branch: str | None
    additions: int | None
    deletions: int | None
    files_changed: int | None
    url: Link = None
    summary: CommitAnalysis


class FileAnswer(AnswerModel):
    """One file of a commit."""

    filename: str
    status: str
    additions: int | None
    deletions: int | None
    previous_filename: Link = None


class EventAnswer(AnswerModel):
    """One event; `title` says in a line what happened, as far as the record says.

    author_login: who opened the issue or pull request that it is about, where that is another one than the actor.
    """

    id: str
    event_type: str
    actor_login: str | None
    is_bot: Flag = False
    ai_assistant: Flag = False
    created_at: str
    action: Link = None
    title: str
    author_login: Link = None
    url: Link = None


class Presenter:
    """Shows records of one repository; knows its spelling, its default branch and which logins count as bots."""

    def __init__(self, full_name: str, web_url: str, default_branch: str | None, bots: frozenset[str]) -> None:
        self.full_name = full_name
        self.repo_url = f"{web_url}/{full_name}"
        self._web_url = web_url
        self._default_branch = default_branch
        self._bots = bots

    def commit(self, record: CommitRecord, branch: str | None = None, *, full: bool = False) -> CommitAnswer:
        """Return a commit as a list shows it, or (full) as commit details do."""
        commit, kind = record.commit, self._author_kind(record.commit)
        return CommitAnswer(
            sha=commit.sha,
            message=first_line(commit.message, MAX_MESSAGE),
            author_name=_name(commit.author_name),
            author_login=_name(commit.author_login),
            is_bot=kind == "bot",
            ai_assistant=kind == "ai_assistant",
            committed_at=commit.commit_date,
            branch=_name(branch or self._branch(commit)),
            additions=commit.additions,
            deletions=commit.deletions,
            files_changed=commit.files_changed,
            url=f"{self.repo_url}/commit/{commit.sha}" if full else None,
            summary=present_analysis(analysis_of(record), full=full),
        )

    def event(self, event: Event, thread: Thread | None = None) -> EventAnswer:
        """Return an event as a list shows it; `thread` is the record of the issue or pull request it is about."""
        if thread is not None and event.actor_login is None:
            event = msgspec.structs.replace(event, actor_login=actor_of(thread, event))
        kind = kind_of(event.actor_login, None, None, None, self._bots)
        title, url = describe_event(
            event, self.full_name, web_url=self._web_url, title=thread.title if thread else None
        )
        author = thread.author_login if thread else None
        return EventAnswer(
            id=event.id,
            event_type=clean(event.event_type, MAX_WORD, one_line=True),
            actor_login=_name(event.actor_login),
            is_bot=kind == "bot",
            ai_assistant=kind == "ai_assistant",
            created_at=event.created_at,
            action=clean(event.facts.action, MAX_WORD, one_line=True) if event.facts.action else None,
            title=title,
            author_login=_name(author) if (author or "").lower() != (event.actor_login or "").lower() else None,
            url=url,
        )

    def _author_kind(self, commit: Commit) -> Kind:
        return kind_of(commit.author_login, commit.author_name, commit.author_email, commit.author_type, self._bots)

    def _branch(self, commit: Commit) -> str | None:
        if self._default_branch in commit.branches:
            return self._default_branch
        return next((branch for branch in commit.branches if not branch.startswith("~")), None)


def analysis_of(record: CommitRecord) -> CommitSummary:
    """Return the stored analysis, or one made now: the bulk import leaves it out for speed."""
    return record.summary or analyse_commit(record.commit, record.files)


def present_analysis(summary: CommitSummary, *, full: bool) -> CommitAnalysis:
    """Return an analysis, with text and reasons only where the commit is shown in full."""
    return CommitAnalysis(
        text=clean(summary.text, 300) if full else None,
        categories=summary.categories,
        impact_score=summary.impact_score,
        risk_level=summary.risk_level,
        breaking=summary.breaking,
        security_relevant=summary.security_relevant,
        reasons=tuple(clean(reason, 200) for reason in summary.reasons) if full else (),
    )


def present_file(file: CommitFile) -> FileAnswer:
    """Return a file of a commit."""
    return FileAnswer(
        filename=clean(file.filename, MAX_PATH),
        status=clean(file.status, MAX_WORD, one_line=True),
        additions=file.additions,
        deletions=file.deletions,
        previous_filename=clean(file.previous_filename, MAX_PATH) if file.previous_filename else None,
    )


def _name(text: str | None) -> str | None:
    return clean(text, MAX_NAME) if text is not None else None
