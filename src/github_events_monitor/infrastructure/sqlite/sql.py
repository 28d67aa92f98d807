"""Small pieces of SQL: conditions with their values, always bound, never pasted."""

import sqlite3
from collections.abc import Collection, Sequence
from typing import Any, TypeVar

import msgspec

from ..garbage import without_garbage_collection

Condition = tuple[str, list[Any]]
"""A condition with its place-holders, and their values."""

RowT = TypeVar("RowT")


def rows_as(kind: type[RowT], db: sqlite3.Connection, question: str, values: Sequence[Any]) -> list[RowT]:
    """All rows of a question (from its FROM on) whose columns are named and typed like the fields of a NamedTuple.

    SQLite writes them as one JSON text: for many narrow rows that is faster than to fetch value after value.
    """
    lines = f"SELECT json_array({', '.join(kind.__annotations__)}) AS line {question}"
    (text,) = db.execute(f"SELECT '[' || coalesce(group_concat(line), '') || ']' FROM ({lines})", values).fetchone()
    with without_garbage_collection():
        return msgspec.json.decode(text, type=list[kind])  # type: ignore[valid-type]


def where(conditions: Sequence[Condition]) -> Condition:
    """All of the conditions as a WHERE clause; nothing for none."""
    clause = " AND ".join(f"({text})" for text, _ in conditions)
    return "WHERE " + clause if clause else "", [value for _, values in conditions for value in values]


def one_of(column: str, choices: Collection[str]) -> Condition:
    """The column has one of the values."""
    return f"{column} IN ({', '.join('?' * len(choices))})", sorted(choices)


def matches(columns: Sequence[str], term: str) -> Condition:
    """One of the columns is `term` (lower-case) in any letter case."""
    # SQLite itself knows the letter case of ASCII only: https://www.sqlite.org/datatype3.html#collation
    one = "{} = ? COLLATE NOCASE" if term.isascii() else "fold({}) = ?"
    return " OR ".join(one.format(column) for column in columns), [term] * len(columns)


def fold(text: object) -> str | None:
    """The function `fold` of our connections: lower case, of every script."""
    return text.lower() if isinstance(text, str) else None
