"""`doctor`: is everything set up, reachable and allowed? One page, and exit code 1 when something is broken."""

import asyncio
import platform
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import SecretStr

from .. import __version__
from ..errors import Forbidden, MonitorError, RateLimited, SettingsError
from ..github.client import RequestBudget
from ..github.credentials import Credentials, find_credentials
from ..instants import format_instant, system_clock
from ..notifying.targets import load_targets
from ..runtime import Runtime, build_runtime
from ..settings import Settings
from .client_start import start_as_client
from .screen import columns, pairs, plain, print_json, stdout

_PATIENCE = timedelta(seconds=15)
_HIDDEN = frozenset({"aws_lambda_function_name"})


class Check(NamedTuple):
    """One thing looked at: ok, a warning, or broken; and what was found, or what to do."""

    name: str
    status: str
    finding: str


async def doctor(settings: Settings, *, as_json: bool) -> int:
    """Look at everything and show it; 1 when something is broken."""
    credentials = await asyncio.to_thread(find_credentials, settings)
    runtime = build_runtime(settings, credentials=credentials)
    try:
        checks = [
            _listening(settings),
            await _database(runtime),
            *await _github(runtime, credentials),
            await _watching(runtime),
            *await asyncio.to_thread(_notifications, settings),
            *await _assistant(settings),
        ]
    finally:
        await runtime.client.aclose()
        await runtime.manager.close()
    shown = _shown(settings)
    versions = {"version": __version__, "python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    if as_json:
        print_json({**versions, "checks": [check._asdict() for check in checks], "settings": shown})
    else:
        _show(versions, checks, shown)
    return 1 if any(check.status == "broken" for check in checks) else 0


def _show(versions: dict[str, str], checks: list[Check], settings: dict[str, Any]) -> None:
    page = stdout()
    page.print(
        plain(
            f"GitHub Events Monitor {versions['version']}, Python {versions['python']}, SQLite {versions['sqlite']}",
            "bold",
        )
    )
    table = columns("", "", "finding", wide="finding")
    table.show_header = False
    for check in checks:
        style = {"ok": "green", "warning": "yellow"}.get(check.status, "bold red")
        table.add_row(plain(check.name, "bold"), plain(check.status, style), plain(check.finding))
    page.print(table)
    page.print()
    page.print(plain("Settings", "bold"))
    page.print(pairs(settings))


def _shown(settings: Settings) -> dict[str, Any]:
    """Every setting by the name of its variable; of secrets only whether they are set."""
    values = {name: getattr(settings, name) for name in Settings.model_fields if name not in _HIDDEN}
    return {name.upper(): _value(value) for name, value in values.items()}


def _value(value: Any) -> str:
    if isinstance(value, SecretStr):
        return "set" if value.get_secret_value() else "not set"
    if value is None or value == ():
        return "not set"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _listening(settings: Settings) -> Check:
    try:
        settings.check_listening()
    except SettingsError as error:
        return Check("listening", "warning" if settings.mcp_transport == "stdio" else "broken", error.message)
    return Check("listening", "ok", f"HTTP transports and the REST API would listen on {settings.host}:{settings.port}")


async def _database(runtime: Runtime) -> Check:
    health = await runtime.manager.health_check()
    about = ", ".join(f"{name} {plain(value)}" for name, value in health.items() if name not in {"status", "error"})
    if health["status"] == "healthy":
        return Check("database", "ok" if health.get("tables_found") else "warning", about)
    return Check("database", "broken", str(health.get("error", about)))


async def _github(runtime: Runtime, credentials: Credentials | None) -> list[Check]:
    url = runtime.settings.github_api_url
    try:
        limit = await runtime.client.fetch_rate_limit(budget=RequestBudget(3, system_clock() + _PATIENCE))
    except Forbidden as error:
        source = f"{credentials.describe()}: " if credentials else ""
        return [Check("GitHub", "ok", f"{url} answers"), Check("token", "broken", source + error.message)]
    except RateLimited as error:
        return [Check("GitHub", "warning", error.message)]
    except MonitorError as error:
        return [Check("GitHub", "broken", f"{url}: {error.message}")]
    checks = [Check("GitHub", "ok", f"{url} answers"), _token(credentials)]
    if limit is None:
        return [*checks, Check("budget", "ok", "this GitHub has no rate limit")]
    left = f"{limit.remaining:,} of {limit.limit:,} requests left until {format_instant(limit.reset_at)}"
    return [*checks, Check("budget", "ok" if limit.remaining else "warning", left)]


def _token(credentials: Credentials | None) -> Check:
    if credentials is not None and (access := credentials.access(None)) is not None:
        said = f"{credentials.describe()}: there is none, so 60 requests an hour instead of 5,000; {access}"
        return Check("token", "warning", said)
    if credentials is not None:
        return Check("token", "ok", f"accepted; in use is {credentials.describe()}")
    return Check(
        "token", "warning", "none is set, and gh has no login: 60 requests an hour instead of 5,000; set GITHUB_TOKEN"
    )


async def _assistant(settings: Settings) -> list[Check]:
    """Return whether what an assistant starts comes up, and would open the same database as here."""
    trial = await start_as_client()
    if trial.failure is not None:
        said = f"{trial.command}, started in / with few variables as assistants do: {trial.failure}"
        return [Check("assistant", "broken", said)]
    said = f"{trial.command} answers within {trial.seconds:.1f} s, started as assistants do"
    return [Check("assistant", "ok", said), *_its_database(settings)]


def _its_database(settings: Settings) -> list[Check]:
    path = settings.database_path
    if settings.database_provider != "sqlite" or path == ":memory:" or Path(path).is_absolute():
        return []
    said = f"an assistant starts in another folder, so give it DATABASE_PATH={Path(path).absolute()}"
    return [Check("its database", "warning", said)]


async def _watching(runtime: Runtime) -> Check:
    try:
        names = await runtime.service.watching()
    except MonitorError:
        return Check("watching", "warning", "unknown, because the database does not answer")
    if not names:
        return Check("watching", "warning", "no repository; add one with: github-events-monitor watch add owner/name")
    every = (
        f"polled every {runtime.settings.poll_interval} seconds"
        if runtime.settings.poll_interval
        else "background polling is off"
    )
    return Check("watching", "ok", f"{', '.join(names)}; {every} while a server runs")


def _notifications(settings: Settings) -> list[Check]:
    try:
        targets = load_targets(settings.notify_urls)
    except SettingsError as error:
        return [Check("notifications", "broken", error.message)]
    if not targets:
        return []
    said = f"{len(targets)} target{'s' if len(targets) > 1 else ''}: {', '.join(target.name for target in targets)}"
    if settings.read_only or not settings.poll_interval:
        why = "READ_ONLY is set" if settings.read_only else "POLL_INTERVAL is 0"
        return [Check("notifications", "warning", f"{said}; no server tells them anything, because {why}")]
    return [Check("notifications", "ok", f"{said}; told while a server runs, and by notify")]
