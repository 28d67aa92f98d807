"""What an import leaves in the memory of each repository."""

import pytest

from github_events_monitor.records import EventSource, Ledger, RepositoryState, Span
from github_events_monitor.transfer.hours import hour_of, remember

HOUR = Span("2024-03-05T14:00:00Z", "2024-03-05T15:00:00Z")
NEXT = Span("2024-03-05T15:00:00Z", "2024-03-05T16:00:00Z")
NEWEST = ("2024-03-05T14:59:00Z", EventSource("Octo/Hello", 42))


@pytest.mark.parametrize(
    ("name", "hour"),
    [
        ("2024-03-05-14.json.gz", HOUR),
        ("/data/gharchive-2024-03-05-14.json.gz", HOUR),
        ("2015-01-01-0.json.gz", Span("2015-01-01T00:00:00Z", "2015-01-01T01:00:00Z")),
        ("2025-05-23-23.json.gz", Span("2025-05-23T23:00:00Z", "2025-05-24T00:00:00Z")),
        ("2025-05-24-0.json.gz", None),
        ("2014-12-31-23.json.gz", None),
        ("2024-03-05-24.json.gz", None),
        ("2024-02-30-1.json.gz", None),
        ("2024-03-05.json.gz", None),
        ("2024-03-05-14.json", HOUR),
        ("2024-03-05-14.jsonl", None),
        ("octo-2024-03-05-14.json.gz", None),
    ],
)
def test_only_files_that_are_whole_reliable_hours_make_an_hour_known(name: str, hour: Span | None) -> None:
    assert hour_of(name) == hour


def test_a_new_repository_is_remembered_with_spelling_id_and_hours() -> None:
    state = remember("octo/hello", None, NEWEST, [HOUR, NEXT])
    assert (state.full_name, state.repository_id, state.sources) == ("Octo/Hello", 42, ("gharchive",))
    assert state.ledger.spans == {"archive": (Span(HOUR.since, NEXT.until),)}


def test_nothing_that_was_known_is_lost() -> None:
    known = RepositoryState(
        repo_name="octo/hello",
        full_name="octo/HELLO",
        repository_id=7,
        etags={"events/1": "x"},
        ledger=Ledger(spans={"events": (NEXT,), "archive": (NEXT,)}),
        sources=("events",),
        last_collected_at="2026-01-01T00:00:00Z",
    )
    state = remember("octo/hello", known, NEWEST, [HOUR])
    assert (state.full_name, state.repository_id, state.etags) == ("octo/HELLO", 7, {"events/1": "x"})
    assert state.sources == ("events", "gharchive")
    assert state.ledger.spans == {"events": (NEXT,), "archive": (Span(HOUR.since, NEXT.until),)}


def test_an_older_hour_does_not_bring_an_older_spelling_back() -> None:
    known = remember("octo/hello", None, NEWEST, [HOUR])
    older = ("2023-01-01T00:00:00Z", EventSource("octo/OLD", 42))
    newer = ("2024-04-01T00:00:00Z", EventSource("octo/NEW", 42))
    assert remember("octo/hello", known, older, []).full_name == "Octo/Hello"
    assert remember("octo/hello", known, newer, []).full_name == "octo/NEW"
