"""Releases, from stored rows and from events; one that is in both counts once, by its tag.

Rows: https://docs.github.com/en/rest/releases/releases#list-releases; events tell the tag and the moment alone.
"""

from collections.abc import Iterable
from typing import NamedTuple

from ... import observations
from ...records import Activity, MetricRow
from ..contributions import NEW
from ..prereleases import is_prerelease


class Release(NamedTuple):
    """A published release; its evidence is its address, the event's id, or both."""

    tag: str
    published_at: str
    author_login: str | None
    prerelease: bool
    evidence: tuple[str, ...]


def read_releases(activity: Iterable[Activity], rows: Iterable[MetricRow], until: str) -> tuple[Release, ...]:
    """Return releases published before `until`, oldest first; what a row says outranks an event."""
    found: dict[str, Release] = {}
    for row in activity:
        if row.event_type != "ReleaseEvent" or row.created_at >= until:
            continue
        if row.action in NEW:
            tag = row.ref or row.id
            release = Release(tag, row.created_at, row.actor_login, is_prerelease(tag), (f"event:{row.id}",))
            found[tag] = min(release, found.get(tag, release), key=_order)
    for stored in sorted(rows, key=lambda row: row.sort):
        known = observations.Release.from_row(stored)
        if known and known.published_at < until:
            found[known.tag] = _joined(known, found.get(known.tag))
    return tuple(sorted(found.values(), key=_order))


def _joined(known: observations.Release, event: Release | None) -> Release:
    return Release(
        known.tag,
        known.published_at,
        known.author_login or (event.author_login if event else None),
        is_prerelease(known.tag) if known.prerelease is None else known.prerelease,
        ((known.url,) if known.url else ()) + (event.evidence if event else ()),
    )


def _order(release: Release) -> tuple[str, str, str]:
    return release.published_at, release.tag, release.evidence[0] if release.evidence else ""
