"""The tools in the package are those of the questions."""

import json
import os
from pathlib import Path

from github_events_monitor import mcp_support
from github_events_monitor.mcp_support.declarations import FILE, make_declarations

KEPT = Path(mcp_support.__file__).parent / FILE


def test_tools_in_the_package_are_those_of_the_questions() -> None:
    """After a wanted change: `UPDATE_SNAPSHOTS=1 python -m pytest tests/unit/mcp`, and read the difference."""
    text = json.dumps(make_declarations(), indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        KEPT.write_text(text, encoding="utf-8")
    assert text == KEPT.read_text(encoding="utf-8")
