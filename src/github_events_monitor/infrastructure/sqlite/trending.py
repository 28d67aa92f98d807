"""Trending repositories in SQLite, exact for any window.

Implementation notes
- The rollup `_hourly` says for the hours that a window touches how many events a repository has at most. Candidates
  come by that bound; each is counted in `events_window`, until no bound that follows can change the first places.
- Most rows of the rollup are repositories with an event or two. `_hourly_busy` leaves those rows out: whoever is
  missing from it has less than `BUSY` events in each hour. Mostly that settles the first places; if not, all are read.
"""

import sqlite3
from bisect import insort
from collections.abc import Iterable

from ...instants import seconds_between
from ..database_interface import RepositoryCount
from .schema import BUSY

_BUSY_HOURS = f"""
    SELECT repo_name, sum(events) + ? AS most FROM _hourly INDEXED BY _hourly_busy
    WHERE hour >= ? AND hour < ? AND events >= {BUSY} GROUP BY repo_name ORDER BY most DESC, repo_name"""
_ALL_HOURS = """
    SELECT repo_name, sum(events) + ? AS most FROM _hourly
    WHERE hour >= ? AND hour < ? GROUP BY repo_name ORDER BY most DESC, repo_name"""
_COUNT = (
    "SELECT count(*) FROM events INDEXED BY events_window WHERE repo_name = ? AND created_at >= ? AND created_at < ?"
)


def rank(db: sqlite3.Connection, since: str, until: str, limit: int) -> list[RepositoryCount]:
    """Repositories by number of events descending, then name."""
    if since >= until:
        return []
    first, last = (
        since[:13],
        until[:13] if until.endswith(":00:00Z") else until,
    )  # "…T15" < "…T15:20:00Z": that hour counts
    hours = int(seconds_between(since, until) // 3600) + 2
    missing = (BUSY - 1) * hours
    best = _best(db, since, until, limit, db.execute(_BUSY_HOURS, (missing, first, last)))
    if len(best) < limit or best[-1][0] >= -missing:
        best = _best(db, since, until, limit, db.execute(_ALL_HOURS, (0, first, last)))
    return [RepositoryCount(repo, -count) for count, repo in best]


def _best(
    db: sqlite3.Connection, since: str, until: str, limit: int, candidates: Iterable[tuple[str, int]]
) -> list[tuple[int, str]]:
    """The first places among candidates that come with an upper bound of their number, the highest bound first."""
    best: list[tuple[int, str]] = []
    for repo, most in candidates:
        if len(best) >= limit and best[limit - 1] < (-most, repo):
            break
        (count,) = db.execute(_COUNT, (repo, since, until)).fetchone()
        if count:
            insort(best, (-count, repo))
    return best[:limit]
