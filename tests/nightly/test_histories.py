"""Many random histories, and long ones."""

import pytest

from tests.integration.faults.histories import live


@pytest.mark.parametrize("seed", range(100, 200))
async def test_what_is_called_complete_is(seed: int) -> None:
    await live(seed, steps=120)
