"""The words that people wrote in events and threads, read for instructions to assistants and hidden characters.

Payloads are of unknown shape: whatever is missing or of another type is None.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..jsontext import load_json
from ..records import Event, Thread

MAX_TEXT = 4_000
"""Longer texts are cut here before they are read."""

_THREADS = ("issue", "pull_request", "discussion")
_REMARKS = ("comment", "review")


class Payload:
    """A payload's JSON, read by paths of keys. title: of the thread it is about, as the record knows it."""

    def __init__(self, event: Event, title: str | None = None) -> None:
        """Payloads that are no JSON object read as empty ones."""
        self.title = title
        try:
            self._value: Any = load_json(event.payload)
        except (ValueError, RecursionError):
            self._value = None

    def text(self, *path: str) -> str | None:
        """Return text that is not empty."""
        found = self._at(path)
        return found if isinstance(found, str) and found.strip() else None

    def number(self, *path: str) -> int | None:
        """Return a whole number."""
        found = self._at(path)
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    def flag(self, *path: str) -> bool:
        """Return whether it is true."""
        return self._at(path) is True

    def has(self, *path: str) -> bool:
        """Return whether it is there and not null."""
        return self._at(path) is not None

    def texts(self, field: str, key: str) -> list[str]:
        """Return the text at `key` of every object in the list at `field`."""
        values = (row.get(key) for row in self._list(field) if isinstance(row, dict))
        return [value for value in values if isinstance(value, str) and value.strip()]

    def size(self, field: str) -> int:
        """Return how long a list is; 0 when there is none."""
        return len(self._list(field))

    def falses(self, field: str, key: str) -> int:
        """Return how many objects of the list at `field` have a `key` that is false."""
        return sum(isinstance(row, dict) and row.get(key) is False for row in self._list(field))

    def _list(self, field: str) -> list[Any]:
        found = self._at((field,))
        return found if isinstance(found, list) else []

    def _at(self, path: tuple[str, ...]) -> Any:
        found = self._value
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return found


class TextItem(NamedTuple):
    """A text as it was written (not cleaned: hidden characters are what is looked for). author: a login."""

    evidence: str
    author: str | None
    created_at: str
    text: str


def texts_of(event: Event) -> list[TextItem]:
    """Return titles, bodies, comments, names of releases, labels, branches, tags and pages, each text once."""
    found: dict[str, str | None] = {}
    for author, text in _written(event, Payload(event)):
        if text:
            found.setdefault(text[:MAX_TEXT], author or event.actor_login)
    return [TextItem(f"event:{event.id}", author, event.created_at, text) for text, author in found.items()]


def texts_of_thread(thread: Thread, repo_url: str) -> list[TextItem]:
    """Return the title and the branch of an issue or pull request; the feed's trimmed payloads lack the title."""
    page = f"{repo_url}/{'pull' if thread.kind == 'pull_request' else 'issues'}/{thread.number}"
    texts = dict.fromkeys(text for text in (thread.title, thread.head) if text)
    return [TextItem(page, thread.author_login, thread.created_at, text[:MAX_TEXT]) for text in texts]


def _written(event: Event, payload: Payload) -> Iterator[tuple[str | None, str | None]]:
    for thread in filter(payload.has, _THREADS):
        author = payload.text(thread, "user", "login")
        yield author, payload.text(thread, "title")
        yield author, payload.text(thread, "body")
    for remark in filter(payload.has, _REMARKS):
        yield payload.text(remark, "user", "login"), payload.text(remark, "body")
    if payload.has("release"):
        author = payload.text("release", "author", "login")
        yield from ((author, payload.text("release", field)) for field in ("name", "body", "tag_name"))
    if payload.has("pages"):
        for field in ("page_name", "title", "summary"):
            yield from ((None, text) for text in payload.texts("pages", field))
    yield None, payload.text("label", "name")
    yield None, payload.text("pull_request", "head", "ref")
    yield None, event.facts.ref or payload.text("ref")
    yield None, payload.text("description")  # of the repository, in a CreateEvent
