"""Logs: where they go, who may read them, and what is never in them."""

import logging
import os
import stat
import warnings
from pathlib import Path

import pytest

from github_events_monitor import logs
from github_events_monitor.errors import SettingsError
from github_events_monitor.settings import Settings

SECRET = "a-secret-without-any-known-form"
logger = logging.getLogger("github_events_monitor.somewhere")


@pytest.fixture(autouse=True)
def no_settings(logging_as_before: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("there_before", [False, True])
def test_a_line_goes_to_stderr_and_to_a_private_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, there_before: bool
) -> None:
    path = tmp_path / "logs" / "monitor.log"
    if there_before:
        path.parent.mkdir()
        path.touch(0o644)
    logs.configure(Settings.load(log_file=path))
    logger.info("collected %s", "octo/hello")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.endswith("Z INFO github_events_monitor.somewhere: collected octo/hello\n")
    assert path.read_text() == shown.err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_commands_that_show_their_outcome_log_warnings_only_unless_asked(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings.load(), one_shot=True)
    logger.info("quiet")
    logger.warning("loud")
    assert "quiet" not in capsys.readouterr().err
    logs.configure(Settings.load(log_level="INFO"), one_shot=True)
    logger.info("asked for")
    assert "asked for" in capsys.readouterr().err


def test_libraries_speak_up_only_when_debugging(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings.load())
    logging.getLogger("httpx").info("HTTP Request")
    assert capsys.readouterr().err == ""
    logs.configure(Settings.load(log_level="DEBUG"))
    logging.getLogger("httpx").debug("HTTP Request")
    assert "HTTP Request" in capsys.readouterr().err


@pytest.mark.parametrize(
    "secret",
    [
        SECRET,
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "github_pat_11ABCDEFG0abcdefghijklmnop",
        "AKIAIOSFODNN7EXAMPLE",
    ],
)
def test_a_secret_is_blotted_out_also_in_a_traceback(capsys: pytest.CaptureFixture[str], secret: str) -> None:
    logs.configure(Settings.load(api_token=SECRET, log_level="DEBUG"))
    try:
        _fail(f"no access with {secret}")
    except ValueError:
        logger.exception("request with %s failed", secret)
    shown = capsys.readouterr().err
    assert secret not in shown
    assert shown.count("***") == 2
    assert "Traceback" in shown


def _fail(message: str) -> None:
    raise ValueError(message)


def test_without_debugging_an_exception_is_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings.load())
    try:
        _fail("details")
    except ValueError:
        logger.exception("a poll failed")
    shown = capsys.readouterr().err
    assert "a poll failed (ValueError; LOG_LEVEL=DEBUG shows where)" in shown
    assert "Traceback" not in shown


def test_text_from_strangers_cannot_forge_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings.load())
    logger.info("title: %s", "x\n2026-01-01T00:00:00Z INFO root: all is well\x1b[2J")
    shown = capsys.readouterr().err
    assert len(shown.splitlines()) == 1
    assert "\x1b" not in shown


def test_a_file_that_cannot_be_written_is_a_bad_setting() -> None:
    with pytest.raises(SettingsError, match="LOG_FILE"):
        logs.configure(Settings.load(log_file="/proc/none/monitor.log"))


def test_a_log_file_that_is_a_fifo_is_refused_without_waiting_for_its_reader(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to(tmp_path / "fifo")
    for name in ("fifo", "link"):
        with pytest.raises(SettingsError, match=r"LOG_FILE=.* is not accepted; give a path of a regular file"):
            logs.configure(Settings.load(log_file=tmp_path / name))


def test_where_a_server_goes_on_a_bad_file_is_a_warning(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for file in ("/proc/none/monitor.log", tmp_path / "fifo", tmp_path):
        logs.configure(Settings.load(log_file=file), going_on=True)
        logger.info("collected")
        shown = capsys.readouterr().err.splitlines()
        assert (len(shown), "LOG_FILE=" in shown[0], "going on without it" in shown[0]) == (2, True, True)


def test_signed_requests_are_not_logged_and_a_session_token_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings.load(log_level="DEBUG"))
    for name in ("botocore.auth", "botocore.endpoint", "aiobotocore.httpsession"):
        logging.getLogger(name).debug("CanonicalRequest")
    for form in (
        "X-Amz-Security-Token: %s",
        "{'x-amz-security-token': '%s'}",
        "?X-Amz-Security-Token=%s&x=1",
        "b'x-amz-security-token': b'%s'",
    ):
        logger.debug(form, "IQoJb3JpZ2luX2VjEJr/token==")
    shown = capsys.readouterr().err
    assert "CanonicalRequest" not in shown
    assert "IQoJb3" not in shown


def test_warnings_of_libraries_are_logged(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings.load())
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old form", DeprecationWarning, stacklevel=1)
    assert "old form" in capsys.readouterr().err


def test_a_log_whose_folder_is_gone_stops_nobody(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "logs" / "monitor.log"
    logs.configure(Settings.load(log_file=path))
    path.unlink()
    path.parent.rmdir()
    logger.info("first")
    path.parent.mkdir()
    logger.info("second")
    assert capsys.readouterr().err.count("cannot be written (No such file or directory)") == 1
    assert "second" in path.read_text()


def test_lines_that_a_server_could_not_write_are_counted_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    with open(writing, "w") as stderr:
        monkeypatch.setattr("sys.stderr", stderr)
        logs.configure(Settings.load(), waiting=False)
        for number in range(2000):
            logger.info("%s %s", number, "x" * 100)
        lost = 2000 - len(os.read(reading, 10_000_000).splitlines())
        logger.info("once it is read again")
        written = os.read(reading, 10_000_000).decode().splitlines()
    os.close(reading)
    assert 0 < lost < 2000
    assert written[0].endswith(
        f"WARNING github_events_monitor.logs: {lost} lines were lost, because stderr was not read"
    )
    assert written[1].endswith("once it is read again")
    assert len(written) == 2


def test_a_stderr_that_is_closed_stops_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as stderr:
        monkeypatch.setattr("sys.stderr", stderr)
        logs.configure(Settings.load(), waiting=False)
        logger.info("unheard")
