"""What the tables look like: keys, indexes, and what the indexes carry.

Implementation notes
- Events have two indexes. Both are projected narrowly, because every write is paid again in each:
  `repo-created-index` holds what counting and insights need, `type-created-index` what trending needs.
- `event_patterns` also holds the collector's state, under keys that begin with `#` (see `state_items`).
"""

from typing import Any, NamedTuple

EXPIRES_AT = "expires_at"


class Index(NamedTuple):
    """A global secondary index; `include` lists what it carries beside the keys."""

    name: str
    key: str
    sort: str | None = None
    include: tuple[str, ...] = ()


class Table(NamedTuple):
    """One table: keys are text but for `numbers`. `expires`: its items carry `expires_at` when there is a retention."""

    name: str
    key: str
    sort: str | None = None
    indexes: tuple[Index, ...] = ()
    expires: bool = False
    numbers: frozenset[str] = frozenset()
    """Keys that are numbers, not text."""


REPO_EVENTS = Index(
    "repo-created-index",
    "repo_name",
    "created_at",
    ("event_type", "actor_login", "action", "number", "ref", "sha", "subject"),
)
TYPE_EVENTS = Index("type-created-index", "event_type", "created_at", ("repo_name", "actor_login"))
REPO_COMMITS = Index(
    "repo-date-index",
    "repo_name",
    "commit_date",
    ("author_login", "author_name", "author_email", "author_type", "co_authors", "branches"),
)
REPO_SUMMARIES = Index("repo-index", "repo_name")
UPDATED_THREADS = Index("repo-updated-index", "repo_name", "updated_at")
OPEN_THREADS = Index("repo-open-index", "repo_name", "open_since")

TABLES = (
    Table("events", "id", None, (REPO_EVENTS, TYPE_EVENTS), expires=True),
    Table("commits", "sha", None, (REPO_COMMITS,), expires=True),
    Table("commit_files", "commit_sha", "filename", expires=True),
    Table("commit_summaries", "commit_sha", None, (REPO_SUMMARIES,), expires=True),
    Table(
        "threads",
        "repo_name",
        "number",
        (UPDATED_THREADS, OPEN_THREADS),
        expires=True,
        numbers=frozenset({"number"}),
    ),
    Table("repository_health_metrics", "repo_name"),
    Table("developer_metrics", "actor_login", "repo_time_period", expires=True),
    Table("security_metrics", "repo_name", "metric_type_date"),
    Table("event_patterns", "repo_name", "event_pattern_detected", expires=True),
    Table("deployment_metrics", "repo_name", "deployment_id"),
)


def definition(name: str, table: Table) -> dict[str, Any]:
    """Return the parameters of CreateTable; `name` is the full name."""
    names = sorted(_key_names(table))
    definition: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": _schema(table),
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": _type(table, name)} for name in names],
    }
    if table.indexes:
        definition["GlobalSecondaryIndexes"] = [
            {"IndexName": index.name, "KeySchema": _schema(index), "Projection": _projection(index)}
            for index in table.indexes
        ]
    return definition


def _type(table: Table, name: str) -> str:
    return "N" if name in table.numbers else "S"


def _schema(part: Table | Index) -> list[dict[str, str]]:
    keys = [{"AttributeName": part.key, "KeyType": "HASH"}]
    return [*keys, {"AttributeName": part.sort, "KeyType": "RANGE"}] if part.sort else keys


def _projection(index: Index) -> dict[str, Any]:
    if index.include:
        return {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(index.include)}
    return {"ProjectionType": "KEYS_ONLY"}


def _key_names(table: Table) -> set[str]:
    parts: list[Table | Index] = [table, *table.indexes]
    return {name for part in parts for name in (part.key, part.sort) if name}


def difference(table: Table, described: dict[str, Any]) -> str | None:
    """Return what DescribeTable says that is not as it should be: the first thing that matters, in words, or None."""
    if described["KeySchema"] != _schema(table):
        return f"its key is {_shown(described['KeySchema'])}, not {_shown(_schema(table))}"
    types = {part["AttributeName"]: part["AttributeType"] for part in described.get("AttributeDefinitions", ())}
    for name in sorted(_key_names(table)):
        if types.get(name, _type(table, name)) != _type(table, name):
            return f"its key {name} is of type {types[name]}, not {_type(table, name)}"
    found = {index["IndexName"]: index for index in described.get("GlobalSecondaryIndexes", ())}
    return next((told for index in table.indexes if (told := _index_difference(index, found.get(index.name)))), None)


def _index_difference(index: Index, described: dict[str, Any] | None) -> str | None:
    if described is None:
        return f"the index {index.name} is missing"
    if described["KeySchema"] != _schema(index):
        return f"the key of {index.name} is {_shown(described['KeySchema'])}, not {_shown(_schema(index))}"
    projection = described.get("Projection", {})
    missing = set(index.include) - set(projection.get("NonKeyAttributes", ()))
    if projection.get("ProjectionType") != "ALL" and missing:
        return f"{index.name} does not carry {', '.join(sorted(missing))}"
    return None


def _shown(schema: list[dict[str, str]]) -> str:
    return " + ".join(part["AttributeName"] for part in schema)
