"""Storing commits so that concurrent writers lose nothing.

Implementation notes
- A commit's item is written last, after its files, its summary and the rows that lead to it: a commit that says how
  many files it changed has them.
- Merging is optimistic: an item is replaced only while its `version` is the one that was read, else the merge is done
  again with what is there by then. A version is random, so a write repeated after a lost answer recognises itself.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple
from uuid import uuid4

from ...records import Commit, CommitFile, CommitRecord, CommitSummary
from ...side_by_side import side_by_side
from ..merging import merge_records
from .batches import Write, delete, expressions, get_items, put, write_items
from .connection import DynamoDBConnection
from .faults import ConditionFailed
from .items import Item, encode, must
from .reading import load_files, load_summaries
from .registry import Registry
from .rows import commit_from_item, commit_key, commit_to_item, file_sort, file_to_item, summary_to_item
from .state_items import key, row

_PUTS = 24
"""Conditional writes at once; they cannot be batched."""


class _Stored(NamedTuple):
    """A stored commit with its summary, and the version of its item."""

    record: CommitRecord
    version: str


class _Plan(NamedTuple):
    """A commit to store, what was found of it, and what both make together."""

    new: CommitRecord
    old: _Stored | None
    merged: CommitRecord


class Inserted(NamedTuple):
    """Commits as they are stored: those that were new, and the others; `changed`: those of the others that changed."""

    new: list[Commit]
    known: list[Commit]
    changed: list[Commit]


class CommitWriter:
    """See the module."""

    def __init__(self, connection: DynamoDBConnection, registry: Registry) -> None:
        self._connection = connection
        self._client = connection.client
        self._registry = registry

    async def insert(self, records: Sequence[CommitRecord]) -> Inserted:
        """Store commits, merging those that occur twice, and return which were new."""
        arriving: dict[str, CommitRecord] = {}
        for record in records:
            earlier = arriving.get(_name(record.commit))
            arriving[_name(record.commit)] = merge_records(earlier, record) if earlier else record
        stored = await self._load(list(arriving))
        plans = [_plan(record, stored.get(name)) for name, record in arriving.items()]
        await self._registry.note_repositories({record.commit.repo_name for record in records})
        await write_items(self._client, await self._surroundings(plans))
        new = await side_by_side((partial(self._merge, plan) for plan in plans), limit=_PUTS)
        await write_items(self._client, [delete("event_patterns", row) for row in _no_longer_bare(plans)])
        added = [plan.merged.commit for plan, is_new in zip(plans, new, strict=True) if is_new]
        known = [plan for plan, is_new in zip(plans, new, strict=True) if not is_new]
        changed = [plan for plan in known if not (plan.old and plan.old.record.commit == plan.merged.commit)]
        return Inserted(added, [plan.merged.commit for plan in known], [plan.merged.commit for plan in changed])

    async def _surroundings(self, plans: Sequence[_Plan]) -> list[Write]:
        """Return all that is written before the commits themselves."""
        known = [plan.new for plan in plans if plan.old and plan.new.files is not None]
        changes = await side_by_side(partial(self._file_changes, record) for record in known)
        writes = [write for change in changes for write in change]
        for new, old, merged in plans:
            expires_at = self._expiry(merged.commit)
            if old is None:
                writes.append(row(f"#shas#{new.commit.repo_name}", new.commit.sha, expires_at=expires_at))
                writes.extend(self._put_files(new.commit, new.files or ()))
            bare = bare_sort(merged.commit)
            if bare and not (old and bare_sort(old.record.commit) == bare):
                writes.append(row(f"#bare#{new.commit.repo_name}", bare, expires_at=expires_at))
            if merged.summary and not (old and old.record.summary == merged.summary):
                item = summary_to_item(new.commit.repo_name, new.commit.sha, merged.summary, expires_at)
                writes.append(put("commit_summaries", item))
        return writes

    async def _file_changes(self, record: CommitRecord) -> list[Write]:
        """Return what makes the stored files of a known commit equal to those of a record."""
        name = _name(record.commit)
        stored = {file.filename: file for file in await load_files(self._client, name)}
        wanted = {file.filename: file for file in record.files or ()}
        gone = [delete("commit_files", _file_key(name, path)) for path in stored.keys() - wanted.keys()]
        return gone + self._put_files(
            record.commit, [file for path, file in wanted.items() if stored.get(path) != file]
        )

    async def _merge(self, plan: _Plan) -> bool:
        """Store one commit, merged with what is there at that moment; return whether it was new."""
        version = uuid4().hex[:12]
        while True:
            new, old, merged = plan
            if old and merged.commit == old.record.commit:
                return False
            try:
                await self._put(merged.commit, version, old)
            except ConditionFailed as failed:
                there = await self._there(failed, new.commit)
                if there is None or there.version != version:
                    plan = _plan(new, there)
                    continue
            return old is None

    async def _put(self, commit: Commit, version: str, old: _Stored | None) -> None:
        values = {"ExpressionAttributeValues": {":version": encode(old.version)}} if old else {}
        await self._client.call(
            "put_item",
            TableName=self._client.table("commits"),
            Item=commit_to_item(commit, version, self._expiry(commit)),
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **values,
            **expressions(ConditionExpression="#version = :version" if old else "attribute_not_exists(#sha)"),
        )

    async def _there(self, failed: ConditionFailed, commit: Commit) -> _Stored | None:
        """Return what a failed write found; not every engine tells."""
        if failed.item:
            return _stored(failed.item, None)
        return (await self._load([_name(commit)])).get(_name(commit))

    async def _load(self, names: Sequence[str]) -> dict[str, _Stored]:
        found = await get_items(self._client, "commits", ({"sha": {"S": name}} for name in names), consistent=True)
        summaries = await load_summaries(self._client, [must(item, "sha") for item in found], consistent=True)
        return {must(item, "sha"): _stored(item, summaries.get(must(item, "sha"))) for item in found}

    def _put_files(self, commit: Commit, files: Iterable[CommitFile]) -> list[Write]:
        expires_at = self._expiry(commit)
        items = {file.filename: file_to_item(_name(commit), file, expires_at) for file in files}
        return [put("commit_files", item) for item in items.values()]

    def _expiry(self, commit: Commit) -> int | None:
        return self._connection.expiry(commit.commit_date)


def bare_sort(commit: Commit) -> str | None:
    """Return where a commit from GitHub without details is listed; None for any other."""
    without = commit.additions is None and commit.source != "push"
    return f"{commit.commit_date}#{commit.sha}" if without else None


def _no_longer_bare(plans: Iterable[_Plan]) -> list[Item]:
    """Return the rows of commits whose details are known now."""
    listed = [(plan, bare_sort(plan.old.record.commit)) for plan in plans if plan.old]
    return [
        key(f"#bare#{plan.new.commit.repo_name}", before)
        for plan, before in listed
        if before and bare_sort(plan.merged.commit) != before
    ]


def _plan(new: CommitRecord, old: _Stored | None) -> _Plan:
    return _Plan(new, old, merge_records(old.record, new) if old else new)


def _stored(item: Item, summary: CommitSummary | None) -> _Stored:
    return _Stored(CommitRecord(commit=commit_from_item(item), summary=summary), must(item, "version"))


def _file_key(name: str, filename: str) -> Item:
    return {"commit_sha": {"S": name}, "filename": encode(file_sort(filename))}


def _name(commit: Commit) -> str:
    return commit_key(commit.repo_name, commit.sha)
