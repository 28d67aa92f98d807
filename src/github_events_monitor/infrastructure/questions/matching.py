"""Filters that storage does not know: a window's records are read page by page and looked at one by one."""

from collections.abc import Awaitable, Callable, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, TypeVar

from pydantic import Field

from ...errors import InvalidInput
from ...insights.commits import lists_all
from ...records import CommitRecord
from ..database_interface import CommitsRepository, Position

MAX_READ = 20_000
"""Records of one window that a filter looks at."""
_PAGE = 1_000
MAX_WILDCARDS = 10
"""Of a glob: each one more makes looking at a long path slower."""

Words = Annotated[str | None, Field(description="words, all of them, in any letter case", max_length=200)]

Path = Annotated[str | None, Field(description="beginning of a file's path, or a glob such as *.py", max_length=300)]

RecordT = TypeVar("RecordT")


def path_matcher(path: str) -> Callable[[str], bool]:
    """Return whether a file's path begins with a text, or fits a glob, in which `*` takes slashes, too.

    Raises `InvalidInput` for a glob with too many wildcards.
    """
    wanted = path.removeprefix("./").lstrip("/")
    if sum(wanted.count(sign) for sign in "*?[") > MAX_WILDCARDS:
        raise InvalidInput(
            f"path has more than {MAX_WILDCARDS} wildcards; give a shorter glob, or the path's beginning"
        )
    if not any(sign in wanted for sign in "*?["):
        return lambda name: name.startswith(wanted)
    at_the_root = wanted.removeprefix("**/")
    return lambda name: fnmatchcase(name, wanted) or fnmatchcase(name, at_the_root)


async def on_path(
    commits: CommitsRepository, repo: str, records: Sequence[CommitRecord], path: str
) -> tuple[list[CommitRecord], int]:
    """Return the commits that touch a path, and how many others may, as their files are not all known."""
    matches, unknown = path_matcher(path), 0
    found: list[CommitRecord] = []
    for start in range(0, len(records), _PAGE):
        chunk = records[start : start + _PAGE]
        files = await commits.get_files(repo, [record.commit.sha for record in chunk])
        for record in chunk:
            names = files.get(record.commit.sha, [])
            if any(matches(one.filename) or matches(one.previous_filename or "\0") for one in names):
                found.append(record)
            else:
                unknown += not lists_all(record.commit, names)
    return found, unknown


def has_words(text: str | None, query: str | None) -> bool:
    """Return whether a text holds every word of a query, in any letter case."""
    folded = (text or "").casefold()
    return all(word in folded for word in (query or "").casefold().split())


async def matching(
    read: Callable[[int, Position | None], Awaitable[list[RecordT]]],
    matches: Callable[[RecordT], bool],
    position: Callable[[RecordT], Position],
) -> list[RecordT]:
    """Return all records that match, in the order of storage.

    Args:
        read: Returns records behind a position, at most the number given.
        matches: Returns whether a record is wanted.
        position: Returns the position of a record.

    Raises:
        InvalidInput: the window holds more than `MAX_READ` records.
    """
    found: list[RecordT] = []
    after: Position | None = None
    for _ in range(MAX_READ // _PAGE):
        records = await read(_PAGE, after)
        found.extend(record for record in records if matches(record))
        if len(records) < _PAGE:
            return found
        after = position(records[-1])
    raise InvalidInput(f"more than {MAX_READ} records lie in this window: ask for fewer hours, or without this filter")
