"""The connection to a database, and for how long a call that is refused for the moment is repeated."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ...instants import Clock


class DatabaseConnection(ABC):
    """Owns the driver: opens it lazily, once, under a lock, and translates the driver's errors.

    clock: where the moment of insertion comes from for records that bring no time.
    """

    clock: Clock

    @abstractmethod
    async def open(self) -> None:
        """Connect and make sure the tables are there; idempotent, and safe from several processes at once.

        Raises `DatabaseUnreachable`, `SchemaMismatch`, or `DatabaseError` with the command that helps.
        """

    async def prepare(self) -> None:  # noqa: B027 - most have nothing to prepare
        """Load what connecting needs, so that it does not count as the database's time; nothing is asked of it."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of everything; idempotent. A later call opens again (a `:memory:` database starts empty)."""

    @abstractmethod
    async def health(self) -> dict[str, Any]:
        """`{"status": "healthy" | "unhealthy", "provider": …, …}` with what the provider can tell; never a secret.

        SQLite: `database_path`, `tables_found`, `sqlite_version`. DynamoDB: `region`, `table_prefix`, `tables_found`.
        Never raises for a database that does not answer: that is status "unhealthy" with `error`, one sentence.
        """


_retrying_longer = ContextVar("patient", default=False)


def retries_longer() -> bool:
    """Return whether the work under way would rather wait than fail."""
    return _retrying_longer.get()


@contextmanager
def retrying_longer() -> Iterator[None]:
    """Repeat refused calls for longer, inside the block and in the tasks that it begins.

    Where a question waits for its answer, an error is better than a minute of silence. Collecting, importing and the
    like rather wait than begin again.
    """
    token = _retrying_longer.set(True)
    try:
        yield
    finally:
        _retrying_longer.reset(token)
