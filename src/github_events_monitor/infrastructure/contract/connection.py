"""The connection to a database."""

from abc import ABC, abstractmethod
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

    @abstractmethod
    async def close(self) -> None:
        """Let go of everything; idempotent. A later call opens again (a `:memory:` database starts empty)."""

    @abstractmethod
    async def health(self) -> dict[str, Any]:
        """`{"status": "healthy" | "unhealthy", "provider": …, …}` with what the provider can tell; never a secret.

        SQLite: `database_path`, `tables_found`, `sqlite_version`. DynamoDB: `region`, `table_prefix`, `tables_found`.
        Never raises for a database that does not answer: that is status "unhealthy" with `error`, one sentence.
        """
