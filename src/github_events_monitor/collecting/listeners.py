"""Who is told when something new was stored, and how much that has been."""

from collections.abc import Awaitable, Callable

from ..records import Stored

Listener = Callable[[str], Awaitable[None]]
"""Called with a repository's key."""


class Listeners:
    """Those who want to know of new records."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self.stored_so_far = Stored(0, 0)
        """What was new since this was made."""

    def add(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` whenever something new was stored; return how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def notify(self, repo: str, stored: Stored) -> None:
        """Count what was stored of a repository, and say so where it is anything."""
        if stored == (0, 0):
            return
        self.stored_so_far = Stored(*map(sum, zip(self.stored_so_far, stored, strict=True)))
        for listener in tuple(self._listeners):
            await listener(repo)
