"""Issues and pull requests as they come about: by GraphQL and by REST's listings the answers are the same."""

import json
from datetime import timedelta
from typing import Any

import pytest

from github_events_monitor.github.graphql.threads import Kind, parse_threads
from github_events_monitor.github.thread_lists import parse_comments, parse_issues, parse_pulls, parse_reviews
from github_events_monitor.github.threads_merge import with_replies
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.issues import ISSUES
from github_events_monitor.infrastructure.questions.pull_requests import PULL_REQUESTS
from github_events_monitor.records import Ledger, RepositoryState, Span
from tests.fake_github import NOW, iso

REPO = "octo/hello"
Json = dict[str, Any]
Words = tuple[tuple[str, str | None, float], ...]
"""What (comment or the state of a review), by whom, how many hours ago."""


def at(hours: float) -> str:
    return iso(NOW - timedelta(hours=hours))


class Shape:
    """A thread that was opened a hundred hours ago and changed ten hours ago."""

    def __init__(self, number: int, author: str | None = "ada", words: Words = (), **fields: Any) -> None:
        self.number, self.author, self.words = number, author, words
        self.fields = {"state": "open", "reason": None, "draft": False, "merged_by": None, "asked": (), **fields}
        self.ended = at(10) if self.fields["state"] != "open" else None
        self.merged = self.ended if self.fields["state"] == "merged" else None

    def _words(self, *, reviews: bool) -> list[tuple[int, str, str | None, float]]:
        return [
            (100 * self.number + n, what, who, ago)
            for n, (what, who, ago) in enumerate(self.words)
            if (what != "comment") is reviews
        ]

    def by_graphql(self, *, pull: bool) -> Json:
        def actor(login: str | None) -> Json | None:
            if login is None:
                return None
            bot = login.endswith("[bot]")
            return {"__typename": "Bot" if bot else "User", "login": login.removesuffix("[bot]")}

        def reply(row: tuple[int, str, str | None, float]) -> Json:
            number, what, who, ago = row
            sent = None if what == "PENDING" else at(ago)
            known = {"createdAt": at(ago), "submittedAt": sent, "author": actor(who)}
            return {"fullDatabaseId": str(number), "state": what if what != "comment" else None, **known}

        comments = [reply(row) for row in self._words(reviews=False)]
        end = {"hasNextPage": False, "endCursor": None}
        node = {
            "id": f"N{self.number}", "number": self.number, "title": f"Thing {self.number}",
            "state": self.fields["state"].upper(), "stateReason": (self.fields["reason"] or "").upper() or None,
            "createdAt": at(100), "updatedAt": at(10), "closedAt": self.ended, "author": actor(self.author),
            "labels": {"nodes": []}, "closings": {"nodes": [{"actor": actor(self.fields["merged_by"])}]},
            "comments": {"totalCount": len(comments), "pageInfo": end, "nodes": comments},
        }  # fmt: skip
        if not pull:
            return node
        asked = [
            {"__typename": "Team", "combinedSlug": name} if "/" in name else actor(name)
            for name in self.fields["asked"]
        ]
        return {
            **node, "isDraft": self.fields["draft"], "mergedAt": self.merged,
            "mergedBy": actor(self.fields["merged_by"]), "baseRefName": "main", "headRefName": "topic",
            "headRefOid": "a" * 40, "reviewDecision": None,
            "reviewRequests": {"nodes": [{"requestedReviewer": who} for who in asked]},
            "reviews": {"pageInfo": end, "nodes": [reply(row) for row in self._words(reviews=True)]},
        }  # fmt: skip

    def by_rest(self, *, pull: bool) -> list[Json]:
        """The rows of the listings of issues and, of a pull request, of pull requests."""
        row = {
            "number": self.number, "title": f"Thing {self.number}", "user": account(self.author), "labels": [],
            "state": "open" if self.fields["state"] == "open" else "closed", "state_reason": self.fields["reason"],
            "created_at": at(100), "updated_at": at(10), "closed_at": self.ended,
            "comments": len(self._words(reviews=False)),
        }  # fmt: skip
        if not pull:
            return [row]
        people = [account(name) for name in self.fields["asked"] if "/" not in name]
        teams = [{"slug": name.partition("/")[2]} for name in self.fields["asked"] if "/" in name]
        sides = {"base": {"ref": "main"}, "head": {"ref": "topic", "sha": "a" * 40, "repo": None}}  # its fork is gone
        more = {"draft": self.fields["draft"], "requested_reviewers": people, "requested_teams": teams}
        one = {"merged_by": account(self.fields["merged_by"]), "merged_at": self.merged, **sides, **more}
        return [{**row, "pull_request": {"merged_at": self.merged}}, {**row, **one}]

    def comments(self) -> list[Json]:
        url = f"https://api.github.com/repos/{REPO}/issues/{self.number}"
        return [
            {"id": number, "issue_url": url, "created_at": at(ago), "updated_at": at(ago), "user": account(who)}
            for number, _, who, ago in self._words(reviews=False)
        ]

    def reviews(self) -> list[Json]:
        return [
            {"id": number, "state": what, "user": account(who), "submitted_at": None if what == "PENDING" else at(ago)}
            for number, what, who, ago in self._words(reviews=True)
        ]


def account(login: str | None) -> Json | None:
    return None if login is None else {"login": login, "type": "Bot" if login.endswith("[bot]") else "User"}


QUEUE = "github-merge-queue[bot]"
PULLS = (
    Shape(1, draft=True),
    Shape(2),  # it was a draft before
    Shape(3, state="merged", merged_by=QUEUE),
    Shape(4, None, (("comment", "bob", 50),)),
    Shape(5, words=(("DISMISSED", "bob", 50),)),
    Shape(6, asked=("octo/core", "cid")),
    Shape(7, words=(("PENDING", "bob", 50),)),
    Shape(8, words=(("CHANGES_REQUESTED", "bob", 60), ("comment", "ada", 50))),
    Shape(9, words=(("APPROVED", "bob", 60), ("comment", None, 50))),
    Shape(10, words=tuple(("comment", ("ada", "bob")[n % 2], 90 - n / 20) for n in range(1_000))),
)
THINGS = (
    Shape(20, state="closed", reason="not_planned"),
    Shape(21, state="closed", reason="duplicate"),
    Shape(22, state="closed"),  # it was made a discussion
    Shape(23, reason="reopened", words=(("comment", "bob", 80),)),
)
TURNS = {
    1: "author", 2: "review", 3: None, 4: "author", 5: "review", 6: "review", 7: "review", 8: "author", 9: "merge",
    10: "author",
}  # fmt: skip


async def keep(manager: DatabaseManager, way: str) -> None:
    kinds: tuple[tuple[Kind, tuple[Shape, ...]], ...] = (("pull_request", PULLS), ("issue", THINGS))
    for kind, shapes in kinds:
        pull = kind == "pull_request"
        if way == "graphql":
            listed = {"pageInfo": {}, "nodes": [shape.by_graphql(pull=pull) for shape in shapes]}
            body = json.dumps({"data": {"repository": {"threads": listed}}}).encode()
            await manager.threads.save_threads(parse_threads(REPO, kind, body).threads)
            continue
        for shape in shapes:
            for parse, row in zip((parse_issues, parse_pulls), shape.by_rest(pull=pull), strict=False):
                (found,) = parse(REPO, json.dumps([row]).encode())
                assert found is not None
                await manager.threads.save_threads([found.thread])
            stored = await manager.threads.get_thread(REPO, shape.number)
            assert stored is not None
            said = [row.reply for row in parse_comments("comment", json.dumps(shape.comments()).encode()) if row]
            said += parse_reviews(json.dumps(shape.reviews()).encode())
            await manager.threads.save_threads([with_replies(stored, said)])
    known = Ledger(spans={"threads": (Span(at(800), at(0)),)})
    await manager.collector_state.save_states([RepositoryState(repo_name=REPO, last_collected_at=at(0), ledger=known)])


@pytest.mark.parametrize("way", ["graphql", "rest"])
async def test_every_shape_is_answered_for_what_it_is(manager: DatabaseManager, way: str) -> None:
    await keep(manager, way)
    service = DatabaseService(QuestionContext(manager=manager, clock=lambda: NOW))
    answer = await service.ask(PULL_REQUESTS, repo=REPO, state="all", limit=100)
    rows = {row.number: row for row in answer.pull_requests}
    assert {number: row.waiting_for for number, row in rows.items()} == TURNS
    assert (rows[1].draft, rows[2].draft, rows[3].state, rows[3].merged_by) == (True, False, "merged", QUEUE)
    assert (rows[3].first_response_hours, rows[7].first_response_hours) == (None, None)  # nobody said anything yet
    assert (rows[4].author_login, rows[4].first_response_hours, rows[4].head) == (None, 50, "topic")
    assert set(rows[6].reviewers or ()) == {"octo/core", "cid"}
    assert (rows[7].comments, rows[10].comments) == (0, 1_000)
    assert (answer.summary.open, answer.summary.merged, answer.summary.waiting_for_review) == (9, 1, 4)
    assert answer.summary.first_response_sample == 5
    assert ("not all read yet" in (answer.coverage.note or "")) == (way == "rest")  # there may be more reviews
    waiting = await service.ask(PULL_REQUESTS, repo=REPO, state="all", sort="waiting", limit=100)
    assert [row.number for row in waiting.pull_requests][-1] == 3  # nobody waits in it
    asked = await service.ask(PULL_REQUESTS, repo=REPO, reviewer="octo/core")
    assert [row.number for row in asked.pull_requests] == [6]
    issues = await service.ask(ISSUES, repo=REPO, state="all")
    assert {row.number: row.state for row in issues.issues} == {20: "closed", 21: "closed", 22: "closed", 23: "open"}
    assert (issues.summary.open, issues.summary.closed) == (1, 3)
    stored = await manager.threads.get_threads(REPO)
    assert [one.state_reason for one in stored if one.kind == "issue"] == ["not_planned", "duplicate", None, "reopened"]
