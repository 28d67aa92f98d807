"""What `whats_new` is made of: what needs a person, and what is new in each repository."""

import hashlib
from datetime import timedelta
from typing import Literal

from pydantic import Field

from ...answers import Answer, AnswerModel, Link, Problem
from ...instants import SECOND, shift
from ...records import Seen, Span
from ...text import clean
from .context import Subject

AttentionKind = Literal[
    "checks_failing",
    "security",
    "review_requested",
    "your_pull_request",
    "pull_request_unanswered",
    "anomaly",
    "release",
    "pull_request_waiting",
]
KINDS_IN_ORDER: tuple[AttentionKind, ...] = (
    "checks_failing", "security", "review_requested", "your_pull_request", "pull_request_unanswered", "anomaly",
    "release", "pull_request_waiting",
)  # fmt: skip
PULL_REQUESTS = frozenset({"review_requested", "your_pull_request", "pull_request_unanswered", "pull_request_waiting"})
"""About one pull request each, whose title may change."""
ONGOING = PULL_REQUESTS | {"checks_failing"}
"""States, shown for as long as they last; the others are events, which are shown once."""


class Attention(AnswerModel):
    """Something that a person should look at first."""

    kind: AttentionKind
    repo: str
    reason: str
    url: str | None
    at: str | None


class News(AnswerModel):
    """Something that happened: its title, where to see it, and when it was."""

    title: str
    url: str | None
    at: str | None


class RepositoryNews(AnswerModel):
    """What is new in one repository: how many of each kind, and the first few with titles.

    newcomers: null where too little is known of the time before to call anybody new. newcomers_since: before it not all
    is known, where that is less than the 90 days in which nothing may name them.
    """

    repo: str
    counts: dict[str, int]
    first: dict[str, tuple[News, ...]]
    newcomers: tuple[str, ...] | None = ()
    newcomers_since: Link = None
    note: Link = None

    @property
    def newcomers_note(self) -> str:
        """How far back it is known that newcomers are new, to follow their names; empty where that is far enough."""
        return f" (before {self.newcomers_since[:10]} not all is known)" if self.newcomers_since else ""


class WhatsNew(Answer):
    """News across repositories. `next_since` continues where this answer ends; repositories in `errors` have none."""

    since: str
    until: str
    attention: tuple[Attention, ...]
    repositories: tuple[RepositoryNews, ...]
    quiet: tuple[str, ...]
    errors: dict[str, Problem] = Field(default_factory=dict)
    next_since: str
    note: str | None = None


def attention_item(kind: AttentionKind, subject: Subject, reason: str, at: str | None, place: str) -> Attention:
    """Return what needs a person; place: the path of its page within the repository."""
    presenter = subject.presenter
    return Attention(kind=kind, repo=presenter.full_name, reason=reason, url=f"{presenter.repo_url}{place}", at=at)


def word(text: str | None) -> str:
    """Return a stranger's word, cleaned."""
    return clean(text or "unknown", 80, one_line=True)


def identify(one: Attention) -> str:
    """Return an id that stays: its page and kind; where a page has several items, also a digest of its reason."""
    what = one.kind if one.kind in PULL_REQUESTS else f"{one.kind}-{digest(one.reason)}"
    return f"{one.url or f'https://github.com/{one.repo}'}#{what}"


def digest(text: str, size: int = 8) -> str:
    """Return hexadecimal digits for a text, two for each byte of `size`."""
    return hashlib.blake2b(text.encode(), digest_size=size).hexdigest()


REACH = timedelta(days=3)
"""How long before a reader's mark something may have happened that is learned later and still is news."""
MAX_SEEN = 400
"""Occurrences in a repository that are remembered for a reader."""


class NewsFilter:
    """Decides what is news to a reader in one answer about a repository: also what was learned late, but each once.

    start: the instant from which on occurrences are looked at; it lies before the window where it is known what the
    reader has seen already.
    """

    def __init__(self, span: Span, seen: Seen | None = None) -> None:
        self._seen = seen
        self._keys = frozenset(seen.keys if seen else ())
        self._until = span.until
        self.start = max(seen.since, shift(span.since, -REACH)) if seen else span.since
        self._found: dict[str, str] = {}

    @property
    def stretch(self) -> Span:
        """All that is looked at."""
        return Span(self.start, self._until)

    def is_news(self, occurrence: str, at: str) -> bool:
        """Return whether an occurrence is new to the reader; from now on it counts as seen."""
        if not self.start <= at < self._until:
            return False
        key = digest(occurrence, 6)
        self._found[key] = at
        return key not in self._keys

    def remember(self) -> Seen | None:
        """Return what is to be remembered from now on; None where what is remembered stays right."""
        if self._seen is not None and self._found.keys() <= self._keys:
            return None
        since = max(self.start, shift(self._until, -REACH))
        times = sorted((at for at in self._found.values() if at >= since), reverse=True)
        if len(times) > MAX_SEEN:
            since = shift(times[MAX_SEEN], SECOND)
        return Seen(since=since, keys=tuple(sorted(key for key, at in self._found.items() if at >= since)))
