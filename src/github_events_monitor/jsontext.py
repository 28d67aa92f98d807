"""JSON text, exactly: the fast library where it keeps every value, the standard one where it would not.

orjson turns integers beyond 64 bits into floats and refuses lone surrogates; both occur in records GitHub wrote.
"""

import json
import re
from typing import Any

import orjson

_LONG_NUMBER = re.compile(rb"\d{19}")


def dump_json(value: Any) -> bytes:
    """Compact UTF-8 JSON. Raises `TypeError` for what JSON cannot say."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


def dump_sorted(value: Any) -> bytes:
    """Compact JSON with sorted keys: the same value gives the same bytes on every provider."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return json.dumps(value, separators=(",", ":"), sort_keys=True, allow_nan=False).encode("ascii")


def load_json(text: bytes | str) -> Any:
    """Parse JSON. Raises `ValueError`."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if _LONG_NUMBER.search(raw):
        return json.loads(raw)
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return json.loads(raw)
