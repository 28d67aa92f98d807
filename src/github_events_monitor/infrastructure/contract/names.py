"""Under which key a repository is stored that has had several names: one id, one key, however the names come.

https://docs.github.com/en/repositories/creating-and-managing-repositories/renaming-a-repository
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ...records import Event, EventSource, RepositoryState, name_by_id, repo_key

if TYPE_CHECKING:
    from .manager import DatabaseManager

Newest = tuple[str, EventSource]
"""The instant of the newest record of a repository that was met, and the repository as that one names it."""

_REMEMBERED = 200_000
_BY_ID = name_by_id(0).removesuffix("0")


class _Stored(NamedTuple):
    """What is remembered of some names: by `repository-id-/…` or by name the key, and states by key."""

    aliases: Mapping[str, str]
    states: Mapping[str, RepositoryState]


class Names:
    """Recognises repositories by id, and remembers which names stand for which keys."""

    def __init__(self, manager: "DatabaseManager") -> None:
        self._manager = manager
        self._ids: dict[str, int | None] = {}
        self._new: dict[str, str] = {}
        self._changed: dict[str, str] = {}
        """What is to be saved: names that stood for nothing, and those that stood for another key."""
        self._taken: dict[str, str] = {}
        """Keys that were chosen here, by each the one that another process chose before."""
        self.keys: dict[str, str] = {}
        """Keys of names under which nothing is to be stored."""
        self.apart: dict[str, str] = {}
        """Names under which something may be stored, by name the key that it belongs to: for `join_repositories`."""

    async def recognise(self, newest: Mapping[str, Newest]) -> None:
        """Find the keys of repositories; `save` has to follow before something of them is stored."""
        met = {name: found for name, found in newest.items() if self._is_new(name, found[1].repository_id)}
        if not met:
            return
        by_id: dict[int, list[str]] = {}
        for name, (_, source) in met.items():
            if (number := source.repository_id) is not None:
                by_id.setdefault(number, []).append(name)
        for names in by_id.values():
            names.sort(key=lambda name: (met[name][0], name), reverse=True)
        stored = await self._look_up(met, by_id)
        for number, names in by_id.items():
            key = _key_of(number, names, stored)
            self._note(name_by_id(number), key, stored)
            self._stand_for(number, names, key, stored)
        for name in met:
            if met[name][1].repository_id is None and name not in stored.states and name in stored.aliases:
                self.keys[name] = stored.aliases[name]

    async def save(self) -> None:
        """Store what was recognised since the last time. Where another process was faster, its keys count."""
        new, changed = dict(self._new), dict(self._changed)
        if changed:
            await self._manager.collector_state.save_aliases(changed)
        if new:
            stored = await self._manager.collector_state.claim_aliases(new)
            await self._follow({new[name]: key for name, key in stored.items() if name.startswith(_BY_ID)}, new)
        for saved, unsaved in ((new, self._new), (changed, self._changed)):
            for name, key in saved.items():
                if unsaved.get(name) == key:  # meanwhile more may have been recognised
                    del unsaved[name]

    async def _follow(self, taken: Mapping[str, str], new: Mapping[str, str]) -> None:
        """Let names stand for other keys; taken: by the key chosen here the one that another process had chosen."""
        self._taken |= taken
        follow = {name: self._taken[key] for name, key in new.items() if key in self._taken} | dict(taken)
        names = {name: key for name, key in follow.items() if name != key and not name.startswith(_BY_ID)}
        for name, key in names.items():
            self.keys[name] = self.apart[name] = key
        for key in follow.values():
            self.keys.pop(key, None)
            self.apart.pop(key, None)
        if names:
            await self._manager.collector_state.save_aliases(names)

    def _note(self, name: str, key: str, stored: _Stored) -> None:
        known = stored.aliases.get(name)
        if known is None:
            self._new[name] = key
        elif known != key:
            self._changed[name] = key

    async def of(self, names: Iterable[str]) -> frozenset[str]:
        """Return the keys of names, as far as they are known."""
        wanted = [self.keys.get(name, name) for name in names]
        states = await self._manager.collector_state.get_states(wanted)
        aliases = await self._manager.collector_state.get_aliases(name for name in wanted if name not in states)
        return frozenset(aliases.get(name, name) for name in wanted)

    def rename(self, events: Iterable[Event]) -> list[Event]:
        """Return events with the keys of their repositories for names, as far as they are known."""
        return [
            msgspec.structs.replace(event, repo_name=self.keys[event.repo_name])
            if event.repo_name in self.keys
            else event
            for event in events
        ]

    def under_keys(self, newest: Mapping[str, Newest]) -> dict[str, Newest]:
        """Return the same by key: of several names the newest."""
        found: dict[str, Newest] = {}
        for name, one in newest.items():
            keep_newest(found, self.keys.get(name, name), one)
        return found

    def _is_new(self, name: str, number: int | None) -> bool:
        if name in self._ids and self._ids[name] == number:
            return False
        if len(self._ids) >= _REMEMBERED:
            self._ids.clear()
        self._ids[name] = number
        return True

    async def _look_up(self, names: Iterable[str], by_id: Mapping[int, list[str]]) -> _Stored:
        collector_state = self._manager.collector_state
        asked = [*names, *map(name_by_id, by_id)]
        unsaved = {name: some[name] for some in (self._new, self._changed) for name in asked if name in some}
        aliases = {**await collector_state.get_aliases(asked), **unsaved}
        doubtful = {name for some in by_id.values() if len(some) > 1 for name in some}
        doubtful |= {*aliases.values(), *(name for name in names if name in aliases)}
        for number, some in by_id.items():
            known = aliases.get(name_by_id(number))
            doubtful |= {*some} if known is not None and some != [known] else set()
        states = await collector_state.get_states(sorted(doubtful)) if doubtful else {}
        return _Stored(aliases, states)

    def _stand_for(self, number: int, names: Iterable[str], key: str, stored: _Stored) -> None:
        key = self._taken.get(key, key)
        self.keys.pop(key, None)
        for name in names:
            if name == key:
                continue
            self.keys[name] = key
            is_known, state = stored.aliases.get(name) == key, stored.states.get(name)
            if not _is_of(state, number):
                continue  # another repository has the name by now
            if state is not None or not is_known:
                self.apart[name] = key
            self._note(name, key, stored)


def keep_newest(newest: dict[str, Newest], repo: str, found: Newest) -> None:
    """Remember a repository as its newest record names it; of equally new ones, as the first does."""
    known = newest.get(repo)
    if known is None or known[0] < found[0]:
        newest[repo] = found


def names_of(states: Iterable[RepositoryState]) -> dict[str, Newest]:
    """Return the names that states know of their repositories, those that GitHub gave an id."""
    found: dict[str, Newest] = {}
    for state in states:
        if state.repository_id is not None:
            source = EventSource(state.full_name or state.repo_name, state.repository_id)
            for name in (state.repo_name, repo_key(source.full_name)):
                found[name] = (state.last_collected_at or "", source)
    return found


def _key_of(number: int, names: list[str], stored: _Stored) -> str:
    """Return the key of an id: where it is stored already, else under the newest of its names."""
    candidates = [stored.aliases.get(name_by_id(number)), *(name for name in names if name in stored.states)]
    candidates += [stored.aliases.get(name) for name in names]
    return next((key for key in candidates if key is not None and _is_of(stored.states.get(key), number)), names[0])


def _is_of(state: RepositoryState | None, number: int) -> bool:
    """Return whether a key may be that of an id, and is not by now another one's."""
    return state is None or state.repository_id in {None, number}
