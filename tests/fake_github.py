"""A GitHub made for tests: small records in the documented shapes, ETags, Link pages, limits, and faults on demand.

In process it is an httpx transport (`transport()`); for other processes `serve()` puts it on a loopback port.
"""

import hashlib
import json
import re
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

Json = dict[str, Any]
NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
"""The moment most tests take place at."""


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def event(number: int, event_type: str, actor: str, at: datetime, payload: Json, repo: str = "octo/hello") -> Json:
    return {
        "id": str(number),
        "type": event_type,
        "actor": {"id": 1, "login": actor},
        "repo": {"id": 7 if repo.lower() == "octo/hello" else zlib.crc32(repo.lower().encode()), "name": repo},
        "payload": payload,
        "public": True,
        "created_at": iso(at),
    }


def sha(number: int) -> str:
    return hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest()


def commit(number: int, at: datetime, *, parents: tuple[int, ...] = (), author: str = "ada", message: str = "") -> Json:
    person = {"name": author.title(), "email": f"{author}@example.org", "date": iso(at)}
    account = {"login": author, "id": 1, "type": "Bot" if author.endswith("[bot]") else "User"}
    return {
        "sha": sha(number),
        "commit": {"author": person, "committer": person, "message": message or f"fix: change {number}"},
        "author": account,
        "committer": account,
        "parents": [{"sha": sha(parent)} for parent in parents],
        "stats": {"additions": number, "deletions": 1, "total": number + 1},
        "files": [{"filename": f"src/{number}.py", "status": "modified", "additions": number, "deletions": 1}],
    }


@dataclass
class FakeRepository:
    full_name: str
    id: int = 7
    default_branch: str = "main"
    events: list[Json] = field(default_factory=list)
    branches: dict[str, list[Json]] = field(default_factory=dict)
    activity: list[Json] = field(default_factory=list)
    releases: list[Json] = field(default_factory=list)
    deployments: list[Json] = field(default_factory=list)
    deployment_statuses: dict[int, list[Json]] = field(default_factory=dict)
    advisories: list[Json] = field(default_factory=list)
    issues: list[Json] = field(default_factory=list)
    """Issues and pull requests, last updated first."""
    pulls: list[Json] = field(default_factory=list)
    issue_comments: list[Json] = field(default_factory=list)
    review_comments: list[Json] = field(default_factory=list)
    reviews: dict[int, list[Json]] = field(default_factory=dict)
    """By the number of the pull request, oldest first."""
    issue_events: list[Json] = field(default_factory=list)
    """What was done to issues and pull requests, newest first."""
    details: dict[int, Json] = field(default_factory=dict)
    """What only a single issue or pull request shows, by its number."""
    workflow_runs: list[Json] = field(default_factory=list)
    workflows: list[Json] | None = None
    """Last created first."""
    fork: bool = False
    archived: bool = False
    stars: int = 0
    pushed_at: str = ""
    """By GraphQL; where it is empty, the date of the newest commit of any branch."""

    @property
    def commits(self) -> list[Json]:
        """Those of the default branch, newest first."""
        return self.branches.setdefault(self.default_branch, [])


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asked has gone meanwhile, as tests about outages do."""


Reply = tuple[int, dict[str, str], bytes]
Fault = Callable[[str], Reply | None]


class FakeGitHub:
    """`requests` has every path asked for; `faults` are tried in order before the honest answer."""

    def __init__(self, *repositories: FakeRepository, limit: int = 5000) -> None:
        self.repositories = {repository.full_name.lower(): repository for repository in repositories}
        self.renamed: dict[str, int] = {}
        self.remaining, self.limit = limit, limit
        self.requests: list[str] = []
        self.faults: list[Fault] = []
        self.with_history = False
        """Whether GraphQL answers about the history of branches."""
        self.with_looks = False
        """Whether GraphQL answers who many repositories are, and what changed in them."""
        self.with_presence = False
        """Whether GraphQL answers which issues there still are."""
        self.looks = 0
        """How often that was asked."""
        self.asked_body = b""
        self.base = "https://api.github.test"
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.login = "eve"
        """Who has the token."""
        self.listings: dict[str, list[str]] = {}
        """Names of repositories by the path of a listing, such as `orgs/octo/repos` or `user/starred`."""

    def transport(self) -> httpx.MockTransport:
        def handle(request: httpx.Request) -> httpx.Response:
            self.asked_body = request.content
            status, headers, body = self.answer(request.method, str(request.url), dict(request.headers))
            return httpx.Response(status, headers=headers, content=body)

        return httpx.MockTransport(handle)

    @contextmanager
    def serve(self) -> Iterator[str]:
        """The base URL of this GitHub on a loopback port."""
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are two writes: the second would wait 40 ms for the first

            def do_GET(self) -> None:
                fake.asked_body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, extra, body = fake.answer(self.command, fake.base + self.path, headers)
                self.send_response(status)
                for name, value in {**extra, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815 - the names are http.server's

            def log_message(self, format: str, *args: object) -> None:
                return

        server = _Server(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        self.base = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self.base
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def fail(self, times: int, status: int, headers: dict[str, str] | None = None, body: bytes = b"{}") -> None:
        """Answer the next requests so."""
        replies = iter([(status, {"Content-Type": "application/json", **(headers or {})}, body)] * times)
        self.faults.append(lambda _path: next(replies, None))

    def answer(self, method: str, url: str, headers: dict[str, str]) -> Reply:
        parts = urlsplit(url)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.requests.append(parts.path + (f"?{parts.query}" if parts.query else ""))
        for fault in self.faults:
            if (reply := fault(parts.path)) is not None:
                return reply
        if parts.path == "/rate_limit":
            return self._json({"resources": {"core": self._core()}}, headers, free=True)
        if method == "POST":
            if self.with_history and b"query History" in self.asked_body:
                found = {"object": self._history(json.loads(self.asked_body))}
                return self._json({"data": {"repository": found}}, headers, free=True)
            if self.with_presence and b"query Presence" in self.asked_body:
                return self._json(self._presence(json.loads(self.asked_body)), headers, free=True)
            if self.with_looks and b"fragment Introduction" in self.asked_body:
                return self._json(self._looks(json.loads(self.asked_body)["variables"]), headers, free=True)
            if b"fragment Look" in self.asked_body:
                self.looks += 1
                if self.with_looks:
                    return self._json(self._looks(json.loads(self.asked_body)["variables"]), headers, free=True)
            self.remaining += 1  # GraphQL has a limit of its own
            return self._refuse(403, "GraphQL is not available")
        if self.remaining <= 0:
            return self._refuse(403, "API rate limit exceeded")
        place = parts.path.strip("/")
        if place == "user":
            known = "authorization" in headers
            return self._json({"login": self.login}, headers) if known else self._refuse(401, "Requires authentication")
        if place in self.listings:
            named = [self.repositories[name.lower()] for name in self.listings[place]]
            rows = [{"full_name": one.full_name, **_marks(one)} for one in named]
            return self._page(rows, query, headers, place)
        return self._repository(place.split("/"), query, headers)

    def _repository(self, path: list[str], query: dict[str, str], headers: dict[str, str]) -> Reply:
        if path[0] == "repositories" and len(path) > 1:
            found = [item for item in self.repositories.values() if str(item.id) == path[1]]
            return self._resource(found[0], path[2:], query, headers) if found else self._refuse(404, "Not Found")
        name = "/".join(path[1:3]).lower()
        if name in self.renamed:
            self.remaining -= 1
            location = "/".join([self.base, "repositories", str(self.renamed[name]), *path[3:]])
            return 301, self._headers() | {"Location": location}, b'{"message": "Moved Permanently"}'
        if path[0] != "repos" or name not in self.repositories:
            return self._refuse(404, "Not Found")
        return self._resource(self.repositories[name], path[3:], query, headers)

    def _resource(
        self, repository: FakeRepository, rest: list[str], query: dict[str, str], headers: dict[str, str]
    ) -> Reply:
        if not rest:
            names = {"full_name": repository.full_name, "name": repository.full_name.split("/")[1]}
            about = {"id": repository.id, "default_branch": repository.default_branch, **_marks(repository)}
            return self._json({**names, **about, "created_at": "2015-01-01T00:00:00Z"}, headers)
        place = "/".join(("repos", repository.full_name, *rest))
        if rest == ["events"]:
            return self._page(repository.events[:300], query, headers, place, poll=60)
        if rest == ["commits"]:
            return self._commits(repository, query, headers)
        if rest[0] == "commits":
            rows = [row for rows in repository.branches.values() for row in rows if row["sha"].startswith(rest[1])]
            return self._json(rows[0], headers) if rows else self._refuse(422, f"No commit found for SHA: {rest[1]}")
        listings = {
            "activity": repository.activity,
            "releases": repository.releases,
            "branches": [{"name": name} for name in repository.branches],
            "deployments": repository.deployments,
            "security-advisories": repository.advisories,
            "issues": repository.issues,
            "pulls": repository.pulls,
        }
        comments = {"issues": repository.issue_comments, "pulls": repository.review_comments}
        if rest[0] in comments and rest[1:] == ["comments"]:
            return self._page(comments[rest[0]], query, headers, place)
        if rest == ["issues", "events"]:
            return self._page(repository.issue_events, query, headers, place)
        if rest[0] in comments and len(rest) == 2:
            number = int(rest[1])
            row = next((row for row in listings[rest[0]] if row["number"] == number), None)
            if row is None:
                return self._refuse(404, "Not Found")
            return self._json({**row, **repository.details.get(number, {})}, headers)
        if rest[0] == "pulls" and rest[2:] == ["reviews"]:
            return self._page(repository.reviews.get(int(rest[1]), []), query, headers, place)
        if rest[0] == "deployments" and rest[2:] == ["statuses"]:
            statuses = repository.deployment_statuses.get(int(rest[1]), [])
            return self._page(statuses, query, headers, place)
        if rest[0] in listings:
            return self._page(listings[rest[0]], query, headers, place)
        if rest == ["actions", "runs"]:
            return self._workflow_runs(repository, query, headers)
        if rest == ["actions", "workflows"] and repository.workflows is not None:
            return self._json({"total_count": len(repository.workflows), "workflows": repository.workflows}, headers)
        return self._refuse(404, "Not Found")

    def _looks(self, asked: dict[str, str]) -> Json:
        names = {f"r{n}": f"{asked[f'o{n}']}/{asked[f'n{n}']}".lower() for n in range(len(asked) // 2)}
        by_id = {repository.id: repository for repository in self.repositories.values()}
        known = {
            alias: self.repositories.get(name) or by_id.get(self.renamed.get(name, -1)) for alias, name in names.items()
        }
        gone = [{"type": "NOT_FOUND", "path": [alias]} for alias, repository in known.items() if repository is None]
        data = {alias: repository and _look(repository) for alias, repository in known.items()}
        return {"data": data, "errors": gone} if gone else {"data": data}

    def _presence(self, question: Json) -> Json:
        asked = question["variables"]
        repository = self.repositories[f"{asked['owner']}/{asked['name']}".lower()]
        there = {row["number"] for row in repository.issues if "pull_request" not in row}
        numbers = [int(number) for number in re.findall(r"issue\(number: (\d+)\)", question["query"])]
        found = {f"i{number}": {"number": number} if number in there else None for number in numbers}
        gone = [{"type": "NOT_FOUND", "path": ["repository", alias]} for alias, row in found.items() if row is None]
        return {"data": {"repository": found}, **({"errors": gone} if gone else {})}

    def _history(self, question: Json) -> Json | None:
        asked = question["variables"]
        repository = self.repositories[f"{asked['owner']}/{asked['name']}".lower()]
        branch = asked["ref"].removeprefix("refs/heads/").replace("HEAD", repository.default_branch)
        if branch not in repository.branches:
            return None
        since, until = asked["since"] or "", asked["until"] or "9999"
        rows = [row for row in repository.branches[branch] if since <= row["commit"]["committer"]["date"] <= until]
        start = int(asked["after"] or 0)
        more = start + 100 < len(rows)
        nodes = [_node(row) for row in rows[start : start + 100]]
        return {"history": {"pageInfo": {"hasNextPage": more, "endCursor": str(start + 100)}, "nodes": nodes}}

    def _workflow_runs(self, repository: FakeRepository, query: dict[str, str], headers: dict[str, str]) -> Reply:
        rows = [row for row in repository.workflow_runs if query.get("branch") in {None, row["head_branch"]}]
        if "created" in query:
            since, until = query["created"].split("..")
            rows = [row for row in rows if since <= row["created_at"] <= until]
        shown = rows[:1000]  # of a search
        size, number = min(100, int(query.get("per_page", 30))), int(query.get("page", 1))
        extra = {}
        if number * size < len(shown):
            others = urlencode({**query, "page": str(number + 1)})
            extra["Link"] = f'<{self.base}/repos/{repository.full_name}/actions/runs?{others}>; rel="next"'
        page = shown[(number - 1) * size : number * size]
        return self._json({"total_count": len(rows), "workflow_runs": page}, headers, extra)

    def _commits(self, repository: FakeRepository, query: dict[str, str], headers: dict[str, str]) -> Reply:
        branch = query.get("sha", repository.default_branch)
        if branch not in repository.branches:
            if branch == repository.default_branch:
                return self._refuse(409, "Git Repository is empty.")
            return self._refuse(404, f"No commit found for SHA: {branch}")
        since, until = query.get("since", ""), query.get("until", "9999")
        rows = [row for row in repository.branches[branch] if since <= row["commit"]["committer"]["date"] <= until]
        listed = [{key: value for key, value in row.items() if key not in {"stats", "files"}} for row in rows]
        return self._page(listed, query, headers, f"repos/{repository.full_name}/commits")

    def _page(
        self,
        rows: list[Json],
        query: dict[str, str],
        headers: dict[str, str],
        path: str,
        poll: int | None = None,
    ) -> Reply:
        size, number = min(100, int(query.get("per_page", 30))), int(query.get("page", 1))
        extra = {"X-Poll-Interval": str(poll)} if poll else {}
        if number * size < len(rows):
            others = "&".join(f"{name}={value}" for name, value in query.items() if name != "page")
            extra["Link"] = f'<{self.base}/{path}?{others}&page={number + 1}>; rel="next"'
        return self._json(rows[(number - 1) * size : number * size], headers, extra)

    def _json(
        self, value: object, headers: dict[str, str], extra: dict[str, str] | None = None, *, free: bool = False
    ) -> Reply:
        body = json.dumps(value).encode()
        etag = f'W/"{hashlib.sha256(body).hexdigest()}"'
        unchanged = headers.get("if-none-match") == etag
        if not free and not (unchanged and "authorization" in headers):
            self.remaining -= 1
        sent = self._headers() | {"ETag": etag} | (extra or {})
        return (304, sent, b"") if unchanged else (200, sent, body)

    def _refuse(self, status: int, message: str) -> Reply:
        self.remaining -= 1
        return status, self._headers(), json.dumps({"message": message}).encode()

    def _core(self) -> Json:
        reset = int((self.clock() + timedelta(hours=1)).timestamp())
        remaining = max(0, self.remaining)
        return {"limit": self.limit, "remaining": remaining, "used": self.limit - remaining, "reset": reset}

    def _headers(self) -> dict[str, str]:
        core = self._core()
        limits = {f"X-RateLimit-{name.title()}": str(value) for name, value in core.items()}
        return {"Content-Type": "application/json; charset=utf-8", "X-RateLimit-Resource": "core", **limits}


def _node(row: Json) -> Json:
    """A commit as GraphQL has it."""
    git, stats = row["commit"], row.get("stats") or {}
    user = {"__typename": "User", "login": row["author"]["login"]} if row.get("author") else None
    return {
        "oid": row["sha"],
        "message": git["message"],
        "committedDate": git["committer"]["date"],
        "authoredDate": git["author"]["date"],
        "additions": stats.get("additions"),
        "deletions": stats.get("deletions"),
        "changedFilesIfAvailable": len(row.get("files") or ()),
        "author": {"name": git["author"]["name"], "email": git["author"].get("email"), "user": user},
        "committer": {"user": user},
        "parents": {"nodes": [{"oid": parent["sha"]} for parent in row["parents"]]},
    }


def _look(repository: FakeRepository) -> Json:
    """What changed in a repository, as GraphQL has it."""
    dates = [row["commit"]["committer"]["date"] for rows in repository.branches.values() for row in rows]
    updated = [row["updated_at"] for row in repository.issues if "pull_request" not in row]
    pulls = [row["updated_at"] for row in repository.issues if "pull_request" in row]
    head = repository.branches.get(repository.default_branch)
    target = {"name": repository.default_branch, "target": {"oid": head[0]["sha"]}} if head else None
    return {
        "databaseId": repository.id,
        "nameWithOwner": repository.full_name,
        "isArchived": repository.archived,
        "isFork": repository.fork,
        "createdAt": "2015-01-01T00:00:00Z",
        "pushedAt": repository.pushed_at or max(dates, default=None),
        "updatedAt": "2015-01-01T00:00:00Z",
        "stargazerCount": repository.stars,
        "forkCount": 0,
        "defaultBranchRef": target,
        "issues": {"nodes": [{"updatedAt": at} for at in updated[:1]]},
        "pullRequests": {"nodes": [{"updatedAt": at} for at in pulls[:1]]},
        "releases": {"nodes": [{"tagName": row["tag_name"]} for row in repository.releases[:1]]},
        "deployments": {"nodes": [{"createdAt": row["created_at"]} for row in repository.deployments[:1]]},
    }


def _marks(repository: FakeRepository) -> Json:
    return {"fork": repository.fork, "archived": repository.archived}
