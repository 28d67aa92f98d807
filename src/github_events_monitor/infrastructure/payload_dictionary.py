"""What most payloads have in common, for zstd to refer to: the keys and link templates of GitHub's objects.

A payload on its own is too short for a compressor to learn that an account has a dozen links; with this text before
it, payloads become a third smaller and are compressed faster
(https://facebook.github.io/zstd/zstd_manual.html, "raw content" dictionaries).

Implementation notes
- `scripts/make_payload_dictionary.py` made the text. Stored payloads can only be read with the very bytes they were
  written with, so it must never change.
- Payloads that were compressed without a dictionary are read with it just as well, since raw content changes nothing
  of the format.
"""

import hashlib
from functools import cache
from pathlib import Path

import zstandard

from ..errors import DatabaseError

_FILE = Path(__file__).with_suffix(".txt")
_SHA256 = "c9b68cf9f6c109b0c2231a0c9ff0897a3460583d2c3fe3a56e719658c28151e6"


@cache
def payload_dictionary(level: int) -> zstandard.ZstdCompressionDict:
    """Return the dictionary, prepared to compress at a level; each level reads what the others wrote.

    Raises:
        DatabaseError: The installed text is not the one that payloads are stored with.
    """
    dictionary = zstandard.ZstdCompressionDict(_read(_FILE), dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    dictionary.precompute_compress(level=level)
    return dictionary


def _read(path: Path) -> bytes:
    text = path.read_bytes()
    if hashlib.sha256(text).hexdigest() != _SHA256:
        raise DatabaseError(f"{path} was changed: payloads could not be read with it; install the program again")
    return text
