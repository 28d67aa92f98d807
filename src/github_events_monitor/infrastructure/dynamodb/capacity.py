"""How much capacity was used: DynamoDB's own figures, summed as they arrive.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ConsumedCapacity.html
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

_WRITES = frozenset({"put_item", "update_item", "batch_write_item"})


class Use(NamedTuple):
    """What capacity was used for: `index_name` is empty for the table itself."""

    table: str
    index_name: str
    operation: str

    @property
    def writes(self) -> bool:
        """Whether these are write units."""
        return self.operation in _WRITES


class Capacity:
    """Read and write units since the start of the process (or since `reset`), by table, index and operation.

    `calls` counts requests by operation. Engines that report no capacity leave the units at zero.
    """

    def __init__(self) -> None:
        self.units: Counter[Use] = Counter()
        self.calls: Counter[str] = Counter()

    def add(self, operation: str, answer: Mapping[str, Any]) -> None:
        """Count one answer."""
        self.calls[operation] += 1
        for consumed in _each(answer.get("ConsumedCapacity")):
            table = str(consumed.get("TableName", ""))
            parts = {"": consumed.get("Table")} | (consumed.get("GlobalSecondaryIndexes") or {})
            for index, part in parts.items():
                if part and part.get("CapacityUnits"):
                    self.units[Use(table, index, operation)] += part["CapacityUnits"]

    @property
    def read_units(self) -> float:
        """Read request units."""
        return sum((units for use, units in self.units.items() if not use.writes), 0.0)

    @property
    def write_units(self) -> float:
        """Write request units."""
        return sum((units for use, units in self.units.items() if use.writes), 0.0)

    def of(self, table: str) -> tuple[float, float]:
        """Return (read units, write units) of one table with its indexes, by its full name."""
        own = {use: units for use, units in self.units.items() if use.table == table}
        reads = sum((units for use, units in own.items() if not use.writes), 0.0)
        return reads, sum(own.values(), 0.0) - reads

    def reset(self) -> None:
        """Start counting from zero."""
        self.units.clear()
        self.calls.clear()


def _each(consumed: Any) -> Iterable[Mapping[str, Any]]:
    if not consumed:
        return ()
    return (consumed,) if isinstance(consumed, Mapping) else consumed
