"""Trending repositories in SQLite, exact for any window, without looking at most repositories.

Implementation notes
- The rollup `_daily` ranks the repositories of each day. All days that the window touches are read side by side, from
  the top: a repository that was not met yet has at most the events of the current places together, so the reading ends
  as soon as that cannot change the first places any more. This is the threshold algorithm of Fagin, Lotem and Naor,
  "Optimal aggregation algorithms for middleware", https://doi.org/10.1016/S0022-0000(03)00026-6
- Days that the window holds in part give such an upper bound, too; what is counted in it is counted in `events_window`.
"""

import sqlite3
from bisect import insort
from collections.abc import Iterator
from datetime import timedelta

from ...instants import shift
from ..database_interface import RepositoryCount

_DAYS = """
    WITH RECURSIVE found(day) AS (
        SELECT min(day) FROM _daily WHERE day >= :first
        UNION ALL SELECT (SELECT min(day) FROM _daily WHERE day > found.day) FROM found WHERE found.day < :last
    ) SELECT day FROM found WHERE day <= :last"""
_RANKING = (
    "SELECT repo_name, events FROM _daily INDEXED BY _daily_ranking WHERE day = ? ORDER BY events DESC, repo_name"
)
_WHOLE_DAYS = "SELECT coalesce(sum(events), 0) FROM _daily WHERE repo_name = ? AND day >= ? AND day < ?"
_PART = (
    "SELECT count(*) FROM events INDEXED BY events_window WHERE repo_name = ? AND created_at >= ? AND created_at < ?"
)
_MIDNIGHT = "T00:00:00Z"


def rank(db: sqlite3.Connection, since: str, until: str, limit: int) -> list[RepositoryCount]:
    """Return repositories by number of events descending, then name."""
    last = until[:10] if not until.endswith(_MIDNIGHT) else shift(until, timedelta(seconds=-1))[:10]
    days = [day for (day,) in db.execute(_DAYS, {"first": since[:10], "last": last})] if since < until else []
    rankings: list[Iterator[tuple[str, int]]] = [db.execute(_RANKING, (day,)) for day in days]
    best: list[tuple[int, str]] = []
    met: set[str] = set()
    while rankings:
        places = [(ranking, place) for ranking in rankings if (place := next(ranking, None))]
        rankings = [ranking for ranking, _ in places]
        for _, (repo, _) in places:
            if repo not in met:
                met.add(repo)
                if count := _count(db, repo, since, until):
                    insort(best, (-count, repo))
        most, name = sum(events for _, (_, events) in places), max((repo for _, (repo, _) in places), default="")
        if len(best) >= limit and best[limit - 1] <= (-most, name):  # of equal numbers in a day, names follow in order
            break
    return [RepositoryCount(repo, -count) for count, repo in best[:limit]]


def _count(db: sqlite3.Connection, repo: str, since: str, until: str) -> int:
    """Return how many events of a repository lie in the window, for whole days out of the rollup."""
    if since[:10] == until[:10]:
        return _ask(db, _PART, repo, since, until)
    begin = since if since.endswith(_MIDNIGHT) else shift(since[:10] + _MIDNIGHT, timedelta(days=1))
    end = until[:10] + _MIDNIGHT
    count = _ask(db, _WHOLE_DAYS, repo, begin[:10], end[:10])
    if since < begin:
        count += _ask(db, _PART, repo, since, begin)
    if end < until:
        count += _ask(db, _PART, repo, end, until)
    return count


def _ask(db: sqlite3.Connection, question: str, *values: str) -> int:
    return int(db.execute(question, values).fetchone()[0])
