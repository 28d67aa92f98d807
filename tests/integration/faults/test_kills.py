"""A few kills for every change; a hundred of them in tests/nightly."""

from pathlib import Path
from random import Random

from tests.integration.faults.killing import REPOSITORIES, WORK, busy_github, survive_kills, write_archive


def test_a_killed_collection_loses_and_doubles_nothing(tmp_path: Path) -> None:
    names = [f"octo/r{number}" for number in range(1, REPOSITORIES + 1)]
    with busy_github().serve() as url:
        kills, calm, stormy = survive_kills(
            tmp_path, ["collect", *names], Random(7), 3, GITHUB_API_URL=url, GITHUB_TOKEN="token"
        )
    assert kills > 0
    assert {table: stormy[table] for table in WORK} == {table: calm[table] for table in WORK}
    assert len(stormy["events"]) == REPOSITORIES * 119


def test_a_killed_import_loses_and_doubles_nothing(tmp_path: Path) -> None:
    files = write_archive(tmp_path, files=6, lines=4_000)
    kills, calm, stormy = survive_kills(tmp_path, ["import", *files], Random(11), 3)
    assert kills > 0
    assert {table: stormy[table] for table in WORK} == {table: calm[table] for table in WORK}
