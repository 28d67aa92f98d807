"""What `EventsRepository` promises, of every provider."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from github_events_monitor.errors import InvalidInput
from github_events_monitor.infrastructure.database_interface import DatabaseManager, RepositoryCount
from github_events_monitor.records import Activity, Event, Facts

from .builders import END, EPOCH, FACTS, FUTURE, OTHER, PAYLOAD, REPO, START, at, event


async def test_an_insert_answers_how_many_events_were_new(manager: DatabaseManager) -> None:
    assert await manager.events.insert_events([event("1"), event("2")]) == 2
    assert await manager.events.insert_events([event("2"), event("3")]) == 1
    assert await manager.events.insert_events([event("1"), event("2"), event("3")]) == 0
    assert await manager.events.insert_events([]) == 0
    assert await manager.events.count_by_type(REPO, START, END) == {"WatchEvent": 3}


async def test_the_record_stored_first_is_kept(manager: DatabaseManager) -> None:
    await manager.events.insert_events([event("1", at(1), actor_login="first")])
    assert await manager.events.insert_events([event("1", at(1), actor_login="second", payload=b'{"a":1}')]) == 0
    stored = await manager.events.get_event("1")
    assert stored == event("1", at(1), actor_login="first")


async def test_repeats_inside_one_call_count_once_and_the_first_wins(manager: DatabaseManager) -> None:
    same = [event("1", actor_login="first"), event("1", actor_login="second"), event("1", actor_login="third")]
    assert await manager.events.insert_events(same) == 1
    stored = await manager.events.get_event("1")
    assert stored is not None
    assert stored.actor_login == "first"
    assert await manager.events.count_by_type(REPO, START, END) == {"WatchEvent": 1}


@pytest.mark.parametrize(
    "other",
    [
        {"created_at": "2019-02-22T10:00:00Z"},
        {"event_type": "ForkEvent"},
        {"repo_name": OTHER},
        {"created_at": "2019-02-22T10:00:00Z", "event_type": "ForkEvent", "repo_name": OTHER},
    ],
)
async def test_a_stranger_under_a_known_id_is_kept(manager: DatabaseManager, other: dict[str, str]) -> None:
    first, second = event("9173303554", at(1)), event("9173303554", **{"created_at": at(1), **other})
    assert await manager.events.insert_events([first]) == 1
    assert await manager.events.get_known_events([second]) == set()
    assert await manager.events.insert_events([second]) == 1
    assert await manager.events.insert_events([second, first]) == 0
    assert await manager.events.get_known_events([second, first]) == {"9173303554"}
    assert await manager.events.get_event("9173303554") == first
    kept = f"9173303554@{second.created_at}"
    stored = await manager.events.get_event(kept)
    assert stored == msgspec.structs.replace(second, id=kept)
    assert await manager.events.insert_events([stored]) == 0


async def test_strangers_in_one_call_are_all_kept(manager: DatabaseManager) -> None:
    strangers = [event("1", at(1)), event("1", at(2)), event("1", at(1), event_type="ForkEvent")]
    strangers += [event("1", at(2), event_type="ForkEvent"), event("1", at(2), repo_name=OTHER)]
    assert await manager.events.insert_events([*strangers, *strangers]) == 5
    assert await manager.events.insert_events(strangers[::-1]) == 0
    assert await manager.events.count_by_type(REPO, START, END) == {"WatchEvent": 2, "ForkEvent": 2}
    assert await manager.events.get_trending(START, END, 5) == [RepositoryCount(REPO, 4), RepositoryCount(OTHER, 1)]


async def test_a_stranger_is_known_where_it_came_first(manager: DatabaseManager) -> None:
    """What one database kept under its era another one may know by its own id, and the other way round."""
    early, late = event("7", "2019-02-22T10:00:00Z"), event("7", at(1))
    assert await manager.events.insert_events([msgspec.structs.replace(late, id=f"7@{late.created_at}")]) == 1
    assert await manager.events.insert_events([late]) == 0
    assert await manager.events.insert_events([early]) == 1
    assert await manager.events.insert_events([msgspec.structs.replace(early, id=f"7@{early.created_at}")]) == 0


async def test_two_names_of_one_repository_do_not_double_an_event(manager: DatabaseManager) -> None:
    await manager.collector_state.save_alias("octo/old-spoon", REPO)
    await manager.events.insert_events([event("1")])
    renamed = event("1", repo_name="octo/old-spoon")
    assert await manager.events.get_known_events([renamed]) == {"1"}
    assert await manager.events.insert_events([renamed]) == 0


async def test_an_event_without_a_time_is_known_by_its_id(manager: DatabaseManager) -> None:
    assert await manager.events.insert_events([event("1", at(1))]) == 1
    undated = {"id": "1", "event_type": "WatchEvent"}
    assert await manager.events.insert_events([undated, undated, {"id": "2", "event_type": "WatchEvent"}]) == 1


async def test_an_event_made_of_what_happened_is_known_by_its_id(manager: DatabaseManager) -> None:
    assert await manager.events.insert_events([event("derived:1", at(1)), event("derived:1", at(2))]) == 1


async def test_a_dict_needs_only_id_and_type(manager: DatabaseManager) -> None:
    assert await manager.events.insert_events([{"id": "1", "event_type": "WatchEvent"}]) == 1
    stored = await manager.events.get_event("1")
    assert stored is not None
    assert (stored.repo_name, stored.actor_login, stored.payload) == (None, None, b"{}")
    assert abs(datetime.fromisoformat(stored.created_at) - manager.connection.clock()).total_seconds() <= 1
    assert await manager.events.get_events_by_type("WatchEvent") == [
        {
            "id": "1",
            "event_type": "WatchEvent",
            "repo_name": None,
            "actor_login": None,
            "created_at": stored.created_at,
            "payload": {},
        }
    ]


async def test_dicts_are_normalised(manager: DatabaseManager) -> None:
    row = {"id": "1", "event_type": "IssuesEvent", "repo_name": "Octo/SPOON", "actor_login": "OctoCat"}
    await manager.events.insert_events(
        [
            {
                **row,
                "created_at": "2025-03-10T13:30:15.987+01:00",
                "payload": {"action": "opened", "issue": {"number": 7}},
            },
            {**row, "id": "2", "created_at": datetime(2025, 3, 10, 12, 31, tzinfo=UTC)},
            {**row, "id": "3", "created_at": "2025-03-10 12:32:00", "payload": None},
        ]
    )
    found = await manager.events.get_events(REPO, START, END)
    assert [(one.id, one.created_at) for one in found] == [("3", at(32)), ("2", at(31)), ("1", at(30, second=15))]
    assert {one.repo_name for one in found} == {REPO}
    assert {one.actor_login for one in found} == {"OctoCat"}
    assert found[2].facts == Facts("opened", 7)
    assert found[0].payload == b"null"


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({"event_type": "WatchEvent"}, "'id'"),
        ({"id": "", "event_type": "WatchEvent"}, "'id'"),
        ({"id": 17, "event_type": "WatchEvent"}, "'id'"),
        ({"id": "1"}, "'event_type'"),
        ({"id": "1", "event_type": "WatchEvent", "repo_name": "no-slash"}, "'repo_name'"),
        ({"id": "1", "event_type": "WatchEvent", "repo_name": 3}, "'repo_name'"),
        ({"id": "1", "event_type": "WatchEvent", "created_at": "yesterday"}, "'created_at'"),
        ({"id": "1", "event_type": "WatchEvent", "actor_login": ["x"]}, "'actor_login'"),
        ({"id": "1", "event_type": "WatchEvent", "payload": object()}, "'payload'"),
        ({"id": "\ud800", "event_type": "WatchEvent"}, "'id'"),
    ],
)
async def test_a_bad_record_is_named_and_nothing_is_written(
    manager: DatabaseManager, row: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidInput, match=named) as raised:
        await manager.events.insert_events([{"id": "good", "event_type": "WatchEvent", "repo_name": REPO}, row])
    assert "event 1" in raised.value.message
    assert await manager.events.get_event("good") is None


async def test_an_event_comes_back_as_it_was(manager: DatabaseManager) -> None:
    stored = event("x-1", payload=msgspec.json.encode({"a": "ö" * 3000}), facts=FACTS, actor_login="Ünï[bot]")
    plain = Event(id="y", event_type="SomethingNew", created_at=EPOCH, payload=b'{"n":1.50,"s":"\\ud800"}')
    await manager.events.insert_events([stored, plain])
    assert await manager.events.get_event("x-1") == stored
    assert await manager.events.get_event("y") == plain
    assert await manager.events.get_event("z") is None


async def test_what_a_read_returns_can_be_inserted_again(manager: DatabaseManager) -> None:
    row = {
        "id": "1",
        "event_type": "PushEvent",
        "repo_name": REPO,
        "actor_login": None,
        "created_at": at(0),
        "payload": PAYLOAD,
    }
    await manager.events.insert_events([row])
    read = await manager.events.get_events_by_type("PushEvent")
    assert read == [row]
    assert type(read[0]["payload"]["whole"]) is float
    assert await manager.events.insert_events(read) == 0
    assert await manager.events.insert_events([{**read[0], "id": "2"}]) == 1
    second = next(one for one in await manager.events.get_events_by_type("PushEvent") if one["id"] == "2")
    assert second["payload"] == PAYLOAD


async def test_events_by_type_newest_first(manager: DatabaseManager) -> None:
    await manager.events.insert_events(
        [
            event("b", at(1)),
            event("a", at(1)),
            event("c", at(1)),
            event("d", at(2), repo_name=OTHER),
            event("e", at(3), event_type="ForkEvent"),
            event("f", at(0), repo_name=None),
        ]
    )

    async def ids(*args: Any, **choice: Any) -> list[str]:
        return [row["id"] for row in await manager.events.get_events_by_type(*args, **choice)]

    assert await ids("WatchEvent") == ["d", "c", "b", "a", "f"]
    assert await ids("WatchEvent", limit=2) == ["d", "c"]
    assert await ids("WatchEvent", "OCTO/Spoon") == ["c", "b", "a"]
    assert await ids("WatchEvent", repo=REPO, limit=1) == ["c"]
    assert await ids("WatchEvent", since=at(1)) == ["d", "c", "b", "a"]
    assert await ids("WatchEvent", since="2025-03-10T13:02:00+01:00") == ["d"]
    assert await ids("WatchEvent", repo=OTHER, since=at(3)) == []
    assert await ids("Nothing") == []


async def test_the_limit_counts_after_all_filters(manager: DatabaseManager) -> None:
    newer = [event(f"n{number}", at(30), repo_name=OTHER, actor_login="other") for number in range(40)]
    older = [event(f"o{number}", at(10), event_type="ForkEvent") for number in range(3)]
    await manager.events.insert_events([*newer, *older, event("w", at(1)), event("v", at(0), actor_login="Zed")])
    rows = await manager.events.get_events_by_type("WatchEvent", repo=REPO, limit=2)
    assert [row["id"] for row in rows] == ["w", "v"]
    page = await manager.events.get_events(REPO, START, END, event_types=["WatchEvent"], actor="zed", limit=1)
    assert [one.id for one in page] == ["v"]


@pytest.mark.parametrize("limit", [0, -1, True, 2.5, "3"])
async def test_a_limit_is_a_positive_whole_number(manager: DatabaseManager, limit: Any) -> None:
    with pytest.raises(InvalidInput, match="limit"):
        await manager.events.get_events_by_type("WatchEvent", limit=limit)
    with pytest.raises(InvalidInput, match="limit"):
        await manager.events.get_events(REPO, START, END, limit=limit)
    with pytest.raises(InvalidInput, match="limit"):
        await manager.events.get_trending(START, END, limit)


async def test_a_window_includes_its_beginning_and_not_its_end(manager: DatabaseManager) -> None:
    await manager.events.insert_events(
        [event("a", at(0)), event("b", at(1)), event("c", at(2)), event("d", at(2, second=1))]
    )
    page = await manager.events.get_events(REPO, at(0), at(2))
    assert [one.id for one in page] == ["b", "a"]
    assert [row.id for row in await manager.events.get_activity(REPO, at(0), at(2))] == ["a", "b"]
    assert await manager.events.count_by_type(REPO, at(0), at(2)) == {"WatchEvent": 2}
    assert await manager.events.get_trending(at(0), at(2), 5) == [RepositoryCount(REPO, 2)]
    assert await manager.events.get_repositories_of("octocat", at(2, second=1), at(3)) == [REPO]
    assert await manager.events.get_repositories_of("octocat", at(3), at(4)) == []
    assert await manager.events.count_by_type(REPO, at(2), at(2)) == {}
    assert await manager.events.count_by_type(REPO, at(2), at(0)) == {}


async def test_counts_by_hour_and_type(manager: DatabaseManager) -> None:
    hours = [(1, "09:59:59", "WatchEvent"), (2, "10:00:00", "WatchEvent"), (3, "10:59:59", "ForkEvent")]
    await manager.events.insert_events(
        [event(str(number), f"2025-03-10T{time}Z", event_type=kind) for number, time, kind in hours]
    )
    count = manager.events.count_by_hour
    assert await count(REPO, START, END) == {
        ("2025-03-10T09", "WatchEvent"): 1,
        ("2025-03-10T10", "WatchEvent"): 1,
        ("2025-03-10T10", "ForkEvent"): 1,
    }
    assert await count(REPO, START, END, event_types=["ForkEvent"]) == {("2025-03-10T10", "ForkEvent"): 1}
    assert await count(REPO, START, END, actor="nobody") == {}
    assert await count(REPO, "2025-03-10T10:00:00Z", "2025-03-10T10:00:01Z") == {("2025-03-10T10", "WatchEvent"): 1}


async def test_pages_follow_each_other_without_loss_or_repeat(manager: DatabaseManager) -> None:
    stored = [event(f"{number:02}", at(number // 5)) for number in range(23)]
    await manager.events.insert_events(stored)
    seen: list[str] = []
    after: tuple[str, str] | None = None
    while page := await manager.events.get_events(REPO, START, END, limit=4, after=after):
        assert len(page) <= 4
        seen += [one.id for one in page]
        after = (page[-1].created_at, page[-1].id)
        await manager.events.insert_events([event(f"later{len(seen)}", at(59))])
    assert seen == [one.id for one in reversed(stored)]


async def test_filters_by_type_and_actor(manager: DatabaseManager) -> None:
    await manager.events.insert_events(
        [
            event("1", at(1), actor_login="OctoCat"),
            event("2", at(2), actor_login="octocat", event_type="ForkEvent"),
            event("3", at(3), actor_login="zoë"),
            event("4", at(4), actor_login=None),
            event("5", at(5), event_type="PushEvent", repo_name=OTHER),
        ]
    )

    async def ids(**choice: Any) -> list[str]:
        return [one.id for one in await manager.events.get_events("Octo/Spoon", START, END, **choice)]

    assert await ids() == ["4", "3", "2", "1"]
    assert await ids(actor="OCTOCAT") == ["2", "1"]
    assert await ids(actor="ZOË") == ["3"]
    assert await ids(actor="octo") == []
    assert await ids(event_types=["ForkEvent", "PushEvent"]) == ["2"]
    assert await ids(event_types=[]) == []
    assert await ids(event_types=["WatchEvent"], actor="octocat") == ["1"]
    activity = manager.events.get_activity
    assert [row.id for row in await activity(REPO, START, END, event_types=["WatchEvent", "PushEvent"])] == [
        "1",
        "3",
        "4",
    ]
    assert await activity(REPO, START, END, event_types=[]) == []
    left = await activity(REPO, START, END, without=["WatchEvent", "PushEvent"])
    assert [row.id for row in left] == ["2"]
    assert len(await activity(REPO, START, END, without=["PushEvent"])) == 4
    count = manager.events.count_by_type
    assert await count(REPO, START, END) == {"WatchEvent": 3, "ForkEvent": 1}
    assert await count(REPO, START, END, event_types=["WatchEvent", "Nothing"]) == {"WatchEvent": 3}
    assert await count(REPO, START, END, event_types=[]) == {}
    assert await count(REPO, START, END, actor="OctoCAT") == {"WatchEvent": 1, "ForkEvent": 1}
    assert await count("nobody/nothing", START, END) == {}


async def test_activity_is_the_narrow_row_oldest_first(manager: DatabaseManager) -> None:
    await manager.events.insert_events(
        [event("b", at(1), facts=FACTS), event("a", at(1)), event("c", at(0), actor_login=None)]
    )
    assert await manager.events.get_activity("OCTO/spoon", START, END) == [
        Activity("c", "WatchEvent", at(0), None, None, None, None, None, None),
        Activity("a", "WatchEvent", at(1), "octocat", None, None, None, None, None),
        Activity("b", "WatchEvent", at(1), "octocat", *FACTS),
    ]
    some = await manager.events.get_activity(REPO, at(1), END, facts=("action", "ref"))
    assert some[1] == Activity("b", "WatchEvent", at(1), "octocat", FACTS.action, None, FACTS.ref, None, None)
    assert await manager.events.get_activity(REPO, at(1), END, facts=()) == [
        Activity("a", "WatchEvent", at(1), "octocat", None, None, None, None, None),
        Activity("b", "WatchEvent", at(1), "octocat", None, None, None, None, None),
    ]


async def test_repositories_of_a_login_in_any_letter_case(manager: DatabaseManager) -> None:
    await manager.events.insert_events(
        [
            event("1", at(1), actor_login="OctoCat"),
            event("2", at(2), actor_login="octocat", repo_name=OTHER),
            event("3", at(3), actor_login="octocat", repo_name=OTHER),
            event("4", at(4), actor_login="octocats", repo_name="octo/third"),
            event("5", at(5), actor_login="octocat", repo_name=None),
        ]
    )
    assert await manager.events.get_repositories_of("OCTOcat", START, END) == [OTHER, REPO]
    assert await manager.events.get_repositories_of("octocat", at(2), END) == [OTHER]
    assert await manager.events.get_repositories_of("nobody", START, END) == []


async def test_trending_ranks_by_number_then_name(manager: DatabaseManager) -> None:
    counts = {"b/two": 2, "a/two": 2, "c/three": 3, "d/one": 1}
    await manager.events.insert_events(
        [
            event(f"{repo}{number}", at(number), repo_name=repo)
            for repo, count in counts.items()
            for number in range(count)
        ]
    )
    await manager.events.insert_events([event(f"none{number}", at(0), repo_name=None) for number in range(9)])
    ranked = [
        RepositoryCount("c/three", 3),
        RepositoryCount("a/two", 2),
        RepositoryCount("b/two", 2),
        RepositoryCount("d/one", 1),
    ]
    assert await manager.events.get_trending(START, END, 10) == ranked
    assert await manager.events.get_trending(START, END, 2) == ranked[:2]
    assert await manager.events.get_trending(END, FUTURE, 2) == []


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (at(0), at(0, hour=15)),
        (at(30), at(30, hour=14)),
        (at(30), at(0, hour=14)),
        (at(0), at(15)),
        (at(20), at(40)),
        (at(59, second=59), at(0, hour=13, second=1)),
        (at(10, day=9), at(20, day=11)),
    ],
)
async def test_trending_is_exact_for_any_window(manager: DatabaseManager, since: str, until: str) -> None:
    times = [at(minute, hour=hour, second=59) for hour in range(11, 16) for minute in range(0, 60, 7)]
    stored = [
        event(f"{repo}{time}", time, repo_name=f"o/r{repo}")
        for repo in range(7)
        for time in times[:: repo + 1] + times[-repo:]
    ]
    await manager.events.insert_events(stored)
    counts: dict[str, int] = {}
    for one in {one.id: one for one in stored}.values():
        if since <= one.created_at < until:
            counts[str(one.repo_name)] = counts.get(str(one.repo_name), 0) + 1
    expected = sorted(((count, repo) for repo, count in counts.items()), key=lambda pair: (-pair[0], pair[1]))
    for limit in (1, 3, 20):
        found = await manager.events.get_trending(since, until, limit)
        assert [(events, repo) for repo, events in found] == expected[:limit]


async def test_trending_counts_each_event_once(manager: DatabaseManager) -> None:
    for _ in range(3):
        await manager.events.insert_events([event("1", at(1)), event("2", at(2)), event("2", at(2), actor_login="x")])
    assert await manager.events.get_trending(at(0), at(0, hour=13), 5) == [RepositoryCount(REPO, 2)]


async def test_known_ids(manager: DatabaseManager) -> None:
    await manager.events.insert_events([event(str(number)) for number in range(250)])
    asked = [str(number) for number in range(100, 400)] * 2
    assert await manager.events.get_known_ids(asked) == {str(number) for number in range(100, 250)}
    assert await manager.events.get_known_ids([]) == set()


async def test_many_events_are_all_found(manager: DatabaseManager) -> None:
    bulky = b'{"text":"' + b"abcdefgh" * 40 + b'"}'
    stored = [event(f"{number:05}", at(number % 60, hour=number % 24), payload=bulky) for number in range(1500)]
    assert await manager.events.insert_events(stored) == 1500
    assert len(await manager.events.get_activity(REPO, START, END)) == 1500
    assert len(await manager.events.get_events_by_type("WatchEvent")) == 1500
    assert len(await manager.events.get_events(REPO, START, END, limit=1400)) == 1400
    assert await manager.events.count_by_type(REPO, START, END) == {"WatchEvent": 1500}


async def test_delete_before_never_reports_what_it_did_not_do(manager: DatabaseManager) -> None:
    await manager.events.insert_events([event(str(number), at(number)) for number in range(10)])
    removed = await manager.events.delete_before(at(4))
    left = await manager.events.get_activity(REPO, START, END)
    trending = await manager.events.get_trending(START, END, 5)
    assert len(left) == 10 - removed
    assert trending == [RepositoryCount(REPO, 10 - removed)]
    assert {row.id for row in left} >= {str(number) for number in range(4, 10)}
    assert await manager.events.delete_before(EPOCH) == 0


async def test_whether_there_are_later_events(manager: DatabaseManager) -> None:
    await manager.events.insert_events([event("1", at(5))])
    assert await manager.events.has_events_after(REPO, at(4))
    assert not await manager.events.has_events_after(REPO, at(5))
    assert not await manager.events.has_events_after(OTHER, at(4))


async def test_the_last_moment_there_is_and_letters_that_only_look_like_others_are_found_alike(
    manager: DatabaseManager,
) -> None:
    last = "9999-12-31T23:59:59Z"
    kelvin = event("2", at(1), actor_login="\N{KELVIN SIGN}ate")
    await manager.events.insert_events([event("1", last, actor_login="ada"), kelvin])
    for asked in ((), (REPO,), (None, at(2))):
        found = await manager.events.get_events_by_type("WatchEvent", *asked)
        assert last in {one["created_at"] for one in found}
    assert await manager.events.get_repositories_of("ada", at(0), last) == []
    assert await manager.events.get_repositories_of("kate", at(0), at(59)) == []
    assert await manager.events.count_by_type(REPO, at(0), at(59), actor="kate") == {}
