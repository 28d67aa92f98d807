"""What is new as an Atom feed, for readers of feeds and for chat programs that follow one.

https://www.rfc-editor.org/rfc/rfc4287: every entry has an id that stays, and a moment at which it was.
"""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as ET

from fastapi import FastAPI, Request
from starlette.responses import Response

from ..infrastructure.database_service import DatabaseService
from ..infrastructure.questions.news import Attention, News, digest, identify
from ..infrastructure.questions.news_gathering import gather
from ..infrastructure.questions.query import MAX_REPOSITORIES, Query, Repos
from ..infrastructure.questions.windows import ask
from ..infrastructure.watch_list import check_repos
from ..instants import format_instant
from .question_routes import conditional, weak_etag

ATOM = "http://www.w3.org/2005/Atom"
DAYS = 7
MAX_ENTRIES = 200
MAX_OF_A_KIND = 20
_FEED_ID = f"urn:uuid:{uuid5(NAMESPACE_URL, 'github-events-monitor/feed')}"
_NOT_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""https://www.w3.org/TR/xml/#charsets"""


class FeedQuery(Query):
    """Whose news."""

    repos: Repos = None


class Entry(NamedTuple):
    """An entry of the feed."""

    id: str
    title: str
    url: str
    updated: str
    category: str
    repo: str


def declare_feed(app: FastAPI, service: Callable[[], DatabaseService]) -> None:
    """Add `/feed.atom`."""

    @app.get("/feed.atom", tags=["digest"], response_class=Response)
    async def feed(request: Request) -> Response:
        """What needs attention and what is new in the last seven days, as Atom. `repos`: commas; default: watched."""
        query = FeedQuery.read(dict(request.query_params), "this endpoint")
        body = render(await _entries(service(), query))
        return conditional(request, body, "application/atom+xml", weak_etag(body))


async def _entries(service: DatabaseService, query: FeedQuery) -> list[Entry]:
    context = service.context.for_call(progress=None, may_watch=False)
    chosen = await context.choose(query.repos)
    names = chosen.names[:MAX_REPOSITORIES]
    midnight = context.now().replace(hour=0, minute=0, second=0, microsecond=0)
    since = format_instant(midnight - timedelta(days=DAYS))
    asked = ask(context.now(), hours=24, since=since)
    refused = {**chosen.problems, **check_repos(names)}
    found = await gather(context, names, refused, asked, MAX_OF_A_KIND)
    entries = [_attention(one, format_instant(midnight)) for one in found.attention]
    for part in found.news:
        entries += [_news(part.repo, kind, row, since) for kind, rows in part.first.items() for row in rows]
    unique = {entry.id: entry for entry in reversed(entries)}
    return sorted(unique.values(), key=lambda entry: (entry.updated, entry.id), reverse=True)[:MAX_ENTRIES]


def _attention(one: Attention, otherwise: str) -> Entry:
    url = one.url or f"https://github.com/{one.repo}"
    return Entry(identify(one), f"{one.repo}: {one.reason}", url, one.at or otherwise, one.kind, one.repo)


def _news(repo: str, kind: str, row: News, otherwise: str) -> Entry:
    url = row.url or f"https://github.com/{repo}"
    own_page = re.search(r"/(commit|pull|issues)/[0-9a-f]+$", url)
    what = kind if own_page else f"{kind}-{digest(f'{row.title} {row.at}')}"
    return Entry(f"{url}#{what}", f"{repo}: {_KINDS[kind]}{row.title}", url, row.at or otherwise, kind, repo)


_KINDS = {
    "commits": "",
    "pull_requests_opened": "pull request opened: ",
    "pull_requests_merged": "pull request merged: ",
    "pull_requests_closed": "pull request closed: ",
    "issues_opened": "issue opened: ",
    "issues_closed": "issue closed: ",
    "releases": "release ",
    "failed_runs": "failed run: ",
}


def render(entries: list[Entry]) -> bytes:
    """Return the feed, which changes only with its entries."""
    ET.register_namespace("", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed")
    newest = max((entry.updated for entry in entries), default="1970-01-01T00:00:00Z")
    for name, text in (("id", _FEED_ID), ("title", "GitHub Events Monitor"), ("updated", newest)):
        _add(feed, name, text)
    for entry in entries:
        node = ET.SubElement(feed, f"{{{ATOM}}}entry")
        for name, text in (("id", quote(entry.id, safe=":/#?&=%")), ("title", entry.title), ("updated", entry.updated)):
            _add(node, name, text)
        ET.SubElement(node, f"{{{ATOM}}}link", href=quote(entry.url, safe=":/#?&=%"))
        ET.SubElement(node, f"{{{ATOM}}}category", term=entry.category)
        author = ET.SubElement(node, f"{{{ATOM}}}author")
        _add(author, "name", entry.repo)
    return b"".join(_lines(feed))


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, f"{{{ATOM}}}{name}").text = _NOT_XML.sub("", text)


def _lines(feed: ET.Element) -> Iterator[bytes]:
    yield b'<?xml version="1.0" encoding="utf-8"?>\n'
    yield ET.tostring(feed, encoding="utf-8")
