"""Who did what: `rank_developers`, people, bots and AI assistants apart."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from statistics import median

from ..people import Kind
from ..records import Activity, Authorship
from .accounts import Account, Accounts
from .contributions import Contribution, contribution_of
from .first_responses import Responses
from .results import Developer, DeveloperResult
from .rows import evidence_of, in_order, within

FORMULA = (
    "total = all contributions of an account in the window, of commits and pushes only whichever is more, because a "
    "push carries commits; commits go to author and co-authors, by login, else by the login known for the e-mail "
    "address, else by name; stars, forks and reports of machines do not count; a new contributor did nothing before; "
    "first responses are issues and pull requests of other people that the account was the first person to answer"
)
MAX_EVIDENCE = 3

DEVELOPER_FACTS = ("action", "number")
"""All that is looked at of an event's facts; the number where the record of threads is joined."""

_NO_REPOSITORIES: Mapping[str, Sequence[str]] = {}
_NO_RESPONSES: Responses = {}


@dataclass(slots=True)
class _Record:
    """What one account did in the window; proofs are (when, evidence), the first and the last few of each kind."""

    account: Account
    counts: Counter[str] = field(default_factory=Counter)
    proofs: set[tuple[str, str]] = field(default_factory=set)

    @property
    def total(self) -> int:
        return self.counts.total() - min(self.counts["commits"], self.counts["pushes"])


class _Tally(dict[str, _Record]):
    """Records by the key of their account."""

    def add(self, account: Account, kind: str, count: int, proofs: Iterable[tuple[str, str]]) -> None:
        record = self.get(account.key)
        if record is None:
            record = self[account.key] = _Record(account)
        elif record.account is not account:
            record.account = min(record.account, account)
        record.counts[kind] += count
        record.proofs.update(proofs)


def rank_developers(
    activity: Sequence[Activity],
    authorship: Sequence[Authorship],
    *,
    since: str,
    until: str,
    bot_logins: frozenset[str] = frozenset(),
    history_known: bool = False,
    repositories: Mapping[str, Sequence[str]] = _NO_REPOSITORIES,
    responses: Responses = _NO_RESPONSES,
    actor: str | None = None,
) -> DeveloperResult:
    """Rank accounts by what they did in since <= t < until. Order and repetition of the rows do not matter.

    Args:
        activity: rows before `since` tell who is not new.
        authorship: the same of commits.
        since: stored instant.
        until: stored instant.
        bot_logins: lower-case.
        history_known: nothing before the window can have been missed; without it an account that was not seen before
            has `new_contributor` None.
        repositories: by key of an account, where the question spans several.
        responses: see `first_responses`.
        actor: a login or name; only that person's account is returned, with the same figures as in the whole ranking.
    """
    rows = in_order(activity)
    commits = {row.sha: row for row in authorship if row.commit_date < until}.values()
    accounts, tally, before = Accounts(commits, bot_logins), _Tally(), set[str]()
    before.update(account.key for account, *_ in _contributions(within(rows, "", since), accounts))
    for account, kind, found in _contributions(within(rows, since, until), accounts):
        shown = (found[0], *found[-MAX_EVIDENCE:])
        tally.add(account, kind, len(found), ((row.created_at, evidence_of(row)) for row in shown))
    for commit in commits:
        for account in accounts.of_commit(commit).accounts:
            if commit.commit_date < since:
                before.add(account.key)
            else:
                tally.add(account, "commits", 1, [(commit.commit_date, f"commit:{commit.sha}")])
    if actor is not None:
        mine = accounts.keys_of(actor, commits)
        tally = _Tally({key: record for key, record in tally.items() if key in mine})
    people, bots, assistants = (
        _show(tally, kind, repositories, responses, before, history_known=history_known) for kind in _KINDS
    )
    return DeveloperResult(
        developers=people, bots=bots, ai_assistants=assistants, total_people=len(people), formula=FORMULA
    )


def rank_person(
    actor: str,
    rows: Mapping[str, tuple[Sequence[Activity], Sequence[Authorship]]],
    *,
    since: str,
    until: str,
    bot_logins: frozenset[str] = frozenset(),
    history_known: bool = False,
    responses: Responses = _NO_RESPONSES,
) -> DeveloperResult:
    """Return what one person did in one or more repositories, with the attribution of the whole ranking.

    Args:
        actor: a login, or a name by which commits without a login are known.
        rows: by repository all its events and commits, not only the person's: e-mail addresses and co-authors tell
            more. Commits that several repositories share count once, in each of them.
        since: stored instant.
        until: stored instant.
        bot_logins: lower-case.
        history_known: as in `rank_developers`.
        responses: of all repositories together.
    """
    activity = [row for events, _ in rows.values() for row in events]
    commits = [row for _, authorship in rows.values() for row in authorship]
    accounts = Accounts(commits, bot_logins)
    mine = accounts.keys_of(actor, commits)
    where: defaultdict[str, list[str]] = defaultdict(list)
    for repo, (events, authorship) in rows.items():
        found = (account.key for account, *_ in _contributions(_in_window(events, since, until), accounts))
        written = (
            account.key
            for row in authorship
            if since <= row.commit_date < until
            for account in accounts.of_commit(row).accounts
        )
        for key in mine & {*found, *written}:
            where[key].append(repo)
    return rank_developers(
        activity,
        commits,
        since=since,
        until=until,
        bot_logins=bot_logins,
        history_known=history_known,
        repositories=where,
        responses=responses,
        actor=actor,
    )


def _in_window(rows: Iterable[Activity], since: str, until: str) -> list[Activity]:
    return [row for row in rows if since <= row.created_at < until]


def _contributions(
    rows: Iterable[Activity], accounts: Accounts
) -> Iterator[tuple[Account, Contribution, Sequence[Activity]]]:
    """Yield rows that are contributions, those of an account that are alike together, in their order."""
    alike: defaultdict[tuple[str | None, str, str | None], list[Activity]] = defaultdict(list)
    for row in rows:
        alike[row.actor_login, row.event_type, row.action].append(row)
    for (login, event_type, action), found in alike.items():
        kind = contribution_of(event_type, action)
        if login and kind:
            yield accounts.of_login(login), kind, found


_KINDS: tuple[Kind, Kind, Kind] = ("person", "bot", "ai_assistant")


def _show(
    tally: _Tally,
    kind: Kind,
    repositories: Mapping[str, Sequence[str]],
    responses: Responses,
    before: Container[str],
    *,
    history_known: bool,
) -> tuple[Developer, ...]:
    chosen = [record for record in tally.values() if record.account.kind == kind]
    chosen.sort(key=lambda record: (-record.total, record.account.key))
    return tuple(
        Developer(
            login=record.account.login,
            kind=kind,
            is_bot=kind == "bot",
            total=record.total,
            contributions={name: amount for name, amount in sorted(record.counts.items()) if amount},
            first_responses=len(hours),
            median_first_response_hours=_median(hours),
            first_seen=min(record.proofs)[0],
            last_seen=max(record.proofs)[0],
            new_contributor=False if record.account.key in before else True if history_known else None,
            repositories=tuple(sorted(repositories.get(record.account.key, ()))),
            evidence=tuple(proof for _, proof in nlargest(MAX_EVIDENCE, record.proofs)),
        )
        for record in chosen
        for hours in (responses.get(record.account.key, ()),)
    )


def _median(hours: Sequence[float]) -> float | None:
    return round(median(hours), 1) if hours else None
