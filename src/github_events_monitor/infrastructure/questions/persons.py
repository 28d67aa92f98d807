"""Where a person is found in stored records, and a note about a person who is in none of them."""

import difflib
from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

from ...answers import Coverage
from ...insights.accounts import Accounts
from ...records import Authorship, Span, repo_key
from ...side_by_side import side_by_side
from ...text import clean
from .context import QuestionContext, Subject
from .coverage import add_note
from .lines import quoted
from .reading import HISTORY_DAYS, read_rows
from .windows import Asked, days_before

MAX_SEARCHED = 200
"""Repositories whose commits are looked through for one person."""
MAX_ASKED = 10
"""Repositories whose people are searched for a name like the unknown one."""
_NEAREST = 3


class Found(NamedTuple):
    """Where a person was active. searched: the repositories looked through; more: whether there are others."""

    repos: tuple[str, ...]
    searched: tuple[str, ...]
    more: bool


async def find_person(context: QuestionContext, person: str, asked: Asked) -> Found:
    """Return the keys of repositories in which a login, name or e-mail address was active in the window.

    Commits name people in other ways than events do: their authors and co-authors are looked through in all
    repositories stored here, watched ones first, and the events are asked for the logins found there.
    """
    known = await context.manager.collector_state.get_repositories(limit=MAX_SEARCHED + 1)
    watching = [repo_key(name) for name in await context.watching()]
    every = list(dict.fromkeys([*watching, *(row.repo_name for row in known)]))
    searched = every[:MAX_SEARCHED]
    states = await context.states(searched)
    branches = [states[repo].default_branch if repo in states else None for repo in searched]
    asking = context.manager.commits.get_authorship
    read = await side_by_side(
        [partial(asking, repo, *asked.span, branch=branch) for repo, branch in zip(searched, branches, strict=True)]
    )
    commits = [row for rows in read for row in rows]
    accounts = Accounts(commits, context.bots)
    mine = accounts.keys_of(person, commits)
    found = {
        repo
        for repo, rows in zip(searched, read, strict=True)
        if any(account.key in mine for row in rows for account in accounts.of_commit(row).accounts)
    }
    for login in sorted(mine):
        found.update(await context.manager.events.get_repositories_of(login, *asked.span))
    return Found(tuple(sorted(found)), tuple(searched), len(every) > MAX_SEARCHED)


async def commits_by(
    context: QuestionContext, subject: Subject, asked: Asked, branch: str | None, person: str
) -> frozenset[str]:
    """Return the shas of the window's commits that a login, name or e-mail address made or helped to make.

    Which accounts are meant is learned from earlier commits, too, as in `developer_activity`.
    """
    since, until = days_before(asked.span.since, HISTORY_DAYS), asked.span.until
    commits = await context.manager.commits.get_authorship(subject.key, since, until, branch=branch)
    accounts = Accounts(commits, context.bots)
    mine = accounts.keys_of(person, commits)
    return frozenset(
        row.sha
        for row in commits
        if row.commit_date >= asked.span.since
        and any(account.key in mine for account in accounts.of_commit(row).accounts)
    )


async def note_unknown_person(
    context: QuestionContext,
    coverage: Coverage,
    subjects: Sequence[Subject],
    asked: Asked,
    person: str | None,
    others: Iterable[str] = (),
) -> Coverage:
    """Return coverage that says so where nothing here names a person. For a question that found nothing of one.

    others: names that stand elsewhere than in commits and events.
    """
    if person is None:
        return coverage
    stretch = Span(days_before(asked.span.since, HISTORY_DAYS), asked.span.until)
    names = {name.lower(): name for name in others}
    for subject in subjects[:MAX_ASKED]:
        activity, commits = await read_rows(context, subject, stretch, facts=())
        logins = {row.actor_login for row in activity}
        names |= {name.lower(): name for name in sorted(filter(None, {*logins, *_names(commits)}))}
    wanted = person.strip().removeprefix("@").lower()
    if wanted in names:
        return coverage
    nearest = [names[name] for name in difflib.get_close_matches(wanted[:80], names, n=_NEAREST, cutoff=0.5)]
    like = f"; names like it: {', '.join(clean(name, 80, one_line=True) for name in nearest)}" if nearest else ""
    said = f"Nobody called {quoted(person, 80)} is known here{like}. This is not to say that nothing was done."
    return add_note(coverage, said).model_copy(update={"complete": False})


def _names(commits: Iterable[Authorship]) -> set[str | None]:
    """Return the logins and names of authors and co-authors, and the addresses that find them."""
    written = {
        name for row in commits for name in (row.author_login, row.author_name, row.author_email) if name is not None
    }
    helped = {line.rpartition("<")[0].strip() for row in commits for line in row.co_authors.splitlines()}
    return {*written, *helped}
