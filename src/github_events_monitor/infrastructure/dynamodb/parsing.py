"""Reading answers: botocore looks at each attribute of each item ten times over, which is most of the time of a query.

An item's attributes are left as the JSON has them; only bytes are decoded, which our items never hold inside lists or
maps. Everything else is botocore's.
"""

from base64 import b64decode
from typing import Any

from aiobotocore.parsers import AioJSONParser, AioResponseParserFactory


class ItemParserFactory(AioResponseParserFactory):
    """Makes the parser of DynamoDB's answers; a session takes it as its `response_parser_factory`."""

    def create_parser(self, protocol_name: str) -> Any:
        """The parser of a protocol."""
        return _ItemParser() if protocol_name == "json" else super().create_parser(protocol_name)


class _ItemParser(AioJSONParser):
    def _handle_map(self, shape: Any, value: Any) -> Any:
        if shape.value.name != "AttributeValue":
            return super()._handle_map(shape, value)  # type: ignore[misc] # the stubs leave it out
        return {name: _decoded(attribute) for name, attribute in value.items()}


def _decoded(attribute: dict[str, Any]) -> dict[str, Any]:
    return {"B": b64decode(attribute["B"])} if "B" in attribute else attribute
