import json
from typing import Any

import pytest

from github_events_monitor.errors import InvalidInput, Unreachable
from github_events_monitor.github.events import UNKNOWN_TYPE, check_types, parse_event, parse_events
from github_events_monitor.records import EventSource

NOW = "2026-11-22T10:00:00Z"


def record(**changes: Any) -> dict[str, Any]:
    return {
        "id": "123",
        "type": "PushEvent",
        "actor": {"id": 1, "login": "ada", "display_login": "ada"},
        "repo": {"id": 42, "name": "Octo-Org/Hello", "url": "https://api.github.com/repos/Octo-Org/Hello"},
        "payload": {"ref": "refs/heads/main", "head": "a" * 40},
        "public": True,
        "created_at": "2026-11-22T09:00:00Z",
        **changes,
    }


def raw(**changes: Any) -> bytes:
    return json.dumps(record(**changes)).encode()


def test_an_event_keeps_githubs_id_and_names_its_repository_twice() -> None:
    event, source = parse_event(raw())
    assert (event.id, event.event_type, event.created_at) == ("123", "PushEvent", "2026-11-22T09:00:00Z")
    assert (event.repo_name, event.actor_login) == ("octo-org/hello", "ada")
    assert source == EventSource("Octo-Org/Hello", 42)
    assert event.facts.ref == "refs/heads/main"


def test_the_payload_is_githubs_own_text() -> None:
    text = b'{"z": 1.10, "a":  "caf\xc3\xa9", "big": 123456789012345678901234567890}'
    line = raw(payload="HERE").replace(b'"HERE"', text)
    assert parse_event(line).event.payload == text


def test_a_mapping_and_its_text_give_the_same_event() -> None:
    assert parse_event(record()).event.facts == parse_event(raw()).event.facts
    assert parse_event(record()).source == parse_event(raw()).source


def test_numbers_as_ids_other_offsets_and_fractions_are_normalised() -> None:
    event = parse_event(raw(id=99, created_at="2015-01-01T02:00:00.25+02:00")).event
    assert (event.id, event.created_at) == ("99", "2015-01-01T00:00:00Z")


def test_type_may_be_null() -> None:
    assert parse_event(raw(type=None)).event.event_type == UNKNOWN_TYPE


def test_a_null_time_is_the_time_of_fetching_or_a_reason_to_refuse() -> None:
    undated = record(created_at=None)
    odd = raw(created_at=None).replace(b"main", b"\\ud800")
    for form in (undated, raw(created_at=None), odd):
        assert parse_event(form, now=NOW).event.created_at == NOW
        with pytest.raises(InvalidInput, match="created_at"):
            parse_event(form)
    for body in (b"[" + raw(created_at=None) + b"]", b"[" + odd + b"]"):
        assert [parsed.event.created_at for parsed in parse_events(body, now=NOW).events] == [NOW]


@pytest.mark.parametrize("missing", ["actor", "repo", "payload"])
@pytest.mark.parametrize("how", ["absent", "null"])
def test_what_may_be_missing(missing: str, how: str) -> None:
    row = record(**{missing: None})
    if how == "absent":
        del row[missing]
    for form in (row, json.dumps(row).encode()):
        event, source = parse_event(form)
        assert event.id == "123"
        assert (source is None) == (missing == "repo")
        assert missing != "payload" or event.payload == (b"null" if how == "null" else b"{}")


def test_lone_surrogates_survive_in_the_payload_as_escapes() -> None:
    line = raw().replace(b'"refs/heads/main"', b'"refs/heads/\\ud800"')
    event = parse_event(line).event
    assert b"\\ud800" in event.payload
    assert event.facts.ref == "refs/heads/\ufffd"


def test_what_no_database_can_hold_is_replaced() -> None:
    event = parse_event(raw(actor={"login": "a\0b"})).event
    assert event.actor_login == "a\ufffdb"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"not json", "not a JSON object"),
        (b"[]", "not a JSON object"),
        (b'{"id": "1", "type"', "not a JSON object"),
        (b"[" * 100_000, "not a JSON object"),
        (raw().replace(b"main", b"\xff"), "not a JSON object"),
        (raw(payload="HERE").replace(b'"HERE"', b"NaN"), "not a JSON object"),
        (raw(id=None), "'id'"),
        (raw(id=""), "'id'"),
        (raw(id="a b"), "'id'"),
        (raw(id=[1]), "'id'"),
        (raw(type="Push Event"), "'type'"),
        (raw(type=5), "'type'"),
        (raw(repo="octo/hello"), "'repo'"),
        (raw(repo=[]), "'repo'"),
        (raw(repo={"name": "no-slash"}), "not a repository"),
        (raw(created_at=1420070400), "'created_at'"),
        (raw(created_at="yesterday"), "'created_at'"),
    ],
)
def test_a_record_that_cannot_be_used_is_refused_in_one_sentence(line: bytes, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as refused:
        parse_event(line)
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    "old",
    [
        {
            "type": "PushEvent",
            "actor": "ada",
            "repository": {"name": "hello", "owner": "octo"},
            "created_at": "2012/03/10",
        },
        {"id": "1", "type": "WatchEvent", "repository": {"id": 1}, "created_at": "2014-06-01T00:00:00-07:00"},
        {"id": "1", "type": "WatchEvent", "actor": "ada", "repo": {"name": "octo/hello"}, "created_at": NOW},
    ],
)
def test_the_forms_from_before_2015_are_named(old: dict[str, Any]) -> None:
    for form in (old, json.dumps(old).encode()):
        with pytest.raises(InvalidInput, match="before 2015"):
            parse_event(form)


def test_a_repository_beside_todays_form_does_no_harm() -> None:
    for form in (record(repository={"id": 1}), raw(repository={"id": 1})):
        assert parse_event(form).source == EventSource("Octo-Org/Hello", 42)


def test_a_page_skips_what_it_cannot_use_and_says_so() -> None:
    page = parse_events(json.dumps([record(), record(id=None), record(id="5"), 7]).encode())
    assert [parsed.event.id for parsed in page.events] == ["123", "5"]
    assert [sentence.split(":")[0] for sentence in page.skipped] == ["record 1", "record 3"]


def test_a_page_with_a_lone_surrogate_is_read_all_the_same() -> None:
    body = b"[" + raw() + b",7," + raw(id="6").replace(b"main", b"\\udc00") + b"]"
    page = parse_events(body)
    assert [parsed.event.id for parsed in page.events] == ["123", "6"]
    assert page.skipped == ["record 1: the record is not a JSON object"]


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b'[{"id": "1"', b"<html>"])
def test_a_body_that_is_no_array_is_nonsense(body: bytes) -> None:
    with pytest.raises(Unreachable):
        parse_events(body)


def test_types_are_known_however_they_are_spelled() -> None:
    assert check_types([" pushevent", "Issues", "IssuesEvent"]) == ("IssuesEvent", "PushEvent")
    assert check_types(None) is check_types([]) is None


def test_an_unknown_type_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(InvalidInput, match=r"^'PusEvent' is not an event type; did you mean 'PushEvent'\?$"):
        check_types(["PusEvent"])
