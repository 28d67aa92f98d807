"""Write a file in the shape of a GH Archive hour: the same bytes for the same arguments.

    python -m benchmarks.archive_file /tmp/2024-03-05-14.json.gz --events 200000

Repositories and actors follow a power law (the busiest repository has one event in twenty), the fifteen types come
about as often as in 2024, pushes carry commits, pull requests and issues carry whole objects with all their URLs: some
2.4 KB a line. All of it is made up.
"""

import argparse
import gzip
import random
from bisect import bisect
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import orjson

SHARES = {
    "PushEvent": 500,
    "CreateEvent": 130,
    "PullRequestEvent": 85,
    "IssueCommentEvent": 70,
    "WatchEvent": 60,
    "DeleteEvent": 40,
    "PullRequestReviewEvent": 35,
    "IssuesEvent": 28,
    "PullRequestReviewCommentEvent": 20,
    "ForkEvent": 15,
    "ReleaseEvent": 6,
    "GollumEvent": 4,
    "MemberEvent": 3,
    "PublicEvent": 2,
    "CommitCommentEvent": 2,
}
SYLLABLES = (
    "ka",
    "lo",
    "mi",
    "ter",
    "ran",
    "sel",
    "vo",
    "du",
    "pra",
    "nix",
    "gra",
    "ze",
    "fo",
    "bel",
    "tu",
    "ri",
    "on",
    "as",
    "ul",
    "em",
    "ash",
    "ith",
    "mor",
    "qui",
    "den",
    "var",
    "pol",
)
VERBS = (
    "Add",
    "Fix",
    "Update",
    "Remove",
    "Refactor",
    "Document",
    "Test",
    "Bump",
    "Rename",
    "Support",
    "Handle",
    "Simplify",
    "Move",
    "Revert",
    "Speed",
    "Allow",
)
API, WEB = "https://api.github.com", "https://github.com"
USER_LINKS = (
    "followers",
    "following",
    "gists",
    "starred",
    "subscriptions",
    "organizations",
    "repos",
    "events",
    "received_events",
)
REPO_LINKS = (
    "forks",
    "keys",
    "collaborators",
    "teams",
    "hooks",
    "issue_events",
    "events",
    "assignees",
    "branches",
    "tags",
    "blobs",
    "git_tags",
    "git_refs",
    "trees",
    "statuses",
    "languages",
    "stargazers",
    "contributors",
    "subscribers",
    "subscription",
    "commits",
    "git_commits",
    "comments",
    "issue_comment",
    "contents",
    "compare",
    "merges",
    "archive",
    "downloads",
    "issues",
    "pulls",
    "milestones",
    "notifications",
    "labels",
    "releases",
    "deployments",
)


class World:
    """Repositories, people and words, drawn from one seeded source."""

    def __init__(self, seed: int, start: datetime, repositories: int, people: int) -> None:
        self.chance = random.Random(seed)
        self.start = start
        self.seconds = 3600
        self.words = ["".join(self.chance.choices(SYLLABLES, k=self.chance.randint(1, 4))) for _ in range(4000)]
        self.logins = [f"{self.word()}-{self.word()}{i}" + "[bot]" * (i % 41 == 3) for i in range(people)]
        owners = [login.removesuffix("[bot]") for login in self.logins]
        self.repos = [f"{self.chance.choice(owners)}/{self.word()}-{self.word()}" for _ in range(repositories)]
        self._repo_weights = list(accumulate(1 / (i + 1.55) ** 0.72 for i in range(repositories)))
        self._people_weights = list(accumulate(1 / (i + 9) ** 0.8 for i in range(people)))

    def word(self) -> str:
        """A made-up word."""
        return self.chance.choice(self.words)

    def text(self, least: int, most: int) -> str:
        """A made-up sentence of so many words."""
        return " ".join(self.chance.choices(self.words, k=self.chance.randint(least, most)))

    def sha(self) -> str:
        """A made-up sha."""
        return f"{self.chance.getrandbits(160):040x}"

    def repo(self) -> int:
        """Which repository: in one case of twenty the first, else by the power law."""
        return 0 if self.chance.random() < 0.047 else self._draw(self._repo_weights)

    def person(self) -> int:
        """Which person."""
        return self._draw(self._people_weights)

    def moment(self) -> str:
        """An instant of the hour, or of as many as there are."""
        return (self.start + timedelta(seconds=self.chance.randrange(self.seconds))).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _draw(self, weights: list[float]) -> int:
        return bisect(weights, self.chance.random() * weights[-1])


def user(world: World, number: int) -> dict[str, Any]:
    """An account as objects inside payloads have it."""
    login = world.logins[number]
    return {
        "login": login,
        "id": 1000 + number,
        "node_id": f"MDQ6VXNlcj{number:x}",
        "url": f"{API}/users/{login}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{1000 + number}?v=4",
        "html_url": f"{WEB}/{login}",
        "gravatar_id": "",
        **{f"{link}_url": f"{API}/users/{login}/{link}" for link in USER_LINKS},
        "type": "Bot" if login.endswith("[bot]") else "User",
        "site_admin": False,
    }


def repository(world: World, number: int) -> dict[str, Any]:
    """A repository as pull requests and forks have it."""
    name, chance = world.repos[number], world.chance
    return {
        "id": 50_000 + number,
        "name": name.split("/")[1],
        "full_name": name,
        "private": False,
        "owner": user(world, number % len(world.logins)),
        "html_url": f"{WEB}/{name}",
        "description": world.text(4, 12),
        "fork": False,
        "url": f"{API}/repos/{name}",
        **{f"{link}_url": f"{API}/repos/{name}/{link}{{/ref}}" for link in REPO_LINKS},
        "created_at": "2019-02-03T04:05:06Z",
        "updated_at": world.moment(),
        "pushed_at": world.moment(),
        "size": chance.randrange(90_000),
        "stargazers_count": chance.randrange(9000),
        "language": chance.choice(("Python", "Go", "TypeScript", None)),
        "has_issues": True,
        "forks_count": chance.randrange(900),
        "open_issues_count": chance.randrange(300),
        "topics": [world.word(), world.word()],
        "visibility": "public",
        "default_branch": "main",
    }


def thread(world: World, repo: int, kind: str) -> dict[str, Any]:
    """An issue, or what pull requests share with it."""
    number, name = world.chance.randrange(1, 9000), world.repos[repo]
    url = f"{API}/repos/{name}/{kind}/{number}"
    return {
        "url": url,
        "repository_url": f"{API}/repos/{name}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": f"{WEB}/{name}/{kind}/{number}",
        "id": 10**9 + world.chance.randrange(10**9),
        "number": number,
        "title": world.text(3, 10),
        "user": user(world, world.person()),
        "labels": [],
        "state": world.chance.choice(("open", "closed")),
        "locked": False,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": world.chance.randrange(30),
        "created_at": world.moment(),
        "updated_at": world.moment(),
        "closed_at": None,
        "author_association": "CONTRIBUTOR",
        "body": world.text(10, 80),
    }


def pull_request(world: World, repo: int) -> dict[str, Any]:
    """A pull request in its old, full form."""

    def side() -> dict[str, Any]:
        return {"label": "a:b", "ref": world.word(), "sha": world.sha(), "repo": repository(world, repo)}

    counts = {
        key: world.chance.randrange(500)
        for key in ("commits", "additions", "deletions", "changed_files", "review_comments")
    }
    merged = world.chance.random() < 0.4
    return {
        **thread(world, repo, "pulls"),
        "merged": merged,
        "merge_commit_sha": world.sha(),
        "draft": False,
        "head": side(),
        "base": side(),
        **counts,
    }


def comment(world: World) -> dict[str, Any]:
    """A comment of any kind."""
    number = world.chance.randrange(10**9)
    return {
        "id": number,
        "url": f"{API}/comments/{number}",
        "user": user(world, world.person()),
        "created_at": world.moment(),
        "updated_at": world.moment(),
        "author_association": "NONE",
        "body": world.text(5, 60),
        "commit_id": world.sha(),
    }


def message(world: World) -> str:
    """A commit message, one in four with a body."""
    subject = f"{world.chance.choice(VERBS)} {world.text(2, 9)}"
    return f"{subject}\n\n{world.text(8, 60)}" if world.chance.random() < 0.25 else subject


def push(world: World) -> dict[str, Any]:
    """A push with its commits."""
    count = world.chance.choice((1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 6))
    commits = [
        {
            "sha": world.sha(),
            "author": {"email": f"{world.sha()}@example.org", "name": world.text(2, 2)},
            "message": message(world),
            "distinct": True,
            "url": f"{API}/repos/{world.word()}/{world.word()}/commits/{world.sha()}",
        }
        for _ in range(count)
    ]
    return {
        "repository_id": world.chance.randrange(10**8),
        "push_id": world.chance.randrange(10**10),
        "size": count,
        "distinct_size": count,
        "ref": f"refs/heads/{world.chance.choice(('main', 'main', 'master', 'dev', world.word()))}",
        "head": commits[-1]["sha"],
        "before": world.sha(),
        "commits": commits,
    }


def payload(world: World, kind: str, repo: int) -> dict[str, Any]:  # noqa: PLR0912 - one case for each type
    """The payload of an event type, as it was before October 2025."""
    chance, name = world.chance, world.repos[repo]
    match kind:
        case "PushEvent":
            found = push(world)
        case "CreateEvent" | "DeleteEvent":
            ref = {"ref": world.word(), "ref_type": chance.choice(("branch", "tag")), "pusher_type": "user"}
            found = {**ref, "master_branch": "main", "description": world.text(2, 9)}
        case "WatchEvent":
            found = {"action": "started"}
        case "IssuesEvent":
            found = {"action": chance.choice(("opened", "closed")), "issue": thread(world, repo, "issues")}
        case "IssueCommentEvent":
            found = {"action": "created", "issue": thread(world, repo, "issues"), "comment": comment(world)}
        case "PullRequestEvent":
            request = pull_request(world, repo)
            found = {
                "action": chance.choice(("opened", "closed")),
                "number": request["number"],
                "pull_request": request,
            }
        case "PullRequestReviewEvent" | "PullRequestReviewCommentEvent":
            said = "comment" if kind.endswith("CommentEvent") else "review"
            found = {"action": "created", said: comment(world), "pull_request": thread(world, repo, "pulls")}
        case "ForkEvent":
            found = {"forkee": {"id": chance.randrange(10**9), "full_name": name}}
        case "ReleaseEvent":
            tag = f"v{chance.randrange(9)}.{chance.randrange(99)}"
            found = {"action": "published", "release": {**comment(world), "tag_name": tag}}
        case "GollumEvent":
            found = {"pages": [{"page_name": world.word(), "action": "edited", "sha": world.sha()}]}
        case "MemberEvent":
            found = {"action": "added", "member": user(world, world.person())}
        case "CommitCommentEvent":
            found = {"action": "created", "comment": comment(world)}
        case _:
            found = {}
    return found


def event(world: World, number: int) -> dict[str, Any]:
    """One line."""
    kind = world.chance.choices(list(SHARES), list(SHARES.values()))[0]
    repo, actor = world.repo(), world.person()
    login, name = world.logins[actor], world.repos[repo]
    return {
        "id": str(36_000_000_000 + world.start.day * 10**7 + number * 3 + world.chance.randrange(3)),
        "type": kind,
        "actor": {
            "id": 1000 + actor,
            "login": login,
            "display_login": login.removesuffix("[bot]"),
            "gravatar_id": "",
            "url": f"{API}/users/{login}",
            "avatar_url": f"https://avatars.githubusercontent.com/u/{1000 + actor}?",
        },
        "repo": {"id": 50_000 + repo, "name": name, "url": f"{API}/repos/{name}"},
        "payload": payload(world, kind, repo),
        "public": True,
        "created_at": world.moment(),
    }


def write(
    path: Path,
    events: int,
    *,
    seed: int = 20240305,
    start: datetime | None = None,
    hours: int = 1,
    names: int | None = None,
) -> None:
    """Write the file, compressed. names: the seed of names alone, for several files about the same repositories."""
    begun = start or datetime(2024, 3, 5, 14, tzinfo=UTC)
    world = World(names if names is not None else seed, begun, max(20, events // 3), max(20, events // 4))
    world.chance.seed(seed)
    world.seconds = hours * 3600
    with path.open("wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6) as out:
        for number in range(events):
            out.write(orjson.dumps(event(world, number)) + b"\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a made-up GH Archive hour.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--events", type=int, default=200_000)
    arguments = parser.parse_args()
    write(arguments.path, arguments.events)
