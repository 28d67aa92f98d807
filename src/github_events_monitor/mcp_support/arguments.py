"""The arguments of tools as types, and the one sentence by which a wrong one is refused."""

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field

Repo = Annotated[str, Field(description="owner/name, any letter case")]
Repos = Annotated[list[str] | None, Field(description="owner/name each; default: all watched")]
Hours = Annotated[int, Field(strict=True, ge=1, le=8760, description="window length, counted back from until")]
Limit = Annotated[int, Field(strict=True, ge=1, le=100)]
Until = Annotated[str | None, Field(description="end of the window, ISO 8601; default: now")]
Cursor = Annotated[str | None, Field(description="next_cursor of the answer before; then leave the rest as it was")]
Switch = Annotated[bool, Field(strict=True)]

# In a paged question a cursor fixes the window, so that it matters whether the caller gave these at all.
PageHours = Annotated[Hours | None, Field(json_schema_extra={"default": 24})]
PageLimit = Annotated[Limit | None, Field(json_schema_extra={"default": 30})]


def read_arguments(given: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as sent, without nulls (not given), and with lists that came as JSON text read.

    Some assistants write a list as the text of one, and a whole number as 24.0, which JSON Schema counts as whole:
    https://json-schema.org/draft/2020-12/json-schema-core#section-4.2.3. A number in quotes stays text, to be refused.
    """
    kept = {name: value for name, value in given.items() if value is not None}
    for name, value in kept.items():
        kind = properties.get(name, {}).get("type")
        if isinstance(value, str) and kind == "array":
            kept[name] = _read_list(value)
        elif isinstance(value, float) and kind == "integer" and value.is_integer():
            kept[name] = int(value)
    return kept


def _read_list(text: str) -> object:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, list) else text


def refuse_unknown(tool: str, given: Iterable[str], known: Iterable[str]) -> str | None:
    """What to say about the first argument that a tool does not take; null when it takes all."""
    names = list(known)
    unknown = next((name for name in given if name not in names), None)
    if unknown is None:
        return None
    nearest = difflib.get_close_matches(unknown.lower(), names, n=1, cutoff=0.0)
    return f"{tool} has no argument {_show(unknown)}; did you mean {nearest[0]!r}? It takes {', '.join(names)}"


def refuse_value(errors: Iterable[Mapping[str, Any]], properties: Mapping[str, Any]) -> str:
    """The first of pydantic's complaints about arguments, as a sentence that says what is accepted."""
    error = next(iter(errors))
    name = str(error["loc"][0])
    accepted = _describe(properties.get(name, {}))
    if error["type"] == "missing":
        return f"{name} is missing; it must be {accepted}"
    return f"{name} must be {accepted}, not {_show(error['input'])}"


def _describe(schema: Mapping[str, Any]) -> str:
    match schema.get("type"):
        case "integer":
            return f"a whole number from {schema.get('minimum')} to {schema.get('maximum')}"
        case "boolean":
            return "true or false"
        case "array":
            return "a list of texts"
        case _:
            return "text"


def _show(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."
