"""JSON text, exactly: the fast library where it keeps every value, the standard one where it would not.

msgspec reads integers of any length as what they are, where orjson would make floats of them; orjson writes, being
the fastest. Both refuse lone surrogates, which GitHub's records have here and there.
"""

import json
from math import isfinite
from typing import Any

import msgspec
import orjson

_BLOCK = 1 << 20
_decode = msgspec.json.Decoder().decode


def dump_json(value: Any) -> bytes:
    """Return compact UTF-8 JSON. Raises `TypeError` for what JSON cannot say."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return _dump_oddly(value)


def dump_sorted(value: Any) -> bytes:
    """Return compact JSON with sorted keys: the same value gives the same bytes on every provider."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return _dump_oddly(value, sort_keys=True)


def _dump_oddly(value: Any, *, sort_keys: bool = False) -> bytes:
    """Return text as UTF-8, for which lone surrogates stay escaped: Python's escapes of them are those of JSON."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=sort_keys, allow_nan=False, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace")


def load_json(text: bytes | str) -> Any:
    """Return parsed JSON. Raises `ValueError`."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    try:
        return _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return load_oddly(raw)


def load_oddly(raw: bytes) -> Any:
    """Return parsed JSON, with lone surrogates, and with None for numbers beyond any float. Raises `ValueError`."""
    return json.loads(raw, parse_float=_finite, parse_constant=_refuse)


def has_more_values(raw: bytes, most: int) -> bool:
    """Return whether JSON holds more values than that, told without making any of them.

    Every value but the first of an array or object follows a comma, and that first one a bracket; an empty one so
    counts twice. Text is left aside only where there would be too many otherwise.
    """
    if len(raw) <= most or separators(raw) <= most:
        return False
    plain, found, inside = raw.replace(b"\\\\", b"").replace(b'\\"', b""), 0, False
    for start in range(0, len(plain), _BLOCK):  # other threads have their turn in between
        parts = plain[start : start + _BLOCK].split(b'"')
        found += separators(b"".join(parts[inside::2]))
        inside ^= len(parts) % 2 == 0
        if found > most:
            return True
    return False


def separators(raw: bytes) -> int:
    """Return how many values JSON can hold at most, but for the first; those in its text count as well."""
    return sum(map(raw.count, (b",", b"[", b"{")))


def _finite(text: str) -> float | None:
    return number if isfinite(number := float(text)) else None


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
