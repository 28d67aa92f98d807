"""The MCP server as a command. An assistant waits for it to start: nothing is imported that it does not need."""

from typing import Any

from ..settings import Settings
from .importing import importing
from .running import run_server


def serve_mcp(**flags: Any) -> int:
    """Run the MCP server until it is stopped, and return the exit code; `flags` outrank the environment."""
    return run_server(_serve, mcp=True, **flags)


def _serve(settings: Settings) -> None:
    with importing():
        from ..mcp_server import run
    run(settings.mcp_transport, settings)
