"""How long archive hours named in one command take, beside the same import by another state of this program.

    python -m benchmarks.several_hours --before ../earlier/src --hours 2 --rounds 3

Without `--before` it is beside one command for each hour.
"""

import argparse
import shlex
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from . import archive_file
from .measuring import PROGRAM, Contender, compare, remove, report, say

FIRST = datetime(2024, 3, 5, 14, tzinfo=UTC)


def run(events: int, hours: int, rounds: int, folder: Path, before: Path | None) -> None:
    """Make the files, import them in turn, print the medians."""
    paths = []
    for number in range(hours):
        start = FIRST + timedelta(hours=number)
        paths.append(str(folder / f"{start:%Y-%m-%d}-{start.hour}.json.gz"))
        archive_file.write(Path(paths[-1]), events, seed=number, start=start, names=1)
    say(f"{hours} hours of {events:,} events")
    target = folder / "events.db"
    given = {"DATABASE_PATH": str(target)}
    together = Contender("together", (*PROGRAM, "import", *paths), given, lambda: remove(target))
    if before:
        other = together._replace(name="before", environment={**given, "PYTHONPATH": str(before.resolve())})
    else:
        each = " && ".join(shlex.join((*PROGRAM, "import", path)) for path in paths)
        other = together._replace(name="one command for each", command=("sh", "-c", each))
    report(compare([together, other], rounds), {})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Import speed of several hours.")
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--hours", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--before", type=Path, help="the src folder of another state")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        run(arguments.events, arguments.hours, arguments.rounds, Path(name), arguments.before)
