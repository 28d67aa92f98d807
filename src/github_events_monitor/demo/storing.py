"""The invented project in a database."""

from datetime import datetime

from ..collecting.leases import acquire
from ..errors import DatabaseError
from ..infrastructure.database_interface import DatabaseManager
from ..records import Stored
from .project import REPOSITORIES, UNTIL, invent


async def store_demo(manager: DatabaseManager, until: datetime = UNTIL) -> dict[str, Stored]:
    """Store the project as collecting would have, all of it watched, and return by repository how much was new.

    until: the present of the project; questions are asked at that instant.

    Raises:
        DatabaseError: Somebody else collects these repositories in this database.
    """
    new: dict[str, Stored] = {}
    for batch in invent(until):
        lease = await acquire(manager, lambda: until, batch.state.repo_name, "demo")
        if lease is None:
            raise DatabaseError(f"{batch.state.full_name} is being collected in this database; use an empty one")
        new[batch.state.full_name or lease.repo_name] = await manager.store(batch, lease)
        await manager.collector_state.release_lease(lease)
    await manager.collector_state.watch(REPOSITORIES)
    return new
