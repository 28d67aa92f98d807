"""A few random histories for every change; many more in tests/nightly."""

import pytest

from tests.integration.faults.histories import live


@pytest.mark.parametrize("seed", range(6))
async def test_what_is_called_complete_is(seed: int) -> None:
    await live(seed, steps=40)
