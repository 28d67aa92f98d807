"""The answers: those of the service, field for field, over HTTP."""

import asyncio
from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.fake_github import sha

from .conftest import CLOSED, World

REPO = "octo/hello"


@pytest.mark.parametrize(
    ("path", "ask"),
    [
        ("/commits/recent", "recent_commits"),
        ("/events/recent", "repository_activity"),
        ("/metrics/repository-health", "repository_health"),
        ("/metrics/event-counts", "event_counts"),
        ("/metrics/developer-productivity", "developer_activity"),
        ("/metrics/security-monitoring", "security_report"),
        ("/metrics/event-anomalies", "event_anomalies"),
        ("/metrics/release-deployment", "deployment_metrics"),
    ],
)
async def test_an_answer_is_the_services_field_for_field(world: World, path: str, ask: str) -> None:
    answer = await world.get(path, repo=REPO, hours=72)
    assert answer == (await world.runtime.service.ask_by_name(ask, {"repo": REPO, "hours": 72})).to_wire()
    assert answer["repo"] == "Octo/Hello"
    assert answer["window"]["hours"] == 72


async def test_each_endpoint_has_its_tools_default_window(world: World) -> None:
    for path, hours in {
        "/commits/recent": 24,
        "/metrics/repository-health": 720,
        "/metrics/event-counts": 24,
        "/metrics/developer-productivity": 720,
        "/metrics/security-monitoring": 720,
        "/metrics/event-anomalies": 168,
        "/metrics/release-deployment": 2160,
    }.items():
        assert (await world.get(path, repo=REPO))["window"]["hours"] == hours, path
    assert (await world.get("/metrics/trending"))["window"]["hours"] == 24
    assert (await world.get("/monitoring/commits"))["window"]["hours"] == 24


@pytest.mark.parametrize("plus", ["%2B", "+"])
async def test_an_offset_needs_no_escaped_plus(world: World, plus: str) -> None:
    response = await world.http.get(f"/commits/recent?repo={REPO}&until=2026-11-20T09:00:00{plus}01:00")
    assert (response.status_code, response.json()["window"]["until"]) == (200, "2026-11-20T08:00:00Z")
    answer = await world.get("/commits/recent", repo=REPO, until="2026-11-20 09:00")
    assert answer["window"]["until"] == "2026-11-20T09:00:00Z"


async def test_recent_commits_page_by_cursor(world: World) -> None:
    first = await world.get("/commits/recent", repo=REPO, hours=72, limit=2)
    second = await world.get("/commits/recent", repo=REPO, cursor=first["next_cursor"])
    assert [row["sha"] for row in first["commits"] + second["commits"]] == [sha(3), sha(2), sha(1)]
    assert first["total_commits"] == second["total_commits"] == 3
    assert second["next_cursor"] is None


async def test_a_commit_and_its_files(world: World) -> None:
    details = await world.get(f"/commits/{sha(2)[:10]}", repo=REPO)
    files = await world.get(f"/commits/{sha(2)}/files", repo=REPO)
    assert details["commit"]["sha"] == files["sha"] == sha(2)
    assert (
        details["files"]
        == files["files"]
        == [{"filename": "src/2.py", "status": "modified", "additions": 2, "deletions": 1}]
    )


async def test_reading_monitored_repositories_watches_none_and_one_that_fails_says_why(world: World) -> None:
    answer = await world.get("/monitoring/commits", repos="octo/hello, octo/none", hours=72)
    assert {row["repo"]: (row["error"] or {}).get("code") for row in answer["repositories"]} == {
        "Octo/Hello": None,
        "octo/none": "not_found",
    }
    assert answer["now_watching"] == []
    watched = (await world.http.post("/watch", json={"add": ["octo/hello", "octo/none"]})).json()
    assert watched["watching"] == ["Octo/Hello"]
    assert watched["errors"]["octo/none"]["code"] == "not_found"


async def test_collecting_answers_when_done(world: World) -> None:
    nothing = (await world.http.post("/collect")).json()
    assert nothing["repositories"] == []
    assert "TARGET_REPOSITORIES" in nothing["note"]
    done = (await world.http.post("/collect", json={"repos": ["OCTO/hello"]})).json()
    assert [(row["repo"], row["status"], row["new_events"]) for row in done["repositories"]] == [
        ("Octo/Hello", "collected", 5)
    ]
    trending = await world.get("/metrics/trending", hours=72)
    assert trending["repositories"] == [{"repo": "Octo/Hello", "events": 5}]


async def test_health_names_provider_and_tables_and_no_secret(world: World) -> None:
    answer = await world.get("/health")
    assert answer["status"] == "ok"
    assert {"status": "healthy", "provider": "sqlite", "tables_found": 9}.items() <= answer["database"].items()


async def test_a_reader_who_has_the_answer_gets_304(world: World) -> None:
    asked: dict[str, Any] = {"repo": REPO, "hours": 72, "until": CLOSED}
    await world.get("/metrics/event-counts", **asked)
    first = await world.http.get("/metrics/event-counts", params=asked)
    tag = first.headers["etag"]
    again = await world.http.get("/metrics/event-counts", params=asked, headers={"If-None-Match": f'"x", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = await world.http.get("/metrics/event-counts", params={**asked, "hours": 3}, headers={"If-None-Match": tag})
    assert other.status_code == 200


async def test_long_answers_are_compressed_for_who_asks(world: World) -> None:
    asked: dict[str, Any] = {"repo": REPO, "hours": 72}
    squeezed = await world.http.get("/commits/recent", params=asked, headers={"Accept-Encoding": "gzip"})
    plain = await world.http.get("/commits/recent", params=asked, headers={"Accept-Encoding": "identity"})
    assert squeezed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert squeezed.json() == plain.json()


async def test_many_first_questions_at_once_collect_once(world: World) -> None:
    answers = await asyncio.gather(*(world.get("/metrics/event-counts", repo=REPO) for _ in range(20)))
    assert len({str(answer) for answer in answers}) == 1
    assert sum("/events" in path for path in world.github.requests) == 1


async def test_the_description_is_valid_and_says_how_errors_look(world: World) -> None:
    description = await world.get("/openapi.json")
    validate(description)
    operations: list[dict[str, Any]] = [
        operation for path in description["paths"].values() for operation in path.values()
    ]
    assert len(operations) == 22
    for operation in operations:
        assert operation["description"], operation["operationId"]
        for status in ("401", "422", "503"):
            assert list(operation["responses"][status]["content"]) == ["application/problem+json"]
        for parameter in operation.get("parameters", []):
            assert parameter.get("description") or parameter["schema"].get("description"), parameter


async def test_commits_are_found_by_words_of_their_message_and_by_risk_page_by_page(world: World) -> None:
    every = (await world.get("/commits/recent", repo=REPO, hours=72))["commits"]
    word = every[-1]["message"].split()[0]
    wanted = [commit["sha"] for commit in every if word.lower() in commit["message"].lower()]
    found = await world.get("/commits/recent", repo=REPO, hours=72, query=word.upper(), limit=1)
    assert found["total_commits"] == len(wanted) > 0
    shas = [commit["sha"] for commit in found["commits"]]
    while cursor := found.get("next_cursor"):
        found = await world.get("/commits/recent", repo=REPO, cursor=cursor)
        assert found["total_commits"] == len(wanted)
        shas += [commit["sha"] for commit in found["commits"]]
    assert shas == wanted
    none = await world.get("/commits/recent", repo=REPO, hours=72, query=f"{word} nowhere-to-be-found")
    assert (none["total_commits"], none["commits"]) == (0, [])
    for risk, levels in {"low": {"low", "medium", "high"}, "medium": {"medium", "high"}, "high": {"high"}}.items():
        risky = (await world.get("/commits/recent", repo=REPO, hours=72, min_risk=risk))["commits"]
        assert [c["sha"] for c in risky] == [c["sha"] for c in every if c["summary"]["risk_level"] in levels]


async def test_who_does_not_want_to_wait_gets_what_is_stored_and_is_told(world: World) -> None:
    """https://www.rfc-editor.org/rfc/rfc7240#section-4.3"""
    ask, at_once = {"repo": REPO, "hours": "72"}, {"Prefer": "respond-async, Wait=0"}
    unknown = await world.http.get("/metrics/event-counts", params=ask, headers=at_once)
    assert (unknown.status_code, unknown.json(), world.github.requests) == (202, {}, [])
    whole = await world.http.get("/metrics/event-counts", params=ask)
    asked = len(world.github.requests)
    fresh = await world.http.get("/metrics/event-counts", params=ask, headers=at_once)
    assert (fresh.json(), "preference-applied" in fresh.headers) == (whole.json(), False)
    world.pass_time(hours=1)
    for path in ("/metrics/event-counts", "/pulls", "/commits/recent", "/metrics/repository-health"):
        stale = await world.http.get(path, params=ask, headers=at_once)
        assert (stale.status_code, stale.headers["preference-applied"]) == (200, "wait=0"), path
        assert stale.json()["coverage"]["last_collected_at"] == whole.json()["now"]
    news = await world.http.get("/whats-new", params={"repos": REPO, "since": "2026-11-01"}, headers=at_once)
    assert news.headers["preference-applied"] == "wait=0"
    assert len(world.github.requests) == asked
    again = await world.http.get("/metrics/event-counts", params=ask)
    assert again.json()["coverage"]["last_collected_at"] == again.json()["now"]
    assert len(world.github.requests) > asked
