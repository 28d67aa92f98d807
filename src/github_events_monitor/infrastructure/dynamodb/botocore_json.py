"""Requests and answers as JSON: botocore handles each attribute of each item by half a dozen calls, going out and
coming in, which is most of the time of a query and a fifth of that of storing.

Parameters are in DynamoDB's own form already (see `items`), and the fields of its requests have the names of the
parameters: they are written in one step, which makes base64 of bytes. In answers the attributes of items are left as
they are; only bytes are decoded, which our items never hold inside lists or maps. Everything else is botocore's.
"""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import msgspec
from aiobotocore.parsers import AioJSONParser, AioResponseParserFactory
from botocore.serialize import JSONSerializer


class ItemParserFactory(AioResponseParserFactory):
    """Makes the parser of DynamoDB's answers; a session takes it as its `response_parser_factory`."""

    def create_parser(self, protocol_name: str) -> Any:
        """Return the parser of a protocol."""
        return _ItemParser() if protocol_name == "json" else super().create_parser(protocol_name)


def use_item_serializer(client: Any) -> None:
    """Make a client of DynamoDB write requests so; botocore has no public setting for it."""
    client._serializer = _ItemSerializer()


class _ItemParser(AioJSONParser):
    def _handle_map(self, shape: Any, value: Any) -> Any:
        if shape.value.name != "AttributeValue":
            return super()._handle_map(shape, value)  # type: ignore[misc] # the stubs leave it out
        return {name: _decoded(attribute) for name, attribute in value.items()}


class _ItemSerializer(JSONSerializer):
    def serialize_to_request(self, parameters: Mapping[str, Any], operation_model: Any) -> Any:
        request = super().serialize_to_request({}, operation_model)
        request["body"] = _encode(parameters)
        return request


def _decoded(attribute: dict[str, Any]) -> dict[str, Any]:
    return {"B": b64decode(attribute["B"])} if "B" in attribute else attribute


_encode = msgspec.json.Encoder().encode
