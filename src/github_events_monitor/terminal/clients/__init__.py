"""Clients that can start the server: where each keeps its list of servers, and careful edits of it."""

from typing import Literal

ClientName = Literal["claude-desktop", "claude-code", "cursor", "vscode", "gemini-cli"]
"""The clients by the names that the command line gives them."""
