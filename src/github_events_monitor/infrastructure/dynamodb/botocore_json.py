"""Requests and answers as JSON: botocore handles each attribute of each item by half a dozen calls, going out and
coming in, which is most of the time of a query and a fifth of that of storing.

Items are in DynamoDB's own form already (see `items`): their attributes are left as they are; only bytes are encoded
and decoded, which our items never hold inside lists or maps. Everything else is botocore's.
"""

from base64 import b64decode, b64encode
from typing import Any

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
    def _serialize_type_map(self, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.value.name != "AttributeValue":
            super()._serialize_type_map(serialized, value, shape, key)  # type: ignore[misc] # as above
            return
        serialized[key] = {name: _encoded(attribute) for name, attribute in value.items()}


def _decoded(attribute: dict[str, Any]) -> dict[str, Any]:
    return {"B": b64decode(attribute["B"])} if "B" in attribute else attribute


def _encoded(attribute: dict[str, Any]) -> dict[str, Any]:
    return {"B": b64encode(attribute["B"]).decode()} if "B" in attribute else attribute
