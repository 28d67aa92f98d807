"""What `mcp dev` and `mcp run` load."""

from github_events_monitor.mcp_server import mcp

if __name__ == "__main__":
    mcp.run()
