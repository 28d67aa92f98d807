"""Small pieces of SQL: conditions with their values, always bound, never pasted."""

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from itertools import repeat
from typing import Any, TypeVar

import msgspec

Condition = tuple[str, list[Any]]
"""A condition with its place-holders, and their values."""

RowT = TypeVar("RowT", bound=msgspec.Struct)


TEXT, NUMBER = (str, type(None)), (int, type(None))
"""Types of columns that may be null."""


def typed(row: Sequence[Any], types: Sequence[Any]) -> Sequence[Any]:
    """Return a row whose values are of these types, as `isinstance` takes them: a damaged file mixes pages up.

    Raises `msgspec.ValidationError`, which counts as damage.
    """
    if not all(map(isinstance, row, types)):
        raise msgspec.ValidationError("a row holds what its table cannot")
    return row


def rows_as(
    kind: type[RowT],
    db: sqlite3.Connection,
    source: str,
    values: Sequence[Any],
    *,
    repeated: Collection[str],
    unread: Collection[str] = (),
) -> list[RowT]:
    """All rows of a source (from its FROM on) with columns named and typed like a Struct's fields, as it is walked.

    SQLite writes each column as one JSON text: for many narrow rows that is faster than to fetch value after value.
    Equal values of `repeated` columns become one object, which saves memory. Columns that are `unread` are None.
    """
    read = {field: of for field, of in kind.__annotations__.items() if field not in unread}
    same: dict[Any, Any] = {}

    def column(field: str, text: str) -> list[Any]:
        found: list[Any] = msgspec.json.decode(text, type=list[read[field]])  # type: ignore[valid-type]
        return list(map(same.setdefault, found, found)) if field in repeated else found

    arrays = ", ".join(f"json_group_array({field})" for field in read)
    columns = dict(
        zip(read, map(column, read, db.execute(f"SELECT {arrays} {source}", values).fetchone()), strict=True)
    )
    return list(map(kind, *(columns.get(field, repeat(None)) for field in kind.__struct_fields__)))


def count_changes(db: sqlite3.Connection, statement: str, rows: Iterable[Sequence[Any]]) -> int:
    """Carry a statement out for each of the rows, in the caller's transaction; return how many rows it changed."""
    before = db.total_changes
    db.executemany(statement, rows)
    return db.total_changes - before


def where(conditions: Sequence[Condition]) -> Condition:
    """Return all of the conditions as a WHERE clause; nothing for none."""
    clause = " AND ".join(f"({text})" for text, _ in conditions)
    return "WHERE " + clause if clause else "", [value for _, values in conditions for value in values]


def one_of(column: str, choices: Collection[str]) -> Condition:
    """Return the condition that the column has one of the values."""
    return f"{column} IN ({', '.join('?' * len(choices))})", sorted(choices)


def matches(column: str, term: str) -> Condition:
    """Return the condition that the column is `term` (lower-case) in any letter case."""
    # SQLite itself knows the letter case of ASCII only: https://www.sqlite.org/datatype3.html#collation
    return f"{column} = ? COLLATE NOCASE" if term.isascii() else f"fold({column}) = ?", [term]


def fold(text: object) -> str | None:
    """Return text in lower case, of every script: the function `fold` of our connections."""
    return text.lower() if isinstance(text, str) else None
