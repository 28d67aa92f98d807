"""Kill -9 at random moments of collecting and importing, again and again, until the work is done all the same."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from tests.fake_github import FakeGitHub, FakeRepository, commit, event
from tests.integration.faults.program import (
    HASTY,
    Contents,
    contents,
    environment,
    finish,
    keys,
    kill_after,
    run,
    start,
)

WORK = {"events": 1, "commits": 2, "commit_files": 3, "commit_summaries": 2}
"""Tables, and how many of their columns name a row: the rest of it may still be filled in."""
REPOSITORIES = 2


def busy_github() -> FakeGitHub:
    """Repositories with enough in them that collecting takes many requests and several transactions."""
    now = datetime.now(UTC).replace(microsecond=0)
    repositories = []
    for which in range(1, REPOSITORIES + 1):
        repository = FakeRepository(f"octo/r{which}", id=which)
        repository.events = [
            event(
                1000 * which + n,
                "WatchEvent",
                f"fan{n}",
                now - timedelta(hours=n),
                {"action": "started"},
                f"octo/r{which}",
            )
            for n in range(1, 120)
        ]
        repository.commits.extend(
            commit(1000 * which + n, now - timedelta(hours=n), parents=(1000 * which + n + 1,)) for n in range(1, 31)
        )
        repositories.append(repository)
    return FakeGitHub(*repositories, limit=1_000_000)


def write_archive(folder: Path, files: int, lines: int) -> list[str]:
    """Files of GH Archive's form; some events stand in two of them."""
    names = []
    for number in range(files):
        path = folder / f"2024-05-01-{number}.json.gz"
        base = datetime(2024, 5, 1, number, tzinfo=UTC)
        rows = [
            event(
                number * lines + n - (n % 7),
                "WatchEvent",
                "ada",
                base + timedelta(seconds=n % 3000),
                {"action": "started"},
                f"o/r{n % 50}",
            )
            for n in range(lines)
        ]
        path.write_bytes(gzip.compress(b"".join(json.dumps(row).encode() + b"\n" for row in rows), 1))
        names.append(str(path))
    return names


def survive_kills(
    folder: Path, arguments: list[str], chance: Random, rounds: int, **variables: str
) -> tuple[int, Contents, Contents]:
    """Do work in one database undisturbed and in another with kills; return (kills that met it at work, both ends)."""
    calm, stormy = folder / "calm", folder / "stormy"
    calm.mkdir()
    stormy.mkdir()
    quiet = environment(calm, **variables)
    began = datetime.now(UTC)
    assert run(*arguments, env=quiet, cwd=calm, command=HASTY).code == 0
    whole = (datetime.now(UTC) - began).total_seconds()
    env, path = environment(stormy, **variables), stormy / "events.db"
    before, kills = contents(path), 0
    for _ in range(rounds):
        process = start(HASTY, *arguments, env=env, cwd=stormy)
        kills += kill_after(process, chance.uniform(0.2, 0.9) * whole)
        after = contents(path)
        for table, width in WORK.items():
            assert keys(before, table, width) <= keys(after, table, width)
        before = after
    ended = finish(start(HASTY, *arguments, env=env, cwd=stormy), 90)
    assert (ended.code, b"Traceback" in ended.err) == (0, False), ended.err
    return kills, contents(calm / "events.db"), contents(path)
