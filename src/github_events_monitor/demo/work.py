"""The everyday work of an invented repository: pull requests from opening to merge, and issues from report to close."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from ..instants import format_instant
from ..records import Reply, Thread
from .accounts import ASSISTANT, PILOT, VISITORS, WHEREABOUTS, Account, Area
from .history import History, SeededRandom

Ending = Literal["merged", "closed", "open"]
Review = Literal["approved", "changes_requested"]


def working(moment: datetime) -> datetime:
    """Return the first moment from then on at which people work: Monday to Friday, seven to seven."""
    if moment.hour >= 19:
        moment = (moment + timedelta(days=1)).replace(hour=8)
    elif moment.hour < 7:
        moment = moment.replace(hour=8)
    while moment.weekday() >= 5:
        moment += timedelta(days=1)
    return moment


@dataclass(frozen=True, kw_only=True)
class Change:
    """A pull request as it goes. first_answer, to_merge: hours of waiting, None for no answer at all.

    review: what the first review says; after changes were requested the author answers and it is approved.
    """

    opened: datetime
    author: Account
    title: str
    files: Mapping[str, tuple[int, int]]
    reviewer: Account
    first_answer: float | None = 4.0
    to_merge: float = 6.0
    review: Review = "approved"
    ending: Ending = "merged"
    draft: bool = False
    labels: tuple[str, ...] = ()
    body: str = ""
    passes: bool = True


@dataclass(frozen=True, kw_only=True)
class Report:
    """An issue as it goes. first_answer: hours until a maintainer answers, None for never; closed_after: likewise."""

    opened: datetime
    author: Account
    title: str
    maintainer: Account
    first_answer: float | None = 5.0
    closed_after: float | None = 70.0
    labels: tuple[str, ...] = ()
    extra: tuple[Account, ...] = field(default=())


def write(history: History, rng: SeededRandom, things: Sequence[Change | Report]) -> None:
    """Write down pull requests and issues, numbered in the order in which they were opened."""
    for number, thing in enumerate(sorted(things, key=lambda thing: thing.opened), start=101):
        if isinstance(thing, Change):
            _write_change(history, number, thing)
        else:
            _write_report(history, rng, number, thing)


def _write_change(history: History, number: int, change: Change) -> None:
    branch = f"{change.author.login.split('-')[0]}/{number}"
    head = history.sha_of(f"head of {number}")
    if change.opened < history.until:
        history.push(change.opened - timedelta(minutes=4), change.author, f"refs/heads/{branch}", head)
    replies, answered = _conversation(history, number, change, branch)
    ended = working(answered + timedelta(hours=change.to_merge)) if change.ending != "open" else None
    merger = change.author if change.author.kind == "User" else change.reviewer
    merged = ended if change.ending == "merged" else None
    merge_sha = _merge(history, number, change, merged, merger) if merged else None
    history.save_thread(
        Thread(
            repo_name=history.key,
            number=number,
            kind="pull_request",
            state="open",
            created_at=format_instant(change.opened),
            updated_at=format_instant(change.opened),
            title=change.title,
            author_login=change.author.login,
            author_type=change.author.kind,
            draft=change.draft,
            base="main",
            head=branch,
            head_sha=head,
            additions=sum(more for more, _ in change.files.values()),
            deletions=sum(less for _, less in change.files.values()),
            changed_files=len(change.files),
            reviewers=() if replies or change.draft else (change.reviewer.login,),
            labels=change.labels,
        ),
        replies,
        closed_at=format_instant(ended) if ended else None,
        closed_by=merger.login,
        merged_at=format_instant(merged) if merged else None,
        merged_by=merger.login if merged else None,
        merge_sha=merge_sha,
    )


def _conversation(history: History, number: int, change: Change, branch: str) -> tuple[list[Reply], datetime]:
    """Return what is said of a pull request, and when its last word is."""
    at = change.opened
    if change.first_answer is None:
        return [], at
    at = working(at + timedelta(hours=change.first_answer))
    replies = [_reply(history, "review", at, change.reviewer, change.review)]
    if change.review == "changes_requested" and change.ending == "merged":
        replies.append(_reply(history, "review_comment", at, change.reviewer))
        at = working(at + timedelta(hours=3))
        history.push(at, change.author, f"refs/heads/{branch}", history.sha_of(f"second head of {number}"))
        replies.append(_reply(history, "comment", at + timedelta(minutes=2), change.author))
        at = working(at + timedelta(hours=2))
        replies.append(_reply(history, "review", at, change.reviewer, "approved"))
    return replies, at


def _merge(history: History, number: int, change: Change, at: datetime, by: Account) -> str:
    """Write down the commit and the checks of it; return its sha."""
    message = f"{change.title} (#{number})" + (f"\n\n{change.body}" if change.body else "")
    sha = history.commit(at, change.author, message, change.files, by=by)
    history.run(at + timedelta(minutes=9), sha, "tests", "success" if change.passes else "failure")
    return sha


def _write_report(history: History, rng: SeededRandom, number: int, report: Report) -> None:
    replies: list[Reply] = []
    if report.first_answer is not None:
        at = working(report.opened + timedelta(hours=report.first_answer))
        replies.append(_reply(history, "comment", at, report.maintainer))
        for visitor in report.extra:
            replies.append(_reply(history, "comment", at + timedelta(hours=rng.between(1, 30)), visitor))
    closed = working(report.opened + timedelta(hours=report.closed_after)) if report.closed_after is not None else None
    history.save_thread(
        Thread(
            repo_name=history.key,
            number=number,
            kind="issue",
            state="open",
            created_at=format_instant(report.opened),
            updated_at=format_instant(report.opened),
            title=report.title,
            author_login=report.author.login,
            author_type=report.author.kind,
            labels=report.labels,
        ),
        replies,
        closed_at=format_instant(closed) if closed else None,
        closed_by=report.maintainer.login,
        state_reason="completed",
    )


def _reply(
    history: History,
    kind: Literal["comment", "review", "review_comment"],
    at: datetime,
    by: Account,
    state: Review | None = None,
) -> Reply:
    return Reply(history.new_id(), kind, format_instant(at), by.login, by.kind, state)


@dataclass(frozen=True, kw_only=True)
class Team:
    """Who works on what, and how much: pull requests and issues of a working day."""

    people: tuple[Account, ...]
    areas: tuple[Area, ...]
    changes: float
    reports: float
    titles: set[str] = field(default_factory=set)

    def title(self, rng: SeededRandom, titles: Sequence[str]) -> str:
        """Return a title that was not used yet."""
        free = [title + where for where in WHEREABOUTS for title in titles if title + where not in self.titles]
        chosen = rng.pick(free or titles)
        self.titles.add(chosen)
        return chosen


def everyday(team: Team, rng: SeededRandom, since: datetime, until: datetime) -> list[Change | Report]:
    """Return the ordinary pull requests and issues of a stretch of time."""
    found: list[Change | Report] = []
    day = since.replace(hour=0, minute=0, second=0)
    while day < until:
        busy = 0.12 if day.weekday() >= 5 else 1.0
        for _ in range(_count(rng, team.changes * busy)):
            found.append(_some_change(team, rng, _moment(rng, day)))
        for _ in range(_count(rng, team.reports * busy)):
            found.append(_some_report(team, rng, _moment(rng, day)))
        day += timedelta(days=1)
    return [thing for thing in found if since <= thing.opened < until]


def _count(rng: SeededRandom, mean: float) -> int:
    whole = int(mean)
    return whole + rng.chance(mean - whole) + rng.chance(0.15 * mean) - (whole > 0 and rng.chance(0.25))


def _moment(rng: SeededRandom, day: datetime) -> datetime:
    hour = 7.5 + 5 * rng.between(0, 1) + 5.5 * rng.between(0, 1)
    return day + timedelta(seconds=int(hour * 3600))


def _some_change(team: Team, rng: SeededRandom, at: datetime) -> Change:
    area, author = rng.pick(team.areas), rng.pick(team.people)
    reviewer = next(person for person in (rng.pick(team.people), *team.people) if person != author)
    title, by = team.title(rng, area.changes), author
    files = {name: (rng.whole(4, 90), rng.whole(0, 45)) for name in area.files[: rng.whole(1, len(area.files))]}
    kind = rng.between(0, 1)
    body = ""
    if kind < 0.12:
        by, title = PILOT, f"build(deps): bump harbour-charts from 4.{at.day}.0 to 4.{at.day}.1"
        files = {"pyproject.toml": (1, 1), "uv.lock": (rng.whole(4, 30), rng.whole(4, 30))}
    elif kind < 0.2:
        by = ASSISTANT
        body = f"Co-authored-by: {author.name} <{author.email}>"
    return Change(
        opened=at,
        author=by,
        title=title,
        files=files,
        reviewer=reviewer,
        first_answer=rng.between(0.3, 9) if rng.chance(0.8) else rng.between(9, 70),
        to_merge=rng.between(0.2, 8),
        review="changes_requested" if rng.chance(0.22) else "approved",
        ending="closed" if rng.chance(0.07) else "merged",
        body=body,
        passes=rng.chance(0.94),
    )


def _some_report(team: Team, rng: SeededRandom, at: datetime) -> Report:
    area = rng.pick(team.areas)
    trouble = team.title(rng, area.troubles)
    return Report(
        opened=at,
        author=rng.pick(VISITORS) if rng.chance(0.7) else rng.pick(team.people),
        title=trouble,
        maintainer=rng.pick(team.people),
        first_answer=rng.between(0.5, 20) if rng.chance(0.9) else None,
        closed_after=rng.between(20, 240) if rng.chance(0.8) else None,
        labels=(area.scope, "question" if "?" in trouble or "Please" in trouble else "bug"),
        extra=(rng.pick(VISITORS),) if rng.chance(0.3) else (),
    )
