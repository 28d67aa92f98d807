"""Logging: to stderr, never stdout (which belongs to protocol and data), and to LOG_FILE where one is named.

Code that logs must not log secrets; the formatter here is the last line of defence, since it sees the finished text.
Text from strangers cannot forge lines either: control characters are shown as escapes.
"""

import logging
import os
import re
import select
import sys
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from pathlib import Path
from time import gmtime
from typing import TextIO

from pydantic import SecretStr

from .errors import SettingsError
from .private_file import make_private, make_private_folders
from .settings import Settings

_TOKENS = re.compile(
    r"\b(?:gh[a-z]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,})"  # https://github.blog/changelog/2021-03-31-authentication-token-format-updates-are-generally-available/
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{12,}"  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    r"|(?i:(?<=x-amz-security-token)[\"']?[:=]\s*b?[\"']?[^\s\"'&]+)"
    r"|(?<=[Bb]earer )[^\s'\",]+"
    r"|(?<=[Tt]oken )[A-Za-z0-9_.=+/-]{20,}"
)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_SHORTEST_SECRET = 6
"""A shorter one would be found in ordinary words."""

_NEVER_IN_DETAIL = ("botocore.auth", "botocore.credentials", "botocore.endpoint", "botocore.httpsession", "aiobotocore")
"""Libraries whose DEBUG lines hold signed requests, session tokens and what credentials were made of."""

_TALKATIVE = ("aiobotocore", "asyncio", "botocore", "httpcore", "httpx", "mcp", "sse_starlette", "urllib3")
"""Libraries whose INFO lines say nothing to an operator."""

_RETRIES = "stamina"
"""Its warnings name neither what failed nor why; what matters is logged by who retried in vain."""


class Redactor:
    """Takes secrets out of text: the values of the settings, and whatever looks like a token of GitHub or AWS."""

    def __init__(self, settings: Settings | None = None) -> None:
        values = [getattr(settings, name) for name in Settings.model_fields] if settings else []
        secrets = {value.get_secret_value() for value in values if isinstance(value, SecretStr)}
        long_enough = sorted((text for text in secrets if len(text) >= _SHORTEST_SECRET), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, long_enough))) if long_enough else None

    def __call__(self, text: str) -> str:
        """Return the text with `***` in the place of secrets."""
        return _TOKENS.sub("***", self._known.sub("***", text) if self._known else text)


class _Lines(logging.Formatter):
    """One line a record, `2026-11-22T16:50:05Z INFO name: message`; tracebacks follow at DEBUG only."""

    converter = staticmethod(gmtime)

    def __init__(self, redact: Redactor, *, tracebacks: bool) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
        self._redact, self._tracebacks = redact, tracebacks

    def format(self, record: logging.LogRecord) -> str:
        record.message = record.getMessage()
        record.asctime = self.formatTime(record, self.datefmt)
        line = _CONTROL.sub(lambda found: repr(found[0])[1:-1], self.formatMessage(record))
        if record.exc_info and record.exc_info[1]:
            line += f"\n{self.formatException(record.exc_info)}" if self._tracebacks else _named(record.exc_info[1])
        return self._redact(line)


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stderr` is at that moment: a progress bar puts itself in its place while it is shown."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # an attribute there, which is only read
        return sys.stderr


class _NeverWaiting(_Stderr):
    """Drops and counts the lines that stderr has no room for: a client that never reads it must not stop a server."""

    _lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        try:
            file = self.stream.fileno()
        except (AttributeError, OSError, ValueError):  # put in its place by a test, or closed
            super().emit(record)
            return
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - whatever a record holds, as logging's own handlers do
            self.handleError(record)
            return
        if self._lost and _write(file, self.format(_losses(self._lost))):
            self._lost = 0
        if self._lost or not _write(file, line):
            self._lost += 1


def _write(file: int, line: str) -> bool:
    """Write a line where there is room for it, and return whether there was."""
    rest = memoryview(line.encode("utf-8", "replace") + b"\n")
    try:
        while rest:
            if not has_room(file):
                return False
            rest = rest[os.write(file, rest[: select.PIPE_BUF]) :]
    except OSError:  # closed by who was to read it
        return False
    return True


def has_room(file: int) -> bool:
    """Return whether PIPE_BUF bytes can be written at once: https://man7.org/linux/man-pages/man7/pipe.7.html"""
    return bool(select.select([], [file], [], 0)[1])


def _losses(count: int) -> logging.LogRecord:
    said = f"{count} line{'s were' if count > 1 else ' was'} lost, because stderr was not read"
    return logging.LogRecord(__name__, logging.WARNING, "", 0, said, None, None)


class _PrivateFile(WatchedFileHandler):
    """A file that only its owner reads; it may be moved away by logrotate, and its disk may be full for a while."""

    _failing = False

    def emit(self, record: logging.LogRecord) -> None:
        try:
            super().emit(record)
        except OSError:  # its folder is gone
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say once that lines are lost; logging's own traceback would show them as they were, secrets too."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self._failing:
            self._failing = True
            sys.stderr.write(f"LOG_FILE {self.baseFilename} cannot be written ({error.strerror}); lines are lost\n")

    def _open(self) -> TextIOWrapper:
        return open(
            self.baseFilename,
            "a",
            encoding="utf-8",
            errors="replace",
            opener=_open_private,
        )


def configure(settings: Settings, *, one_shot: bool = False, waiting: bool = True, going_on: bool = False) -> None:
    """Set logging up for the process; calling it again replaces what was set up.

    one_shot: for commands that show their outcome themselves: unless LOG_LEVEL was given, stderr gets warnings only.
    waiting: whether a full stderr is waited for; a server drops the line instead.
    going_on: whether to say on stderr that LOG_FILE cannot be written, and to do without it.
    Raises `SettingsError` when LOG_FILE cannot be written.
    """
    level = getattr(logging, settings.log_level)
    formatter = _Lines(Redactor(settings), tracebacks=level == logging.DEBUG)
    stderr = _Stderr() if waiting or sys.platform == "win32" else _NeverWaiting()  # there only sockets are selected
    stderr.setLevel(logging.WARNING if one_shot and "log_level" not in settings.model_fields_set else level)
    handlers: list[logging.Handler] = [stderr]
    problem = None
    try:
        handlers += [_file(settings.log_file)] if settings.log_file else []
    except SettingsError as error:
        if not going_on:
            raise
        problem = error.message
    for handler in handlers:
        handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=handlers, force=True)
    logging.captureWarnings(True)
    quieter = {**dict.fromkeys(_TALKATIVE, logging.WARNING), _RETRIES: logging.ERROR}
    for name, least in quieter.items():
        logging.getLogger(name).setLevel(logging.NOTSET if level == logging.DEBUG else max(level, least))
    for name in _NEVER_IN_DETAIL:
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLogger(name).level))
    if problem:
        logging.getLogger(__name__).warning("%s; going on without it", problem)


def _file(path: Path) -> logging.Handler:
    try:
        make_private_folders(path.parent)
        if path.exists() and not path.is_file():  # a pipe would wait for its reader
            raise SettingsError(f"LOG_FILE={str(path)!r} is not accepted; give a path of a regular file")
        return _PrivateFile(path, delay=False)
    except OSError as error:
        raise SettingsError(
            f"LOG_FILE={str(path)!r} cannot be written ({error.strerror}); give a file path in a writable folder"
        ) from None


def _open_private(path: str, flags: int) -> int:
    descriptor = os.open(path, flags, 0o600)
    make_private(descriptor)  # it may have been there before
    return descriptor


def _named(error: BaseException) -> str:
    return f" ({type(error).__name__}; LOG_LEVEL=DEBUG shows where)"
