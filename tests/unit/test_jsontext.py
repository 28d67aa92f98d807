"""JSON as strangers write it: what is read can always be written again."""

import pytest

from github_events_monitor.jsontext import dump_json, dump_sorted, load_json


@pytest.mark.parametrize(
    ("text", "again"),
    [
        (b'{"b": 1, "a": 10000000000000000000000000000000000000000}', None),
        (b'["\\ud800", 1e388, -1e999]', b'["\\ud800",null,null]'),
        (b"[1e308, 1e388]", b"[1e308,null]"),
    ],
)
def test_what_is_read_can_be_written(text: bytes, again: bytes | None) -> None:
    value = load_json(text)
    assert load_json(dump_json(value)) == load_json(dump_sorted(value)) == value
    assert again is None or load_json(again) == value


def test_every_line_is_utf_8_whatever_else_it_holds() -> None:
    assert dump_sorted({"b": "é 🦊", "a": 2**70}) == '{"a":1180591620717411303424,"b":"é 🦊"}'.encode()
    assert dump_json(["é", "\ud800 \udfff"]) == '["é","\\ud800 \\udfff"]'.encode()


@pytest.mark.parametrize("text", [b"NaN", b"[Infinity]", b'["\\ud800", -Infinity]', b"", b"[1", b"9" * 5_000])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        load_json(text)
