"""What imported events tell of issues and pull requests, into their record, as the feed does it.

It proves nothing of what else happened to them: coverage of the kind "threads" stays as it is.
"""

from collections.abc import Iterable

from ..github.thread_events import numbers_in, threads_after
from ..infrastructure.database_interface import DatabaseManager
from ..records import Event


async def record_threads(manager: DatabaseManager, events: Iterable[Event]) -> int:
    """Merge what events tell into what is stored, and return how many issues and pull requests that changed.

    Events name repositories by the keys under which they are stored. Where threads cannot be kept, nothing is.
    """
    told: dict[str, list[Event]] = {}
    for event in events:
        told.setdefault(event.repo_name or "", []).append(event)
    changed = 0
    for repo, of_repo in told.items():
        known = await manager.threads.get_threads_by_number(repo, numbers_in(of_repo))
        changed += await manager.threads.save_threads(threads_after(of_repo, known).values())
    return changed
