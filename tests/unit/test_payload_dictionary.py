"""The text that stored payloads refer to: databases out there can be read only as long as it is the same."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard

from github_events_monitor.errors import DatabaseError
from github_events_monitor.infrastructure import payload_dictionary as module
from github_events_monitor.infrastructure.payload_dictionary import payload_dictionary

LEVELS = (1, 6)
PAYLOAD = (
    b'{"action":"opened","issue":{"url":"https://api.github.com/repos/octo/hello/issues/7","labels":[],"number":7}}'
)


def test_the_text_never_changes() -> None:
    text = payload_dictionary(1).as_bytes()
    assert hashlib.sha256(text).hexdigest() == "c9b68cf9f6c109b0c2231a0c9ff0897a3460583d2c3fe3a56e719658c28151e6"
    assert all(payload_dictionary(level).as_bytes() == text for level in LEVELS)


def test_the_script_makes_the_same_text() -> None:
    script = Path(__file__).parents[2] / "scripts" / "make_payload_dictionary.py"
    made = subprocess.run([sys.executable, script], capture_output=True, check=True).stdout
    assert made == payload_dictionary(1).as_bytes()


def test_another_text_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = tmp_path / "payload_dictionary.txt"
    other.write_bytes(payload_dictionary(1).as_bytes() + b"\n")
    monkeypatch.setattr(module, "_FILE", other)
    with pytest.raises(DatabaseError, match="install the program again"):
        payload_dictionary.__wrapped__(1)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("written_with_it", [True, False])
def test_a_payload_comes_back_whichever_way_it_was_written(level: int, written_with_it: bool) -> None:
    dictionary = payload_dictionary(level) if written_with_it else None
    stored = zstandard.ZstdCompressor(level=level, dict_data=dictionary).compress(PAYLOAD)
    for reader in LEVELS:
        assert zstandard.ZstdDecompressor(dict_data=payload_dictionary(reader)).decompress(stored) == PAYLOAD


def test_a_short_payload_becomes_much_shorter() -> None:
    stored = zstandard.ZstdCompressor(dict_data=payload_dictionary(1), write_checksum=False).compress(PAYLOAD)
    assert len(stored) < len(PAYLOAD) / 2
