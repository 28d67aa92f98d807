"""Who is who: commits name people by login, name or e-mail address; events by login alone.

A commit belongs to its author's login; without one to the login known for the same e-mail address in other commits,
or the one in GitHub's noreply address; else to the author's name.
https://docs.github.com/en/account-and-profile/reference/email-addresses-reference
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from ..people import Kind, kind_of, login_of_email
from ..records import Authorship


class Account(NamedTuple):
    """key: lower-case, equal for the same account. login: as written, a name where no login is known."""

    key: str
    login: str
    kind: Kind


class Authors(NamedTuple):
    """Of a commit: author first, then co-authors. people: the keys of those who are people."""

    accounts: tuple[Account, ...]
    people: tuple[str, ...]


class _People(dict[str | None, str]):
    """The keys of people by login, worked out when first asked; empty for others and for None."""

    def __init__(self, of_login: Callable[[str], Account]) -> None:
        super().__init__({None: ""})
        self._of_login = of_login

    def __missing__(self, login: str | None) -> str:
        account = self._of_login(login or "")
        key = self[login] = account.key if account.kind == "person" else ""
        return key


class Accounts:
    """The accounts behind commits and events of a repository; remembers what it worked out.

    people: by login, the key of a person; empty for bots, assistants and None.
    """

    def __init__(self, commits: Iterable[Authorship], bot_logins: frozenset[str], bots: Iterable[str] = ()) -> None:
        """Learn from commits; `bots` are logins, lower-case, that GitHub says are bots' (`bot_logins`: the user)."""
        self._bot_logins = frozenset(login.lower() for login in bot_logins)
        self._login_of: dict[str, str] = {}
        self._bots = set(bots)
        for login, email, account_type in {(row.author_login, row.author_email, row.author_type) for row in commits}:
            self._learn(login, email, account_type)
        self._accounts: dict[str, Account] = {}
        self._authors: dict[tuple[str | None, str | None, str | None, str], Authors] = {}
        self.people: Mapping[str | None, str] = _People(self.of_login)

    def of_login(self, login: str) -> Account:
        """Return the account with a login."""
        if (account := self._accounts.get(login)) is None:
            account_type = "Bot" if login.lower() in self._bots else None
            kind = kind_of(login, account_type=account_type, bot_logins=self._bot_logins)
            account = self._accounts[login] = Account(login.lower(), login, kind)
        return account

    def of_commit(self, commit: Authorship) -> Authors:
        """Return the author and the co-authors of a commit, each once; the author first."""
        known = (commit.author_login, commit.author_name, commit.author_email, commit.co_authors)
        if (found := self._authors.get(known)) is None:
            authors = [self._resolve(*known[:3]), *map(self._co_author, commit.co_authors.splitlines())]
            unique: dict[str, Account] = {}
            for account in authors:
                if account:
                    unique.setdefault(account.key, account)
            people = tuple(account.key for account in unique.values() if account.kind == "person")
            found = self._authors[known] = Authors(tuple(unique.values()), people)
        return found

    def keys_of(self, person: str, commits: Iterable[Authorship]) -> frozenset[str]:
        """Return the keys of the accounts that a login, a name or an e-mail address means.

        A login means itself. A name or an address means every account that commits by or with such an author belong
        to; where it is no login it is also the key of commits that nothing else is known of.
        """
        asked = person.strip().removeprefix("@").lower()
        rows = list(commits)
        if any(asked == row.author_login.lower() for row in rows if row.author_login):
            return frozenset({asked})
        named = {
            account.key
            for row in rows
            if asked in {(row.author_name or "").strip().lower(), (row.author_email or "").strip().lower()}
            for account in self.of_commit(row).accounts[:1]
        }
        helped = {
            account.key
            for line in {line for row in rows for line in row.co_authors.splitlines()}
            if asked in {part.strip().lower() for part in line.removesuffix(">").rpartition("<")}
            and (account := self._co_author(line))
        }
        return frozenset({asked, *named, *helped})

    def _learn(self, login: str | None, email: str | None, account_type: str | None) -> None:
        if login and (account_type or "").lower() == "bot":
            self._bots.add(login.lower())
        if login and email:
            self._login_of[email.lower()] = min(login, self._login_of.get(email.lower(), login))

    def _co_author(self, line: str) -> Account | None:
        name, _, email = line.rpartition("<")
        return self._resolve(None, name.strip() or None, email.strip().removesuffix(">") or None)

    def _resolve(self, login: str | None, name: str | None, email: str | None) -> Account | None:
        if not login and email:
            login = self._login_of.get(email.lower()) or login_of_email(email)
        if login:
            return self.of_login(login)
        shown = name or email
        if not shown:
            return None
        return Account(shown.lower(), shown, kind_of(None, name, email))
