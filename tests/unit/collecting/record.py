"""A GitHub that keeps issues and pull requests, and shows them by REST and by GraphQL a few at a time."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

START = datetime(2026, 11, 1, tzinfo=UTC)
ROWS = 3
"""Rows of a REST page here, whatever is asked for."""


def iso(minute: int) -> str:
    return (START + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Item:
    """An issue or pull request; times are minutes since `START`."""

    number: int
    pull: bool
    created: int
    updated: int
    comments: list[tuple[int, int]] = field(default_factory=list)
    reviews: list[tuple[int, int]] = field(default_factory=list)


class Record:
    """Serves items; `faults` are answered first, one each, where their word is in the request."""

    def __init__(self, *items: Item) -> None:
        self.items = list(items)
        self.requests: list[str] = []
        self.faults: list[tuple[str, httpx.Response]] = []
        self.with_graphql = True
        self.replies_shown = 100
        self._id = 1_000

    def add(self, minute: int, *, pull: bool) -> Item:
        item = Item(len(self.items) + 1, pull, minute, minute)
        self.items.append(item)
        return item

    def comment(self, item: Item, minute: int, *, review: bool = False) -> None:
        self._id += 1
        (item.reviews if review else item.comments).append((self._id, minute))
        item.updated = minute

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        graphql = request.url.path.endswith("graphql")
        asked = json.loads(request.content) if graphql else {}
        said = asked["query"].split("(")[0].split()[-1] if graphql else request.url.path.removeprefix("/repos/o/n/")
        self.requests.append(said)
        for number, (word, fault) in enumerate(self.faults):
            if word in said:
                del self.faults[number]
                return fault
        if not graphql:
            return self._rest(said, request)
        if not self.with_graphql:
            return httpx.Response(403, json={"message": "Resource not accessible by integration"})
        return httpx.Response(200, json={"data": self._graphql(said, asked["variables"])})

    def _newest_first(self, *, pull: bool | None = None) -> list[Item]:
        found = [item for item in self.items if pull is None or item.pull is pull]
        return sorted(found, key=lambda item: (-item.updated, -item.number))

    def _rest(self, path: str, request: httpx.Request) -> httpx.Response:
        rows: list[dict[str, Any]]
        if path == "issues":
            rows = [self._issue(item) for item in self._newest_first()]
        elif path == "pulls":
            rows = [self._issue(item) | {"base": {"ref": "main"}} for item in self._newest_first(pull=True)]
        else:
            rows = self._comments(path)
        page, size = int(request.url.params.get("page", 1)), min(ROWS, int(request.url.params["per_page"]))
        part = rows[(page - 1) * size : page * size]
        etag = f'"{hashlib.sha256(json.dumps(part).encode()).hexdigest()}"'
        headers = {"etag": etag}
        if page * size < len(rows):
            headers["link"] = f'<{request.url.copy_set_param("page", page + 1)}>; rel="next"'
        same = request.headers.get("if-none-match") == etag
        return httpx.Response(304, headers=headers) if same else httpx.Response(200, json=part, headers=headers)

    def _issue(self, item: Item) -> dict[str, Any]:
        row = {"number": item.number, "title": f"T{item.number}", "user": {"login": "ada", "type": "User"}}
        row |= {"state": "open", "created_at": iso(item.created), "updated_at": iso(item.updated)}
        row |= {"comments": len(item.comments)}
        return row | {"pull_request": {"merged_at": None}} if item.pull else row

    def _comments(self, path: str) -> list[dict[str, Any]]:
        """Reviews are shown as comments on changes."""
        changes = path == "pulls/comments"
        found = [
            (minute, number, item)
            for item in self.items
            for number, minute in (item.reviews if changes else item.comments)
        ]
        where = "pull_request_url" if changes else "issue_url"
        return [
            {"id": number, "created_at": iso(minute), "updated_at": iso(minute), where: f"https://x/{item.number}"}
            for minute, number, item in sorted(found, key=lambda row: (-row[0], -row[1]))
        ]

    def _graphql(self, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        if name == "Replies":
            item = self.items[int(asked["id"]) - 1]
            return {"node": {"comments": self._replies(item.comments, int(asked["comments"] or 0))}}
        rows = self._newest_first(pull=name == "PullRequests")
        rows = [item for item in rows if iso(item.updated) >= (asked.get("since") or "")]
        start = int(asked["after"] or 0)
        end = start + asked["first"]
        info = {"hasNextPage": end < len(rows), "endCursor": str(end)}
        return {"repository": {"threads": {"pageInfo": info, "nodes": [self._node(item) for item in rows[start:end]]}}}

    def _node(self, item: Item) -> dict[str, Any]:
        node = {"id": str(item.number), "number": item.number, "title": f"T{item.number}", "state": "OPEN"}
        node |= {"createdAt": iso(item.created), "updatedAt": iso(item.updated)}
        node |= {"author": {"__typename": "User", "login": "ada"}}
        node |= {"comments": self._replies(item.comments, 0) | {"totalCount": len(item.comments)}}
        return node | {"baseRefName": "main", "reviews": self._replies(item.reviews, 0)} if item.pull else node

    def _replies(self, replies: list[tuple[int, int]], start: int) -> dict[str, Any]:
        end = start + self.replies_shown
        nodes = [
            {"fullDatabaseId": str(number), "createdAt": iso(minute), "submittedAt": iso(minute)}
            for number, minute in replies[start:end]
        ]
        return {"nodes": nodes, "pageInfo": {"hasNextPage": end < len(replies), "endCursor": str(end)}}
