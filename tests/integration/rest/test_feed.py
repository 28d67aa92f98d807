"""`/feed.atom`: what is new for readers of feeds."""

from collections.abc import AsyncIterator
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest

from github_events_monitor.http.feed import ATOM
from tests.fake_github import NOW, commit

from .conftest import World, close, open_world

A = f"{{{ATOM}}}"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    built = await open_world(target_repositories=("octo/hello",))
    built.github.repositories["octo/hello"].commits.insert(
        0, commit(90, NOW - timedelta(minutes=5), message="fix: <script>&\x00\x1b[31m ]]> \ufffe 😀")
    )
    yield built
    await close(built)


async def read(world: World) -> ET.Element:
    response = await world.http.get("/feed.atom")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("application/atom+xml")
    return ET.fromstring(response.content)


async def test_a_feed_is_well_formed_whatever_strangers_wrote(world: World) -> None:
    feed = await read(world)
    assert feed.tag == f"{A}feed"
    titles = [entry.findtext(f"{A}title", "") for entry in feed.findall(f"{A}entry")]
    assert any("fix: <script>&" in title and "😀" in title for title in titles)
    for entry in feed.findall(f"{A}entry"):
        assert all(entry.findtext(f"{A}{name}") for name in ("id", "title", "updated"))
        link = entry.find(f"{A}link")
        assert link is not None
        assert link.attrib["href"].startswith("https://github.com/Octo/Hello")


async def test_ids_stay_and_the_feed_changes_only_with_its_entries(world: World) -> None:
    first = await world.http.get("/feed.atom")
    ids = [entry.findtext(f"{A}id") for entry in ET.fromstring(first.content).findall(f"{A}entry")]
    assert len(ids) == len(set(ids)) > 0
    world.pass_time(minutes=1)
    again = await world.http.get("/feed.atom", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    world.github.repositories["octo/hello"].commits.insert(0, commit(91, NOW + timedelta(minutes=2)))
    world.pass_time(minutes=10)
    later = await world.http.get("/feed.atom", headers={"If-None-Match": first.headers["etag"]})
    assert later.status_code == 200
    feed = ET.fromstring(later.content)
    new = [entry.findtext(f"{A}id") for entry in feed.findall(f"{A}entry")]
    assert [one for one in new if one not in ids] == [new[0]]
    assert feed.findtext(f"{A}updated") == feed.findtext(f"{A}entry/{A}updated")


async def test_reading_the_feed_moves_no_readers_mark(world: World) -> None:
    await read(world)
    assert await world.runtime.manager.collector_state.get_reader_mark("default") is None


async def test_the_feed_needs_the_token_and_refuses_unknown_arguments() -> None:
    world = await open_world(api_token="secret", target_repositories=("octo/hello",))
    assert (await world.http.get("/feed.atom")).status_code == 401
    bearer = {"Authorization": "Bearer secret"}
    assert (await world.http.get("/feed.atom", headers=bearer)).status_code == 200
    assert (await world.http.get("/feed.atom?repo=a/b", headers=bearer)).status_code == 422
    await close(world)
