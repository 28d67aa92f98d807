"""Releases, from stored rows and from events; one that is in both counts once, by its tag.

A pre-release is what GitHub says of it; only without that its tag decides. It becomes a release when GitHub says
`released`, at that moment.
Rows: https://docs.github.com/en/rest/releases/releases#list-releases; webhooks:
https://docs.github.com/en/webhooks/webhook-events-and-payloads#release
"""

from collections.abc import Iterable
from typing import NamedTuple

from ...records import PRERELEASE, RELEASE, Activity, MetricRow
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
    """Return releases published before `until`, oldest first; what a row says outranks an earlier event."""
    events = [row for row in activity if row.event_type == "ReleaseEvent" and row.created_at < until]
    preliminary = {row.ref for row in events if row.action == "prereleased"}
    found: dict[str, Release] = {}
    for row in events:
        if row.action in NEW:
            tag = row.ref or row.id
            early = _says_prerelease(row, preliminary)
            release = Release(tag, row.created_at, row.actor_login, early, (f"event:{row.id}",))
            found[tag] = min(release, found.get(tag, release), key=_finals_first)
    for stored in sorted(rows, key=lambda row: row.sort):
        name, at = text_of(stored, "tag"), text_of(stored, "published_at")
        if stored.data.get("kind") == "release" and name and at and at < until:
            event, listed = found.get(name), _from_row(stored, name, at, found.get(name))
            became_final = event and listed.prerelease and not event.prerelease and event.published_at > at
            found[name] = event if event and became_final else listed
    return tuple(sorted(found.values(), key=_order))


def _says_prerelease(row: Activity, preliminary: set[str | None]) -> bool:
    if row.subject in {PRERELEASE, RELEASE}:
        return row.subject == PRERELEASE
    return row.action != "released" and (row.ref in preliminary or is_prerelease(row.ref or row.id))


def _finals_first(release: Release) -> tuple[bool, str, str, str]:
    return release.prerelease, *_order(release)


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
