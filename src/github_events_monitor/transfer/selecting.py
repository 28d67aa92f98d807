"""Which repositories an import takes where only some are asked for: by name, and by the ids that names stand for.

A repository that was renamed is in the files under both names; its id stays.
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress

import msgspec

from ..errors import DataFileError
from ..infrastructure.contract.export_coverage import MEMORY
from ..infrastructure.database_interface import DatabaseManager
from ..records import WEBHOOK
from .files import DataFile
from .kinds import Kind, array_blocks
from .lines import blocks_of

_WITHOUT_IDS = frozenset({WEBHOOK, "activity"})
"""Sources that know none of GitHub's ids of events."""


class _Repo(msgspec.Struct):
    id: int | None = None
    name: str | None = None


class _Header(msgspec.Struct):
    repo: _Repo | None = None
    created_at: str | None = None


_decode = msgspec.json.Decoder(_Header).decode


async def ids_of(manager: DatabaseManager, repos: frozenset[str], files: Mapping[DataFile, Kind]) -> frozenset[int]:
    """Return the ids of repositories, as the database knows them and as their newest events in the files say.

    Files are read once more for that, those that can be; standard input cannot. A name that another repository had
    before stands for the latest one alone.
    """
    return await known_ids(manager, repos) | await asyncio.to_thread(_in_files, repos, files)


async def known_ids(manager: DatabaseManager, repos: Iterable[str]) -> frozenset[int]:
    """Return the ids of repositories as the database knows them."""
    state, keys = manager.collector_state, frozenset(repos)
    aliases = await state.get_aliases(keys)
    known = await state.get_states({*keys, *aliases.values()})
    return frozenset(one.repository_id for one in known.values() if one.repository_id is not None)


async def delivered_repositories(manager: DatabaseManager, repos: Iterable[str]) -> frozenset[str]:
    """Return the keys of the repositories of which webhooks or /activity told: noted, or remembered of one of `repos`.

    Earlier versions made no note, and an export has none.
    """
    states = await manager.collector_state.get_states(repos)
    remembered = {key for key, state in states.items() if not _WITHOUT_IDS.isdisjoint(state.sources)}
    return await manager.collector_state.get_delivered() | remembered


class _Tracking(msgspec.Struct):
    repository_id: int | None = None


class _Remembered(msgspec.Struct):
    repo_name: str
    tracking: _Tracking | None = None


class _MemoryLine(msgspec.Struct):
    item: _Remembered


_decode_memory = msgspec.json.Decoder(_MemoryLine).decode
_MEMORY_END = f'"table":"{MEMORY}"}}'.encode()
_LONGEST_MEMORY = 1 << 20
"""Bytes; what is remembered of a repository fits an item of DynamoDB."""


async def check_ids(manager: DatabaseManager, repos: frozenset[str] | None, files: Mapping[DataFile, Kind]) -> None:
    """Refuse an export in which a name is another repository's than here: its records do not say whose they are.

    Where anything is stored files are read once more for that, those that can be; standard input cannot. repos: those
    that are taken, None for all. Raises `DataFileError`.
    """
    exports = [file for file, kind in files.items() if kind is Kind.EXPORT and file.size is not None]
    if exports and await manager.collector_state.get_repositories(limit=1):
        for file in exports:
            ids = await asyncio.to_thread(_ids_in_export, file)
            await refuse_strangers(
                manager, file.name, {name: number for name, number in ids.items() if repos is None or name in repos}
            )


async def refuse_strangers(manager: DatabaseManager, where: str, ids: Mapping[str, int]) -> None:
    """Raise `DataFileError` where one of the names is stored as that of a repository with another id than there."""
    states = await manager.collector_state.get_states(ids)
    for name, number in ids.items():
        here = states[name].repository_id if name in states else None
        if here not in {None, number}:
            raise DataFileError(
                f"{where} has {name} as repository {number}, and here that name is another one's ({here}): nothing was"
                " stored; leave it out with --repo, or store it in a database of its own"
            )


def _ids_in_export(file: DataFile) -> dict[str, int]:
    """Return by name the ids that an export says; its few lines that do are looked for without reading the others."""
    found: dict[str, int] = {}
    with suppress(DataFileError):  # said when it is imported
        rest = b""
        for piece in file.pieces():
            data = rest + piece
            if _MEMORY_END in data:
                found |= _ids_in(data.split(b"\n"))
            rest = data[data.rfind(b"\n") + 1 :][-_LONGEST_MEMORY:]
        found |= _ids_in([rest])
    file.forget()
    return found


def _ids_in(lines: Iterable[bytes]) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in lines:
        if line.endswith(_MEMORY_END):
            with suppress(ValueError, RecursionError):
                item = _decode_memory(line).item
                if item.tracking is not None and item.tracking.repository_id is not None:
                    found[item.repo_name.lower()] = item.tracking.repository_id
    return found


def _in_files(repos: frozenset[str], files: Mapping[DataFile, Kind]) -> set[int]:
    newest: dict[str, tuple[str, int]] = {}
    for file, kind in files.items():
        if kind in {Kind.EVENT_LINES, Kind.EVENT_ARRAY} and file.size is not None:
            with suppress(DataFileError):  # said when it is imported
                _look_into(file, kind, repos, newest)
            file.forget()
    return {number for _, number in newest.values()}


def _look_into(file: DataFile, kind: Kind, repos: Iterable[str], newest: dict[str, tuple[str, int]]) -> None:
    wanted = {repo.partition("/")[2].encode() + b'"': repo for repo in repos}
    for block in array_blocks(file) if kind is Kind.EVENT_ARRAY else blocks_of(file.pieces()):
        for line in block.lines:
            low = line.lower()
            if not any(word in low for word in wanted):
                continue
            with suppress(ValueError, RecursionError):
                header = _decode(line)
                name = ((header.repo.name if header.repo else None) or "").strip().lower()
                number = header.repo.id if header.repo else None
                if name in wanted.values() and number is not None:
                    newest[name] = max(newest.get(name, ("", 0)), (header.created_at or "", number))
