"""A hundred kills, in runs of ten: each from an empty database to the end of the work."""

from pathlib import Path
from random import Random

import pytest

from tests.integration.faults.killing import WORK, busy_github, survive_kills, write_archive


@pytest.mark.parametrize("seed", range(5))
def test_collecting_survives_ten_kills(seed: int, tmp_path: Path) -> None:
    with busy_github().serve() as url:
        kills, calm, stormy = survive_kills(
            tmp_path, ["collect", "octo/r1", "octo/r2"], Random(seed), 10, GITHUB_API_URL=url, GITHUB_TOKEN="token"
        )
    assert kills > 0
    assert {table: stormy[table] for table in WORK} == {table: calm[table] for table in WORK}


@pytest.mark.parametrize("seed", range(5))
def test_importing_survives_ten_kills(seed: int, tmp_path: Path) -> None:
    files = write_archive(tmp_path, files=12, lines=8_000)
    kills, calm, stormy = survive_kills(tmp_path, ["import", *files], Random(seed), 10)
    assert kills > 0
    assert {table: stormy[table] for table in WORK} == {table: calm[table] for table in WORK}
