"""Releases, from stored rows and from events; one that is in both counts once, by its tag.

A pre-release is what GitHub says of it; only without that its tag decides. It becomes a release when GitHub says
`released`, at that moment.
Rows: https://docs.github.com/en/rest/releases/releases#list-releases; webhooks:
https://docs.github.com/en/webhooks/webhook-events-and-payloads#release
"""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from packaging.version import InvalidVersion, Version

from ... import observations
from ...instants import shift
from ...records import GONE, PRERELEASE, RELEASE, Activity, MetricRow
from ..contributions import NEW
from ..rows import by_time

_SAME = timedelta(minutes=1)
"""By how much an event may be dated after the publication that it tells of."""


class Release(NamedTuple):
    """A published release; its evidence is its address, the event's id, or both."""

    tag: str
    published_at: str
    author_login: str | None
    prerelease: bool
    evidence: tuple[str, ...]


def read_releases(activity: Iterable[Activity], rows: Iterable[MetricRow], until: str) -> tuple[Release, ...]:
    """Return releases published before `until`, oldest first; what a row says outranks an earlier event.

    Those that were deleted, or made drafts again, before that are none.
    """
    return _read(activity, rows, until, there=True)


def gone_releases(
    activity: Iterable[Activity], rows: Iterable[MetricRow], since: str, until: str
) -> tuple[Release, ...]:
    """Return the releases published in a window of which there was none of the same tag any more at its end."""
    events, stored = list(activity), list(rows)
    there = {release.tag for release in _read(events, stored, until, there=True)}
    gone = _read(events, stored, until, there=False)
    return tuple(release for release in gone if since <= release.published_at and release.tag not in there)


class Ends:
    """When releases went, as events and listings say; at `until` at the latest.

    What was told in the very second in which it is asked about is told. A delivery does not say when a release went,
    and may come after that of another one of the same tag: GitHub's ids tell them apart, where they are known.
    """

    def __init__(self, activity: Iterable[Activity], listed: Iterable[observations.Release], until: str) -> None:
        told = [row for row in activity if row.event_type == "ReleaseEvent" and row.action in GONE]
        ends = [(row.ref, id_of(row), row.created_at) for row in told]
        ends += [(one.tag, one.id, one.deleted_at) for one in listed if one.deleted_at]
        self._of_id, self._of_tag, self._without_id = dict[str, str](), dict[str, str](), dict[str, str]()
        for tag, number, at in ends:
            for name, found in (
                (number, self._of_id),
                (tag, self._of_tag),
                (tag if not number else None, self._without_id),
            ):
                if name and at <= until:
                    found[name] = max(found.get(name, ""), at)

    def is_gone(self, tag: str | None, number: str | None, published_at: str) -> bool:
        """Return whether a release went after it was published; number: its id, None where it is not known."""
        if number is None:
            return published_at <= self._of_tag.get(tag or "", "")
        return published_at <= max(self._of_id.get(number, ""), self._without_id.get(tag or "", ""))

    def went(self, row: Activity) -> bool:
        """Return whether the release that an event tells of went after that."""
        return self.is_gone(row.ref, id_of(row), row.created_at)


def id_of(row: Activity) -> str | None:
    """Return GitHub's id of the release that an event is about; None where that is not known."""
    return None if row.number is None else str(row.number)


def tags_by_id(activity: Iterable[Activity], listed: Iterable[observations.Release]) -> dict[str | None, str]:
    """Return the tags that releases have by now: one may get another tag."""
    edited = (row for row in activity if row.event_type == "ReleaseEvent" and row.action == "edited")
    tags: dict[str | None, str] = {one.id: one.tag for one in listed}
    return tags | {number: row.ref for row in by_time(edited) if row.ref and (number := id_of(row))}


def _read(activity: Iterable[Activity], rows: Iterable[MetricRow], until: str, *, there: bool) -> tuple[Release, ...]:
    """Return the releases that were there before `until`, or else those that were not any more, oldest first."""
    activity = list(activity)
    events = [row for row in activity if row.event_type == "ReleaseEvent" and row.created_at < until]
    listed = [one for row in sorted(rows, key=lambda row: row.sort) if (one := observations.Release.from_row(row))]
    ends, tags = Ends(activity, listed, until), tags_by_id(events, listed)
    preliminary = {row.ref for row in events if row.action == "prereleased"}
    found: dict[str, Release] = {}
    for row in events:
        if row.action in NEW and ends.went(row) is not there:
            tag = tags.get(id_of(row)) or row.ref or row.id
            early = _says_prerelease(row, preliminary)
            release = Release(tag, row.created_at, row.actor_login, early, (f"event:{row.id}",))
            found[tag] = min(release, found.get(tag, release), key=_finals_first)
    for known in listed:
        if known.published_at < until and ends.is_gone(known.tag, known.id, known.published_at) is not there:
            tag = tags[known.id]
            event = found.get(tag)
            joined = _joined(known, event)._replace(tag=tag)
            later = shift(known.published_at, _SAME)  # a final one that was made a pre-release is one
            became_final = event and joined.prerelease and not event.prerelease and event.published_at > later
            found[tag] = event if event and became_final else joined
    return tuple(sorted(found.values(), key=_order))


def _says_prerelease(row: Activity, preliminary: set[str | None]) -> bool:
    if row.subject in {PRERELEASE, RELEASE}:
        return row.subject == PRERELEASE
    return row.action != "released" and (row.ref in preliminary or is_prerelease(row.ref or row.id))


def _finals_first(release: Release) -> tuple[bool, str, str, str]:
    return release.prerelease, *_order(release)


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


MAX_TAG = 200
_START = re.compile(r"(?:^|(?<=[-_/@ ]))v?(?=\d)", re.IGNORECASE)
_SEMANTIC = re.compile(
    r"v?(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)-(?P<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)(?:\+[0-9A-Za-z.-]+)?",
    re.IGNORECASE,
)
_SHA = re.compile(r"(?:\d+-)?g?[0-9a-f]{7,40}", re.IGNORECASE)
"""An abbreviated sha, also as `git describe` appends it."""


def is_prerelease(tag: str) -> bool:
    """Return whether the version in a tag, such as 1.0.0-rc.1, 2.0b1 or pkg@v3.0.0-alpha, is a pre-release.

    By versions, never by letters inside words or shas: https://semver.org/#spec-item-9,
    https://packaging.python.org/en/latest/specifications/version-specifiers/#pre-releases
    """
    tag = tag[:MAX_TAG]
    for start in _START.finditer(tag):
        version = tag[start.start() :]
        if start.start() and "." not in version and not start[0]:
            continue  # a part of a name, a date or a sha
        if _SHA.fullmatch(version):
            return False
        try:
            return Version(version).is_prerelease
        except InvalidVersion:
            semantic = _SEMANTIC.fullmatch(version)
            if semantic:
                return _SHA.fullmatch(semantic["pre"]) is None
    return False
