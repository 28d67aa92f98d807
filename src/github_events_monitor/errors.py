"""Everything that can go wrong, as one tree.

    MonitorError                 code        REST   exit
    ├─ InvalidInput              invalid     422    2     arguments, files, records
    │  ├─ SettingsError          invalid     -      2     an environment variable
    │  ├─ UnknownBranch         invalid     422    2     one that GitHub does not know, or knows no more
    │  └─ DataFileError          invalid     422    1     a file that is cut, altered or of another kind
    ├─ GitHubError
    │  ├─ NotFound               not_found   404    1     or not visible with this token
    │  ├─ RateLimited            rate_limited 429   1     `retry_at` says until when
    │  ├─ Forbidden              forbidden   403    1     a permission, not a limit
    │  └─ Unreachable            unreachable 502    1     network, time-out, 5xx, nonsense
    ├─ IssuerUnreachable         unreachable 502    1     the keys of OIDC_ISSUER cannot be had
    └─ DatabaseError             internal    503    1     the database answered with an error
       ├─ DatabaseUnreachable    unreachable 503    1     it did not answer
       ├─ UnusablePath           internal    503    2     DATABASE_PATH names no place for a database
       ├─ SchemaMismatch         internal    503    1     made by another program or a newer version
       └─ LeaseLost              internal    503    1     another collector took the repository over

`message` is one sentence for a person: what was wrong and what to do. A driver's or a library's own error is
translated where it enters the program (`github.client`, a provider's connection), never further up.
"""

from datetime import datetime
from typing import ClassVar, Literal

ErrorCode = Literal["not_found", "rate_limited", "forbidden", "unreachable", "invalid", "internal"]


class MonitorError(Exception):
    """The root: `code` for programs, `message` for people, `retry_at` where the moment is known."""

    code: ClassVar[ErrorCode] = "internal"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, retry_at: datetime | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_at = retry_at


class InvalidInput(MonitorError):
    """The caller's words are off: an argument, a record."""

    code: ClassVar[ErrorCode] = "invalid"
    exit_code: ClassVar[int] = 2


class SettingsError(InvalidInput):
    """An environment variable has a value that is not accepted."""


class UnknownBranch(InvalidInput):
    """GitHub knows the repository, and no such branch of it; the message names those that there are."""


class DataFileError(InvalidInput):
    """A file is not what it should be; nothing can be done with the rest of it."""

    exit_code: ClassVar[int] = 1


class GitHubError(MonitorError):
    """GitHub did not give what was asked."""


class NotFound(GitHubError):
    """Not found, or not visible with this token: GitHub answers 404 for both."""

    code: ClassVar[ErrorCode] = "not_found"


class RateLimited(GitHubError):
    """A primary or secondary rate limit; `retry_at` is the instant from which asking again is allowed."""

    code: ClassVar[ErrorCode] = "rate_limited"


class Forbidden(GitHubError):
    """Bad credentials, or a permission that the token lacks."""

    code: ClassVar[ErrorCode] = "forbidden"


class Unreachable(GitHubError):
    """No usable answer: connection, time-out, a server error, or a body that is not what GitHub documents."""

    code: ClassVar[ErrorCode] = "unreachable"


class IssuerUnreachable(MonitorError):
    """The keys of OIDC_ISSUER cannot be had, so that none of its tokens can be judged."""

    code: ClassVar[ErrorCode] = "unreachable"


class DatabaseError(MonitorError):
    """The database refused or failed."""


class DatabaseUnreachable(DatabaseError):
    """The database did not answer at all."""

    code: ClassVar[ErrorCode] = "unreachable"


class UnusablePath(DatabaseError):
    """No database can be at this path: it is a folder, or lies where nothing can be made."""

    exit_code: ClassVar[int] = 2


class SchemaMismatch(DatabaseError):
    """Tables exist whose layout is not ours, or is newer than this program."""


class LeaseLost(DatabaseError):
    """The lease under which a write was made belongs to somebody else by now: nothing was written."""
