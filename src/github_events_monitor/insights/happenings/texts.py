"""The words that people wrote in an event: what `security_report` reads for instructions and hidden characters."""

from collections.abc import Iterator
from typing import NamedTuple

from ...records import Event
from .payload import Payload

MAX_TEXT = 4_000
"""Longer texts are cut here before anybody looks at them."""

_THREADS = ("issue", "pull_request", "discussion")
_REMARKS = ("comment", "review")


class TextItem(NamedTuple):
    """A text as it was written (not cleaned: hidden characters are what is looked for). author: a login."""

    evidence: str
    author: str | None
    created_at: str
    text: str


def texts_of(event: Event) -> list[TextItem]:
    """Titles, bodies, comments, names of releases, labels, branches, tags and pages; each text once, never an error."""
    found: dict[str, str | None] = {}
    for author, text in _written(event, Payload(event)):
        if text:
            found.setdefault(text[:MAX_TEXT], author or event.actor_login)
    return [TextItem(f"event:{event.id}", author, event.created_at, text) for text, author in found.items()]


def _written(event: Event, payload: Payload) -> Iterator[tuple[str | None, str | None]]:
    for thread in filter(payload.has, _THREADS):
        author = payload.text(thread, "user", "login")
        yield author, payload.text(thread, "title")
        yield author, payload.text(thread, "body")
    for remark in filter(payload.has, _REMARKS):
        yield payload.text(remark, "user", "login"), payload.text(remark, "body")
    for field in ("name", "body", "tag_name") if payload.has("release") else ():
        yield payload.text("release", "author", "login"), payload.text("release", field)
    for field in ("page_name", "title", "summary") if payload.has("pages") else ():
        yield from ((None, text) for text in payload.texts("pages", field))
    yield None, payload.text("label", "name")
    yield None, payload.text("pull_request", "head", "ref")
    yield None, event.facts.ref or payload.text("ref")
    yield None, payload.text("description") if event.event_type == "CreateEvent" else None
