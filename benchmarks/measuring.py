"""Whole processes, measured in turn: so that a busy machine is as busy for every contender."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

SOURCE = str(Path(__file__).resolve().parents[1] / "src")
PROGRAM = (sys.executable, "-m", "github_events_monitor")


class Cost(NamedTuple):
    """What a process took: seconds on the clock, seconds of processor time, megabytes of memory at its peak."""

    wall: float
    processor: float
    peak_mb: float


class Contender(NamedTuple):
    """A command, what it needs in its environment, and what has to be done before each run."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = {}
    prepare: Callable[[], object] = lambda: None
    stdin: Path | None = None
    stdout: Path | None = None


def measure(contender: Contender) -> Cost:
    """Run it once. Raises `RuntimeError` when it fails."""
    contender.prepare()
    environment = {**os.environ, "PYTHONPATH": SOURCE, **contender.environment}
    begun = time.perf_counter()
    with (
        (contender.stdin or Path(os.devnull)).open("rb") as given,
        (contender.stdout or Path(os.devnull)).open("wb") as out,
    ):
        process = subprocess.Popen(
            contender.command, env=environment, stdin=given, stdout=out, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    if status:
        raise RuntimeError(f"{contender.name} ended with status {status}: {' '.join(contender.command)}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def compare(contenders: Sequence[Contender], rounds: int) -> dict[str, list[Cost]]:
    """Each contender once a round, in turn."""
    costs: dict[str, list[Cost]] = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            costs[contender.name].append(measure(contender))
    return costs


def report(costs: Mapping[str, Sequence[Cost]], notes: Mapping[str, str]) -> None:
    """Medians of each contender, and how many times as fast the first one is (median of the rounds' ratios)."""
    first = next(iter(costs.values()))
    say(f"{'':28}{'wall s':>8}{'cpu s':>8}{'peak MB':>9}  first is faster by")
    for name, runs in costs.items():
        wall, processor, peak = (statistics.median(column) for column in zip(*runs, strict=True))
        ratio = statistics.median(run.wall / ours.wall for run, ours in zip(runs, first, strict=True))
        say(f"{name:28}{wall:8.2f}{processor:8.2f}{peak:9.0f}  {ratio:5.2f}  {notes.get(name, '')}")


def say(line: str) -> None:
    """A line of the result."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def itself(name: str) -> tuple[str, ...]:
    """Return the command with which a program here starts itself as a contender; it is started as a module, too."""
    return (sys.executable, "-m", f"benchmarks.{name}", "--contender")


def remove(*paths: Path) -> None:
    """Delete databases with their side files."""
    for path in paths:
        for side in path.parent.glob(path.name + "*"):
            side.unlink()
