"""Payloads at rest: JSON as TEXT, or the same compressed with zstd as BLOB where that is smaller."""

from collections.abc import Callable

import zstandard

from ..payload_dictionary import payload_dictionary

_WORTH_IT = 64
"""Bytes. Shorter JSON gains nothing, and stays readable."""

_LEVEL = 1


def packer() -> Callable[[bytes], str | bytes]:
    """Return what makes the stored form of a payload, for one thread."""
    dictionary = payload_dictionary(_LEVEL)
    compress = zstandard.ZstdCompressor(level=_LEVEL, dict_data=dictionary, write_checksum=False).compress

    def pack(payload: bytes) -> str | bytes:
        if len(payload) >= _WORTH_IT and len(frame := compress(payload)) < len(payload):
            return frame
        return payload.decode()

    return pack


def unpacker() -> Callable[[str | bytes], bytes]:
    """Return what undoes that, for one thread and one batch."""
    decompress = zstandard.ZstdDecompressor(dict_data=payload_dictionary(_LEVEL)).decompress
    return lambda stored: stored.encode() if isinstance(stored, str) else decompress(stored)
