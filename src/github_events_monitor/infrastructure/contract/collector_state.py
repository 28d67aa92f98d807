"""What the collector must remember between two passes."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from ...errors import InvalidInput
from ...instants import normalise_instant, shift
from ...ledger import SKEW, with_look
from ...records import Lease, Notified, Pattern, RepositoryState, Rewriting, Seen, Span, repo_key
from .. import wire
from .connection import DatabaseConnection
from .quiet import add_look, from_note, quiet_at, quiet_look, to_note
from .types import LONGEST_LEASE, KnownRepository

logger = logging.getLogger(__name__)

NoteT = TypeVar("NoteT", bound=msgspec.Struct)

READERS, PATTERNS, NOTIFIED, LOOKS, DELIVERED = "#readers", "#patterns", "#told", "#looks", "#delivered"
"""Namespaces of notes: readers' marks, patterns of the watch list, what targets of notifications were told, looks, of
which repositories webhooks told."""

_QUIET = "quiet"
"""The one note about looks."""

NOTIFYING = "#notifying"
"""The lease of the one process that notifies."""

MAX_READER = 100
"""Characters of a reader's name."""


def unreadable_state(repo: str) -> RepositoryState:
    """Return what is remembered of a repository whose row cannot be read: nothing, until the next pass writes it.

    One such row must not keep the answers about other repositories away.
    """
    logger.warning("what is remembered of %s cannot be read; it is learned anew when it is collected", repo)
    return RepositoryState(repo_name=repo, error_code="internal", error_message="what was remembered cannot be read")


_MOMENTS = (
    "commits_floor", "last_collected_at", "last_attempt_at", "snapshot_at", "taken_over_at", "next_poll_at", "retry_at",
)  # fmt: skip


def readable_state(repo: str, state: RepositoryState) -> RepositoryState:
    """Return what is remembered of a repository as it was read; where a name or a moment in it is none, nothing."""
    moments = [moment for name in _MOMENTS if (moment := getattr(state, name)) is not None]
    moments += [moment for spans in state.ledger.spans.values() for span in spans for moment in span]
    try:
        repo_key(state.full_name or repo)
        readable = state.repo_name == repo and all(normalise_instant(moment) == moment for moment in moments)
    except InvalidInput:
        readable = False
    return state if readable else unreadable_state(repo)


def _as(kind: type[NoteT], note: object) -> NoteT | None:
    """Return a note in its form, or None for one that is not of it, as if it had never been written."""
    try:
        return msgspec.convert(note, kind)
    except msgspec.ValidationError:
        return None


class CollectorState(ABC):
    """States, leases, watch list, aliases of renamed repositories, imported hours of GH Archive, notes on namespaces.

    A note is a small JSON value under a name, on a namespace whose key begins with `#`: readers' marks, patterns, what
    targets were told, what looks at many repositories proved, of which repositories webhooks told.

    Nothing of this is exported but a repository's state without ETags, and whether it is watched.
    """

    def __init__(self, connection: DatabaseConnection) -> None:
        self._connection = connection

    async def get_state(self, repo: str) -> RepositoryState | None:
        """Return what is remembered about a repository, read consistently; None if it was never collected."""
        await self._connection.open()
        return (await self._states([repo_key(repo)])).get(repo_key(repo))

    async def get_states(self, repos: Iterable[str]) -> dict[str, RepositoryState]:
        """States by key; unknown repositories are absent."""
        keys = list(dict.fromkeys(repo_key(repo) for repo in repos))
        await self._connection.open()
        return await self._states(keys)

    async def get_looked_states(self, repos: Iterable[str], now: str) -> dict[str, RepositoryState]:
        """Return states with what looks proved since (see `ledger.with_look`), for questions. Not to be saved."""
        keys = list(dict.fromkeys(repo_key(repo) for repo in repos))
        if not keys:
            return {}
        await self._connection.open()
        states, note = await self._states_and_note(keys, LOOKS, _QUIET)
        looks, latest = from_note(note), shift(now, SKEW)
        found = {key: quiet_at(looks, key, latest) for key in states} if looks else {}
        return {key: with_look(state, at) if (at := found.get(key)) else state for key, state in states.items()}

    async def get_unsettled_states(self) -> dict[str, RepositoryState]:
        """Return by key the states of those repositories of which not all stored events are to be found yet.

        For what is asked of all events, whatever repository they are of.
        """
        await self._connection.open()
        return await self._unsettled_states()

    async def save_look(self, at: str, quiet: Iterable[str], changed: Iterable[str]) -> None:
        """Remember what a look proved: that repositories were then as their last visit left them.

        at: when GitHub was asked, not when it answered. changed: those that the look found otherwise. What looks of
        other programs proved of the rest stays for an hour.
        """
        look = quiet_look(normalise_instant(at), map(repo_key, quiet))
        await self._connection.open()
        before = from_note((await self._notes(LOOKS, [_QUIET])).get(_QUIET))
        await self._put_notes(LOOKS, {_QUIET: to_note(add_look(before, look, map(repo_key, changed)))})

    async def note_rewritings(self, repo: str, rewritings: Mapping[str, Rewriting]) -> None:
        """Note by kind of listing that branches have other commits by now; see `branches`.

        No lease is needed, so that a pass under way goes on, and does not know of it.
        """
        await self._connection.open()
        if rewritings:
            await self._note_rewritings(repo_key(repo), rewritings)

    async def save_states(self, states: Iterable[RepositoryState]) -> None:
        """Store states outside a collecting pass (an import's ledger); also registers the repositories."""
        await self._connection.open()
        await self._save_states(list(states))

    async def get_archive_hours(self) -> tuple[Span, ...]:
        """Return the whole hours of GH Archive that were imported for all repositories: see `coverage.with_archive`."""
        await self._connection.open()
        return await self._archive_hours()

    async def add_archive_hours(self, *hours: Span) -> None:
        """Remember such hours, once all of their events are stored."""
        await self._connection.open()
        await self._add_archive_hours(hours)

    async def forget_before(self, instant: str) -> None:
        """Nothing older than the instant counts as known any more; said before such records are removed."""
        await self._connection.open()
        await self._forget_before(normalise_instant(instant))

    async def acquire_lease(self, repo: str, owner: str, now: str, expires_at: str) -> Lease | None:
        """Take the right to collect a repository; None while another owner's lease has not expired at `now`.

        The same owner gets it again. Every success has a higher epoch than any lease before it; the first one's comes
        from the time, because no row may be left of those before. A lease that ends more than `LONGEST_LEASE` after
        `now` was taken under a clock that ran ahead, and keeps no one out. `NOTIFYING` can be taken like a repository.
        """
        key = repo if repo == NOTIFYING else repo_key(repo)
        await self._connection.open()
        return await self._acquire(key, owner, now, expires_at, shift(now, LONGEST_LEASE))

    async def release_lease(self, lease: Lease, *, unused: bool = False) -> None:
        """Give a lease back; nothing happens when it is another owner's by now.

        unused: nothing was stored under it. Where nothing else is remembered of the repository, no row stays.
        """
        await self._connection.open()
        await self._release(lease, unused=unused)

    async def watch(self, repos: Iterable[str]) -> None:
        """Put repositories on the watch list (and forget that they were ever taken off it)."""
        await self._connection.open()
        if keys := [repo_key(repo) for repo in repos]:
            await self._mark(keys, True)

    async def unwatch(self, repos: Iterable[str]) -> None:
        """Take repositories off; remembered, so that TARGET_REPOSITORIES does not bring them back."""
        await self._connection.open()
        if keys := [repo_key(repo) for repo in repos]:
            await self._mark(keys, False)

    async def get_watch_list(self) -> dict[str, bool]:
        """Every repository ever put on or taken off the list, by key in order: true is watched, false is taken off."""
        await self._connection.open()
        return await self._watch_list()

    async def save_alias(self, alias: str, repo: str) -> None:
        """Remember that a name stands for the repository stored under another key (a rename)."""
        await self.save_aliases({alias: repo})

    async def save_aliases(self, aliases: Mapping[str, str]) -> None:
        """Remember many such names."""
        await self._connection.open()
        await self._save_aliases({repo_key(alias): repo_key(repo) for alias, repo in aliases.items()})

    async def claim_aliases(self, aliases: Mapping[str, str]) -> dict[str, str]:
        """Remember such names in so far as they stand for no key yet; return those that stand for another one.

        On an engine without transactions two that claim a name within moments may both be told that it is theirs.
        """
        await self._connection.open()
        return await self._claim_aliases({repo_key(alias): repo_key(repo) for alias, repo in aliases.items()})

    async def get_alias(self, name: str) -> str | None:
        """Return the key under which a renamed repository is stored, or None."""
        return (await self.get_aliases([name])).get(repo_key(name))

    async def get_aliases(self, names: Iterable[str]) -> dict[str, str]:
        """Return the same for many names, by key; those that stand for none are absent."""
        await self._connection.open()
        return await self._aliases(list(dict.fromkeys(map(repo_key, names))))

    async def get_reader_mark(self, reader: str) -> str | None:
        """Return the instant up to which a reader was shown what is new, read consistently; None for a new reader.

        Raises:
            InvalidInput: the name is blank or longer than `MAX_READER` characters.
        """
        name = _check_reader(reader)
        await self._connection.open()
        found = (await self._notes(READERS, [name])).get(name)
        return None if found is None else str(found)

    async def get_seen(self, reader: str, repos: Iterable[str]) -> dict[str, Seen]:
        """Return what a reader was told of repositories, by key, read consistently; those never told of are absent.

        Raises:
            InvalidInput: the name is blank or longer than `MAX_READER` characters.
        """
        name = _check_reader(reader)
        names = {_seen_name(name, key): key for key in map(repo_key, repos)}
        await self._connection.open()
        found = await self._notes(READERS, list(names))
        read = {names[note]: _as(Seen, value) for note, value in found.items()}
        return {key: seen for key, seen in read.items() if seen is not None}

    async def save_reader_mark(self, reader: str, instant: str, seen: Mapping[str, Seen] | None = None) -> None:
        """Store such an instant in place of the one before, and with it what the reader was told of repositories.

        Other readers' marks stay as they are, and so does what was told of repositories that are not among `seen`.

        Raises:
            InvalidInput: the name is blank or longer than `MAX_READER` characters, or the instant is not one.
        """
        name, mark = _check_reader(reader), normalise_instant(instant)
        await self._connection.open()
        told = {_seen_name(name, repo_key(repo)): msgspec.to_builtins(one) for repo, one in (seen or {}).items()}
        await self._put_notes(READERS, {name: mark, **told})

    async def get_patterns(self) -> dict[str, Pattern]:
        """Return every pattern that was resolved, watched or taken off, by its word in lower case, in order."""
        await self._connection.open()
        found = await self._notes(PATTERNS)
        return {word: _as(Pattern, found[word]) or Pattern(word=word, watched=True) for word in sorted(found)}

    async def save_patterns(self, patterns: Iterable[Pattern]) -> None:
        """Store patterns in place of those of the same words."""
        await self._connection.open()
        await self._put_notes(PATTERNS, {pattern.word: msgspec.to_builtins(pattern) for pattern in patterns})

    async def get_notified(self, target: str) -> Notified | None:
        """Return what a target of notifications was told of, read consistently; None for a new one."""
        await self._connection.open()
        found = (await self._notes(NOTIFIED, [target])).get(target)
        return None if found is None else _as(Notified, found)

    async def save_notified(self, target: str, notified: Notified) -> None:
        """Store what a target was told of in place of what was stored before."""
        await self._connection.open()
        await self._put_notes(NOTIFIED, {target: msgspec.to_builtins(notified)})

    async def get_delivered(self) -> frozenset[str]:
        """Return the keys of the repositories of which webhooks told, or others that know none of GitHub's ids."""
        await self._connection.open()
        return frozenset(await self._notes(DELIVERED))

    async def save_delivered(self, repo: str) -> None:
        """Remember that webhooks, or others that know none of GitHub's ids, told of a repository."""
        await self._connection.open()
        await self._put_notes(DELIVERED, {repo_key(repo): True})

    async def get_repositories(self, prefix: str = "", limit: int = 100) -> list[KnownRepository]:
        """Repositories of which something is stored, by key, those that begin with a prefix (any letter case)."""
        wire.check_limit(limit)
        await self._connection.open()
        return await self._repositories(prefix.lower(), limit)

    @abstractmethod
    async def _states(self, repos: Sequence[str]) -> dict[str, RepositoryState]: ...
    @abstractmethod
    async def _states_and_note(
        self, repos: Sequence[str], namespace: str, name: str
    ) -> tuple[dict[str, RepositoryState], Any]:
        """States, and by the same read a note of a namespace; None where there is no such note."""

    @abstractmethod
    async def _note_rewritings(self, repo: str, rewritings: Mapping[str, Rewriting]) -> None: ...
    @abstractmethod
    async def _save_states(self, states: Sequence[RepositoryState]) -> None: ...
    @abstractmethod
    async def _archive_hours(self) -> tuple[Span, ...]: ...
    @abstractmethod
    async def _add_archive_hours(self, hours: Sequence[Span]) -> None: ...
    @abstractmethod
    async def _forget_before(self, instant: str) -> None: ...
    @abstractmethod
    async def _acquire(self, repo: str, owner: str, now: str, expires_at: str, latest: str) -> Lease | None: ...
    @abstractmethod
    async def _release(self, lease: Lease, *, unused: bool) -> None: ...
    @abstractmethod
    async def _mark(self, repos: Sequence[str], watched: bool) -> None: ...
    @abstractmethod
    async def _watch_list(self) -> dict[str, bool]: ...
    @abstractmethod
    async def _save_aliases(self, aliases: Mapping[str, str]) -> None: ...

    async def _claim_aliases(self, aliases: Mapping[str, str]) -> dict[str, str]:
        stored = await self._aliases(list(aliases))
        await self._save_aliases({name: key for name, key in aliases.items() if name not in stored})
        return {name: key for name, key in stored.items() if key != aliases[name]}

    @abstractmethod
    async def _aliases(self, names: Sequence[str]) -> dict[str, str]: ...
    @abstractmethod
    async def _notes(self, namespace: str, names: Sequence[str] | None = None) -> dict[str, Any]:
        """Notes of a namespace by name, read consistently: those of the names that there are, or all."""

    @abstractmethod
    async def _put_notes(self, namespace: str, notes: Mapping[str, Any]) -> None: ...
    async def _unsettled_states(self) -> dict[str, RepositoryState]:
        """None, where reading never lags behind writing."""
        return {}

    @abstractmethod
    async def _repositories(self, prefix: str, limit: int) -> list[KnownRepository]: ...


def _seen_name(reader: str, key: str) -> str:
    """Return the name of the note on a repository; no reader's name begins with a space."""
    return f" {reader} {key}"


def _check_reader(reader: str) -> str:
    """Return a reader's name without spaces around it. Raises `InvalidInput`."""
    name = reader.strip()
    if not 0 < len(name) <= MAX_READER:
        raise InvalidInput(f"reader must be a name of 1 to {MAX_READER} characters, not {reader[:MAX_READER]!r}")
    return name
