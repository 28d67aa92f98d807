"""The invented project is the same every time, and holds no more than what the monitor could have seen."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from github_events_monitor.demo.project import UNTIL, invent
from github_events_monitor.instants import format_instant
from github_events_monitor.ledger import missing_spans

OTHER_DAYS = [UNTIL, datetime(2025, 3, 31, 12, tzinfo=UTC), datetime(2027, 1, 3, 0, 30, tzinfo=UTC)]

_DIGEST = (
    "import hashlib, msgspec; from github_events_monitor.demo.project import invent;"
    "print(hashlib.sha256(msgspec.json.encode(invent())).hexdigest())"
)


def test_it_is_the_same_in_every_process() -> None:
    runs = [
        subprocess.run(
            [sys.executable, "-c", _DIGEST], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        for seed in ("1", "2")
    ]
    assert len({run.stdout for run in runs}) == 1
    assert len(runs[0].stdout) == 65


@pytest.mark.parametrize("until", OTHER_DAYS)
def test_nothing_lies_in_the_future_or_in_a_gap(until: datetime) -> None:
    end = format_instant(until)
    for batch in invent(until):
        instants = [event.created_at for event in batch.events]
        instants += [record.commit.commit_date for record in batch.commits]
        instants += [thread.updated_at for thread in batch.threads]
        assert max(instants) < end
        gaps = missing_spans(batch.state.ledger.spans["events"], format_instant(until - timedelta(days=90)), end)
        assert not [event for event in batch.events for gap in gaps if gap.since <= event.created_at < gap.until]


@pytest.mark.parametrize("until", OTHER_DAYS)
def test_ids_are_unique_and_commits_stand_in_one_line(until: datetime) -> None:
    batches = invent(until)
    ids = [event.id for batch in batches for event in batch.events]
    shas = [record.commit.sha for batch in batches for record in batch.commits]
    assert len(ids) == len(set(ids))
    assert len(shas) == len(set(shas))
    for batch in batches:
        parents = [record.commit.parents for record in batch.commits[1:]]
        assert parents == [(record.commit.sha,) for record in batch.commits[:-1]]
