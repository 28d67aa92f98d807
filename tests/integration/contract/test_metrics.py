"""What `MetricsRepository` promises about results and observations, of every provider."""

from typing import Any, get_args

import pytest

from github_events_monitor.errors import InvalidInput
from github_events_monitor.infrastructure.database_interface import DatabaseManager, KnownRepository, MetricTable
from github_events_monitor.records import MetricRow, RepositoryState

from .builders import OTHER, REPO, event, record

DATA: dict[str, Any] = {
    "float": 0.1,
    "whole": 2.0,
    "tiny": 1e-300,
    "big": 2**63 + 5,
    "null": None,
    "text": "日本語 😀 \u0000",
    "nested": {"empty": {}, "list": [1, [None, False, ""]]},
}


@pytest.mark.parametrize("table", get_args(MetricTable))
async def test_rows_come_back_in_order_of_their_sort_key(manager: DatabaseManager, table: MetricTable) -> None:
    rows = [MetricRow(key=REPO, sort=sort, data={**DATA, "n": sort}) for sort in ("b#2", "a#10", "a#9", "ü", "c")]
    assert await manager.metrics.save_metrics(table, rows) == 5
    found = await manager.metrics.get_metrics(table, "Octo/SPOON")
    assert found == sorted(rows, key=lambda row: row.sort)
    assert type(found[0].data["whole"]) is float
    assert await manager.metrics.get_metrics(table, OTHER) == []


async def test_saving_a_row_again_replaces_it(manager: DatabaseManager) -> None:
    save = manager.metrics.save_metrics
    assert await save("developer_metrics", [MetricRow(key="OctoCat", sort="o/r#2025-03-01", data={"commits": 1})]) == 1
    assert await save("developer_metrics", [MetricRow(key="octocat", sort="o/r#2025-03-01", data={"pushes": 2})]) == 1
    assert await manager.metrics.get_metrics("developer_metrics", "OCTOCAT") == [
        MetricRow(key="octocat", sort="o/r#2025-03-01", data={"pushes": 2})
    ]
    twice = [MetricRow(key="x", sort="s", data={"n": 1}), MetricRow(key="X", sort="s", data={"n": 2})]
    assert await save("developer_metrics", twice) == 1
    assert (await manager.metrics.get_metrics("developer_metrics", "x"))[0].data == {"n": 2}
    assert await save("developer_metrics", []) == 0


async def test_rows_are_chosen_by_prefix_and_beginning(manager: DatabaseManager) -> None:
    rows = [
        MetricRow(key=REPO, sort=f"{kind}#2025-03-0{day}", data={}) for kind in ("alert", "leak") for day in range(1, 6)
    ]
    await manager.metrics.save_metrics("security_metrics", rows)

    async def sorts(**choice: Any) -> list[str]:
        return [row.sort for row in await manager.metrics.get_metrics("security_metrics", REPO, **choice)]

    assert len(await sorts()) == 10
    assert await sorts(prefix="leak#") == [f"leak#2025-03-0{day}" for day in range(1, 6)]
    assert await sorts(prefix="alert#", first="alert#2025-03-04") == ["alert#2025-03-04", "alert#2025-03-05"]
    assert await sorts(prefix="nothing") == []


async def test_many_rows_are_all_found(manager: DatabaseManager) -> None:
    rows = [MetricRow(key=REPO, sort=f"{number:05}", data={"text": "x" * 2000}) for number in range(700)]
    assert await manager.metrics.save_metrics("deployment_metrics", rows) == 700
    found = await manager.metrics.get_metrics("deployment_metrics", REPO)
    assert [row.sort for row in found] == [row.sort for row in rows]


@pytest.mark.parametrize(("key", "sort"), [("", "x"), ("x", ""), ("#watch", "x"), ("x", "#state")])
async def test_reserved_and_empty_keys_are_refused(manager: DatabaseManager, key: str, sort: str) -> None:
    with pytest.raises(InvalidInput):
        await manager.metrics.save_metrics("event_patterns", [MetricRow(key=key, sort=sort, data={})])


async def test_the_collectors_memory_is_no_data(manager: DatabaseManager) -> None:
    await manager.collector_state.watch([REPO])
    await manager.collector_state.save_alias(OTHER, REPO)
    await manager.collector_state.save_states([RepositoryState(repo_name=REPO)])
    await manager.collector_state.acquire_lease(REPO, "me", "2025-03-01T00:00:00Z", "2025-03-02T00:00:00Z")
    await manager.events.insert_events([event("1", actor_login="octocat")])
    for key in ("#watch", "#alias", f"#state#{REPO}", REPO):
        assert await manager.metrics.get_metrics("event_patterns", key) == []
    assert await manager.metrics.get_metrics("developer_metrics", "octocat") == []
    assert await manager.metrics.get_health(REPO, "", "9") == {}


async def test_health_results_by_day(manager: DatabaseManager) -> None:
    for day in ("2025-03-02", "2025-03-01", "2025-03-03"):
        await manager.metrics.save_health("Octo/Spoon", day, {**DATA, "day": day})
    await manager.metrics.save_health(REPO, "2025-03-02", {"replaced": True})
    found = await manager.metrics.get_health(REPO, "2025-03-01", "2025-03-02")
    assert list(found.items()) == [("2025-03-01", {**DATA, "day": "2025-03-01"}), ("2025-03-02", {"replaced": True})]
    assert list(await manager.metrics.get_health("OCTO/spoon", "2025-01-01", "2025-12-31")) == [
        "2025-03-01",
        "2025-03-02",
        "2025-03-03",
    ]
    assert await manager.metrics.get_health(OTHER, "2025-01-01", "2025-12-31") == {}


async def test_repositories_of_which_something_is_stored(manager: DatabaseManager) -> None:
    assert await manager.collector_state.get_repositories() == []
    await manager.events.insert_events([event("1", repo_name="octo/events"), event("2", repo_name=None)])
    await manager.commits.insert_commits([record(1, repo_name="octo/commits"), record(2, repo_name="zeta/commits")])
    await manager.collector_state.save_states([RepositoryState(repo_name="octo/state", full_name="Octo/State")])
    await manager.collector_state.save_states([RepositoryState(repo_name="octo/events", full_name="OCTO/Events")])
    await manager.collector_state.watch(["never/collected"])
    everything = [
        KnownRepository("octo/commits", "octo/commits"),
        KnownRepository("octo/events", "OCTO/Events"),
        KnownRepository("octo/state", "Octo/State"),
        KnownRepository("zeta/commits", "zeta/commits"),
    ]
    assert await manager.collector_state.get_repositories() == everything
    assert await manager.collector_state.get_repositories("OCTO/") == everything[:3]
    assert await manager.collector_state.get_repositories("octo/e") == everything[1:2]
    assert await manager.collector_state.get_repositories(limit=2) == everything[:2]
    assert await manager.collector_state.get_repositories("x") == []
    with pytest.raises(InvalidInput, match="limit"):
        await manager.collector_state.get_repositories(limit=0)


async def test_the_list_of_repositories_is_complete(manager: DatabaseManager) -> None:
    names = [f"owner{number % 7}/name{number:03}" for number in range(150)]
    await manager.events.insert_events([event(name, repo_name=name) for name in names])
    found = await manager.collector_state.get_repositories(limit=500)
    assert [repo.repo_name for repo in found] == sorted(names)
    assert len(await manager.collector_state.get_repositories("owner3/", limit=500)) == len(
        [name for name in names if "owner3" in name]
    )
