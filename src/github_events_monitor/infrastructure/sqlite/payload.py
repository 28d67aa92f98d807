"""Payloads at rest: JSON as TEXT, or the same compressed with zstd as BLOB where that is smaller."""

from collections.abc import Callable, Sequence
from typing import Any

import zstandard

from ..payload_dictionary import payload_dictionary

_WORTH_IT = 64
"""Bytes. Shorter JSON gains nothing, and stays readable."""

_LEVEL = 1
_MANY = 2000
"""Payloads from which a second thread pays."""


def pack(payloads: Sequence[bytes]) -> list[str | bytes]:
    """Payloads as they are stored."""
    if not payloads:
        return []
    compressor = zstandard.ZstdCompressor(level=_LEVEL, dict_data=payload_dictionary(_LEVEL), write_checksum=False)
    frames: Any = compressor.multi_compress_to_buffer(list(payloads), threads=2 if len(payloads) >= _MANY else 1)
    return [
        frame.tobytes() if len(payload) >= _WORTH_IT and len(frame) < len(payload) else payload.decode()
        for payload, frame in zip(payloads, frames, strict=True)
    ]


def unpacker() -> Callable[[str | bytes], bytes]:
    """The way back, for one thread and one batch."""
    decompress = zstandard.ZstdDecompressor(dict_data=payload_dictionary(_LEVEL)).decompress
    return lambda stored: stored.encode() if isinstance(stored, str) else decompress(stored)
