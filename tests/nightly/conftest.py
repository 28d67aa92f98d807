"""The long runs stand on the same ground as the short ones."""

from tests.integration.collecting.conftest import _no_waiting

__all__ = ["_no_waiting"]
