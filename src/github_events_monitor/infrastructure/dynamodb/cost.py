"""What capacity costs: pure arithmetic over measured units, at stated prices. Always an estimate.

On-demand prices in us-east-1, US dollars: https://aws.amazon.com/dynamodb/pricing/on-demand/
"""

from math import ceil
from typing import NamedTuple

WRITE_PRICE = 0.625 / 1_000_000
READ_PRICE = 0.125 / 1_000_000
STORAGE_PRICE = 0.25
"""A GB and month; the first 25 GB of an account are free, which is left out here."""

SECONDS_A_MONTH = 30 * 86_400
PRICES = "on demand in us-east-1: $0.625 per million write units, $0.125 per million read units, $0.25 per GB and month"


class MonthlyCost(NamedTuple):
    """US dollars a month."""

    writes: float
    reads: float
    storage: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.writes + self.reads + self.storage


def monthly_cost(*, write_units: float, read_units: float, seconds: float, stored_bytes: int) -> MonthlyCost:
    """Return what a month costs that goes on like the `seconds` in which these units were measured."""
    months = SECONDS_A_MONTH / seconds
    return MonthlyCost(
        write_units * months * WRITE_PRICE,
        read_units * months * READ_PRICE,
        stored_bytes / 1_000_000_000 * STORAGE_PRICE,
    )


def write_units(item_bytes: int, index_rows: int) -> int:
    """Return units of a new item: one per begun KB, and one for each index row (ours stay below 1 KB).

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
    """
    return ceil(max(item_bytes, 1) / 1024) + index_rows
