"""The invented project in a database."""

from datetime import datetime

from ..collecting.leases import acquire
from ..errors import DatabaseError
from ..infrastructure.database_interface import DatabaseManager
from ..records import Stored
from .project import REPOSITORIES, UNTIL, invent


async def store_demo(manager: DatabaseManager, until: datetime = UNTIL) -> Stored:
    """Store the project as collecting would have, all of it watched, and return how much was new.

    until: the present of the project; questions are asked at that instant.

    Raises:
        DatabaseError: Somebody else collects these repositories in this database.
    """
    new = Stored(0, 0)
    for batch in invent(until):
        lease = await acquire(manager, lambda: until, batch.state.repo_name, "demo")
        if lease is None:
            raise DatabaseError(f"{batch.state.full_name} is being collected in this database; use an empty one")
        stored = await manager.store(batch, lease)
        await manager.collector_state.release_lease(lease)
        new = Stored(new.events + stored.events, new.commits + stored.commits)
    await manager.collector_state.watch(REPOSITORIES)
    return new
