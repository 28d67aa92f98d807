"""How a command runs: settings and logging first, then the work; every end is an exit code and at most one line."""

import asyncio
import contextlib
import errno
import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import truststore

from ..errors import MonitorError, SettingsError
from ..logs import Redactor, configure
from ..settings import Settings
from .messages import print_error
from .output import importing

Work = Callable[[Settings], Coroutine[Any, Any, int]]
"""What a command does with the settings; it returns its exit code."""

_OUTPUT_FAILED = frozenset({errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""Of a write without a file's name: what else is written to is the database, exports and the log, which say it."""

logger = logging.getLogger(__name__)


def run_work(work: Work) -> int:
    """Run a command that shows its outcome and ends; return the exit code."""

    def body() -> int:
        settings = Settings.load()
        configure(settings, one_shot=True)
        _trust_the_system(settings)
        return asyncio.run(_until_terminated(work(settings)))

    return guarded(body)


async def _until_terminated(work: Coroutine[Any, Any, int]) -> int:
    """Return the work's exit code; 143 after SIGTERM, which ends it as Ctrl-C does, so that leases are given back."""
    task, terminated = asyncio.ensure_future(work), asyncio.Event()

    def end() -> None:
        terminated.set()
        task.cancel()

    with contextlib.suppress(NotImplementedError):  # Windows has no such handlers
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end)
    try:
        return await task
    except asyncio.CancelledError:
        if terminated.is_set():
            return 128 + signal.SIGTERM
        raise


def run_server(serve: Callable[[Settings], None], *, mcp: bool = False, **flags: Any) -> int:
    """Run a server until it is stopped, and return the exit code; `flags` outrank the environment.

    mcp: whether it is the MCP server, whose settings `Settings.load_for_mcp` reads.
    """

    def body() -> int:
        settings = Settings.load_for_mcp(**flags) if mcp else Settings.load(**flags)
        configure(settings, waiting=False, going_on=mcp and settings.mcp_transport == "stdio")
        _trust_the_system(settings)
        serve(settings)
        return 0

    return guarded(body)


def _trust_the_system(settings: Settings) -> None:
    """Let the system's trust store count towards AWS: botocore knows Mozilla's list alone, and takes no context.

    It has to happen before botocore is imported. Towards GitHub `github.transport.trusted` does the same.
    """
    if settings.database_provider == "dynamodb" and "botocore" not in sys.modules:
        truststore.inject_into_ssl()


def guarded(body: Callable[[], int]) -> int:
    """Return the exit code of a body. An error is one line on stderr, with a traceback in the log at DEBUG."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name in another script must not end the program where there is no UTF-8
            stream.reconfigure(errors="replace")
    try:
        return body()
    except MonitorError as error:
        logger.debug("this is where it happened", exc_info=True)
        print_error(error.message, _redactor())
        return error.exit_code
    except Exception as error:  # a defect of ours: one line is all of it that a user should have to see
        if isinstance(error, OSError) and error.errno in _OUTPUT_FAILED and error.filename is None:
            raise  # `cli.main` reports it
        logger.debug("this is where it happened", exc_info=True)
        print_error(f"unexpected {type(error).__name__}: {error}; LOG_LEVEL=DEBUG shows where it happened", _redactor())
        return 1


def _redactor() -> Redactor:
    try:
        return Redactor(Settings.load(folder=False))
    except SettingsError:
        return Redactor()


def serve_mcp(**flags: Any) -> int:
    """Run the MCP server until it is stopped, and return the exit code; `flags` outrank the environment.

    An assistant waits for it to start: nothing is imported that it does not need.
    """
    return run_server(_serve, mcp=True, **flags)


def _serve(settings: Settings) -> None:
    with importing():
        from ..mcp_server import run
    run(settings.mcp_transport, settings)
