"""Looking into a payload of unknown shape: whatever is missing or of another type is None."""

from typing import Any

from ...jsontext import load_json
from ...records import Event


class Payload:
    """A payload's JSON, read by paths of keys."""

    def __init__(self, event: Event) -> None:
        """Payloads that are no JSON object read as empty ones."""
        try:
            value = load_json(event.payload)
        except (ValueError, RecursionError):
            value = None
        self._value: dict[str, Any] = value if isinstance(value, dict) else {}

    def text(self, *path: str) -> str | None:
        """Text that is not empty."""
        found = self._at(path)
        return found if isinstance(found, str) and found.strip() else None

    def number(self, *path: str) -> int | None:
        """A whole number."""
        found = self._at(path)
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    def flag(self, *path: str) -> bool:
        """Whether it is true."""
        return self._at(path) is True

    def has(self, *path: str) -> bool:
        """Whether it is there and not null."""
        return self._at(path) is not None

    def texts(self, field: str, key: str) -> list[str]:
        """The text at `key` of every object in the list at `field`."""
        found = self._at((field,))
        rows = found if isinstance(found, list) else []
        values = (row.get(key) for row in rows if isinstance(row, dict))
        return [value for value in values if isinstance(value, str) and value.strip()]

    def size(self, field: str) -> int:
        """How long a list is; 0 when there is none."""
        found = self._at((field,))
        return len(found) if isinstance(found, list) else 0

    def falses(self, field: str, key: str) -> int:
        """How many objects of the list at `field` have a `key` that is false."""
        found = self._at((field,))
        return sum(isinstance(row, dict) and row.get(key) is False for row in found) if isinstance(found, list) else 0

    def _at(self, path: tuple[str, ...]) -> Any:
        found: Any = self._value
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return found
