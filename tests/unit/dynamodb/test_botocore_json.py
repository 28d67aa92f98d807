from base64 import b64encode
from typing import Any

import pytest
from aiobotocore.parsers import AioJSONParser
from aiobotocore.session import AioSession
from botocore.serialize import JSONSerializer

from github_events_monitor.infrastructure.dynamodb.botocore_json import ItemParserFactory, use_item_serializer
from github_events_monitor.jsontext import dump_json, load_json

ITEM = {
    "id": {"S": "41"},
    "payload": {"B": b64encode(b"\x28\xb5\x2f\xfd").decode()},
    "number": {"N": "7"},
    "watched": {"BOOL": False},
    "months": {"SS": ["2025-01", "2025-02"]},
    "branches": {"L": [{"S": "main"}, {"S": ""}]},
}
CAPACITY = {"TableName": "events", "CapacityUnits": 0.5}
ANSWERS = [
    ("GetItem", 200, {"Item": ITEM, "ConsumedCapacity": CAPACITY}),
    ("Query", 200, {"Items": [ITEM, ITEM], "Count": 2, "LastEvaluatedKey": {"id": {"S": "41"}}}),
    ("BatchGetItem", 200, {"Responses": {"events": [ITEM]}, "UnprocessedKeys": {}, "ConsumedCapacity": [CAPACITY]}),
    ("BatchWriteItem", 200, {"UnprocessedItems": {"events": [{"PutRequest": {"Item": ITEM}}]}}),
    ("PutItem", 400, {"__type": "x#ConditionalCheckFailedException", "message": "no", "Item": ITEM}),
]


@pytest.mark.parametrize(("operation", "status", "body"), ANSWERS)
async def test_answers_are_those_that_botocore_reads(operation: str, status: int, body: dict[str, Any]) -> None:
    client = AioSession().create_client(
        "dynamodb", region_name="us-east-1", aws_access_key_id="dummy", aws_secret_access_key="dummy"
    )
    async with client as known:
        shape = known.meta.service_model.operation_model(operation).output_shape
    assert shape is not None
    answer = {"status_code": status, "headers": {}, "body": dump_json(body), "context": {"operation_name": operation}}
    ours = await ItemParserFactory().create_parser("json").parse(answer, shape)
    assert ours == await AioJSONParser().parse(answer, shape)


WRITTEN: dict[str, Any] = ITEM | {"payload": {"B": b"\x28\xb5\x2f\xfd"}}
REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("PutItem", {"TableName": "events", "Item": WRITTEN, "ReturnConsumedCapacity": "INDEXES"}),
    ("BatchWriteItem", {"RequestItems": {"events": [{"PutRequest": {"Item": WRITTEN}}] * 2}}),
    ("BatchGetItem", {"RequestItems": {"events": {"Keys": [{"id": {"S": "41"}}], "ConsistentRead": True}}}),
    (
        "Query",
        {
            "TableName": "events",
            "KeyConditionExpression": "#id = :id",
            "ExpressionAttributeNames": {"#id": "id"},
            "ExpressionAttributeValues": {":id": {"S": "é 😀"}, ":n": {"N": "7"}, ":b": {"B": b"\0"}},
            "Limit": 5,
        },
    ),
    ("CreateTable", {"TableName": "events", "Tags": [{"Key": "team", "Value": "x"}]}),
]


@pytest.mark.parametrize(("operation", "parameters"), REQUESTS)
async def test_requests_are_those_that_botocore_writes(operation: str, parameters: dict[str, Any]) -> None:
    client = AioSession().create_client(
        "dynamodb", region_name="us-east-1", aws_access_key_id="dummy", aws_secret_access_key="dummy"
    )
    async with client as known:
        model: Any = known.meta.service_model.operation_model(operation)
        theirs = JSONSerializer().serialize_to_request(parameters, model)
        use_item_serializer(known)
        ours = known._serializer.serialize_to_request(parameters, model)  # type: ignore[attr-defined]
    assert type(known._serializer) is not JSONSerializer  # type: ignore[attr-defined]
    assert load_json(ours.pop("body")) == load_json(theirs.pop("body"))
    assert ours == theirs


def test_other_protocols_are_left_to_the_library() -> None:
    assert type(ItemParserFactory().create_parser("query")).__module__ == "aiobotocore.parsers"
