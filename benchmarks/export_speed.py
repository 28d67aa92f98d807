"""How long 200,000 stored events take out into a file and back in, beside sqlite-utils' own way with the same rows.

    python -m benchmarks.export_speed --rounds 3

Both begin with a database that holds the same events. sqlite-utils writes with `rows --nl` and reads with
`insert --nl --pk id`; its rows are what it made of the same lines. We export and import the events alone, as it does,
and everything (with the commits and what is known of repositories) for comparison with ourselves.
"""

import argparse
import asyncio
import gzip
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from . import archive_file
from .measuring import PROGRAM, SOURCE, Contender, compare, itself, remove, report, say


def only_events(source: str, target: str) -> None:
    """The events of a database into a file."""
    from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
    from github_events_monitor.transfer import export_items

    async def work() -> None:
        async with get_sqlite_manager(source) as manager:
            with Path(target).open("wb") as out:
                await export_items(manager, out, tables=["events"])

    asyncio.run(work())


def run(events: int, rounds: int, folder: Path) -> None:
    """Fill both databases, then out and in, in turn."""
    packed, plain = folder / "2024-03-05-14.json.gz", folder / "plain.json"
    archive_file.write(packed, events)
    with gzip.open(packed) as source, plain.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    ours, theirs, back = folder / "ours.db", folder / "theirs.db", folder / "back.db"
    utils = (sys.executable, "-m", "sqlite_utils")
    subprocess.run(
        [*PROGRAM, "import", str(packed)], check=True, env={"PYTHONPATH": SOURCE, "DATABASE_PATH": str(ours)}
    )
    subprocess.run([*utils, "insert", str(theirs), "events", str(plain), "--nl", "--pk", "id"], check=True)
    here, whole, there = folder / "events.json", folder / "all.json", folder / "rows.json"
    say("out")
    export_all = Contender("this program, all tables", (*PROGRAM, "export"), {"DATABASE_PATH": str(ours)}, stdout=whole)
    contenders = [
        Contender("this program, events", (*itself("export_speed"), str(ours), str(here))),
        Contender("sqlite-utils rows --nl", (*utils, "rows", str(theirs), "events", "--nl"), stdout=there),
        export_all,
    ]
    report(compare(contenders, rounds), {})
    say("in")
    into = {"DATABASE_PATH": str(back)}
    insert = (*utils, "insert", str(back), "events", str(there), "--nl", "--pk", "id")
    contenders = [
        Contender("this program, events", (*PROGRAM, "import", str(here)), into, lambda: remove(back)),
        Contender("sqlite-utils insert --nl", insert, {}, lambda: remove(back)),
        Contender("this program, all tables", (*PROGRAM, "import", str(whole)), into, lambda: remove(back)),
    ]
    report(compare(contenders, rounds), {})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Export and import speed beside sqlite-utils.")
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contender", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("paths", nargs="*", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.contender:
        only_events(*arguments.paths)
    else:
        with tempfile.TemporaryDirectory() as name:
            run(arguments.events, arguments.rounds, Path(name))
