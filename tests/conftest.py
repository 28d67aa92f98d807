"""What holds for all tests: how much hypothesis tries, and that the long runs wait for the night."""

import logging
import os
import signal
from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import settings

from tests.properties import NIGHTLY

_numbers = count(1)

collect_ignore = [] if NIGHTLY else ["nightly"]

settings.load_profile("nightly" if NIGHTLY else "default")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background jobs ignore it, and what they start, too
    signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ["GITHUB_USE_GH"] = "false"  # the developer's login is nothing that tests ask


@pytest.fixture(autouse=True)
def _data_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database of who runs the tests is left alone where a test names none."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.getbasetemp() / f"data-{next(_numbers)}"))


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """For tests in which the program sets up logging: afterwards it is as it was."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    levels = {logger: logger.level for logger in _loggers()}
    yield
    logging.captureWarnings(False)
    for handler in root.handlers:
        if handler not in before[0]:
            handler.close()
    root.handlers[:] = before[0]
    for logger in _loggers():
        logger.setLevel(levels.get(logger, logging.NOTSET))
    root.setLevel(before[1])  # loggers keep what follows from it until it is set by this method


def _loggers() -> list[logging.Logger]:
    known = logging.getLogger().manager.loggerDict.values()
    return [logger for logger in known if isinstance(logger, logging.Logger)]
