"""Results that do not fit into one page of DynamoDB's."""

import secrets

from github_events_monitor.infrastructure.dynamodb.manager import DynamoDBManager
from github_events_monitor.records import CommitFile, CommitRecord, Facts

from ..contract.builders import END, REPO, START, at, commit, event


async def test_a_window_of_more_than_a_megabyte(manager: DynamoDBManager) -> None:
    """A page of a query ends at 1 MB, in the midst of a second if need be."""
    facts = Facts(action="x" * 255, ref="y" * 255, subject="z" * 255)
    events = [event(f"{number:05}", at(number // 400), facts=facts) for number in range(1600)]
    assert await manager.events.insert_events(events) == 1600
    assert [row.id for row in await manager.events.get_activity(REPO, START, END)] == [e.id for e in events]
    assert sum((await manager.events.count_by_hour(REPO, START, END)).values()) == 1600
    found = await manager.events.get_events(REPO, START, END, limit=1600)
    assert [e.id for e in found] == sorted((e.id for e in events), reverse=True)


async def test_pages_that_begin_and_end_inside_one_second(manager: DynamoDBManager) -> None:
    events = [event(secrets.token_hex(6), at(number // 60)) for number in range(130)]
    await manager.events.insert_events(events)
    read: list[tuple[str, str]] = []
    while page := await manager.events.get_events(REPO, START, END, limit=7, after=read[-1] if read else None):
        assert len(page) == 7 or len(read) + len(page) == 130
        read += [(e.created_at, e.id) for e in page]
    assert read == sorted(((e.created_at, e.id) for e in events), reverse=True)


async def test_an_export_reads_every_page_of_a_scan(manager: DynamoDBManager) -> None:
    events = [event(str(number), payload=b'"%s"' % secrets.token_hex(40_000).encode()) for number in range(60)]
    await manager.events.insert_events(events)
    exported = {item.item["id"] async for item in manager.read_items(["events"])}
    assert exported == {e.id for e in events}


async def test_a_commit_of_very_many_files(manager: DynamoDBManager) -> None:
    files = tuple(CommitFile(filename=f"{number:04}.py", additions=1) for number in range(600))
    stored = CommitRecord(commit=commit(1, at(0), additions=600, deletions=0, files_changed=600), files=files)
    await manager.commits.insert_commits([stored])
    assert await manager.commits.get_commit(REPO, stored.commit.sha) == stored
