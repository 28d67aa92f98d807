"""The tables, as a list of steps forward: step n brings a file from version n-1 to n; a released step never changes.

Implementation notes
- `events` has the id as key; every question about a repository is answered from the covering index `events_window`
  alone, and reads the table only for payloads. Activity rows and counts never touch a payload.
- `commits` is clustered by (repo_name, commit_date, sha): a page of recent commits is one walk. `message` comes last,
  so that counting does not follow it to overflow pages.
- `branches` is `\\nmain\\ndev\\n`: no ref holds a line feed (https://git-scm.com/docs/git-check-ref-format), and
  `instr` costs far less than parsing JSON for each row. `parents` is separated by blanks.
- No foreign key from files and summaries to commits: an import of some of the tables must be possible, as on every
  provider. They are written and removed with their commit, in one transaction.
- `_daily` (events by day and repository) is a rollup for trending, kept in the transaction of the events.
- Memory of the collector: rows of `event_patterns` whose key begins with `#` (see `metrics`).
"""

import sqlite3

from ...errors import SchemaMismatch
from ..database_interface import TABLES

Migration = tuple[str, ...]

_FIRST: Migration = (
    "CREATE TABLE _meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID",
    """CREATE TABLE events (
        id TEXT PRIMARY KEY NOT NULL, event_type TEXT NOT NULL, repo_name TEXT, actor_login TEXT,
        created_at TEXT NOT NULL, action TEXT, number INTEGER, ref TEXT, sha TEXT, subject TEXT,
        payload -- TEXT: JSON; BLOB: the same, compressed with zstd and `payload_dictionary`
    )""",
    """CREATE INDEX events_window ON events
        (repo_name, created_at, id, event_type, actor_login, action, number, ref, sha, subject)""",
    "CREATE INDEX events_type ON events (event_type, created_at)",
    # the login itself is in it, too, because SQLite before 3.41 would otherwise look for it in the table
    "CREATE INDEX events_actor ON events (lower(actor_login), created_at, repo_name, actor_login)",
    """CREATE TABLE _hourly (
        hour TEXT NOT NULL, repo_name TEXT NOT NULL, events INTEGER NOT NULL, PRIMARY KEY (hour, repo_name)
    ) WITHOUT ROWID""",
    "CREATE INDEX _hourly_busy ON _hourly (hour, repo_name, events) WHERE events >= 4",
    """CREATE TABLE commits (
        sha TEXT NOT NULL, repo_name TEXT NOT NULL, commit_date TEXT NOT NULL, branches TEXT NOT NULL,
        source TEXT NOT NULL, author_name TEXT, author_email TEXT, author_login TEXT, author_type TEXT,
        committer_login TEXT, authored_at TEXT, parents TEXT NOT NULL, additions INTEGER, deletions INTEGER,
        files_changed INTEGER, co_authors TEXT NOT NULL,
        message TEXT NOT NULL,
        PRIMARY KEY (repo_name, commit_date, sha)
    ) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX commits_sha ON commits (repo_name, sha)",
    """CREATE INDEX commits_without_details ON commits (repo_name, commit_date, sha)
        WHERE additions IS NULL AND source <> 'push'""",
    """CREATE TABLE commit_files (
        commit_sha TEXT NOT NULL, repo_name TEXT NOT NULL, filename TEXT NOT NULL, status TEXT NOT NULL,
        additions INTEGER, deletions INTEGER, previous_filename TEXT,
        PRIMARY KEY (repo_name, commit_sha, filename)
    ) WITHOUT ROWID""",
    """CREATE TABLE commit_summaries (
        commit_sha TEXT NOT NULL, repo_name TEXT NOT NULL, text TEXT NOT NULL, categories TEXT NOT NULL,
        impact_score INTEGER NOT NULL, risk_level TEXT NOT NULL, breaking INTEGER NOT NULL,
        security_relevant INTEGER NOT NULL, reasons TEXT NOT NULL, rules INTEGER NOT NULL,
        PRIMARY KEY (repo_name, commit_sha)
    ) WITHOUT ROWID""",
    "CREATE TABLE repository_health_metrics (repo_name TEXT PRIMARY KEY NOT NULL, daily TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE developer_metrics (
        actor_login TEXT NOT NULL, repo_time_period TEXT NOT NULL, data TEXT NOT NULL,
        PRIMARY KEY (actor_login, repo_time_period)
    ) WITHOUT ROWID""",
    """CREATE TABLE security_metrics (
        repo_name TEXT NOT NULL, metric_type_date TEXT NOT NULL, data TEXT NOT NULL,
        PRIMARY KEY (repo_name, metric_type_date)
    ) WITHOUT ROWID""",
    """CREATE TABLE event_patterns (
        repo_name TEXT NOT NULL, event_pattern_detected TEXT NOT NULL, data TEXT NOT NULL,
        PRIMARY KEY (repo_name, event_pattern_detected)
    ) WITHOUT ROWID""",
    """CREATE TABLE deployment_metrics (
        repo_name TEXT NOT NULL, deployment_id TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (repo_name, deployment_id)
    ) WITHOUT ROWID""",
)

# Trending asks for days, not hours, and the index of actors needs their login once only.
_SECOND: Migration = (
    """CREATE TABLE _daily (
        repo_name TEXT NOT NULL, day TEXT NOT NULL, events INTEGER NOT NULL, PRIMARY KEY (repo_name, day)
    ) WITHOUT ROWID""",
    "INSERT INTO _daily SELECT repo_name, substr(hour, 1, 10), sum(events) FROM _hourly GROUP BY 1, 2",
    "CREATE INDEX _daily_ranking ON _daily (day, events DESC, repo_name)",
    "DROP TABLE _hourly",
    "DROP INDEX events_actor",
    "CREATE INDEX events_actor ON events (actor_login COLLATE NOCASE, created_at, repo_name)",
)

# The record of issues and pull requests.
_THIRD: Migration = (
    """CREATE TABLE threads (
        repo_name TEXT NOT NULL, number INTEGER NOT NULL, updated_at TEXT NOT NULL, open_since TEXT,
        data NOT NULL, -- as events.payload
        PRIMARY KEY (repo_name, number)
    )""",
    "CREATE INDEX threads_updated ON threads (repo_name, updated_at, open_since)",
    "CREATE INDEX threads_open ON threads (repo_name, open_since) WHERE open_since IS NOT NULL",
)

MIGRATIONS: tuple[Migration, ...] = (_FIRST, _SECOND, _THIRD)
INTERNAL = ("_daily", "_meta")


def present(db: sqlite3.Connection) -> frozenset[str]:
    """Return names of the tables in the file, ours or not."""
    return frozenset(name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'"))


def version_of(db: sqlite3.Connection, path: str) -> int:
    """Return the version of the layout, 0 for an empty file. Raises `SchemaMismatch` for what is not ours."""
    tables = present(db)
    if "_meta" not in tables:
        if tables - {"sqlite_sequence"}:
            raise SchemaMismatch(f"{path} holds tables of another program; choose another DATABASE_PATH")
        return 0
    row = db.execute("SELECT value FROM _meta WHERE key = 'schema_version'").fetchone()
    if row is None or not isinstance(row[0], int):
        raise SchemaMismatch(f"{path} holds tables of another program; choose another DATABASE_PATH")
    if row[0] > len(MIGRATIONS):
        raise SchemaMismatch(
            f"{path} was written by a newer version of github-events-monitor (its schema is {row[0]}, this one knows"
            f" {len(MIGRATIONS)}); update the program"
        )
    return int(row[0])


def upgrade(db: sqlite3.Connection, path: str) -> frozenset[str]:
    """Make or update the tables, in the caller's transaction, and return which of ours it made."""
    version, before = version_of(db, path), present(db)
    for step in MIGRATIONS[version:]:
        for statement in step:
            db.execute(statement)
    db.execute("INSERT OR REPLACE INTO _meta VALUES ('schema_version', ?)", (len(MIGRATIONS),))
    return frozenset(TABLES) - before


def drop(db: sqlite3.Connection) -> None:
    """Remove our tables, with their indexes, and nothing else."""
    for name in (*TABLES, *INTERNAL):
        db.execute(f"DROP TABLE IF EXISTS {name}")
