"""Schemas as small as they can be while still saying what a caller needs: tools/list is part of every conversation.

What pydantic adds and no client needs is left out: titles, null defaults, the null arm of optional arguments.
The shapes that most answers share are described in a sentence instead of being spelled out in every tool.
"""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

SHARED = {
    "Window": "hours, since, until",
    "Coverage": "from, to, complete, gaps[{from,to}], last_collected_at, sources[], note",
    "CommitAnalysis": "text, categories[], impact_score 0-100, risk_level low|medium|high, breaking, security_relevant,"
    " reasons[]",
    "Problem": "code, message, retry_at",
    "RateLimitStatus": "limit, remaining, reset_at",
    "Developer": "login, kind, is_bot, total, contributions{}, first_responses, median_first_response_hours,"
    " first_seen, last_seen, new_contributor, repositories[], evidence[]",
    "News": "title, url, at",
    "ComparedHealth": "repo, health_score, confidence, direction, components{name: {value, score}}, complete,"
    " recommendation, error",
    "WatchedRepository": "repo, last_collected_at, error",
    "WatchedPattern": "pattern, repositories, resolved_at, note",
    "Summary": "open, opened, merged, closed, median_hours_to_first_response, first_response_sample,"
    " median_hours_to_merge, merge_sample, waiting_for_review, series{unit, start, opened[], merged[], closed[],"
    " open[]},"
    " durations{up_to_hours[], first_response[], merge[]}",
    "Issue": "number, title, author_login, is_bot, ai_assistant, state, state_reason, created_at, updated_at,"
    " closed_at, comments, first_response_hours, labels[]",
    "Anomaly": "type spike|drop|burst, event_type, bucket hour|day, started_at, observed, expected, p_value,"
    " actor_login, sample_size, explanation, evidence[]",
    "Finding": "type, severity, title, explanation, occurred_at, actors[], evidence[]",
    "ActivitySeries": "unit hour|day|week, start, counts{type: [n…]}",
    "DoraKey": "name, value, unit, band elite|high|medium|low, sample_size, formula, explanation, evidence[]",
    "ReleaseAnswer": "tag, prerelease, published_at, author_login, evidence[]",
    "DeploymentAnswer": "id, environment, sha, created_at, state, evidence[]",
    "Component": "name, value, unit, score 0-1, weight, sample_size, formula, explanation; null is unknown",
    "Trend": "direction up|down|flat, previous_score, change, explanation",
    "WorkflowRunsResult": "verdicts, failed, failing[{workflow, workflow_id, branch, since, sha, since_known,"
    " evidence[]}], complete, explanation",
}
"""Shapes described in a sentence, by the name of their model."""

_KEPT = ("type", "enum", "const", "required", "minimum", "maximum", "pattern", "format")


def slim_input(schema: Schema) -> Schema:
    """Return a tool's arguments: closed, each with type, limits, description, and its default unless that is null."""
    properties = {name: _argument(part) for name, part in schema.get("properties", {}).items()}
    closed: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**closed, "required": schema["required"]} if schema.get("required") else closed


def slim_output(schema: Schema) -> Schema:
    """Return a tool's answer: names and types all the way down."""
    return _slim(schema, schema.get("$defs", {}))


def _argument(schema: Schema) -> Schema:
    arms = [arm for arm in schema.get("anyOf", ()) if arm != {"type": "null"}]
    merged = {key: value for key, value in schema.items() if key != "anyOf"} | (arms[0] if arms else {})
    slim = _slim(merged, {})
    slim |= {key: merged[key] for key in ("description", "default") if merged.get(key) is not None}
    return slim


def _slim(schema: Schema, models: Mapping[str, Schema]) -> Schema:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return {"type": "object", "description": SHARED[name]} if name in SHARED else _slim(models[name], models)
    if "anyOf" in schema:
        return _nullable([_slim(arm, models) for arm in schema["anyOf"]])
    slim = {key: schema[key] for key in _KEPT if key in schema}
    if "properties" in schema:
        slim["properties"] = {name: _slim(part, models) for name, part in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            slim[key] = _slim(schema[key], models)
    return slim


def _nullable(arms: list[Schema]) -> Schema:
    """`T | None` as one schema with two types."""
    (arm,) = [arm for arm in arms if arm.get("type") != "null"]
    enum = {"enum": [*arm["enum"], None]} if "enum" in arm else {}
    return {**arm, "type": [arm["type"], "null"], **enum}
