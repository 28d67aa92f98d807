"""Items of other types than this program writes: what is told of their repository is one sentence or an answer."""

import re
from collections.abc import AsyncIterator
from itertools import cycle
from typing import Any

import pytest

from github_events_monitor.collecting.collector import Collector
from github_events_monitor.errors import MonitorError
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.dynamodb.items import Item, compress
from github_events_monitor.infrastructure.dynamodb.layout import TABLES, Table
from github_events_monitor.infrastructure.dynamodb.manager import DynamoDBManager
from github_events_monitor.infrastructure.questions.catalogue import questions
from tests.fake_github import FakeGitHub
from tests.integration.collecting.conftest import build, hello

from .conftest import Make

SPOILED, SOUND = "octo/hello", "octo/sound"
ODD: tuple[dict[str, Any] | None, ...] = (
    {"N": "5"}, {"S": "zz"}, {"L": [{"L": [{"N": "1.5"}]}]}, {"M": {"a": {"NULL": True}}}, {"B": b"zz"}, None,
    {"BOOL": True}, {"S": "[1]"}, {"B": compress(b"[[1,2],[3]]")}, {"S": "null"}, {"B": compress(b"{")},
)  # fmt: skip

SAID = re.compile("is not as this program writes it|collect it first")
"""The second where what was remembered of the repository is what was spoiled."""


@pytest.fixture
async def stored(make: Make) -> AsyncIterator[tuple[DynamoDBManager, QuestionContext]]:
    """Two repositories of which something is in every table that collecting writes."""
    other = hello()
    other.full_name, other.id = "Octo/Sound", 8
    world = build(FakeGitHub(hello(), other))
    manager = make(clock=world.clock)
    collector = Collector(manager, world.collector.client, clock=world.clock, with_token=True)
    await collector.collect([SPOILED, SOUND])
    await manager.collector_state.watch([SPOILED, SOUND])
    context = QuestionContext(manager=manager, clock=world.clock)
    await _asked(context, SPOILED)  # whose results are stored, too
    yield manager, context
    await world.collector.close()


async def _asked(context: QuestionContext, repo: str) -> dict[str, str]:
    """Ask all that need no more than the repository; return what went wrong, by question."""
    service, problems = DatabaseService(context), {}
    for question in questions():
        names = question.query.schema()["properties"]
        if question.effect not in {"reads", "asks GitHub"} or question.name in {"status", "commit_details"}:
            continue
        arguments = {"repo": repo} if "repo" in names else {"repos": [repo]} if "repos" in names else {}
        try:
            await service.ask(question, **arguments)
        except MonitorError as error:
            problems[question.name] = error.message
    return problems


def _attributes(table: Table, items: list[Item]) -> dict[tuple[str, str], Item]:
    """Every attribute that is not a key, by what the first characters of its item's key say, each with one item."""
    keys = {table.key, table.sort, *(key for index in table.indexes for key in (index.key, index.sort))}
    own = [item for item in items if SOUND not in str(item).lower()]
    kind = 4 if table.name == "event_patterns" else 0
    return {(item[table.key]["S"][:kind], name): item for item in own for name in set(item) - keys}


async def test_an_odd_attribute_is_one_repositorys_matter(stored: tuple[DynamoDBManager, QuestionContext]) -> None:
    manager, context = stored
    client, odd, refused = manager.connection.client, cycle(ODD), 0
    for table in TABLES:
        name = client.table(table.name)
        items = (await client.call("scan", TableName=name))["Items"]
        for (_, attribute), item in _attributes(table, items).items():
            kind = next(odd)
            spoiled = {key: value for key, value in item.items() if key != attribute}
            await client.call("put_item", TableName=name, Item=spoiled | ({attribute: kind} if kind else {}))
            problems = await _asked(context, SPOILED)
            assert await _asked(context, SOUND) == {}, (table.name, attribute, kind)
            assert all(map(SAID.search, problems.values())), problems
            refused += bool(problems)
            await client.call("put_item", TableName=name, Item=item)
    assert refused > 10
