"""Commits on DynamoDB, with their files and summaries; `commit_writer` stores them.

Implementation notes
- `repo-date-index` carries what filters and insights need; messages are read from the table.
- It sorts by time alone: what shares a second is held back until the second is complete, and sorted by sha.
- A shortened sha is looked up under `#shas#owner/name`, commits without details under `#bare#owner/name`
  (see `state_items`).
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

from ...records import Authorship, Commit, CommitFile, CommitMessage, CommitRecord, CommitSummary
from ...side_by_side import side_by_side
from ..contract.types import CommitPage, CommitQuery
from ..database_interface import CommitsRepository, Position
from .batches import delete, get_items, pages, write_items
from .commit_writer import CommitWriter, bare_sort
from .connection import DynamoDBConnection
from .items import Item, encode, must
from .layout import REPO_COMMITS
from .reading import load_files, load_summaries
from .registry import Registry
from .rows import authorship_from_item, commit_from_item, commit_key, sha_of
from .state_items import key, partition
from .windows import Query, instants, window

_AUTHORSHIP = "#sha, #commit_date, #author_login, #author_name, #author_email, #author_type, #co_authors"


class DynamoDBCommits(CommitsRepository):
    """See the module and `CommitsRepository`."""

    def __init__(self, connection: DynamoDBConnection, registry: Registry) -> None:
        super().__init__(connection)
        self._client = connection.client
        self.writer = CommitWriter(connection, registry)

    async def _insert(self, commits: Sequence[CommitRecord]) -> int:
        return len((await self.writer.insert(commits)).new)

    async def _resolve(self, repo: str, prefix: str) -> list[str]:
        query = partition(self._client, f"#shas#{repo}", prefix)
        answer = await self._client.call("query", **query, Limit=2)
        return [must(item, "event_pattern_detected") for item in answer["Items"]]

    async def _get(self, repo: str, sha: str) -> CommitRecord | None:
        name = commit_key(repo, sha)
        found, files, summaries = await asyncio.gather(
            self._load([name], consistent=True),
            load_files(self._client, name),
            load_summaries(self._client, [name], consistent=True),
        )
        if name not in found:
            return None
        known = bool(files) or found[name].files_changed == 0  # a commit may change nothing
        return CommitRecord(commit=found[name], files=tuple(files) if known else None, summary=summaries.get(name))

    async def _page(self, query: CommitQuery) -> list[CommitRecord]:
        limit, last = query.limit, query.after[0] if query.after else None
        asked = _window(query, last=last, newest_first=True)
        if asked and query.branch is None:
            asked["Limit"] = limit + 20
        found: list[CommitRecord] = []
        names: list[str] = []
        async for item in self._ordered(asked, query.after):
            names.append(must(item, "sha"))
            if len(found) + len(names) >= limit:
                found += await self._with_summaries(names)
                names = []
                if len(found) >= limit:
                    return found
        return found + await self._with_summaries(names)

    async def _counted_page(self, query: CommitQuery) -> CommitPage:
        rows = [item async for page in self._pages(_window(query, show="#sha, #commit_date")) for item in page]
        beyond = sorted((item for item in rows if _is_beyond(query.after, item)), key=lambda item: must(item, "sha"))
        beyond.sort(key=lambda item: must(item, "commit_date"), reverse=True)
        names = [must(item, "sha") for item in beyond[: query.limit]]
        return CommitPage(len(rows), await self._with_summaries(names))

    async def _count(self, query: CommitQuery) -> int:
        asked = _window(query)
        return 0 if asked is None else await self._counted({**asked, "Select": "COUNT"})

    async def _authorship(self, query: CommitQuery) -> list[Authorship]:
        pages_ = self._pages(_window(query, show=_AUTHORSHIP))
        found = [authorship_from_item(item) async for page in pages_ for item in page]
        return sorted(found, key=lambda row: (row.commit_date, row.sha))

    async def _summaries(self, repo: str, since: str, until: str) -> list[tuple[Commit, CommitSummary | None]]:
        pages_ = self._pages(_window(CommitQuery(repo, since, until), show="#sha"))
        records = await self._with_summaries([must(item, "sha") async for page in pages_ for item in page])
        found = [(record.commit, record.summary) for record in records]
        return sorted(found, key=lambda pair: (pair[0].commit_date, pair[0].sha))

    async def _messages(self, repo: str, since: str, until: str) -> list[CommitMessage]:
        pages_ = self._pages(_window(CommitQuery(repo, since, until), show="#sha"))
        names = [must(item, "sha") async for page in pages_ for item in page]
        found = await self._load(names)
        rows = [CommitMessage(commit.sha, commit.commit_date, commit.message) for commit in found.values()]
        return sorted(rows, key=lambda row: (row.commit_date, row.sha))

    async def _known(self, repo: str, shas: Sequence[str]) -> set[str]:
        keys = ({"sha": {"S": commit_key(repo, sha)}} for sha in shas)
        found = await get_items(self._client, "commits", keys, attributes="#sha", consistent=True)
        return {sha_of(must(item, "sha")) for item in found}

    async def _without_details(self, repo: str, limit: int) -> list[str]:
        query = partition(self._client, f"#bare#{repo}") | {"ScanIndexForward": False, "Limit": limit + 20}
        chosen: list[str] = []
        listed: list[str] = []
        async for together in instants(pages(self._client, "query", query), lambda row: _bare_sort(row)[:20]):
            listed += sorted(map(_bare_sort, together))
            if len(chosen) + len(listed) >= limit:
                chosen += await self._still_bare(repo, listed)
                listed = []
                if len(chosen) >= limit:
                    break
        chosen += await self._still_bare(repo, listed)
        return [sort.partition("#")[2] for sort in chosen[:limit]]

    async def _still_bare(self, repo: str, listed: Sequence[str]) -> list[str]:
        """Return those of the listed commits that lack details; a row whose commit has them by now is removed."""
        commits = await self._load([commit_key(repo, sort.partition("#")[2]) for sort in listed], consistent=True)
        bare = {bare_sort(commit) for commit in commits.values()}
        stale = [delete("event_patterns", key(f"#bare#{repo}", sort)) for sort in listed if sort not in bare]
        await write_items(self._client, stale)
        return [sort for sort in listed if sort in bare]

    async def _files(self, repo: str, shas: Sequence[str]) -> dict[str, list[CommitFile]]:
        wanted = list(dict.fromkeys(shas))
        found = await side_by_side(partial(load_files, self._client, commit_key(repo, sha)) for sha in wanted)
        return {sha: files for sha, files in zip(wanted, found, strict=True) if files}

    async def _delete_before(self, instant: str) -> int:  # noqa: ARG002 - `expires_at` does it
        return 0

    async def _with_summaries(self, names: Sequence[str]) -> list[CommitRecord]:
        """Return commits in the order of their keys, without files; those that expired meanwhile are passed over."""
        commits, summaries = await asyncio.gather(self._load(names), load_summaries(self._client, names))
        known = (name for name in names if name in commits)
        return [CommitRecord(commit=commits[name], summary=summaries.get(name)) for name in known]

    async def _load(self, names: Sequence[str], *, consistent: bool = False) -> dict[str, Commit]:
        keys = ({"sha": {"S": name}} for name in names)
        found = await get_items(self._client, "commits", keys, consistent=consistent)
        return {must(item, "sha"): commit_from_item(item) for item in found}

    async def _ordered(self, query: Query | None, after: Position | None) -> AsyncIterator[Item]:
        async for together in instants(self._pages(query), lambda row: must(row, "commit_date")):
            for item in sorted(together, key=lambda row: must(row, "sha")):
                if _is_beyond(after, item):
                    yield item

    def _pages(self, query: Query | None) -> AsyncIterator[list[Item]]:
        return pages(self._client, "query", query and {"TableName": self._client.table("commits"), **query})

    async def _counted(self, query: Query) -> int:
        total: int = 0
        params: Query = {"TableName": self._client.table("commits"), **query}
        while True:
            answer = await self._client.call("query", **params)
            total += int(answer["Count"])
            if not (last := answer.get("LastEvaluatedKey")):
                return total
            params["ExclusiveStartKey"] = last


def _window(query: CommitQuery, **options: Any) -> Query | None:
    if query.branch is not None:
        options |= {"where": "contains(#branches, :branch)", "values": {":branch": encode(query.branch)}}
    return window(REPO_COMMITS, query.repo, query.since, query.until, **options)


def _bare_sort(row: Item) -> str:
    return must(row, "event_pattern_detected")


def _is_beyond(after: Position | None, item: Item) -> bool:
    if after is None:
        return True
    date, sha = must(item, "commit_date"), sha_of(must(item, "sha"))
    return date < after[0] or (date == after[0] and sha > after[1])
