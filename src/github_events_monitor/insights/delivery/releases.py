"""Releases, from stored rows and from events; one that is in both counts once, by its tag.

Rows: https://docs.github.com/en/rest/releases/releases#list-releases; events tell the tag and the moment alone.
"""

from collections.abc import Iterable
from typing import NamedTuple

from ...records import Activity, MetricRow
from ..contributions import NEW
from ..prereleases import is_prerelease
from .fields import text_of


class Release(NamedTuple):
    """A published release; `url` or the event's id is what a reader can open."""

    tag: str
    published_at: str
    author_login: str | None
    prerelease: bool
    evidence: tuple[str, ...]


def read_releases(activity: Iterable[Activity], rows: Iterable[MetricRow], until: str) -> tuple[Release, ...]:
    """Releases published before `until`, oldest first; what a row says outranks an event."""
    found: dict[str, Release] = {}
    for row in activity:
        if row.event_type != "ReleaseEvent" or row.created_at >= until:
            continue
        if row.action in NEW:
            tag = row.ref or row.id
            release = Release(tag, row.created_at, row.actor_login, is_prerelease(tag), (f"event:{row.id}",))
            found[tag] = min(release, found.get(tag, release), key=_order)
    for stored in sorted(rows, key=lambda row: row.sort):
        name, at = text_of(stored, "tag"), text_of(stored, "published_at")
        if stored.data.get("kind") == "release" and name and at and at < until:
            found[name] = _from_row(stored, name, at, found.get(name))
    return tuple(sorted(found.values(), key=_order))


def _from_row(row: MetricRow, tag: str, at: str, event: Release | None) -> Release:
    url, prerelease = text_of(row, "url"), row.data.get("prerelease")
    return Release(
        tag,
        at,
        text_of(row, "author_login") or (event.author_login if event else None),
        prerelease if isinstance(prerelease, bool) else is_prerelease(tag),
        ((url,) if url else ()) + (event.evidence if event else ()),
    )


def _order(release: Release) -> tuple[str, str, str]:
    return release.published_at, release.tag, release.evidence[0] if release.evidence else ""
