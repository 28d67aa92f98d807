"""`docs/tools.md` is made from the declarations of tools, prompts and resources."""

import os
from collections.abc import AsyncIterator, Iterator
from typing import Any

from github_events_monitor.infrastructure.questions.catalogue import tools
from github_events_monitor.infrastructure.questions.question import Effect, Question
from github_events_monitor.mcp_server import mcp
from tests.documents import ROOT

PAGE = ROOT / "docs" / "tools.md"
INTRODUCTION = """\
# Tools, prompts and resources

Made from the declarations; do not edit it by hand (`UPDATE_SNAPSHOTS=1 python -m pytest tests/unit/mcp`). Clients
that send numbers or booleans as text, "" or "null" for what they leave out, `owner` beside a bare `repo`, or
`@login`, are understood; an argument that is not known is refused with the nearest name. What stands around an
answer is in [coverage.md](coverage.md), and how figures are made in [insights.md](insights.md).
"""
EFFECTS: dict[Effect, str] = {
    "asks GitHub": "Collects first where what is stored is stale.",
    "reads": "Reads only what is stored.",
    "adds": "Adds to the watch list or the record.",
    "changes": "Changes the watch list.",
}


async def page() -> str:
    sections = [row for question in tools() for row in _section(question)]
    return "\n".join(
        [INTRODUCTION, *sections, *[row async for row in _prompts()], *[row async for row in _resources()]]
    )


async def _prompts() -> AsyncIterator[str]:
    yield "## Prompts\n\n| prompt | what it asks for | arguments |\n|---|---|---|"
    for prompt in await mcp.list_prompts():
        arguments = [f"`{one.name}`{'' if one.required else ' (optional)'}" for one in prompt.arguments or []]
        yield f"| `{prompt.name}` | {prompt.description} | {', '.join(arguments)} |"
    yield ""


async def _resources() -> AsyncIterator[str]:
    yield "## Resources\n\nClients can subscribe to those whose content changes.\n"
    yield "| resource | what it holds |\n|---|---|"
    for resource in await mcp.list_resources():
        yield f"| `{resource.uri}` | {resource.description} |"
    for template in await mcp.list_resource_templates():
        yield f"| `{template.uri_template}` | {template.description} |"
    yield ""


def _section(question: Question[Any, Any]) -> Iterator[str]:
    routes = ", ".join(f"`{endpoint.method} {endpoint.path}`" for endpoint in question.endpoints)
    schema = question.query.schema()
    yield f"## `{question.name}`\n\n{question.description}\n"
    yield f"{EFFECTS[question.effect]}{f' Over REST: {routes}.' if routes else ''}\n"
    if schema["properties"]:
        yield "| argument | takes | default | |\n|---|---|---|---|"
        for name, about in schema["properties"].items():
            default = "required" if name in schema.get("required", ()) else _code(about.get("default"))
            yield f"| `{name}` | {_takes(about)} | {default} | {about.get('description', '')} |"
        yield ""
    fields = [field.alias or name for name, field in question.answer_type.model_fields.items()]
    yield f"Answer: {', '.join(f'`{name}`' for name in fields)}.\n"


def _code(value: object) -> str:
    return "" if value is None else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _takes(about: dict[str, Any]) -> str:
    match about:
        case {"enum": words}:
            return ", ".join(f"`{word}`" for word in words)
        case {"type": "integer", "minimum": least, "maximum": most}:
            return f"{least} to {most}"
        case {"type": "array"}:
            return "a list of texts, or one with commas"
        case _:
            return {"boolean": "true or false", "integer": "a number"}.get(about.get("type", ""), "text")


async def test_the_reference_of_the_tools_is_what_they_declare() -> None:
    """After a wanted change: `UPDATE_SNAPSHOTS=1 python -m pytest tests/unit/mcp`, and read the difference."""
    found = await page()
    if os.environ.get("UPDATE_SNAPSHOTS"):
        PAGE.write_text(found, encoding="utf-8")
    assert found == PAGE.read_text(encoding="utf-8")
