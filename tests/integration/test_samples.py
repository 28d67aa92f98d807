"""The sample answers in the documents are what the program says of the invented project of `demo`.

A comment before a block says what is asked and which lines are shown, `<!-- demo: recent_commits {"hours": 72} /./ -->`
for instance, or `report` for the page on the terminal. After a wanted change run this file with UPDATE_SNAPSHOTS=1.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from github_events_monitor.answers import Answer
from github_events_monitor.demo.project import REPOSITORIES, UNTIL, store_demo
from github_events_monitor.infrastructure.questions.catalogue import questions
from github_events_monitor.runtime import open_runtime
from github_events_monitor.settings import Settings
from tests.documents import DOCUMENTS

SAMPLE = re.compile(r"(<!-- demo: (\w+) (?:(\{.*?\}) )?/(.+)/ -->\n```text\n)(?:.*\n)*?(?=```)")
STRUCTURE = re.compile(r"(<!-- demo: (\w+) (?:(\{.*?\}) )?as structure -->\n```json\n)((?:.*\n)*?)(?=```)")
WITH_SAMPLES = [path for path in DOCUMENTS if "<!-- demo: " in path.read_text(encoding="utf-8")]


async def ask(name: str, arguments: str | None) -> tuple[Answer, str]:
    """Return an answer about the invented project, and its text."""
    (question,) = (found for found in questions() if found.name == name)
    given = json.loads(arguments or "{}")
    if "repo" in question.query.model_fields:
        given = {"repo": REPOSITORIES[0], **given}
    settings = Settings(database_provider="sqlite", database_path=":memory:", target_repositories=())
    async with open_runtime(settings, clock=lambda: UNTIL, offline=True) as runtime:
        await store_demo(runtime.manager)
        answer = await runtime.service.ask(question, **given)
    return answer, question.text(answer)


@pytest.fixture(scope="module")
def page() -> str:
    """What `demo` prints on a terminal of a hundred columns."""
    command = [sys.executable, "-m", "github_events_monitor", "demo"]
    done = subprocess.run(command, env={**os.environ, "COLUMNS": "100"}, capture_output=True, check=True, timeout=60)
    return done.stdout.decode()


def shown(text: str, pattern: str) -> Iterator[str]:
    """Yield the lines that the pattern finds, each with what is wrapped below it."""
    taken = False
    for line in map(str.rstrip, text.splitlines()):
        wrapped = line.startswith(" " * 20) and line
        taken = taken if wrapped else re.search(pattern, line) is not None
        if taken:
            yield line


@pytest.mark.parametrize("path", WITH_SAMPLES, ids=lambda path: path.name)
def test_a_sample_is_what_the_program_says(path: Path, page: str) -> None:
    def as_text(sample: re.Match[str]) -> str:
        head, name, arguments, pattern = sample.groups()
        said = page if name == "report" else asyncio.run(ask(name, arguments))[1]
        lines = "".join(f"{line}\n" for line in shown(said, pattern))
        assert lines, f"{name} has no line with {pattern}"
        return head + lines

    def as_structure(sample: re.Match[str]) -> str:
        head, name, arguments, before = sample.groups()
        answer, _ = asyncio.run(ask(name, arguments))
        return f"{head}{json.dumps(part(json.loads(before), answer.to_wire()), indent=2, ensure_ascii=False)}\n"

    found = STRUCTURE.sub(as_structure, SAMPLE.sub(as_text, path.read_text(encoding="utf-8")))
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")


def part(sample: Any, whole: Any) -> Any:
    """Return of the whole the fields that the sample has, and as many items of its lists."""
    match sample:
        case dict():
            return {name: part(value, whole[name]) for name, value in sample.items()}
        case [first, *_]:
            return [part(first, item) for item in whole[: len(sample)]]
        case _:
            return whole
