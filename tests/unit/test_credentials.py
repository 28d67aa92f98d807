"""Where the token comes from."""

from pathlib import Path

import pytest

from github_events_monitor.errors import SettingsError
from github_events_monitor.github.credentials import find_credentials
from github_events_monitor.settings import Settings


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "GITHUB_TOKEN_FILE", "GH_TOKEN"):
        monkeypatch.delenv(name, raising=False)


async def test_the_first_that_is_set_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    found = [find_credentials(Settings.load(folder=False))]
    for name, value in (
        ("GH_TOKEN", "from-gh"),
        ("GITHUB_TOKEN_FILE", str(tmp_path / "token")),
        ("GITHUB_TOKEN", "given"),
    ):
        monkeypatch.setenv(name, value)
        found.append(find_credentials(Settings.load(folder=False)))
    said = [(one.describe(), await one.header("octo")) if one else None for one in found]
    assert said == [
        None,
        ("GH_TOKEN", "Bearer from-gh"),
        ("GITHUB_TOKEN_FILE", "Bearer from-file"),
        ("GITHUB_TOKEN", "Bearer given"),
    ]


def test_a_file_without_a_token_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GITHUB_TOKEN_FILE", str(tmp_path / "absent"))
    with pytest.raises(SettingsError, match="GITHUB_TOKEN_FILE=.* is not accepted; give a file"):  # noqa: RUF043
        find_credentials(Settings.load(folder=False))
