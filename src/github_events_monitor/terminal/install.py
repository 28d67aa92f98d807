"""`install`: put the server into the list of a client, or take it out again."""

import json
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import DataFileError, InvalidInput
from ..instants import system_clock
from ..settings import Settings
from .clients import ClientName, entries, files, places
from .clients.jsonc import BrokenDocument, Document
from .clients.places import CLIENTS, Client

_TOKEN = "GITHUB_TOKEN"  # noqa: S105 - the name of the variable


@dataclass(frozen=True)
class InstallOptions:
    """What to do with a client's file: write or remove the entry, or only show what would be done.

    repos: what the server watches from its start, in place of this shell's TARGET_REPOSITORIES.
    """

    client: ClientName
    remove: bool = False
    dry_run: bool = False
    with_token: bool = False
    repos: tuple[str, ...] = ()


async def install(settings: Settings, options: InstallOptions) -> int:
    """Carry the options out; say what was written, where, and how to undo it.

    Raises:
        InvalidInput: The options contradict one another, there is no token, or this program has no lasting place.
        DataFileError: The file cannot be read, edited or written; it is as it was.
    """
    if options.remove and (options.with_token or options.repos):
        raise InvalidInput("--remove takes the whole entry out; leave --with-token and --repos away")
    if options.repos:
        settings = Settings.load(target_repositories=",".join(options.repos))
    client = CLIENTS[options.client]
    path = places.find(options.client, sys.platform, places.environment())
    before = files.read(path)
    mark, text = files.decode(path, before)
    try:
        document = Document(text if text.strip() else "{}\n", comments=client.comments)
        present = document.entry(client.servers, entries.NAME)
        wanted = None if options.remove else _wanted(settings, client, present, with_token=options.with_token)
        if wanted == present:
            _say(f"nothing to do: {path} has {'no such entry' if options.remove else 'this entry already'}")
            return 0
        after = _edited(document, client, wanted)
    except BrokenDocument as error:
        raise DataFileError(f"{path} {error}; nothing was changed") from None
    shown = _shown(settings, wanted)
    if options.dry_run:
        _say(f"would {'remove the entry from' if options.remove else 'write to'} {path}", shown, "nothing was changed")
        return 0
    known = path.parent.exists()
    backup = _written(path, before, (mark + after).encode(), system_clock(), private=options.with_token)
    _say(f"{'removed the entry from' if options.remove else 'wrote to'} {path}", shown)
    _say("" if known else f"{path.parent} was not there yet: is {client.title} installed for this user?")
    _say(f"backup: {backup}" if backup else "the file is new", *_next_steps(settings, options, client))
    return 0


def _wanted(settings: Settings, client: Client, present: Any, *, with_token: bool) -> dict[str, Any]:
    variables = entries.environment(settings, entries.variables_of(present))
    if with_token:
        if settings.github_token is None:
            raise InvalidInput(
                "--with-token writes GITHUB_TOKEN, which is not set; set it, for instance to what `gh auth token` says"
            )
        variables[_TOKEN] = settings.github_token.get_secret_value()
    return entries.entry(client, entries.command(sys.argv[0], sys.executable), variables, present)


def _edited(document: Document, client: Client, wanted: dict[str, Any] | None) -> str:
    if wanted is None:
        return document.without_entry(client.servers, entries.NAME)
    return document.with_entry(client.servers, entries.NAME, wanted)


def _shown(settings: Settings, wanted: dict[str, Any] | None) -> str:
    """Return the entry for a person: of variables that are not this program's to show, the names alone."""
    if wanted is None:
        return ""
    own = entries.environment(settings, wanted["env"])
    variables = {name: value if own.get(name) == value else "***" for name, value in wanted["env"].items()}
    return json.dumps({entries.NAME: {**wanted, "env": variables}}, indent=2, ensure_ascii=False)


def _written(path: Path, before: bytes, after: bytes, now: datetime, *, private: bool) -> Path | None:
    """Write the file; return its backup, None where there was no file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        backup = files.back_up(path, before, now) if before else None
        files.replace(path, before, after, private=private)
    except OSError as error:
        raise DataFileError(f"{path} cannot be written: {error.strerror or error}; it is as it was") from None
    return backup


def _next_steps(settings: Settings, options: InstallOptions, client: Client) -> list[str]:
    if options.remove:
        return [f"put it back: {entries.NAME} install {options.client}"]
    silent = options.with_token or settings.github_token is None
    token = [] if silent else ["GITHUB_TOKEN was not written, and clients may not hand it on: --with-token writes it"]
    return [*token, client.then, f"undo: {entries.NAME} install {options.client} --remove"]


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines if line))
