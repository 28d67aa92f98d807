"""Patterns of the watch list: which repositories `owner/*`, `@me` and `@starred` stand for, asked once a day.

Implementation notes
- Pages are asked for by number and sorted by name, so that each keeps its ETag while nothing on it changes: a listing
  that is as it was costs no quota with a token.
- An organization lists what the token may see under /orgs, a user under /users what is public, the token's own user
  under /user/repos everything. Which of them answered is remembered.
  https://docs.github.com/en/rest/repos/repos#list-organization-repositories
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from ..errors import Forbidden, InvalidInput, MonitorError, NotFound, Unreachable
from ..github.budget import BudgetSpent, RequestBudget
from ..github.client import PER_PAGE, GitHubClient
from ..github.resources import ListedRepository, parse_listed_repositories, parse_login
from ..infrastructure.database_interface import CollectorState
from ..infrastructure.watch_list import watched_patterns
from ..instants import Clock, format_instant, parse_instant
from ..records import Pattern, PatternPage, repo_key
from ..text import first_few
from ..watch_words import WatchWord, parse_watch_word, word_of

RESOLVED_FOR = timedelta(days=1)
RETRY_AFTER = timedelta(hours=1)
MAX_PAGES = 10
MAX_REQUESTS = 40
SECONDS = 30.0
LOGIN_SECONDS = 5.0
"""For which an answer waits to learn whose the token is."""
_SHOWN = 5
_MINE = "user/repos?affiliation=owner,collaborator&sort=full_name"
_OWN = "user/repos?affiliation=owner&sort=full_name"


class Patterns:
    """Resolves patterns with the token's rights, and keeps what they stand for in the database."""

    def __init__(self, collector_state: CollectorState, client: GitHubClient, clock: Clock) -> None:
        self._state, self._client, self._clock = collector_state, client, clock
        self._failed: dict[str, datetime] = {}
        self._user: tuple[str | None, datetime] | None = None

    async def resolve(self, words: Iterable[str]) -> dict[str, Pattern | MonitorError]:
        """Return by word, as given, what it stands for, or why that is not known.

        What is known for less than a day is not asked again; where asking fails, what was known stays, with a note.
        """
        stored = await self._state.get_patterns()
        budget = RequestBudget(MAX_REQUESTS, self._clock() + timedelta(seconds=SECONDS))
        found: dict[str, Pattern | MonitorError] = {}
        for text in words:
            word = word_of(text)
            pattern = stored.get(word, Pattern(word=word))
            if not self._is_due(pattern):
                found[text] = pattern
                continue
            try:
                found[text] = await self._renew(pattern, budget)
            except MonitorError as error:
                self._failed[word] = self._clock()
                found[text] = error if pattern.resolved_at is None else await self._kept(pattern, error)
        return found

    async def resolve_due(self, targets: Sequence[str]) -> None:
        """Resolve the patterns that are watched and were not resolved within a day; failures wait for an hour."""
        due = [pattern.word for pattern in watched_patterns(await self._state.get_patterns(), targets)]
        now = self._clock()
        tried = {word for word, at in self._failed.items() if at <= now < at + RETRY_AFTER}
        if words := [word for word in due if word not in tried]:
            await self.resolve(words)

    async def login(self) -> str | None:
        """Return the login of the token's own user, lower-case, asked once a day; None without one.

        An installation of a GitHub App is not a user. Where asking fails, nothing is known for an hour.
        """
        if not self._client.authenticated:
            return None
        if self._user is None or self._clock() >= self._user[1]:
            budget = RequestBudget(1, self._clock() + timedelta(seconds=LOGIN_SECONDS))
            try:
                self._user = await self._fetch_login(budget), self._clock() + RESOLVED_FOR
            except (BudgetSpent, MonitorError):
                self._user = None, self._clock() + RETRY_AFTER
        return self._user[0]

    async def _fetch_login(self, budget: RequestBudget) -> str | None:
        try:
            return parse_login((await self._client.fetch_place("user", budget=budget)).body)
        except (Forbidden, NotFound):  # an installation of a GitHub App is not a user
            return None

    def _is_due(self, pattern: Pattern) -> bool:
        if parse_watch_word(pattern.word).kind == "without":
            return False
        return pattern.resolved_at is None or not (
            timedelta() <= self._clock() - parse_instant(pattern.resolved_at) < RESOLVED_FOR
        )

    async def _kept(self, pattern: Pattern, error: MonitorError) -> Pattern:
        kept = msgspec.structs.replace(pattern, note=f"could not be resolved again: {error.message}")
        await self._state.save_patterns([kept])
        return kept

    async def _renew(self, pattern: Pattern, budget: RequestBudget) -> Pattern:
        """Ask GitHub, and keep the answer. Raises why there is none."""
        parsed = parse_watch_word(pattern.word)
        try:
            place, pages = await self._listing(pattern, parsed, budget)
        except BudgetSpent:
            raise Unreachable(f"GitHub did not list {pattern.word} in time; ask again") from None
        repos = tuple(dict.fromkeys(name for page in pages for name in page.repos))
        renewed = msgspec.structs.replace(
            pattern,
            repos=repos,
            resolved_at=format_instant(self._clock()),
            place=place,
            pages=tuple(pages),
            note=_note(pattern, repos, more=pages[-1].more),
        )
        # what a person changed meanwhile stays
        now = (await self._state.get_patterns()).get(pattern.word)
        renewed = msgspec.structs.replace(renewed, watched=now.watched) if now else renewed
        await self._state.save_patterns([renewed])
        self._failed.pop(pattern.word, None)
        return renewed

    async def _listing(
        self, pattern: Pattern, parsed: WatchWord, budget: RequestBudget
    ) -> tuple[str, list[PatternPage]]:
        """Return the place that knows the repositories, and its pages."""
        if parsed.kind != "owner":
            if not self._client.authenticated:
                raise InvalidInput(
                    f"{pattern.word} needs to know whose it is: set GITHUB_TOKEN or log in with gh auth login,"
                    " or name the owner as owner/*"
                )
            place = _MINE if parsed.kind == "me" else "user/starred?sort=created&direction=asc"
            return place, await self._pages(pattern, place, parsed, budget)
        for place in [pattern.place] if pattern.place else await self._places(parsed.key, budget):
            try:
                return place, await self._pages(pattern, place, parsed, budget)
            except NotFound:
                continue
        raise NotFound(f"GitHub knows no owner {parsed.key}, or it is not visible with this token; check the name")

    async def _places(self, owner: str, budget: RequestBudget) -> list[str]:
        user, organization = f"users/{owner}/repos?sort=full_name", f"orgs/{owner}/repos?sort=full_name"
        if not self._client.authenticated:
            return [user, organization]
        return [_OWN] if await self._fetch_login(budget) == owner else [organization, user]

    async def _pages(self, pattern: Pattern, place: str, parsed: WatchWord, budget: RequestBudget) -> list[PatternPage]:
        known = pattern.pages if place == pattern.place else ()
        pages: list[PatternPage] = []
        while len(pages) < MAX_PAGES and (not pages or pages[-1].more):
            before = known[len(pages)] if len(pages) < len(known) else None
            url = f"{place}&per_page={PER_PAGE}&page={len(pages) + 1}"
            answer = await self._client.fetch_place(
                url, budget=budget, owner=parsed.key or None, etag=before.etag if before else None
            )
            if answer.status == "not_modified" and before is not None:
                pages.append(before)
                continue
            rows = parse_listed_repositories(answer.body)
            names = tuple(row.full_name for row in rows if _counts(row, parsed))
            # a full page may be followed by another one that is not there yet when its ETag is used again
            more = answer.next_url is not None or len(rows) >= PER_PAGE
            pages.append(PatternPage(answer.etag, names, more))
        return pages


def _counts(row: ListedRepository, parsed: WatchWord) -> bool:
    if parsed.kind != "owner":
        return True
    return repo_key(row.full_name).startswith(f"{parsed.key}/") and not (row.fork or row.archived)


def _note(before: Pattern, repos: Sequence[str], *, more: bool) -> str | None:
    """Return what came and went since the pattern was resolved before."""
    said = [f"There are more than are listed: the first {MAX_PAGES * PER_PAGE} count."] if more else []
    if before.resolved_at is not None:
        old, new = ({name.lower(): name for name in names} for names in (before.repos, repos))
        for what, names in (
            ("No longer there", [old[key] for key in old.keys() - new.keys()]),
            ("New", [new[key] for key in new.keys() - old.keys()]),
        ):
            said += [f"{what}: {first_few(sorted(names), _SHOWN)}."] if names else []
    return " ".join(said) or None
