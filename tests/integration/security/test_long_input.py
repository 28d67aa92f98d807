"""Every declared parameter, given far too much of every sign: refused by its length, before anything looks into it.

What an expression, a parser or a comparison never sees cannot stop the loop for everybody else. The parameters are
those that are declared, so that a new one is held to the same.
"""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
from mcp import MCPError
from mcp.types import PromptReference

from github_events_monitor.errors import InvalidInput
from github_events_monitor.github.webhooks import parse_webhook
from github_events_monitor.infrastructure.questions.catalogue import questions
from github_events_monitor.infrastructure.questions.query import MAX_LIST
from github_events_monitor.infrastructure.questions.question import Question
from tests.integration.mcp.conftest import World, world
from tests.integration.mcp.sessions import connect

__all__ = ["world"]

SIGNS = (
    "a", "7", " ", "-", "(", "[", "\\", "\n", ".", "/", ":", ",", "*", "\u0301", "\U0001f600", '"', "'", "!", "@", "{",
    "%", "é", "\0", "a,", "a/", "*a", "a/a,",
)  # fmt: skip
LENGTH = 60_000
DECLARED = [
    pytest.param(question, name, id=f"{question.name}-{name}")
    for question in questions()
    for name in question.query.schema()["properties"]
]


@pytest.mark.parametrize(("question", "name"), DECLARED)
def test_a_parameter_is_refused_by_its_length(question: Question[Any, Any], name: str) -> None:
    for sign in SIGNS:
        with pytest.raises(InvalidInput, match=rf'^"{name}" is too long: {LENGTH * len(sign)} characters') as refused:
            question.query.read({name: sign * LENGTH})
        assert len(refused.value.message) < 100
        with pytest.raises(InvalidInput, match=f'^"{name}" has a text of more than 400 characters'):
            question.query.read({name: [sign * LENGTH]})


@pytest.mark.parametrize(("question", "name"), DECLARED)
def test_numbers_and_brackets_without_end_are_refused_in_a_sentence(question: Question[Any, Any], name: str) -> None:
    nested = json.loads("[" * 900 + "]" * 900)
    for value in (10**4_000, -(10**4_000), "9" * 400, "[" * MAX_LIST, nested, {"x": nested}):
        said = ""
        try:
            question.query.read({"repo": "octo/hello", "sha": "abcdef1", name: value})
        except InvalidInput as refused:
            said = refused.message
        assert len(said) < 300


async def test_an_argument_of_a_prompt_is_refused_in_a_sentence(world: World) -> None:
    async with connect() as client:
        for prompt in (await client.list_prompts()).prompts:
            names = [argument.name for argument in prompt.arguments or ()]
            for name in names:
                for sign in SIGNS:
                    given = dict.fromkeys(names, "octo/hello") | {name: sign * LENGTH}
                    with pytest.raises(MCPError) as refused:
                        await client.get_prompt(prompt.name, given)
                    assert refused.value.error.message.startswith("invalid: "), (prompt.name, name, sign)
                    assert len(refused.value.error.message) < 600


async def test_a_part_of_a_resource_is_refused_in_a_sentence(world: World) -> None:
    async with connect() as client:
        for template in (await client.list_resource_templates()).resource_templates:
            pattern = template.uri_template.partition("{?")[0]
            for part in re.findall(r"\{\w+\}", pattern):
                for sign in SIGNS:
                    uri = pattern.replace(part, quote(sign * LENGTH, safe=""))
                    with pytest.raises(MCPError) as refused:
                        await client.read_resource(re.sub(r"\{\w+\}", "octo", uri))
                    assert refused.value.error.message.startswith("invalid: the URI of a resource has at most 1,000")


async def test_what_is_long_is_not_completed(world: World) -> None:
    async with connect() as client:
        await client.call_tool("recent_commits", {"repo": "octo/hello"})
        reference = PromptReference(type="ref/prompt", name="daily_digest")
        for name in ("repo", "repos", "owner", "name"):
            for sign in SIGNS:
                answer = await client.complete(reference, {"name": name, "value": sign * LENGTH + ","})
                assert answer.completion.values == []


@contextmanager
def longest_turn() -> Iterator[list[float]]:
    """How long other threads had to wait at most, in seconds of this process, whatever else the machine does."""
    turns: list[float] = []
    ended = threading.Event()

    def watch() -> None:
        before = time.process_time()
        while not ended.wait(0.001):
            now = time.process_time()
            turns.append(now - before)
            before = now

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield turns
    finally:
        ended.set()
        watching.join()


@pytest.mark.parametrize("sign", [r"\n", r"\"", r"\u0041", r"\ud800", r"\ud83d\ude00", "é", ",", "[", " "])
def test_a_delivery_of_one_long_text_leaves_others_their_turns(sign: str) -> None:
    delivery = {
        "action": "opened",
        "repository": {"id": 1, "full_name": "octo/hello"},
        "sender": {"login": "ada"},
        "issue": {
            "number": 1,
            "title": "t",
            "body": "@",
            "created_at": "2026-11-01T10:00:00Z",
            "user": {"login": "ada"},
        },
    }
    body = json.dumps(delivery).replace("@", sign * (24_000_000 // len(sign.encode()))).encode()
    with longest_turn() as turns:
        began = time.process_time()
        assert parse_webhook("issues", "delivery", body, "2026-11-01T10:00:00Z").event is not None
        taken = time.process_time() - began
    assert max(turns) < 0.3
    assert taken < 1.5
