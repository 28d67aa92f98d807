"""What an operator sees: metrics, and answers that are kept until something changes."""

import re
from datetime import timedelta
from typing import Any

from tests.fake_github import NOW, event

from .conftest import CLOSED, World, close, open_world
from .test_webhooks import OPENED

P = "github_events_monitor_"


async def metrics(world: World) -> dict[str, float]:
    """Every sample by its name and labels."""
    response = await world.http.get("/prometheus")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = [line.rpartition(" ") for line in response.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


async def counts(world: World) -> Any:
    return (await world.get("/metrics/event-counts", repo="octo/hello", hours=72, until=CLOSED))["total_events"]


async def test_metrics_tell_requests_budget_records_freshness_and_the_cache(world: World) -> None:
    await world.http.post("/watch", json={"add": ["octo/hello"]})
    await world.get("/monitoring/commits", repos="octo/hello", hours=72)
    await world.get("/commits/recent", 422)
    for _ in range(3):
        await counts(world)
    await world.deliver("issues", {**OPENED, "issue": {**OPENED["issue"], "number": 99}})
    found = await metrics(world)
    assert found[f'{P}http_requests_total{{method="GET",route="/monitoring/commits",status="200"}}'] == 1
    assert found[f'{P}http_requests_total{{method="GET",route="/commits/recent",status="422"}}'] == 1
    assert found[f'{P}http_request_seconds_count{{method="GET",route="/metrics/event-counts"}}'] == 3
    assert found[f"{P}github_requests_remaining"] == world.github.remaining
    assert found[f'{P}last_collected_timestamp_seconds{{repo="Octo/Hello"}}'] == NOW.timestamp()
    assert found[f"{P}events_stored_total"] == 6
    assert found[f"{P}commits_stored_total"] == 3
    assert found[f'{P}cache_questions_total{{found="yes"}}'] == 2
    assert found[f'{P}cache_questions_total{{found="no"}}'] == 1
    assert found[f'{P}webhook_deliveries_total{{outcome="stored"}}'] == 1
    assert found[f"{P}database_up"] == 1


async def test_strangers_cannot_make_new_series(world: World) -> None:
    before = len(await metrics(world))
    for number in range(5):
        await world.http.get(f"/nope/{number}")
        await world.http.request(f"ODD{number}", "/commits/recent")
        await world.http.get(f"/commits/{number:040x}", params={"repo": f"octo/none-{number}"})
    after = await metrics(world)
    assert not [name for name in after if re.search(r"nope|ODD|none-|0000", name)]
    assert len(after) - before < 80


async def test_an_answer_is_kept_until_a_delivery_or_a_pass_brings_something(world: World) -> None:
    assert [await counts(world), await counts(world)] == [5, 5]
    asked = len(world.github.requests)
    await world.deliver("issues", {**OPENED, "issue": {**OPENED["issue"], "number": 99}})
    assert await counts(world) == 6
    late = NOW - timedelta(hours=2)
    world.github.repositories["octo/hello"].events.insert(0, event(60, "ForkEvent", "bob", late, {"forkee": {"id": 8}}))
    assert len(world.github.requests) == asked
    await world.http.post("/collect", json={"repos": ["octo/hello"]})
    assert await counts(world) == 7


async def test_a_window_that_ends_now_is_answered_anew(world: World) -> None:
    for expected in (5, 6):
        answer = await world.get("/metrics/event-counts", repo="octo/hello", hours=72)
        assert answer["total_events"] == expected
        await world.deliver("issues", {**OPENED, "issue": {**OPENED["issue"], "number": 99}})


async def test_a_load_balancer_may_ask_by_head(world: World) -> None:
    response = await world.http.head("/health")
    assert (response.status_code, response.content) == (200, b"")


async def test_read_only_offers_no_endpoint_that_changes_more_than_the_cache() -> None:
    world = await open_world(read_only=True)
    try:
        for path in ("/collect", "/watch"):
            refused = await world.http.post(path, json={})
            assert (refused.status_code, "READ_ONLY" in refused.text) == (404, True), path
        asked = await world.http.get("/monitoring/commits", params={"repos": "octo/hello"})
        assert asked.status_code == 200
        assert await world.runtime.service.watching() == []
    finally:
        await close(world)
