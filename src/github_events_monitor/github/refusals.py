"""What GitHub's refusals mean, in words: one sentence on what was wrong and what to do next.

https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
"""

from typing import NamedTuple

from ..errors import Forbidden, GitHubError, InvalidInput, NotFound, Unreachable

API_VERSION = "2022-11-28"
"""https://docs.github.com/en/rest/about-the-rest-api/api-versions"""

_GONE_FROM_HISTORY = ("no commit found", "no common ancestor")


class Transient(Unreachable):
    """Unreachable, but another try may well succeed: a server error, a broken connection, a cut body."""


class NotOffered(Forbidden):
    """GraphQL as such was refused, or knows no such question; REST still works."""


class Rejected(Forbidden):
    """The token as such is not accepted, whatever was asked for."""


class Request(NamedTuple):
    """What was asked of which host, as far as a message about the answer needs that.

    advice: what helps where the token is rejected, or there is none. access: what would show more, in place of the
    token's rights.
    """

    what: str
    host: str
    authenticated: bool
    advice: str = "set GITHUB_TOKEN"
    access: str | None = None

    @property
    def remedy(self) -> str | None:
        """What helps where there is no token; None where there is one."""
        return None if self.authenticated else self.access or self.advice


def refusal(status: int, message: str, request: Request) -> GitHubError | InvalidInput:
    """Return the error for a status that is neither success nor a rate limit; `message` is GitHub's own, or empty."""
    said = f" ({message})" if message else ""
    if status >= 500 or status in {408, 409, 425}:
        return Transient(f"{request.host} answered {status} for {request.what}{said}; try again later")
    if status == 404 or _is_gone(status, message.lower()):
        return NotFound(_not_found(status, "" if message == "Not Found" else said, request))
    if status == 401:
        return Rejected(_forbidden(status, said, request))
    if status in {403, 451}:
        return Forbidden(_forbidden(status, said, request))
    if status in {400, 422}:
        return InvalidInput(f"{request.host} refused the question for {request.what}{said}; check its arguments")
    return Unreachable(_unexpected(status, said, request))


def is_rejected(status: int, body: bytes) -> bool:
    """Return whether a token is not accepted any more; that of an installation of an App also where it was suspended.

    https://docs.github.com/en/apps/maintaining-github-apps/suspending-a-github-app-installation
    """
    return status == 401 or (status == 403 and b"suspended" in body)


def _is_gone(status: int, words: str) -> bool:
    """Return whether something is not there any more: deleted, switched off, or left out by a force push.

    https://docs.github.com/en/rest/issues/issues#get-an-issue answers 410 for a deleted issue.
    """
    if status == 410:
        return "deleted" in words or "disabled" in words
    return status == 422 and words.startswith(_GONE_FROM_HISTORY)


def _not_found(status: int, said: str, request: Request) -> str:
    """Return words that claim neither: GitHub's 404 is the same for what is missing and for what is private."""
    if status == 410:
        return f"deleted or switched off: {request.what}{said}; no other name or token shows it"
    if request.authenticated:
        more = f", or {request.access}" if request.access else " and the token's rights"
        return f"not found or not visible with this token: {request.what}{said}; check the name{more}"
    return f"not found or not visible without a token: {request.what}{said}; check the name, or {request.remedy}"


def _forbidden(status: int, said: str, request: Request) -> str:
    if status == 451:
        return f"blocked for legal reasons: {request.what}{said}; it cannot be monitored"
    if status == 403:
        more = request.access or "check what the token may read"
        return f"{request.host} does not allow {request.what}{said}; {more}"
    if request.authenticated:
        return f"{request.host} rejected the token{said}; {request.advice}"
    return f"{request.host} wants a token for {request.what}{said}; {request.remedy}"


def _unexpected(status: int, said: str, request: Request) -> str:
    if status == 410:  # https://docs.github.com/en/rest/about-the-rest-api/api-versions
        return f"{request.host} no longer offers {request.what} in API version {API_VERSION}{said}; update this program"
    return f"{request.host} answered {status} for {request.what}{said}, which is not GitHub's API; check GITHUB_API_URL"
