"""Items that have to wait: in memory while they are few, then on disk."""

from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile, gettempdir
from typing import Self

from ...errors import DataFileError
from ...jsontext import dump_json, load_json
from .types import TableItem

_HELD_BYTES = 8 << 20
_PAGE_ITEMS, _PAGE_BYTES = 1_000, 16 << 20


class Spool:
    """Items of one table in the order in which they were put in; closed by leaving the `with`."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._file = SpooledTemporaryFile(max_size=_HELD_BYTES)  # noqa: SIM115 - closed by `__exit__`

    def put(self, items: Iterable[TableItem]) -> None:
        """Keep items. Raises `DataFileError` where there is no room for them."""
        try:
            for item in items:
                self._file.write(dump_json(item.item) + b"\n")
        except OSError as error:
            raise DataFileError(
                f"what has to wait finds no room in {gettempdir()} ({error.strerror}); make some, or set TMPDIR"
            ) from None

    def pages(self) -> Iterator[list[TableItem]]:
        """Yield all that was put in, in pages that fit into memory."""
        self._file.seek(0)
        page: list[TableItem] = []
        size = 0
        for line in self._file:
            page.append(TableItem(self._table, load_json(line)))
            size += len(line)
            if len(page) == _PAGE_ITEMS or size >= _PAGE_BYTES:
                yield page
                page, size = [], 0
        if page:
            yield page

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
