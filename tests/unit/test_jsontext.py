"""JSON as strangers write it: what is read can always be written again."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor import jsontext
from github_events_monitor.jsontext import dump_json, dump_sorted, has_more_values, load_json

TEXTS = st.text(st.sampled_from('",[{}]:\\ a'), max_size=12)
VALUES = st.recursive(
    st.none() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
)


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


def _count(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_count, inner))


@given(VALUES, st.integers(0, 30), st.sampled_from([1, 3, 1 << 20]))
def test_values_are_counted_without_making_them(value: Any, most: int, block: int) -> None:
    """None is refused that has few enough, and none taken that has far too many, wherever a block ends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsontext, "_BLOCK", block)
        more = has_more_values(json.dumps(value).encode(), most)
    assert not more or 2 * _count(value) > most  # an empty array or object counts twice
    assert more or _count(value) <= most + 1
