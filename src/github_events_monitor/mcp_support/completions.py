"""Completion of repository names, in prompts and resource templates, from what is stored or watched."""

from typing import TYPE_CHECKING

from mcp.types import Completion, CompletionArgument, CompletionContext

if TYPE_CHECKING:
    from ..infrastructure.database_service import DatabaseService

MAX_VALUES = 100
"""What the protocol allows in one answer."""

MAX_VALUE = 4_000
"""Characters of what is completed: each value of an answer repeats what stands before its last comma."""


async def complete(
    service: "DatabaseService", argument: CompletionArgument, context: CompletionContext | None
) -> Completion:
    """Return values for `repo`, `repos` (the last of a comma-separated list), `owner` and `name`; none for others."""
    if len(argument.value) > MAX_VALUE:
        return Completion(values=[])
    match argument.name:
        case "repo":
            return _page(await service.complete_repositories(argument.value, MAX_VALUES + 1))
        case "repos":
            before, comma, last = argument.value.rpartition(",")
            names = await service.complete_repositories(last.strip(), MAX_VALUES + 1)
            return _page([f"{before}{comma}{name}" for name in names])
        case "owner":
            names = await service.complete_repositories(argument.value, 1_000)
            owners = {name.lower().split("/")[0]: name.split("/")[0] for name in reversed(names)}
            return _page(sorted(owners.values(), key=str.lower))
        case "name":
            owner = (context.arguments or {}).get("owner", "") if context else ""
            return _page(await _names(service, owner, argument.value))
        case _:
            return Completion(values=[])


async def _names(service: "DatabaseService", owner: str, prefix: str) -> list[str]:
    if owner:
        return [name.split("/")[1] for name in await service.complete_repositories(f"{owner}/{prefix}", MAX_VALUES + 1)]
    names = {name.split("/")[1] for name in await service.complete_repositories("", 1_000)}
    return sorted((name for name in names if name.lower().startswith(prefix.lower())), key=str.lower)


def _page(values: list[str]) -> Completion:
    return Completion(values=values[:MAX_VALUES], has_more=len(values) > MAX_VALUES)
