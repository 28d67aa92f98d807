"""Cut what our GraphQL documents need out of GitHub's published schema, for the tests to validate them against.

npm pack @octokit/graphql-schema@15.26.1 && tar xzf octokit-graphql-schema-15.26.1.tgz
python scripts/cut_github_schema.py package/schema.graphql > tests/fixtures/github_schema.graphql
"""

import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

from graphql import (
    EnumTypeDefinitionNode,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ListTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    TypeNode,
    UnionTypeDefinitionNode,
    Visitor,
    build_ast_schema,
    is_interface_type,
    parse,
    print_ast,
    visit,
)

from github_events_monitor.github.graphql import documents

NOTE = """\
The part of GitHub's GraphQL schema that our documents use, cut by scripts/cut_github_schema.py out of the npm package
@octokit/graphql-schema 15.26.1, whose licence is this:

"""
BUILT_IN = {"String", "Int", "Float", "Boolean", "ID"}


class _Used(Visitor):
    """Which fields of which types the documents ask for."""

    def __init__(self, schema: GraphQLSchema, info: TypeInfo) -> None:
        super().__init__()
        self.fields: dict[str, set[str]] = defaultdict(set)
        self._schema, self._info = schema, info

    def enter_field(self, node: Any, *_: Any) -> None:
        parent = self._info.get_parent_type()
        if parent is None or self._info.get_field_def() is None:
            return  # __typename
        self.fields[parent.name].add(node.name.value)

    def enter_selection_set(self, *_: Any) -> None:
        parent = self._info.get_parent_type()
        if parent is not None:
            self.fields[parent.name] |= set()


def main() -> None:
    """Print the schema's part."""
    licence = Path(sys.argv[1]).with_name("LICENSE.md").read_text(encoding="utf-8")
    whole = parse(Path(sys.argv[1]).read_text(encoding="utf-8"), no_location=True)
    schema = build_ast_schema(whole, assume_valid=True)
    fields = _asked(schema)
    kept: dict[str, str] = {}
    definitions = {node.name.value: node for node in whole.definitions if hasattr(node, "name")}
    waiting = list(fields)
    while waiting:
        name = waiting.pop()
        if name in kept or name in BUILT_IN:
            continue
        kept[name], named = _cut(definitions[name], fields)
        waiting += named
    note = "\n".join(f"# {line}".rstrip() for line in (NOTE + licence).splitlines())
    sys.stdout.write("\n\n".join([note, "schema {\n  query: Query\n}", *(kept[name] for name in sorted(kept))]) + "\n")


def _asked(schema: GraphQLSchema) -> dict[str, set[str]]:
    info = TypeInfo(schema)
    used = _Used(schema, info)
    texts = [text for name, text in vars(documents).items() if name.isupper() and not name.startswith("_")]
    made = (documents.look_document(1), documents.introduction_document(1), documents.issues_document([1]))
    for text in [*(text for text in texts if isinstance(text, str)), *made]:
        visit(parse(text), TypeInfoVisitor(info, used))
    for name in list(used.fields):
        found = schema.type_map[name]
        if is_interface_type(found):
            for implementation in schema.get_possible_types(found):
                if implementation.name in used.fields:
                    used.fields[implementation.name] |= used.fields[name]
    return used.fields


def _cut(node: Any, fields: dict[str, set[str]]) -> tuple[str, list[str]]:
    """Return a definition with only what is used of it, and the types that this names."""
    changes: dict[str, Any] = {}
    named: list[str] = []
    if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        asked = fields.get(node.name.value, set())
        kept = [_bare(field) for field in node.fields or () if field.name.value in asked]
        changes["fields"] = tuple(replace(field, arguments=_bare_all(field.arguments)) for field in kept)
        changes["interfaces"] = tuple(one for one in node.interfaces or () if one.name.value in fields)
        for field in kept:
            named += [_name(field.type), *(_name(argument.type) for argument in field.arguments or ())]
    elif isinstance(node, InputObjectTypeDefinitionNode):
        changes["fields"] = _bare_all(node.fields)
        named += [_name(field.type) for field in node.fields or ()]
    elif isinstance(node, UnionTypeDefinitionNode):
        changes["types"] = tuple(one for one in node.types or () if one.name.value in fields)
    elif isinstance(node, EnumTypeDefinitionNode):
        changes["values"] = _bare_all(node.values)
    return print_ast(replace(_bare(node), **changes)), named


def _bare(node: Any) -> Any:
    return replace(node, description=None, directives=())


def _bare_all(nodes: Any) -> tuple[Any, ...]:
    return tuple(_bare(node) for node in nodes or ())


def _name(node: TypeNode) -> str:
    while isinstance(node, ListTypeNode | NonNullTypeNode):
        node = node.type
    return str(node.name.value)  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
