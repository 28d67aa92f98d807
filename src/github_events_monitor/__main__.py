"""The program, and `python -m github_events_monitor`. Without arguments it is the MCP server, which needs no parser."""

import sys

from .terminal import output
from .terminal.output import importing


def main() -> int:
    """Run the program and return its exit code; see `cli.main`."""
    if sys.argv[1:]:
        from .cli import main as run_command

        return run_command()
    return output.written(_serve)


def _serve() -> int:
    with importing():
        from .terminal.running import serve_mcp

    try:
        return serve_mcp()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
