"""Who did what: `rank_developers`, people, bots and AI assistants apart."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest

from ..answers.insights import Developer, DeveloperResult
from ..people import Kind
from ..records import Activity, Authorship
from .accounts import Account, Accounts
from .contributions import contribution_of

FORMULA = (
    "total = all contributions of an account in the window, of commits and pushes only whichever is more, because a "
    "push carries commits; commits go to author and co-authors, by login, else by the login known for the e-mail "
    "address, else by name; stars, forks and reports of machines do not count; a new contributor did nothing before"
)
MAX_EVIDENCE = 3

_NO_REPOSITORIES: Mapping[str, Sequence[str]] = {}


@dataclass(slots=True)
class _Record:
    """What one account did in the window; proofs are (when, evidence)."""

    account: Account
    counts: Counter[str] = field(default_factory=Counter)
    proofs: list[tuple[str, str]] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.counts.total() - min(self.counts["commits"], self.counts["pushes"])


@dataclass(slots=True)
class _Tally:
    """Records by account, and who was there before the window."""

    since: str
    records: dict[str, _Record] = field(default_factory=dict)
    before: set[str] = field(default_factory=set)

    def add(self, account: Account, kind: str, at: str, proof: str) -> None:
        if at < self.since:
            self.before.add(account.key)
            return
        record = self.records.get(account.key)
        if record is None:
            record = self.records[account.key] = _Record(account)
        elif record.account is not account:
            record.account = min(record.account, account)
        record.counts[kind] += 1
        record.proofs.append((at, proof))


def rank_developers(
    activity: Sequence[Activity],
    authorship: Sequence[Authorship],
    *,
    since: str,
    until: str,
    bot_logins: frozenset[str] = frozenset(),
    history_known: bool = False,
    repositories: Mapping[str, Sequence[str]] = _NO_REPOSITORIES,
) -> DeveloperResult:
    """Rank accounts by what they did in since <= t < until.

    Rows before `since` tell who is not new; `history_known` says that nothing before the window can have been missed:
    without it an account that was not seen before has `new_contributor` null. repositories: by lower-case login, where
    the question spans several. The order of the rows and rows that come twice do not matter.
    """
    commits = {row.sha: row for row in authorship if row.commit_date < until}
    accounts = Accounts(commits.values(), bot_logins)
    tally = _Tally(since)
    for row in {row.id: row for row in activity if row.created_at < until}.values():
        kind = contribution_of(row)
        if row.actor_login and kind:
            tally.add(accounts.of_login(row.actor_login), kind, row.created_at, f"event:{row.id}")
    for commit in commits.values():
        for account in accounts.of_commit(commit).accounts:
            tally.add(account, "commits", commit.commit_date, f"commit:{commit.sha}")
    people, bots, assistants = (_show(tally, kind, repositories, history_known=history_known) for kind in _KINDS)
    return DeveloperResult(
        developers=people, bots=bots, ai_assistants=assistants, total_people=len(people), formula=FORMULA
    )


_KINDS: tuple[Kind, Kind, Kind] = ("person", "bot", "ai_assistant")


def _show(
    tally: _Tally, kind: Kind, repositories: Mapping[str, Sequence[str]], *, history_known: bool
) -> tuple[Developer, ...]:
    chosen = [record for record in tally.records.values() if record.account.kind == kind]
    chosen.sort(key=lambda record: (-record.total, record.account.key))
    return tuple(
        Developer(
            login=record.account.login,
            kind=kind,
            is_bot=kind == "bot",
            total=record.total,
            contributions={name: amount for name, amount in sorted(record.counts.items()) if amount},
            first_seen=min(record.proofs)[0],
            last_seen=max(record.proofs)[0],
            new_contributor=False if record.account.key in tally.before else True if history_known else None,
            repositories=tuple(sorted(repositories.get(record.account.key, ()))),
            evidence=tuple(proof for _, proof in nlargest(MAX_EVIDENCE, record.proofs)),
        )
        for record in chosen
    )
