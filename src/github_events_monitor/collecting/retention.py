"""EVENT_RETENTION_DAYS: what is older is removed, and does not count as known any more."""

from datetime import timedelta

from ..github.client import GitHubClient
from ..infrastructure.database_interface import DatabaseManager
from ..instants import Clock, format_instant, shift

EVERY = timedelta(hours=1)


class Retention:
    """Removes old records, at most once an hour; `days` None keeps everything."""

    def __init__(self, manager: DatabaseManager, client: GitHubClient, clock: Clock, days: int | None) -> None:
        self._manager, self._client, self._clock = manager, client, clock
        self.days = days
        self._purged_at = ""

    def cutoff(self) -> str | None:
        """Return the instant before which records are removed, or None."""
        return None if self.days is None else shift(format_instant(self._clock()), -timedelta(days=self.days))

    async def purge_if_due(self) -> None:
        """Remove what is older, unless that was done within the hour."""
        cutoff, now = self.cutoff(), format_instant(self._clock())
        if cutoff is None or self._clock_runs_ahead():
            return
        if self._purged_at and now < shift(self._purged_at, EVERY):
            return
        self._purged_at = now
        await self._manager.collector_state.forget_before(cutoff)
        await self._manager.events.delete_before(cutoff)
        await self._manager.commits.delete_before(cutoff)
        await self._manager.threads.delete_before(cutoff)

    def _clock_runs_ahead(self) -> bool:
        """Return whether it is much later here than at GitHub: everything would seem old, and be removed."""
        limit = self._client.rate_limit
        return limit is not None and self._clock() > limit.reset_at + timedelta(days=1)
