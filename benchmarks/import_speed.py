"""How long 200,000 events take from a compressed file into a closed database, beside others who read the same file.

    python -m benchmarks.import_speed --rounds 5

sqlite-utils gets the file unpacked; DuckDB and the plain sqlite3 keep id, type, repository, actor, time and payload,
and no index but the key. The plain sqlite3 has its rows parsed already: only its writing is timed.
"""

import argparse
import gzip
import json
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

from . import archive_file
from .measuring import PROGRAM, Contender, compare, itself, remove, report, say

COLUMNS = "{id: 'VARCHAR', type: 'VARCHAR', repo: 'JSON', actor: 'JSON', created_at: 'TIMESTAMP', payload: 'JSON'}"
DUCKDB_TABLE = "id VARCHAR PRIMARY KEY, type VARCHAR, repo VARCHAR, actor VARCHAR, created_at TIMESTAMP, payload JSON"


def with_duckdb(source: str, target: str) -> None:
    """The file into a table with a primary key and the payload."""
    import duckdb  # type: ignore[import-not-found, unused-ignore]

    connection = duckdb.connect(target)
    connection.execute(f"CREATE TABLE events ({DUCKDB_TABLE})")
    source = f"read_json('{source}', format = 'newline_delimited', columns = {COLUMNS}, maximum_object_size = 67108864)"
    connection.execute(
        f"INSERT INTO events SELECT id, type, repo->>'name', actor->>'login', created_at, payload FROM {source}"
    )
    connection.close()


def with_sqlite3(source: str, target: str) -> None:
    """Rows that are parsed already into a table with a key; prints the seconds that this took."""
    rows = []
    with gzip.open(source) as lines:
        for line in lines:
            event = json.loads(line)
            named = (event["repo"]["name"], event["actor"]["login"], event["created_at"], json.dumps(event["payload"]))
            rows.append((event["id"], event["type"], *named))
    begun = time.perf_counter()
    db = sqlite3.connect(target)
    db.execute("CREATE TABLE events (id TEXT PRIMARY KEY, type TEXT, repo TEXT, actor TEXT, at TEXT, payload TEXT)")
    db.executemany("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?)", rows)
    db.commit()
    db.close()
    say(f"{time.perf_counter() - begun:.3f}")


def run(events: int, rounds: int, folder: Path) -> None:
    """Make the file, let everybody read it in turn, print the medians."""
    packed, plain = folder / "2024-03-05-14.json.gz", folder / "plain.json"
    archive_file.write(packed, events)
    with gzip.open(packed) as source, plain.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    say(f"{events:,} events, {plain.stat().st_size / 1e6:.0f} MB, compressed {packed.stat().st_size / 1e6:.0f} MB")
    ours, theirs, duck, bare = (folder / name for name in ("ours.db", "sqlite-utils.db", "duck.db", "sqlite3.db"))
    timed = folder / "sqlite3.seconds"
    sqlite_utils = (sys.executable, "-m", "sqlite_utils", "insert", str(theirs), "events", str(plain))
    contenders = [
        Contender(
            "this program", (*PROGRAM, "import", str(packed)), {"DATABASE_PATH": str(ours)}, lambda: remove(ours)
        ),
        Contender("sqlite-utils insert", (*sqlite_utils, "--nl", "--ignore", "--pk", "id"), {}, lambda: remove(theirs)),
        Contender(
            "DuckDB read_json", (*itself("import_speed"), "duckdb", str(packed), str(duck)), {}, lambda: remove(duck)
        ),
    ]
    costs = compare(contenders, rounds)
    sizes = {name: path.stat().st_size / 1e6 for name, path in zip(costs, (ours, theirs, duck), strict=True)}
    notes = {name: f"{size:.0f} MB, ours is {sizes['this program'] / size:.2f} of it" for name, size in sizes.items()}
    report(costs, notes)
    contender = Contender(
        "", (*itself("import_speed"), "sqlite3", str(packed), str(bare)), {}, lambda: remove(bare), None, timed
    )
    seconds = []
    for _ in range(rounds):
        compare([contender], 1)
        seconds.append(float(timed.read_text()))
    say(f"{'sqlite3 executemany':28}{statistics.median(seconds):8.2f}  of writing rows that were parsed before")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Import speed beside others.")
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--contender", choices=("duckdb", "sqlite3"), help=argparse.SUPPRESS)
    parser.add_argument("paths", nargs="*", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.contender:
        {"duckdb": with_duckdb, "sqlite3": with_sqlite3}[arguments.contender](*arguments.paths)
    else:
        with tempfile.TemporaryDirectory() as name:
            run(arguments.events, arguments.rounds, Path(name))
