"""The tool schemas in the package are those of the models."""

import json
import os
from pathlib import Path

from github_events_monitor import mcp_support
from github_events_monitor.infrastructure.questions.catalogue import tools
from github_events_monitor.mcp_support.kept_schemas import FILE, make_schemas

KEPT = Path(mcp_support.__file__).parent / FILE


def test_schemas_in_the_package_are_those_of_the_models() -> None:
    """After a wanted change: `UPDATE_SNAPSHOTS=1 python -m pytest tests/unit/mcp`, and read the difference."""
    made = {question.name: make_schemas(question) for question in tools()}
    text = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        KEPT.write_text(text, encoding="utf-8")
    assert text == KEPT.read_text(encoding="utf-8")
