"""Records and their wire forms: the dicts that `insert_events` takes, reads return and export files carry.

Everything that enters a database passes here, so that every provider refuses the same things with the same words.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from ..branches import kept_branches, sure_ledger
from ..errors import DatabaseError, InvalidInput
from ..github.commits import MAX_MESSAGE
from ..github.facts import extract_facts
from ..instants import normalise_instant
from ..jsontext import dump_json, load_json
from ..ledger import merge_spans
from ..records import (
    Commit,
    CommitFile,
    CommitRecord,
    CommitSummary,
    Event,
    Ledger,
    MetricRow,
    RepositoryState,
    Span,
    repo_key,
)
from ..text import is_branch

StructT = TypeVar("StructT", bound=msgspec.Struct)

MAX_KEY = 1024
_MAX_ROW = 300_000
"""Bytes of JSON of what an exported row holds: an item of DynamoDB has 400 KB, and every provider takes the same."""
_MAX_PARENTS, _MAX_PARENT = 1_000, 64
_MAX_ID = 2**53
_MAX_SAID = 300
_MOMENTS = ("commits_floor", "last_collected_at", "taken_over_at")
_COMMIT_TEXTS = ("author_name", "author_email", "author_login", "author_type", "committer_login", "authored_at")
SURROGATE = re.compile("[\ud800-\udfff]")
_SHA = re.compile(r"[0-9a-f]{7,40}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def check_limit(limit: int | None) -> None:
    """A limit is a whole number of 1 or more, or None. Raises `InvalidInput`."""
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise InvalidInput(f"limit must be a whole number of 1 or more, not {limit!r}")


def check_sha(sha: str) -> str:
    """Return a sha or its prefix, lower-case. Raises `InvalidInput`."""
    text = sha.strip().lower() if isinstance(sha, str) else ""
    if not _SHA.fullmatch(text):
        raise InvalidInput(f"{str(sha)[:60]!r} is not a commit sha; give 7 to 40 hexadecimal digits")
    return text


def check_branch(branch: str | None) -> str | None:
    """Return a branch's name, or None. Raises `InvalidInput`. Rules: https://git-scm.com/docs/git-check-ref-format"""
    if branch is not None and not (isinstance(branch, str) and is_branch(branch)):
        raise InvalidInput(f"{str(branch)[:60]!r} is not the name of a branch; write it like main or feature/x")
    return branch


def events_from(events: Iterable[Mapping[str, Any] | Event], now: str) -> tuple[list[Event], set[str]]:
    """Validated events in order, and the ids of those without a time, which `now` dates: each such id once.

    Raises `InvalidInput` naming record and field.
    """
    chosen: list[Event] = []
    seen, undated = set[str](), set[str]()
    for position, event in enumerate(events):
        record = event if isinstance(event, Event) else event_from_dict(event, f"event {position}", now)
        if not isinstance(event, Event) and event.get("created_at") is None:
            if record.id in seen:
                continue
            undated.add(record.id)
        elif record.id in undated:
            continue
        seen.add(record.id)
        chosen.append(record)
    return chosen, undated


def event_from_dict(row: Mapping[str, Any], where: str, now: str) -> Event:
    """Return one event out of its dict form; `payload` may also be JSON text as `msgspec.Raw`, which is taken as it is.

    Raises `InvalidInput` that begins with `where`.
    """
    if not isinstance(row, Mapping):
        raise InvalidInput(f"{where}: an event is a dict, not {type(row).__name__}")
    event_type = storable(require_text(row, "event_type", where), where, "event_type")
    payload = _json(row.get("payload", {}), where)
    return Event(
        id=storable(require_text(row, "id", where), where, "id"),
        event_type=event_type,
        repo_name=_optional(row, "repo_name", where, repo_key),
        actor_login=_optional(row, "actor_login", where, str),
        created_at=_optional(row, "created_at", where, normalise_instant) or now,
        payload=payload,
        facts=extract_facts(event_type, payload),
    )


def event_to_dict(event: Event) -> dict[str, Any]:
    """Return the dict form; inserting it into another manager stores the same event."""
    return event_row_to_dict(
        event.id, event.event_type, event.created_at, event.repo_name, event.actor_login, event.payload
    )


def event_row_to_dict(
    event_id: str, event_type: str, created_at: str, repo: str | None, actor: str | None, payload: bytes
) -> dict[str, Any]:
    """Return the same out of an event's fields, where many are to be written and no event is needed."""
    try:
        decoded = load_json(payload)
    except ValueError:  # whose message quotes what is stored
        raise DatabaseError(
            "the database is damaged: a stored payload cannot be read; see github-events-monitor database check, and"
            " restore a backup"
        ) from None
    return {
        "id": event_id,
        "event_type": event_type,
        "repo_name": repo,
        "actor_login": actor,
        "created_at": created_at,
        "payload": decoded,
    }


def commits_from(commits: Iterable[CommitRecord | Mapping[str, Any]]) -> list[CommitRecord]:
    """Validated commits, one of each (repository, sha), the last one winning. Raises `InvalidInput`."""
    chosen: dict[tuple[str, str], CommitRecord] = {}
    for position, commit in enumerate(commits):
        record = commit
        if not isinstance(record, CommitRecord):
            record = CommitRecord(commit=commit_from_dict(record, f"commit {position}"))
        chosen[record.commit.repo_name, record.commit.sha] = record
    return list(chosen.values())


def commit_from_dict(row: Mapping[str, Any], where: str) -> Commit:
    """Return one commit out of its dict form. Raises `InvalidInput` that begins with `where`."""
    commit = convert(row, Commit, where)
    if not _SHA.fullmatch(commit.sha):
        raise InvalidInput(f"{where}: 'sha' must be 7 to 40 lower-case hexadecimal digits")
    # One provider keeps these as one text: https://git-scm.com/docs/git-check-ref-format forbids both in names
    if any("\n" in branch for branch in commit.branches) or any(len(sha.split()) != 1 for sha in commit.parents):
        raise InvalidInput(f"{where}: 'branches' must not hold line feeds, nor 'parents' blanks")
    texts = (commit.message, commit.author_name or "", *commit.branches, *commit.parents)
    if any(map(SURROGATE.search, texts)):
        raise InvalidInput(f"{where}: a text to store is not valid Unicode (it holds a lone surrogate)")
    if len(commit.parents) > _MAX_PARENTS or any(len(sha) > _MAX_PARENT for sha in commit.parents):
        raise InvalidInput(f"{where}: 'parents' must be at most {_MAX_PARENTS:,} shas")
    for name in _COMMIT_TEXTS:
        storable(getattr(commit, name) or "", where, name)
    return msgspec.structs.replace(
        commit,
        repo_name=repo_key(commit.repo_name),
        commit_date=_instant(commit.commit_date, where),
        message=commit.message[:MAX_MESSAGE],
        branches=kept_branches(commit.branches),
    )


def commit_to_dict(commit: Commit) -> dict[str, Any]:
    """Return the dict form of a commit, every field present."""
    return dict(msgspec.to_builtins(commit))


def file_to_dict(repo: str, sha: str, file: CommitFile) -> dict[str, Any]:
    """Return the export form of a commit's file."""
    return {"commit_sha": sha, "repo_name": repo, **msgspec.to_builtins(file)}


def file_from_dict(row: Mapping[str, Any], where: str) -> tuple[str, str, CommitFile]:
    """(repository, sha, file) out of the export form."""
    require_text(row, "filename", where)
    return _owner(row, where, CommitFile)


def summary_to_dict(repo: str, sha: str, summary: CommitSummary) -> dict[str, Any]:
    """Return the export form of a commit's summary."""
    return {"commit_sha": sha, "repo_name": repo, **msgspec.to_builtins(summary)}


def summary_from_dict(row: Mapping[str, Any], where: str) -> tuple[str, str, CommitSummary]:
    """(repository, sha, summary) out of the export form."""
    return _owner(row, where, CommitSummary)


def health_to_dict(
    repo: str, daily: Mapping[str, Any], state: RepositoryState | None, watched: bool | None
) -> dict[str, Any]:
    """Return the export form of a repository: daily results and what is known of it; no ETags, errors or leases."""
    item: dict[str, Any] = {"repo_name": repo, "daily": dict(daily)}
    if state is not None:
        item["tracking"] = msgspec.to_builtins(_portable(state))
    if watched is not None:
        item["watched"] = watched
    return item


def health_from_dict(
    row: Mapping[str, Any], where: str
) -> tuple[str, dict[str, Any], RepositoryState | None, bool | None]:
    """(repository, daily results, state, watched) out of the export form."""
    repo = repo_key(require_text(row, "repo_name", where))
    daily, tracking, watched = row.get("daily", {}), row.get("tracking"), row.get("watched")
    if not isinstance(daily, dict) or not isinstance(watched, bool | None):
        raise InvalidInput(f"{where}: 'daily' must be an object and 'watched' true or false")
    check_size(tracking, where)
    for day, result in daily.items():
        if not isinstance(result, dict) or not _DAY.fullmatch(day):
            raise InvalidInput(f"{where}: 'daily' must have objects by days such as 2025-03-10")
        check_result(result, where)
    state = None if tracking is None else _known_state(convert(tracking, RepositoryState, where), repo, where)
    return repo, daily, state, watched


def metrics_from(rows: Iterable[MetricRow]) -> list[MetricRow]:
    """Metric rows with lower-case keys, the last of each key and sort. Raises `InvalidInput`."""
    chosen: dict[tuple[str, str], MetricRow] = {}
    for row in rows:
        if not row.key or not row.sort:
            raise InvalidInput("a metric row needs a key and a sort key")
        if row.key.startswith("#") or row.sort.startswith("#"):
            raise InvalidInput(f"{row.key[:80]} {row.sort[:80]}: keys that begin with # are reserved")
        key = row.key.lower()
        chosen[key, row.sort] = msgspec.structs.replace(row, key=key)
    return list(chosen.values())


def _portable(state: RepositoryState) -> RepositoryState:
    return RepositoryState(
        repo_name=state.repo_name,
        full_name=state.full_name,
        repository_id=state.repository_id,
        default_branch=state.default_branch,
        commits_floor=state.commits_floor,
        ledger=sure_ledger(state),
        sources=state.sources,
        last_collected_at=state.last_collected_at,
        taken_over_at=state.taken_over_at,
    )


def _known_state(state: RepositoryState, repo: str, where: str) -> RepositoryState:
    """Return what an export knows of a repository, every field checked as if it came over the network.

    A moment that is none would fail every question about several repositories, not only those about this one.
    """
    if repo_key(state.repo_name) != repo:
        raise InvalidInput(f"{where}: 'tracking' is about another repository")
    if state.full_name is not None:
        repo_key(state.full_name)
    if state.repository_id is not None and not 0 < state.repository_id <= _MAX_ID:
        raise InvalidInput(f"{where}: 'repository_id' must be a whole number from 1 to 2**53")
    check_branch(state.default_branch)
    for text in (*state.sources, *state.ledger.spans):
        storable(text, where, "tracking")
    spans = {
        kind: merge_spans(Span(_instant(span.since, where), _instant(span.until, where)) for span in known)
        for kind, known in state.ledger.spans.items()
    }
    moments = {name: _instant(moment, where) for name in _MOMENTS if (moment := getattr(state, name)) is not None}
    return msgspec.structs.replace(_portable(state), repo_name=repo, ledger=Ledger(spans=spans), **moments)


def _owner(row: Mapping[str, Any], where: str, kind: type[StructT]) -> tuple[str, str, StructT]:
    sha, repo = require_text(row, "commit_sha", where), require_text(row, "repo_name", where)
    check_size(row, where)
    record = convert(row, kind, where)
    try:
        msgspec.json.encode(record)
    except UnicodeEncodeError:
        raise InvalidInput(f"{where}: a text to store is not valid Unicode (it holds a lone surrogate)") from None
    return repo_key(repo), check_sha(sha), record


def convert(row: Mapping[str, Any], kind: type[StructT], where: str) -> StructT:
    """Return a row as a record. Raises `InvalidInput` that begins with `where`."""
    try:
        return msgspec.convert(row, kind)
    except ValueError as error:  # msgspec's own, which quotes the whole value, or that of a lone surrogate
        said = str(error)
        raise InvalidInput(f"{where}: {said if len(said) <= _MAX_SAID else said[:_MAX_SAID] + '…'}") from None


def _json(payload: Any, where: str) -> bytes:
    try:
        if isinstance(payload, msgspec.Raw):
            text = bytes(payload)
            text.decode()
            return text
        return dump_json(payload)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"{where}: 'payload' cannot be written as JSON ({error})") from None


def _instant(value: str, where: str) -> str:
    try:
        return normalise_instant(value)
    except InvalidInput as error:
        raise InvalidInput(f"{where}: {error.message}") from None


def _optional(row: Mapping[str, Any], field: str, where: str, read: Callable[[Any], str]) -> str | None:
    value = row.get(field)
    if value is None:
        return None
    if not isinstance(value, str) and field != "created_at":
        raise InvalidInput(f"{where}: {field!r} must be text or null")
    checked = storable(value, where, field) if isinstance(value, str) else value
    try:
        return read(checked)
    except InvalidInput as error:
        raise InvalidInput(f"{where}: {field!r}: {error.message}") from None


def check_size(value: Any, where: str) -> None:
    """Raises `InvalidInput` for what is too much for one row."""
    try:
        size = len(dump_json(value))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"{where}: it cannot be written as JSON ({error})") from None
    if size > _MAX_ROW:
        raise InvalidInput(f"{where}: it has {size:,} bytes; a row has at most {_MAX_ROW:,}")


def check_result(result: Any, where: str) -> None:
    """Raises `InvalidInput` for a result that is too much for one row, or that could not be shown."""
    check_size(result, where)
    try:
        json.dumps(result, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InvalidInput(f"{where}: a text to store is not valid Unicode (it holds a lone surrogate)") from None


def storable(text: str, where: str, field: str) -> str:
    """Text that every engine can hold as a key. Raises `InvalidInput` for lone surrogates, NUL and excessive length."""
    if text.isascii() and text.isprintable() and len(text) <= MAX_KEY:  # nearly all are
        return text
    if "\0" in text or SURROGATE.search(text) or len(text.encode()) > MAX_KEY:
        raise InvalidInput(f"{where}: {field!r} must be at most 1,024 bytes of valid Unicode")
    return text


def require_text(record: Mapping[str, Any], field: str, where: str) -> str:
    """Return a field, which must be non-empty text. Raises `InvalidInput` naming record and field."""
    value = record.get(field)
    if not isinstance(value, str) or not value:
        raise InvalidInput(f"{where}: {field!r} must be non-empty text")
    return value
