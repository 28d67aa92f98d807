import json
from collections.abc import Iterator
from random import Random

import httpx
import pytest
import stamina
from pydantic import SecretStr

from github_events_monitor.collecting import thread_sources
from github_events_monitor.collecting.threads import ThreadsFound, collect_threads
from github_events_monitor.errors import NotFound, RateLimited, Unreachable
from github_events_monitor.github.client import BudgetSpent, GitHubClient, RequestBudget
from github_events_monitor.github.credentials import StaticToken
from github_events_monitor.github.threads_merge import merge_threads, with_replies
from github_events_monitor.records import Span, Thread

from .record import START, Item, Record, iso

DAY = 24 * 60
BOTH = pytest.mark.parametrize("graphql", [True, False], ids=["graphql", "rest"])


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(thread_sources, "_PAGE", 3)
    monkeypatch.setattr(thread_sources, "_SMALLEST_PAGE", 1)
    with stamina.set_testing(True, attempts=1):
        yield


class Memory:
    """What is stored between passes."""

    def __init__(self, record: Record, *, graphql: bool) -> None:
        self.record, self.graphql = record, graphql
        self.threads: dict[int, Thread] = {}
        self.spans: tuple[Span, ...] = ()
        self.etags: dict[str, str] = {}

    async def collect(self, minute: int, requests: int = 100, since: int = 0) -> ThreadsFound:
        client = GitHubClient(
            "https://api.test", StaticToken(SecretStr("t"), "test"), lambda: START, transport=self.record.transport()
        )
        want, budget = Span(iso(since), iso(minute)), RequestBudget(requests)
        async with client:
            found = await collect_threads(
                client, "o/n", self.spans, want, budget, iso(minute), etags=self.etags, graphql=self.graphql
            )
        for thread in found.threads:
            stored = self.threads.get(thread.number)
            self.threads[thread.number] = merge_threads(stored, thread) if stored else thread
        for number, replies in found.replies.items():
            if number in self.threads:
                self.threads[number] = with_replies(self.threads[number], replies)
        self.spans, self.etags = found.spans, json.loads(json.dumps(found.etags))
        assert budget.used <= requests
        return found

    def check(self) -> None:
        """Whatever happened in a span that is said to be known is stored."""
        for item in self.record.items:
            stored = self.threads.get(item.number)
            happened = [("comment", *reply) for reply in item.comments]
            happened += [("review" if self.graphql else "review_comment", *reply) for reply in item.reviews]
            for span in self.spans:
                if span.since <= iso(item.updated) < span.until:
                    assert stored is not None
                    assert stored.updated_at == iso(item.updated)
                    assert stored.base == ("main" if item.pull else None)
                kept = {(reply.kind, reply.id) for reply in stored.replies} if stored else set()
                for kind, number, minute in happened:
                    if span.since <= iso(minute) < span.until:
                        assert (kind, str(number)) in kept
            if stored is not None and stored.comments_complete and stored.updated_at == iso(item.updated):
                assert sum(reply.kind == "comment" for reply in stored.replies) == len(item.comments)
            if stored is not None and stored.reviews_complete and stored.updated_at == iso(item.updated):
                assert sum(reply.kind == "review" for reply in stored.replies) == len(item.reviews)

    @property
    def known(self) -> list[tuple[str, str]]:
        return [(span.since, span.until) for span in self.spans]


def ten() -> Record:
    """Five issues and five pull requests, each with a comment and each pull request with a review."""
    record = Record()
    for number in range(10):
        item = record.add(number * 10, pull=number % 2 == 0)
        record.comment(item, number * 10 + 1)
        if item.pull:
            record.comment(item, number * 10 + 2, review=True)
    return record


@BOTH
async def test_everything_is_read_once_and_then_costs_one_free_304(graphql: bool) -> None:
    record = ten()
    memory = Memory(record, graphql=graphql)
    found = await memory.collect(200)
    assert (memory.known, found.left, found.error) == ([(iso(0), iso(200))], None, None)
    assert len(memory.threads) == 10
    assert all(thread.comments_complete for thread in memory.threads.values())
    assert [thread.reviews_complete for thread in memory.threads.values() if thread.kind == "pull_request"] == [
        graphql
    ] * 5
    memory.check()
    del record.requests[:]
    quiet = await memory.collect(300)
    assert record.requests == ["issues"]
    assert (quiet.threads, quiet.not_modified) == ((), ("threads/head",))
    assert memory.known == [(iso(0), iso(300))]


@BOTH
async def test_of_a_change_only_what_changed_is_read(graphql: bool) -> None:
    record = ten()
    memory = Memory(record, graphql=graphql)
    await memory.collect(200)
    record.comment(record.items[0], 210)
    del record.requests[:]
    found = await memory.collect(220)
    assert [thread.number for thread in found.threads] == [1]
    assert memory.threads[1].comments_complete
    assert len(record.requests) == (3 if graphql else 5)
    memory.check()


@BOTH
async def test_a_small_budget_knows_a_stretch_and_later_passes_go_on(graphql: bool) -> None:
    record = ten()
    memory = Memory(record, graphql=graphql)
    few, more = (3, 4) if graphql else (6, 8)
    first = await memory.collect(200, requests=few)
    memory.check()
    assert first.left is not None
    assert memory.known[-1][1] == iso(200)
    assert iso(0) < memory.known[-1][0] < iso(200)
    for minute in range(201, 212):
        before = memory.known[0][0]
        await memory.collect(minute, requests=more)
        memory.check()
        assert len(memory.known) == 1
        assert memory.known[0][0] < before or before == iso(0)
    assert memory.known == [(iso(0), iso(211))]
    assert len(memory.threads) == 10


@BOTH
@pytest.mark.parametrize("seed", range(40))
async def test_no_pass_ever_claims_more_than_it_knows(seed: int, graphql: bool) -> None:
    chance, record = Random(seed), Record()
    memory, minute = Memory(record, graphql=graphql), 0
    for _ in range(12):
        for _ in range(chance.choice((0, 0, 1, 5, 20))):
            minute += chance.choice((0, 1, 1, 30))
            if not record.items or chance.random() < 0.4:
                record.add(minute, pull=chance.random() < 0.5)
            else:
                item = chance.choice(record.items)
                record.comment(item, minute, review=item.pull and chance.random() < 0.5)
        minute += 1
        if chance.random() < 0.2:
            record.faults.append((chance.choice(("issues", "pulls", "Pull", "Issues")), httpx.Response(502)))
        try:
            await memory.collect(minute, requests=chance.choice((1, 3, 5, 8, 30)), since=max(0, minute - 300))
        except (BudgetSpent, Unreachable):
            continue
        memory.check()
    record.faults.clear()
    for _ in range(3):
        minute += 1
        found = await memory.collect(minute, requests=300)
    memory.check()
    assert (found.left, memory.known[-1][1]) == (None, iso(minute))
    assert {item.number for item in record.items} == memory.threads.keys()


async def test_where_graphql_is_refused_rest_is_read() -> None:
    record = ten()
    record.with_graphql = False
    memory = Memory(record, graphql=True)
    found = await memory.collect(200)
    assert (found.left, len(memory.threads)) == (None, 10)
    memory.graphql = False
    memory.check()


async def test_a_page_that_takes_too_long_is_asked_for_by_halves() -> None:
    record = ten()
    slow = {"data": {"repository": None}, "errors": [{"message": "Something went wrong while executing your query."}]}
    record.faults = [("PullRequests", httpx.Response(502)), ("Issues", httpx.Response(200, json=slow))]
    memory = Memory(record, graphql=True)
    assert (await memory.collect(200)).error is None
    assert "pulls" not in record.requests
    assert len(memory.threads) == 10
    memory.check()


async def test_further_pages_of_replies_are_read_and_a_thread_without_them_is_not_known() -> None:
    record = Record()
    item = record.add(0, pull=False)
    for minute in range(1, 8):
        record.comment(item, minute)
    record.replies_shown = 3
    memory = Memory(record, graphql=True)
    await memory.collect(60, requests=4)
    memory.check()
    assert not memory.threads[1].comments_complete
    assert memory.known == []
    await memory.collect(61)
    memory.check()
    assert memory.threads[1].comments_complete
    assert memory.known == [(iso(0), iso(61))]


async def test_a_row_that_github_leaves_out_ends_the_stretch_above_it() -> None:
    record = ten()
    node = {"id": "9", "number": 9, "state": "OPEN", "createdAt": iso(80), "updatedAt": iso(82), "comments": None}
    broken = {"pageInfo": {"hasNextPage": True, "endCursor": "3"}, "nodes": [node, None, None]}
    answer = {"data": {"repository": {"threads": broken}}, "errors": [{"message": "Something went wrong"}]}
    record.faults = [("PullRequests", httpx.Response(200, json=answer))]
    memory = Memory(record, graphql=True)
    found = await memory.collect(200)
    assert memory.known == []
    assert found.left is not None
    assert {1, 3} <= memory.threads.keys()
    await memory.collect(201)
    assert memory.known == [(iso(0), iso(201))]


@BOTH
async def test_what_was_read_before_a_failure_is_kept(graphql: bool) -> None:
    record = ten()
    memory = Memory(record, graphql=graphql)
    await memory.collect(200, requests=8)
    limited = httpx.Response(429, headers={"retry-after": "60"})
    record.faults = [("PullRequests" if graphql else "pulls", limited)]
    record.comment(record.items[0], 201)
    record.comment(record.items[1], 201)
    try:
        found = await memory.collect(202)
    except RateLimited:
        found = None
    memory.check()
    assert found is None or isinstance(found.error, RateLimited)
    assert (await memory.collect(210)).left is None
    memory.check()


async def test_a_repository_that_is_not_there_is_an_error() -> None:
    record = Record(Item(1, False, 0, 0))
    record.faults = [("issues", httpx.Response(404, json={"message": "Not Found"}))]
    with pytest.raises(NotFound):
        await Memory(record, graphql=True).collect(10)


@BOTH
async def test_after_a_long_absence_everything_since_is_read(graphql: bool) -> None:
    record = ten()
    memory = Memory(record, graphql=graphql)
    await memory.collect(200)
    for number in range(20):
        record.comment(record.items[number % 10], 60 * DAY + number)
    await memory.collect(90 * DAY, since=60 * DAY)
    memory.check()
    assert memory.known == [(iso(0), iso(90 * DAY))]


@BOTH
async def test_a_place_to_go_on_at_that_fits_no_more_is_not_trusted(graphql: bool) -> None:
    record = ten()
    memory = Memory(record, graphql=graphql)
    await memory.collect(200, requests=3 if graphql else 8)
    resume = json.loads(memory.etags["threads/resume"])
    places = {name: (reached, "4") for name, (reached, _) in resume["places"].items()}
    memory.etags["threads/resume"] = json.dumps({"edge": resume["edge"], "places": places})
    for minute in range(201, 206):
        await memory.collect(minute)
        memory.check()
    assert memory.known == [(iso(0), iso(205))]
    memory.spans = ()
    memory.etags = {"threads/resume": "no JSON", "threads/head": "no ETag"}
    assert (await memory.collect(210)).left is None
