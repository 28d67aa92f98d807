"""Random histories of a repository, of GitHub's troubles and of ours, held against the truth at every step.

The promise under test: an answer that says it is complete has everything, and no answer has what never was.
"""

from datetime import datetime, timedelta
from random import Random

from github_events_monitor.collecting.collector import Collector
from github_events_monitor.errors import MonitorError
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.infrastructure.questions.repository_activity import EVENT_COUNTS
from tests.fake_github import NOW, FakeGitHub, FakeRepository, Reply, commit, event, iso
from tests.integration.collecting.conftest import build

TROUBLES: tuple[Reply, ...] = (
    (500, {}, b""),
    (502, {"Content-Type": "text/html"}, b"<html>"),
    (200, {"Content-Type": "application/json"}, b'[{"id'),
    (200, {"Content-Type": "text/html"}, b"<html>"),
    (403, {"Content-Type": "application/json"}, b'{"message": "Resource not accessible"}'),
    (429, {"Retry-After": "30"}, b"{}"),
    (404, {}, b'{"message": "Not Found"}'),
    (302, {"Location": "http://[::1"}, b""),
)
PATHS = ("", "/events", "/commits", "/activity", "/releases")


class History:
    """One repository, everything that ever happened in it, and a collector that is to know it."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.repository = FakeRepository("Octo/Hello")
        self.repository.branches["main"] = []
        self.world = build(FakeGitHub(self.repository, limit=1_000_000))
        self.events: dict[str, datetime] = {}
        self.commits: dict[str, tuple[datetime, datetime]] = {}
        self._number = 0
        self._before = NOW
        """When something happened last, or was asked: nothing happens in a past that was looked at already."""

    def next_number(self) -> int:
        self._number += 1
        return self._number

    def happen(self) -> None:
        """Some events (now and then more than the feed shows), and some commits, a few of them pushed late."""
        now, chance = self.world.now, self.chance
        passed = max(1, int((now - self._before).total_seconds()))
        for _ in range(chance.choice((1, 3, 8, 8, 120, 350))):
            at = now - timedelta(seconds=chance.randrange(passed))
            identity = 1_000_000 + self.next_number() * chance.choice((1, 7))
            if str(identity) not in self.events:
                self.events[str(identity)] = at
                self.repository.events.append(event(identity, "WatchEvent", "ada", at, {"action": "started"}))
        self._before = now
        self.repository.events.sort(key=lambda row: str(row["created_at"]), reverse=True)
        count = chance.choice((0, 1, 2, 40, 130))
        for at in sorted(now - timedelta(seconds=chance.randrange(passed)) for _ in range(count)):
            late = chance.random() < 0.1
            merged = [self._push(at - timedelta(days=2), [])] if late else []
            self._push(at, merged)

    def _push(self, at: datetime, merged: list[str]) -> str:
        """A commit on top of what is older, in its place by date, as GitHub lists a history; return its sha."""
        rows, made = self.repository.commits, commit(self.next_number(), at)
        place = next((n for n, row in enumerate(rows) if row["commit"]["committer"]["date"] <= iso(at)), len(rows))
        parents = [row["sha"] for row in rows[place : place + 1]] + merged
        made["parents"] = [{"sha": parent} for parent in parents]
        rows.insert(place, made)
        self.commits[made["sha"]] = (at, self.world.now)
        return str(made["sha"])

    def trouble(self) -> None:
        """A few requests to some resource go wrong."""
        reply, path = self.chance.choice(TROUBLES), self.chance.choice(PATHS)
        left = [self.chance.choice((1, 3, 30))]

        def fault(asked: str) -> Reply | None:
            if not asked.endswith(path) or left[0] == 0:
                return None
            left[0] -= 1
            return reply

        self.world.github.faults = [fault]

    def restart(self) -> None:
        """Another process goes on with the database; it knows nothing but what is stored."""
        world = self.world
        self.world.pass_time(seconds=30)
        collector = Collector(world.manager, world.collector.client, clock=world.clock, with_token=True)
        context = QuestionContext(
            manager=world.manager, clock=world.clock, refresh=collector.refresh, fetch_details=collector.fetch_details
        )
        world.collector, world.service = collector, DatabaseService(context)

    async def ask(self) -> None:
        """Ask about events and commits, and hold the answers against the truth."""
        hours = self.chance.choice((1, 6, 24, 240))
        self._before = self.world.now
        try:
            counts = await self.world.service.ask(EVENT_COUNTS, repo="octo/hello", hours=hours)
        except MonitorError:
            pass
        else:
            window = [at for at in self.events.values() if counts.window.since <= iso(at) < counts.window.until]
            seen = [at for at in window if iso(at) < (counts.coverage.to or "")]
            assert counts.total_events <= len(window)
            assert not counts.coverage.complete or counts.total_events >= len(seen)
        try:
            recent = await self.world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=hours, limit=1)
        except MonitorError:
            return
        inside = [
            pushed for at, pushed in self.commits.values() if recent.window.since <= iso(at) < recent.window.until
        ]
        pushed = [at for at in inside if iso(at) <= (recent.coverage.last_collected_at or "")]
        assert recent.total_commits <= len(inside)
        assert not recent.coverage.complete or recent.total_commits >= len(pushed)

    async def step(self) -> None:
        chance = self.chance
        match chance.choice(("happen", "happen", "trouble", "heal", "collect", "ask", "ask", "restart")):
            case "happen":
                self.happen()
            case "trouble":
                self.trouble()
            case "heal":
                self.world.github.faults = []
            case "collect":
                self._before = self.world.now
                await self.world.collector.collect(["octo/hello"])
            case "ask":
                await self.ask()
            case "restart":
                self.restart()
        self.world.pass_time(seconds=chance.choice((1, 61, 400, 5_000, 20_000)))

    async def end(self) -> None:
        """After the last trouble everything that GitHub still shows is known."""
        self.world.github.faults = []
        self.world.pass_time(hours=2)
        for _ in range(5):
            await self.world.collector.collect(["octo/hello"])
            self.world.pass_time(minutes=10)
        counted = await self.world.manager.commits.count_commits(
            "octo/hello", iso(NOW - timedelta(days=60)), iso(self.world.now)
        )
        known = await self.world.manager.events.get_known_ids(self.events)
        shown = {str(row["id"]) for row in self.repository.events[:300]}
        await self.world.collector.close()
        assert counted == len(self.commits)
        assert shown <= known


async def live(seed: int, steps: int) -> None:
    """A whole history."""
    history = History(seed)
    for _ in range(steps):
        await history.step()
    await history.end()
