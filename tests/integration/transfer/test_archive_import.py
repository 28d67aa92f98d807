"""Importing files of events, on every engine."""

import gzip
import io
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from github_events_monitor.errors import DataFileError, InvalidInput
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.repository_activity import REPOSITORY_ACTIVITY
from github_events_monitor.ledger import with_archive
from github_events_monitor.records import RepositoryState, Span
from github_events_monitor.transfer import import_files
from tests.unit.transfer.records import a_push, an_event, lines_of, repository_id, write

ONE, TWO = "1" * 40, "2" * 40
HOUR = Span("2024-03-05T14:00:00Z", "2024-03-05T15:00:00Z")
HOUR_FILE = "2024-03-05-14.json.gz"


def clock() -> datetime:
    return datetime(2026, 11, 20, tzinfo=UTC)


async def hours_of(manager: DatabaseManager, repo: str) -> tuple[Span, ...]:
    state = await manager.collector_state.get_state(repo)
    known = (
        with_archive(state, await manager.collector_state.get_archive_hours())
        if state
        else RepositoryState(repo_name=repo)
    )
    return known.ledger.spans.get("archive", ())


def an_hour(folder: Path, hour: int, *repos: str) -> Path:
    """A file of an hour with an event of each repository."""
    at = f"2024-03-05T{hour:02}:00:00Z"
    events = [an_event(100 * hour + n, repo=repo, created_at=at) for n, repo in enumerate(repos)]
    return write(folder / f"2024-03-05-{hour}.json.gz", *events)


async def test_importing_an_hour_twice_adds_nothing_the_second_time(manager: DatabaseManager, tmp_path: Path) -> None:
    hour = write(tmp_path / HOUR_FILE, an_event(1), a_push(2, ONE, TWO), an_event(3, repo="other/Thing"))
    first = await import_files(manager, [hour])
    assert (first.read, first.stored, first.commits, first.hours) == (3, 3, 2, 1)
    second = await import_files(manager, [hour])
    assert (second.read, second.stored, second.already_there, second.commits) == (3, 0, 3, 0)
    assert await manager.events.count_by_type("octo/hello", *HOUR) == {"WatchEvent": 1, "PushEvent": 1}
    record = await manager.commits.get_commit("octo/hello", TWO)
    assert record is not None
    assert record.commit.message == "Fix the 222"


async def test_a_whole_hour_is_known_for_the_repositories_in_it(manager: DatabaseManager, tmp_path: Path) -> None:
    await import_files(manager, [write(tmp_path / HOUR_FILE, an_event(1), an_event(2, repo="other/Thing"))])
    assert await hours_of(manager, "octo/hello") == await hours_of(manager, "other/thing") == (HOUR,)
    state = await manager.collector_state.get_state("other/thing")
    assert state is not None
    assert (state.full_name, state.repository_id, state.sources) == (
        "other/Thing",
        repository_id("other/thing"),
        ("gharchive",),
    )
    assert [known.full_name for known in await manager.collector_state.get_repositories()] == [
        "Octo/Hello",
        "other/Thing",
    ]


async def test_silent_hours_count_between_those_in_which_a_repository_was_met(
    manager: DatabaseManager, tmp_path: Path
) -> None:
    for hour, repos in ((13, ["octo/hello"]), (16, ["octo/hello", "other/thing"]), (17, ["other/thing"])):
        assert (await import_files(manager, [an_hour(tmp_path, hour, *repos)])).hours == 1
    packed = an_hour(tmp_path, 14, "other/thing")  # imported later, and unpacked
    unpacked = packed.with_suffix("")
    unpacked.write_bytes(gzip.decompress(packed.read_bytes()))
    await import_files(manager, [unpacked])
    spans = [Span(f"2024-03-05T{since}:00:00Z", f"2024-03-05T{until}:00:00Z") for since, until in ((13, 15), (16, 17))]
    assert await hours_of(manager, "octo/hello") == tuple(spans)
    assert await hours_of(manager, "other/thing") == (
        Span("2024-03-05T14:00:00Z", "2024-03-05T15:00:00Z"),
        Span("2024-03-05T16:00:00Z", "2024-03-05T18:00:00Z"),
    )
    assert await hours_of(manager, "never/seen") == ()
    service = DatabaseService(QuestionContext(manager=manager, clock=clock))
    answer = await service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=2, until=spans[0].until)
    assert (answer.total_events, answer.coverage.complete) == (1, True)


async def test_hours_under_another_name_are_not_known_to_be_silent(manager: DatabaseManager, tmp_path: Path) -> None:
    await import_files(manager, [an_hour(tmp_path, 13, "old/name"), an_hour(tmp_path, 16, "new/name")])
    assert await hours_of(manager, "new/name") == (Span("2024-03-05T16:00:00Z", "2024-03-05T17:00:00Z"),)
    assert await hours_of(manager, "old/name") == (Span("2024-03-05T13:00:00Z", "2024-03-05T14:00:00Z"),)


async def test_silent_hours_count_for_a_repository_that_was_asked_for(manager: DatabaseManager, tmp_path: Path) -> None:
    silent = write(
        tmp_path / "2024-03-05-13.json.gz", an_event(9, created_at="2024-03-05T13:00:00Z", repo="other/thing")
    )
    spoken = write(tmp_path / HOUR_FILE, an_event(1))
    report = await import_files(manager, [silent, spoken], repos=["OCTO/hello", "not/there"])
    assert (report.read, report.stored, report.skipped) == (2, 1, 1)
    assert await hours_of(manager, "octo/hello") == (Span("2024-03-05T13:00:00Z", HOUR.until),)
    assert await manager.collector_state.get_state("not/there") is None
    assert await manager.collector_state.get_state("other/thing") is None


@pytest.mark.parametrize("how", ["cut", "broken line", "types", "another name", "another hour's events"])
async def test_an_hour_is_not_known_when_something_may_be_missing(
    manager: DatabaseManager, tmp_path: Path, how: str
) -> None:
    data = lines_of(
        *[
            an_event(number, created_at="2020-01-01T00:00:00Z") if "events" in how else an_event(number)
            for number in range(9)
        ]
    )
    data += b"{broken\n" if how == "broken line" else b""
    path = tmp_path / ("some.json.gz" if how == "another name" else HOUR_FILE)
    path.write_bytes(gzip.compress(data)[: -5 if how == "cut" else None])
    if how == "cut":
        with pytest.raises(DataFileError, match="is cut"):
            await import_files(manager, [path])
    else:
        await import_files(manager, [path], types=["WatchEvent"] if how == "types" else None)
    assert await hours_of(manager, "octo/hello") == ()
    assert (
        sum((await manager.events.count_by_type("octo/hello", "2020-01-01T00:00:00Z", "2025-01-01T00:00:00Z")).values())
        == 9
    )


async def test_one_odd_line_makes_an_hour_unknown_for_its_repository_alone(
    manager: DatabaseManager, tmp_path: Path
) -> None:
    nowhere, undated = an_event(2, repo="no/such/name"), an_event(3, repo="other/thing", created_at="sometime")
    hour = write(tmp_path / HOUR_FILE, an_event(1), nowhere, undated, an_event(4, repo="other/thing"))
    report = await import_files(manager, [hour])
    assert (report.stored, report.broken, report.hours) == (2, 2, 1)
    assert await hours_of(manager, "octo/hello") == (HOUR,)
    assert await hours_of(manager, "other/thing") == ()


async def test_a_login_that_begins_with_a_hyphen_is_a_repositorys_owner(
    manager: DatabaseManager, tmp_path: Path
) -> None:
    report = await import_files(manager, [write(tmp_path / HOUR_FILE, an_event(1, repo="-Ada-/notes"))])
    assert (report.stored, report.broken) == (1, 0)
    assert await hours_of(manager, "-ada-/notes") == (HOUR,)


async def test_what_a_collector_remembers_stays(manager: DatabaseManager, tmp_path: Path) -> None:
    known = RepositoryState(
        repo_name="octo/hello", full_name="octo/HELLO", etags={"commits": "x"}, last_collected_at="2026-01-01T00:00:00Z"
    )
    await manager.collector_state.save_states([known])
    report = await import_files(manager, [write(tmp_path / HOUR_FILE, an_event(1))], clock=clock)
    state = await manager.collector_state.get_state("octo/hello")
    assert state is not None
    assert (state.full_name, state.etags, state.last_collected_at) == (
        "octo/HELLO",
        {"commits": "x"},
        "2026-01-01T00:00:00Z",
    )
    assert await hours_of(manager, "octo/hello") == (HOUR,)
    assert report.busy == ()
    lease = await manager.collector_state.acquire_lease(
        "octo/hello", "collector", "2026-11-20T00:00:00Z", "2026-11-20T00:01:00Z"
    )
    assert lease is not None  # the import gave its own one back


async def test_broken_lines_are_reported_and_the_first_twenty_named(manager: DatabaseManager, tmp_path: Path) -> None:
    path = write(tmp_path / "x.json", an_event(1), *[b"{"] * 30, an_event(2))
    report = await import_files(manager, [path])
    assert (report.read, report.stored, report.skipped, report.broken) == (32, 2, 30, 30)
    assert [line.line for line in report.broken_lines] == list(range(2, 22))
    assert report.broken_lines[0].file == str(path)


async def test_a_file_of_another_kind_is_refused_before_anything_is_stored(
    manager: DatabaseManager, tmp_path: Path
) -> None:
    good, other = write(tmp_path / "good.json", an_event(1)), tmp_path / "picture.png"
    other.write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(DataFileError, match=r"picture\.png"):
        await import_files(manager, [good, other])
    assert await manager.events.get_event("36000000001") is None
    with pytest.raises(InvalidInput, match="nothing"):
        await import_files(manager, [good, tmp_path / "nothing.json"])


async def test_of_a_cut_file_everything_readable_is_stored_and_the_error_says_how_much(
    manager: DatabaseManager, tmp_path: Path
) -> None:
    path, after = tmp_path / "cut.json.gz", write(tmp_path / "after.json", an_event(500))
    path.write_bytes(gzip.compress(lines_of(*[an_event(number) for number in range(100)]), 1)[:-20])
    with pytest.raises(DataFileError) as caught:
        await import_files(manager, [path, after])
    stored = sum((await manager.events.count_by_type("octo/hello", *HOUR)).values())
    assert 80 < stored < 100
    assert f"is cut: its compressed data ends before its end; {stored} of its items" in caught.value.message
    assert "1 more file" in caught.value.message


async def test_standard_input_arrays_and_patterns(manager: DatabaseManager, tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"page{number}.json").write_bytes(orjson.dumps([an_event(number), an_event(number + 10), 5]))
    piped = io.BytesIO(gzip.compress(lines_of(an_event(20))))
    report = await import_files(manager, ["-", tmp_path / "page*.json"], stdin=piped)
    assert (report.read, report.stored, report.broken) == (10, 7, 3)


async def test_progress_ends_at_the_size_of_all_files(manager: DatabaseManager, tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{number}.json.gz", an_event(number)) for number in range(2)]
    told: list[tuple[int, int | None, str]] = []

    async def progress(done: int, total: int | None, message: str) -> None:
        told.append((done, total, message))

    await import_files(manager, paths, progress=progress)
    size = sum(path.stat().st_size for path in paths)
    assert told[-1] == (size, size, str(paths[1]))
