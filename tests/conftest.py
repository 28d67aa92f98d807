"""What holds for all tests: how much hypothesis tries, and that the long runs wait for the night."""

import logging
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.properties import NIGHTLY

collect_ignore = [] if NIGHTLY else ["nightly"]

settings.load_profile("nightly" if NIGHTLY else "default")


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """For tests in which the program sets up logging: afterwards it is as it was."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    logging.captureWarnings(False)
    for handler in root.handlers:
        if handler not in before[0]:
            handler.close()
    root.handlers[:], root.level = before
