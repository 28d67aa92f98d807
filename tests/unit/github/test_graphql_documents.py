from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

from github_events_monitor.github.graphql import documents

SCHEMA = Path(__file__).parents[2] / "fixtures" / "github_schema.graphql"


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(SCHEMA.read_text(encoding="utf-8"), assume_valid=True, no_location=True)


@pytest.mark.parametrize(
    "document",
    [
        documents.HISTORY,
        documents.PULL_REQUESTS,
        documents.ISSUES,
        documents.REPLIES,
        documents.DEPLOYMENTS,
        documents.look_document(1),
        documents.look_document(documents.MOST_LOOKS),
        documents.introduction_document(1),
        documents.introduction_document(documents.MOST_INTRODUCTIONS),
        documents.issues_document([1, 4096]),
    ],
    ids=[
        "history",
        "pull requests",
        "issues",
        "replies",
        "deployments",
        "look",
        "a hundred looks",
        "introduction",
        "fifty introductions",
        "presence",
    ],
)
def test_every_document_is_one_that_githubs_schema_answers(schema: GraphQLSchema, document: str) -> None:
    assert validate(schema, parse(document)) == []


def test_a_field_that_github_does_not_know_would_be_found(schema: GraphQLSchema) -> None:
    assert validate(schema, parse(documents.HISTORY.replace("additions", "addition")))
