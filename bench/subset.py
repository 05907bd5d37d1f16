"""Whether the peers serve a part of our graph, and one in which all queries are valid."""

from collections.abc import Iterator
from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    parse,
    validate,
)

from bench.contenders import PEERS
from bench.queries import Q1, Q2, Q2_500, Q3

OURS = Path(__file__).parent.parent / "contracts" / "schema.graphql"


def require_subset() -> None:
    """RuntimeError with everything that the peers' SDL has otherwise than ours, or that a query finds wrong in it."""
    theirs = build_schema((PEERS / "schema.graphql").read_text())
    wrong = list(_differences(theirs, build_schema(OURS.read_text())))
    for query in (Q1, Q2, Q3, Q2_500):
        wrong.extend(f"{query.name}: {error.message}" for error in validate(theirs, parse(query.text)))
    if wrong:
        raise RuntimeError("bench/peers/schema.graphql is no part of our graph:\n" + "\n".join(wrong))


def _differences(theirs: GraphQLSchema, ours: GraphQLSchema) -> Iterator[str]:
    for name, part in theirs.type_map.items():
        whole = ours.type_map.get(name)
        if type(whole) is not type(part):
            yield f"{name} is not a type of ours of its kind"
        else:
            yield from _missing(name, _members(part), _members(whole))


def _missing(name: str, part: dict[str, str], whole: dict[str, str]) -> Iterator[str]:
    for member, type_name in part.items():
        if whole.get(member) != type_name:
            yield f"{name}.{member}: {type_name} is {whole.get(member)} with us"


def _members(named: GraphQLNamedType | None) -> dict[str, str]:
    """Fields, their arguments and the values of enums -> their types."""
    if isinstance(named, GraphQLEnumType):
        return dict.fromkeys(named.values, "")
    if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType) or named.name.startswith("__"):
        return {}
    members = {name: str(field.type) for name, field in named.fields.items()}
    arguments = {
        f"{name}({argument}:)": f"{taken.type} = {taken.default_value}"
        for name, field in named.fields.items()
        for argument, taken in field.args.items()
    }
    return members | arguments
