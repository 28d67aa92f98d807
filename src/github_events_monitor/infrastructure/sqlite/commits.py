"""Commits in SQLite, with their files and summaries.

Implementation notes
- Storing reads the commits that are there already, merges (`infrastructure.merging`) and writes what changed, in one
  transaction. A changed `commit_date` moves the row: `INSERT OR REPLACE` removes the old one by (repo_name, sha).
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...records import Authorship, Commit, CommitFile, CommitMessage, CommitRecord, CommitSummary
from ..contract.types import CommitPage, CommitQuery
from ..database_interface import CommitsRepository
from ..merging import is_missing, merge_records
from .connection import SQLiteConnection
from .retention import delete_commits
from .rows import (
    COMMIT_COLUMNS,
    COMMIT_WIDTH,
    FILE_COLUMNS,
    INSERT_COMMIT,
    INSERT_FILE,
    INSERT_SUMMARY,
    SUMMARY_COLUMNS,
    array,
    commit_of,
    commit_row,
    file_of,
    file_row,
    summary_of,
    summary_row,
)
from .sql import Condition, count_changes, rows_as, where

_WITH_SUMMARY = (
    f"SELECT {', '.join('c.' + name.strip() for name in COMMIT_COLUMNS.split(','))},"
    f" {', '.join('s.' + name.strip() for name in SUMMARY_COLUMNS.split(','))}"
    " FROM commits c LEFT JOIN commit_summaries s ON s.repo_name = c.repo_name AND s.commit_sha = c.sha"
)
_WINDOW = "c.repo_name = ? AND c.commit_date >= ? AND c.commit_date < ?"
_BEYOND = "c.commit_date <= ? AND (c.commit_date < ? OR c.sha > ?)"
_REPEATED = {"author_login", "author_name", "author_email", "author_type", "co_authors"}

Key = tuple[str, str]
"""(repository, sha)."""


class SQLiteCommits(CommitsRepository):
    """See the contract in `database_interface`."""

    def __init__(self, connection: SQLiteConnection) -> None:
        super().__init__(connection)
        self._db = connection

    async def _insert(self, commits: Sequence[CommitRecord]) -> int:
        return await self._db.write(lambda db: insert_commits(db, commits))

    async def _resolve(self, repo: str, prefix: str) -> list[str]:
        sql = "SELECT sha FROM commits WHERE repo_name = ? AND sha >= ? AND sha < ? ORDER BY sha LIMIT 2"
        return await self._db.read(lambda db: [sha for (sha,) in db.execute(sql, (repo, prefix, prefix + "g"))])

    async def _get(self, repo: str, sha: str) -> CommitRecord | None:
        return await self._db.read(lambda db: _one(db, repo, sha))

    async def _page(self, query: CommitQuery) -> list[CommitRecord]:
        return await self._db.read(lambda db: _page_of(db, query))

    async def _counted_page(self, query: CommitQuery) -> CommitPage:
        return await self._db.read(lambda db: CommitPage(_count_of(db, query), _page_of(db, query)))

    async def _count(self, query: CommitQuery) -> int:
        return await self._db.read(lambda db: _count_of(db, query))

    async def _authorship(self, query: CommitQuery) -> list[Authorship]:
        clause, values = where(_window(query))
        source = f"FROM (SELECT * FROM commits c {clause} ORDER BY commit_date, sha)"
        return await self._db.read(lambda db: rows_as(Authorship, db, source, values, repeated=_REPEATED))

    async def _summaries(self, repo: str, since: str, until: str) -> list[tuple[Commit, CommitSummary | None]]:
        sql = f"{_WITH_SUMMARY} WHERE {_WINDOW} ORDER BY c.commit_date, c.sha"
        records = await self._db.read(lambda db: list(map(_record, db.execute(sql, (repo, since, until)))))
        return [(record.commit, record.summary) for record in records]

    async def _messages(self, repo: str, since: str, until: str) -> list[CommitMessage]:
        clause, values = where(_window(CommitQuery(repo, since, until)))
        source = f"FROM (SELECT * FROM commits c {clause} ORDER BY commit_date, sha)"
        return await self._db.read(lambda db: rows_as(CommitMessage, db, source, values, repeated=()))

    async def _known(self, repo: str, shas: Sequence[str]) -> set[str]:
        sql = "SELECT sha FROM commits WHERE repo_name = ? AND sha IN (SELECT value FROM json_each(?))"
        return await self._db.read(lambda db: {sha for (sha,) in db.execute(sql, (repo, array(shas)))})

    async def _without_details(self, repo: str, limit: int) -> list[str]:
        sql = """SELECT sha FROM commits INDEXED BY commits_without_details
            WHERE repo_name = ? AND additions IS NULL AND source <> 'push' ORDER BY commit_date DESC, sha LIMIT ?"""
        return await self._db.read(lambda db: [sha for (sha,) in db.execute(sql, (repo, limit))])

    async def _files(self, repo: str, shas: Sequence[str]) -> dict[str, list[CommitFile]]:
        return await self._db.read(lambda db: _files_of(db, repo, shas))

    async def _delete_before(self, instant: str) -> int:
        return await delete_commits(self._db, instant)


def insert_commits(db: sqlite3.Connection, records: Iterable[CommitRecord]) -> int:
    """Store commits in the caller's transaction and return how many were new."""
    arriving = list(records)
    known = _stored(db, arriving)
    merged: dict[Key, CommitRecord] = {}
    for record in arriving:
        key = _key(record)
        earlier = merged.get(key) or known.get(key)
        merged[key] = merge_records(earlier, record) if earlier else record
    _write(db, {key: record for key, record in merged.items() if record != known.get(key)})
    return len(merged) - len(known)


def insert_new(db: sqlite3.Connection, rows: Iterable[Sequence[Any]], insert: str = INSERT_COMMIT) -> int:
    """Store rows of commits that are not there, in the caller's transaction, and return how many; others stay."""
    return count_changes(db, f"INSERT {insert} ON CONFLICT DO NOTHING", rows)


def fill_commits(db: sqlite3.Connection, records: Sequence[CommitRecord]) -> int:
    """Store commits that are not there yet, and those known from a push alone, and return how many were new.

    Summaries are stored in place of those that go with a push; others are the caller's to store.
    """
    new = insert_new(db, (commit_row(record.commit) for record in records))
    if new < len(records):
        known = _stored(db, records)
        insert_commits(db, (record for record in records if is_missing(record, known.get(_key(record)))))
    return new


def _key(record: CommitRecord) -> Key:
    return record.commit.repo_name, record.commit.sha


def _window(query: CommitQuery) -> list[Condition]:
    conditions: list[Condition] = [(_WINDOW, [query.repo, query.since, query.until])]
    if query.branch is not None:
        conditions.append(("instr(c.branches, ?)", [f"\n{query.branch}\n"]))
    return conditions


def _page_of(db: sqlite3.Connection, query: CommitQuery) -> list[CommitRecord]:
    conditions = _window(query)
    if query.after is not None:
        at, sha = query.after
        conditions.append((_BEYOND, [at, at, sha]))
    clause, values = where(conditions)
    sql = f"{_WITH_SUMMARY} {clause} ORDER BY c.commit_date DESC, c.sha LIMIT ?"
    return list(map(_record, db.execute(sql, (*values, query.limit))))


def _count_of(db: sqlite3.Connection, query: CommitQuery) -> int:
    clause, values = where(_window(query))
    return int(db.execute(f"SELECT count(*) FROM commits c {clause}", values).fetchone()[0])


def _one(db: sqlite3.Connection, repo: str, sha: str) -> CommitRecord | None:
    row = db.execute(f"{_WITH_SUMMARY} WHERE c.repo_name = ? AND c.sha = ?", (repo, sha)).fetchone()
    if row is None:
        return None
    record = _record(row)
    files = tuple(_files_of(db, repo, [sha]).get(sha, ()))
    known = bool(files) or record.commit.files_changed == 0  # a commit may change nothing
    return CommitRecord(commit=record.commit, files=files if known else None, summary=record.summary)


def _files_of(db: sqlite3.Connection, repo: str, shas: Sequence[str]) -> dict[str, list[CommitFile]]:
    sql = f"""SELECT commit_sha, {FILE_COLUMNS} FROM commit_files
        WHERE repo_name = ? AND commit_sha IN (SELECT value FROM json_each(?)) ORDER BY filename"""
    found: defaultdict[str, list[CommitFile]] = defaultdict(list)
    for sha, *row in db.execute(sql, (repo, array(shas))):
        found[sha].append(file_of(row))
    return dict(found)


def _record(row: Sequence[Any]) -> CommitRecord:
    commit, summary = row[:COMMIT_WIDTH], row[COMMIT_WIDTH:]
    return CommitRecord(commit=commit_of(commit), summary=summary_of(summary) if summary[0] is not None else None)


def _stored(db: sqlite3.Connection, records: Sequence[CommitRecord]) -> dict[Key, CommitRecord]:
    """Return those of the commits that are there already, without their files."""
    shas: defaultdict[str, list[str]] = defaultdict(list)
    for record in records:
        shas[record.commit.repo_name].append(record.commit.sha)
    sql = f"{_WITH_SUMMARY} WHERE c.repo_name = ? AND c.sha IN (SELECT value FROM json_each(?))"
    rows = (row for repo, wanted in shas.items() for row in db.execute(sql, (repo, array(wanted))))
    return {_key(record): record for record in map(_record, rows)}


def _write(db: sqlite3.Connection, records: Mapping[Key, CommitRecord]) -> None:
    db.executemany(f"INSERT OR REPLACE {INSERT_COMMIT}", (commit_row(record.commit) for record in records.values()))
    db.executemany(
        f"INSERT OR REPLACE {INSERT_SUMMARY}",
        ((*key, *summary_row(record.summary)) for key, record in records.items() if record.summary is not None),
    )
    with_files = [(key, record.files) for key, record in records.items() if record.files is not None]
    db.executemany("DELETE FROM commit_files WHERE repo_name = ? AND commit_sha = ?", (key for key, _ in with_files))
    db.executemany(
        f"INSERT OR REPLACE {INSERT_FILE}", ((*key, *file_row(file)) for key, files in with_files for file in files)
    )
