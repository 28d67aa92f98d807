"""Which repositories are watched, and whose turn it is."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from ..errors import InvalidInput, MonitorError, RateLimited, Unreachable
from ..records import Pattern, RepositoryState, repo_key
from ..watch_words import WatchWord, is_pattern, parse_watch_word, word_of
from .database_interface import CollectorState

Resolve = Callable[[Iterable[str]], Awaitable[dict[str, Pattern | MonitorError]]]
"""Asks GitHub what patterns stand for; by word as given, the pattern or why that is not known."""


class WatchList(NamedTuple):
    """Watched repositories by key, in order, in GitHub's spelling where it is known; and the patterns behind them."""

    names: dict[str, str]
    patterns: tuple[Pattern, ...]


async def watched(collector_state: CollectorState, targets: Iterable[str]) -> dict[str, str]:
    """Watched repositories by key, in order, in GitHub's spelling where it is known."""
    return (await read_watch_list(collector_state, targets)).names


async def read_watch_list(collector_state: CollectorState, targets: Iterable[str]) -> WatchList:
    """Return what is watched: names on the list, and what targets and patterns stand for.

    A removal outranks a target and a pattern; a name that was put on the list outranks a word that takes it out.
    """
    keys, named, patterns = await _read(collector_state, targets)
    states = await collector_state.get_states(keys)
    names = {key: (states[key].full_name if key in states else None) or named.get(key, key) for key in keys}
    return WatchList(names, tuple(patterns))


class Chosen(NamedTuple):
    """Repositories that words name or stand for, in the order given; and by word why one stands for none."""

    names: list[str]
    problems: dict[str, MonitorError]


async def choose(words: Iterable[str], resolve: Resolve | None) -> Chosen:
    """Return the repositories that words of a question mean; those that are no patterns stay as they are written.

    A pattern that stands for no repository is no problem: it stands for none.
    """
    written = list(words)
    asked = [word for word in written if is_pattern(word)]
    problems: dict[str, MonitorError] = {**_refusals(word_of, asked)}
    patterns: dict[str, Pattern] = {}
    readable = [word for word in asked if word not in problems]
    if readable:
        for word, found in (await resolver(resolve)(readable)).items():
            if isinstance(found, MonitorError):
                problems[word] = found
            else:
                patterns[word] = found
    without = taking_out(readable)
    names = [
        name
        for word in written
        if word not in problems
        for name in (patterns[word].repos if word in patterns else (word,))
        if not any(one.takes_out(name) for one in without)
    ]
    unique = {name.strip().lower(): name for name in reversed(names)}
    return Chosen([name for name in dict.fromkeys(names) if unique[name.strip().lower()] == name], problems)


async def choose_watched(collector_state: CollectorState, targets: Iterable[str], resolve: Resolve | None) -> Chosen:
    """Return the watched repositories; patterns that were not resolved today are."""
    words = list(targets)
    known = await read_watch_list(collector_state, words)
    found = await _resolve(known.patterns, resolve)
    if any(found.get(pattern.word, pattern) != pattern for pattern in known.patterns):  # GitHub was asked just now
        known = await read_watch_list(collector_state, words)
    return Chosen(list(known.names.values()), _problems(found))


async def resolve_watched(
    collector_state: CollectorState, targets: Iterable[str], resolve: Resolve | None
) -> dict[str, MonitorError]:
    """Resolve watched patterns that were not resolved today; return by word why one stands for nothing yet."""
    return _problems(await _resolve(watched_patterns(await collector_state.get_patterns(), targets), resolve))


async def _resolve(patterns: Iterable[Pattern], resolve: Resolve | None) -> dict[str, Pattern | MonitorError]:
    words = [pattern.word for pattern in patterns]
    return await resolve(words) if words and resolve is not None else {}


def _problems(found: Mapping[str, Pattern | MonitorError]) -> dict[str, MonitorError]:
    return {word: error for word, error in found.items() if isinstance(error, MonitorError)}


def resolver(resolve: Resolve | None) -> Resolve:
    """Return what resolves patterns. Raises `Unreachable` where nothing does."""
    if resolve is None:
        raise Unreachable("nothing here asks GitHub what a pattern stands for; ask a running server")
    return resolve


def watched_patterns(stored: Mapping[str, Pattern], targets: Iterable[str]) -> list[Pattern]:
    """Return the patterns that count: those added, and those of the targets that were not taken off."""
    words = {word_of(target) for target in targets if is_pattern(target)}
    words |= {word for word, pattern in stored.items() if pattern.watched}
    found = [stored.get(word, Pattern(word=word)) for word in sorted(words)]
    return [pattern for pattern in found if pattern.watched is not False]


def taking_out(words: Iterable[str]) -> list[WatchWord]:
    """Return the words that take repositories out."""
    return [parsed for word in words if is_pattern(word) and (parsed := parse_watch_word(word)).kind == "without"]


async def watched_keys(collector_state: CollectorState, targets: Iterable[str]) -> list[str]:
    """Return the keys of watched repositories in order, without reading what is remembered of each."""
    return (await _read(collector_state, targets))[0]


async def _read(
    collector_state: CollectorState, targets: Iterable[str]
) -> tuple[list[str], dict[str, str], list[Pattern]]:
    """Return the keys of what is watched, the names that targets and patterns give them, and the patterns."""
    listed, stored = await asyncio.gather(collector_state.get_watch_list(), collector_state.get_patterns())
    words = list(targets)
    patterns = watched_patterns(stored, words)
    named = {repo_key(word): word for word in words if not is_pattern(word)}
    named |= {repo_key(name): name for pattern in patterns for name in pattern.repos if repo_key(name) not in named}
    without = taking_out([*words, *(pattern.word for pattern in patterns)])
    kept = {key for key in named if not any(word.takes_out(key) for word in without)}
    keys = sorted(key for key in {*(key for key, on in listed.items() if on), *kept} if listed.get(key, True))
    return keys, named, patterns


def check_repos(repos: Iterable[str]) -> dict[str, InvalidInput]:
    """Return by name why names cannot be repositories; empty where all can."""
    return _refusals(repo_key, repos)


def _refusals(check: Callable[[str], object], words: Iterable[str]) -> dict[str, InvalidInput]:
    problems: dict[str, InvalidInput] = {}
    for word in words:
        try:
            check(word)
        except InvalidInput as error:
            problems[word] = error
    return problems


def oldest_first(repos: Sequence[str], states: Mapping[str, RepositoryState | None]) -> list[str]:
    """Repositories in the order in which a budget is shared out: least recently collected first, then by name.

    One that was never collected counts by its last attempt; if a rate limit cut that short, it keeps its place.
    """

    def collected(repo: str) -> str:
        state = states.get(repo)
        if state is None:
            return ""
        attempt = None if state.error_code == RateLimited.code else state.last_attempt_at
        return state.last_collected_at or attempt or ""

    return sorted(repos, key=lambda repo: (collected(repo), repo))
