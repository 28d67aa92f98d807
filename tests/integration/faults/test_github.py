"""GitHub in every kind of trouble, through the whole stack: nothing lost or doubled, no silence taken for quiet."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from github_events_monitor.errors import Forbidden, GitHubError, RateLimited, Unreachable
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.infrastructure.questions.repository_activity import EVENT_COUNTS, REPOSITORY_ACTIVITY
from tests.fake_github import NOW, FakeGitHub, FakeRepository, Reply, commit, event, iso
from tests.integration.collecting.conftest import World, build, hello
from tests.integration.faults.wire import Trouble, WireGitHub, asking

JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html"}
SPENT = {**JSON, "X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "5000"}

ANSWERS: dict[str, tuple[Reply, type[GitHubError]]] = {
    "500": ((500, JSON, b'{"message": "Server Error"}'), Unreachable),
    "502 with a page": ((502, HTML, b"<html><h1>Unicorn!</h1>"), Unreachable),
    "503 without a body": ((503, {}, b""), Unreachable),
    "504": ((504, {}, b"upstream request timeout"), Unreachable),
    "primary limit with headers": ((403, {**SPENT, "X-RateLimit-Reset": "1795176000"}, b"{}"), RateLimited),
    "primary limit by words alone": ((403, JSON, b'{"message": "API rate limit exceeded for 10.0.0.1."}'), RateLimited),
    "secondary limit with a pause": ((403, {**JSON, "Retry-After": "90"}, b'{"message": "secondary"}'), RateLimited),
    "secondary limit by words alone": (
        (403, JSON, b'{"message": "You have exceeded a secondary rate limit"}'),
        RateLimited,
    ),
    "429 without a word": ((429, {}, b""), RateLimited),
    "429 with a date": ((429, {"Retry-After": "Fri, 20 Nov 2026 12:02:00 GMT"}, b""), RateLimited),
    "no permission": ((403, JSON, b'{"message": "Resource not accessible by personal access token"}'), Forbidden),
    "a bad token": ((401, JSON, b'{"message": "Bad credentials"}'), Forbidden),
    "cut JSON": ((200, JSON, b'[{"id": "1", "type": "Pu'), Unreachable),
    "no JSON": ((200, JSON, b"\xff\xfe\x00"), Unreachable),
    "an object where a list belongs": ((200, JSON, b'"hello"'), Unreachable),
    "another type": ((200, HTML, b"<html>Sign in to this network"), Unreachable),
    "nothing at all": ((200, JSON, b""), Unreachable),
    "a redirect to itself": ((302, {"Location": "https://api.github.test/repos/octo/hello"}, b""), Unreachable),
    "a redirect to nowhere": ((302, {"Location": "http://[::1"}, b""), Unreachable),
    "a redirect to no port": ((301, {"Location": "http://x:99999999/"}, b""), Unreachable),
    "a redirect to no host": ((307, {"Location": "http:///"}, b""), Unreachable),
    "a redirect without an address": ((302, {}, b""), Unreachable),
    "304 to a question without an ETag": ((304, {}, b""), Unreachable),
    "a status of its own": ((299, JSON, b"[]"), Unreachable),
    "gone": ((410, JSON, b'{"message": "Gone"}'), Unreachable),
    "teapot": ((418, HTML, b""), Unreachable),
}


def news(repository: FakeRepository) -> None:
    """Something happens while nobody can see it."""
    repository.events.insert(0, event(60, "WatchEvent", "zoe", NOW + timedelta(minutes=5), {"action": "started"}))
    repository.commits.insert(0, commit(6, NOW + timedelta(minutes=5), parents=(5,)))


def always(reply: Reply) -> Callable[[str], Reply]:
    return lambda _: reply


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_outage_says_which_keeps_what_is_stored_and_is_made_good(world: World, name: str) -> None:
    reply, kind = ANSWERS[name]
    world.github.faults.append(always(reply))
    with pytest.raises(kind) as never_seen:
        await world.service.ask(RECENT_COMMITS, repo="octo/hello")
    assert len(never_seen.value.message) < 400
    assert await world.service.complete_repositories("") == []

    world.github.faults.clear()
    world.pass_time(hours=2)
    await world.collector.collect(["octo/hello"])
    world.github.faults.append(always((reply[0], reply[1], reply[2]) if reply[0] != 304 else (500, {}, b"")))
    news(world.hello)
    world.pass_time(minutes=10)
    during = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=80)
    assert during.total_commits == 5
    assert not during.coverage.complete
    assert "collecting failed" in (during.coverage.note or "")

    world.github.faults.clear()
    world.pass_time(hours=2)
    row = (await world.collector.collect(["octo/hello"])).repositories[0]
    assert (row.status, row.new_events, row.new_commits) == ("collected", 1, 1)
    after = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=80)
    assert (after.total_commits, after.coverage.complete) == (6, True)
    counted = await world.service.ask(EVENT_COUNTS, repo="octo/hello", hours=80)
    assert (counted.total_events, counted.coverage.complete) == (6, True)


@pytest.mark.parametrize("path", ["/events", "/commits", "/activity", "/commits/"])
async def test_what_was_read_before_a_fault_is_kept_and_the_rest_comes_later(world: World, path: str) -> None:
    def broken(asked: str) -> Reply | None:
        hit = path in asked if path.endswith("/") else asked.endswith(path)
        return (502, HTML, b"<html>") if hit else None

    world.github.faults.append(broken)
    await world.collector.collect(["octo/hello"])
    world.github.faults.clear()
    world.pass_time(minutes=10)
    await world.collector.collect(["octo/hello"])

    commits = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)
    activity = await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=72)
    assert [item.additions for item in commits.commits] == [5, 4, 3, 2, 1]
    assert len(activity.events) == 5
    assert (commits.coverage.complete, activity.coverage.complete) == (True, True)


async def test_a_listing_that_breaks_off_is_known_as_far_as_it_was_read() -> None:
    repository = FakeRepository("Octo/Hello")
    repository.commits.extend(commit(n, NOW - timedelta(hours=n), parents=(n + 1,)) for n in range(1, 251))
    world = build(FakeGitHub(repository))
    asked = 0

    def second_page(path: str) -> Reply | None:
        nonlocal asked
        asked += path.endswith("/commits")
        return (500, {}, b"") if path.endswith("/commits") and asked > 1 else None

    world.github.faults.append(second_page)
    await world.collector.collect(["octo/hello"])
    near = await world.service.ask(
        RECENT_COMMITS, repo="octo/hello", hours=97
    )  # three commits say how far a page reaches
    far = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=240)
    assert (near.total_commits, near.coverage.complete) == (97, True)
    assert (far.total_commits, far.coverage.complete) == (100, False)

    world.github.faults.clear()
    world.pass_time(minutes=10)
    await world.collector.collect(["octo/hello"])
    assert (await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=251)).total_commits == 250
    await world.collector.close()


async def test_old_commits_of_a_branch_merged_late_are_missed_only_as_long_as_coverage_says_so(world: World) -> None:
    await world.collector.collect(["octo/hello"])
    old = [commit(n, NOW - timedelta(hours=50, minutes=n), parents=(n + 1,)) for n in range(200, 210)]
    new = [commit(n, NOW + timedelta(minutes=200 - n), parents=(n + 1,)) for n in range(100, 199)]
    merge = commit(199, NOW + timedelta(minutes=1), parents=(5, 200))
    world.hello.branches["main"] = [*new, merge, *world.hello.commits[:-1], *old, world.hello.commits[-1]]
    world.pass_time(hours=2)
    second_page = [False]

    def broken(path: str) -> Reply | None:
        hit = path.endswith("/commits") and second_page[0]
        second_page[0] = path.endswith("/commits")
        return (500, {}, b"") if hit else None

    world.github.faults.append(broken)
    during = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)
    world.github.faults.clear()
    world.pass_time(minutes=10)
    await world.collector.collect(["octo/hello"])
    after = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)

    assert (during.total_commits, during.coverage.complete) == (105, False)
    assert (after.total_commits, after.coverage.complete) == (115, True)


async def test_a_feed_that_shrinks_between_polls_loses_nothing() -> None:
    repository = FakeRepository("Octo/Hello")
    repository.events = [
        event(n, "WatchEvent", f"fan{n}", NOW - timedelta(minutes=n), {"action": "started"}) for n in range(1, 251)
    ]
    world = build(FakeGitHub(repository))
    await world.collector.collect(["octo/hello"])
    del repository.events[40:]
    repository.events.insert(0, event(900, "WatchEvent", "zoe", NOW + timedelta(minutes=1), {"action": "started"}))
    world.pass_time(minutes=10)
    assert (await world.collector.collect(["octo/hello"])).repositories[0].new_events == 1
    counted = await world.service.ask(EVENT_COUNTS, repo="octo/hello", hours=24)
    assert (counted.total_events, counted.coverage.complete) == (251, True)
    await world.collector.close()


async def test_what_304s_claimed_is_taken_back_when_the_feed_shows_that_they_lied(world: World) -> None:
    await world.collector.collect(["octo/hello"])
    world.github.faults.append(lambda path: (304, {}, b"") if path.endswith("/events") else None)
    for _ in range(2):
        world.pass_time(hours=1)
        await world.collector.collect(["octo/hello"])
    world.github.faults.clear()
    world.hello.events = [
        event(1000 + n, "WatchEvent", f"fan{n}", NOW + timedelta(seconds=10 * n), {"action": "started"})
        for n in range(400, 0, -1)
    ]
    world.pass_time(hours=1)
    await world.collector.collect(["octo/hello"])
    counted = await world.service.ask(EVENT_COUNTS, repo="octo/hello", hours=24)
    assert (counted.total_events, counted.coverage.complete) == (303, False)
    assert [gap.from_ <= iso(NOW) < gap.to for gap in counted.coverage.gaps] == [True]


@pytest.mark.parametrize("header", ["ETag", "Link", "X-Poll-Interval", "Retry-After", "X-RateLimit-Reset", "Location"])
@pytest.mark.parametrize(
    "value", [b'W/"\xc3\xa9\xff"', b"<http://[::1>; rel=next", b"<//x:9e9/>; rel=next", b"9" * 400, b""]
)
async def test_a_header_of_nonsense_does_no_harm(world: World, header: str, value: bytes) -> None:
    honest = world.github.answer

    def odd(method: str, url: str, headers: dict[str, str]) -> Reply:
        status, sent, body = honest(method, url, headers)
        return status, {**sent, header: value}, body  # type: ignore[dict-item]  # httpx takes the bytes as they are

    world.github.answer = odd  # type: ignore[method-assign]
    for _ in range(3):
        await world.collector.collect(["octo/hello"])
        world.pass_time(minutes=10)
    world.github.answer = honest  # type: ignore[method-assign]
    world.pass_time(hours=2)
    await world.collector.collect(["octo/hello"])
    assert (await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=96)).total_commits == 5


@pytest.mark.parametrize("trouble", ["drop", "reset", "cut", "drip", "hang", "garbage", "endless headers"])
async def test_a_connection_that_breaks_is_given_up_in_time_and_made_good(trouble: Trouble) -> None:
    wire = WireGitHub(FakeGitHub(hello()))
    async with wire.serve() as url:
        world = asking(wire.github, url)
        wire.trouble = trouble
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1"):
            await world.service.ask(RECENT_COMMITS, repo="octo/hello")
        wire.trouble = None
        await world.collector.collect(["octo/hello"])
        wire.trouble = trouble
        news(world.hello)
        world.pass_time(minutes=10)
        during = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=80)
        assert (during.total_commits, during.coverage.complete) == (5, False)
        wire.trouble = None
        row = (await world.collector.collect(["octo/hello"])).repositories[0]
        assert (row.status, row.new_events, row.new_commits) == ("collected", 1, 1)
        await world.collector.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://nowhere.invalid", "https://127.0.0.1:1"])
async def test_a_host_that_cannot_be_had_is_named(url: str) -> None:
    world = asking(FakeGitHub(hello()), url)
    with pytest.raises(Unreachable, match=url.partition("//")[2]):
        await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello")
    await world.collector.close()


async def test_nothing_is_asked_of_another_host_that_is_named() -> None:
    home, elsewhere = WireGitHub(FakeGitHub(hello())), WireGitHub(FakeGitHub(hello()))
    async with elsewhere.serve() as other, home.serve() as url:
        world = asking(home.github, url, token="ghp_marked")
        home.github.faults.append(lambda path: (307, {"Location": other + path}, b""))
        await world.collector.collect(["octo/hello"])
        assert "ghp_marked" in "".join(home.seen)
        assert not elsewhere.seen
        await world.collector.close()
