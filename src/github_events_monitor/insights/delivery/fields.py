"""Fields of stored rows, which an import may have brought in any shape."""

from ...records import MetricRow


def text_of(row: MetricRow, field: str) -> str | None:
    """Return a field that is non-empty text, else None; a number counts as its text."""
    value = row.data.get(field)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None
