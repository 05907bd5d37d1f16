"""The operations every executor is held to: generated ones, and those a generator would rarely write."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from graphql import GraphQLSchema, ValueNode, get_introspection_query
from hypothesis_graphql import nodes

from gateway.schema import build_graph
from tests.engine.documents import Operation, custom_scalars, generated, valid
from tests.engine.nasty import nasty_schema
from tests.engine.product import GLOBAL_IDS

NASTY_COUNT = 240
PRODUCT_COUNT = 160

NASTY_SCALARS: Mapping[str, Sequence[ValueNode]] = {
    "Even": [nodes.Int(2), nodes.Int(40)],
    "Json": [nodes.Int(1), nodes.String("x"), nodes.List([nodes.Int(1), nodes.Null])],
}

PLACE = "id name ...Owned"
FRAGMENTS = """
fragment Owned on Place { owner { __typename ... on Named { id name } ... on Robot { id model } } size }
fragment Deep on Named { id name ... on Place { size near(first: 1) { id ...Owned } ... on City { mayor { id age } } } }
fragment All on Anything {
  __typename
  ... on Node { id }
  ... on Named { name }
  ... on Person { id name age likes { __typename } }
  ... on City { id size colour }
  ... on Note { text tags }
  ... on Link { value things { __typename ... on Link { value } } }
}
"""

HAND_WRITTEN: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "aliases": ("{ a: anything(first: 1) { ...All } b: anything(first: 2) { ...All } c: anything { ...All } }", {}),
    "overlapping": (
        "{ named { ...Deep } named { id ... on Person { boss { ...Deep } } } places { ...Deep ...Owned } }",
        {},
    ),
    "same key, several conditions": (
        """query ($yes: Boolean!, $no: Boolean!) {
          city { id @include(if: $no) ...One @include(if: $yes) ...Two @skip(if: $no) ... @include(if: $no) { people } }
          city @include(if: $yes) { twin { id } }
        }
        fragment One on City { twin { name(upper: true) } id }
        fragment Two on City { twin { id twin { id } } people id }""",
        {"yes": True, "no": False},
    ),
    "typename everywhere": (
        """{ __typename named { __typename } owner { __typename } anything { __typename ... { __typename } }
           places { near { __typename } owner { t: __typename } } link { next { __typename weak { __typename } } } }""",
        {},
    ),
    "skipped everything": (
        "query ($no: Boolean!) { city @include(if: $no) { id } ...Nothing @include(if: $no)"
        " link { ... @skip(if: true) { value } } } fragment Nothing on Query { count }",
        {"no": False},
    ),
    "all of it skipped": ("{ city @skip(if: true) { id } }", {}),
    "introspection": (get_introspection_query(input_value_deprecation=True, schema_description=True), {}),
    "introspection beside data": (
        '{ __type(name: "City") { name fields { name type { name ofType { name } } } } '
        ' none: __type(name: "No") { name } __schema { queryType { name } } count }',
        {},
    ),
    "chains": (
        "{ mustLink { next { next { value next { ratio } } } }"
        " link { next { next { next { value things { ...All } } } } } }",
        {},
    ),
    "lists of lists": (
        """{ robots { parts { id parts { model } } } city { grid strictGrid rows { id ...Owned } }
           places { ... on Village { cube { ...All } people { id } } ... on City { rows { __typename } grid } } }""",
        {},
    ),
    "input": (
        """query ($filter: Filter, $colour: Colour! = BLUE, $deep: Filter = {text: "deep", colours: BLUE}
          $json: Json, $one: Int!) {
          a: echo(filter: $filter, json: $json) b: echo(filter: {deep: $deep, spans: {to: $one}, colours: [$colour]})
          c: echo(colours: [RED, [$colour], null], span: {marks: [$one, 3]}) d: echo(json: {a: [$one, {b: $colour}]})
          person { e: echo(colour: $colour, numbers: [$one]) f: echo(colour: BLUE, filter: null) g: echo }
        }""",
        {"filter": {"span": {"to": 1}, "even": 2, "colours": "GREEN"}, "json": {"x": [1.5, None]}, "one": 7},
    ),
    "nulls for non-null arguments": (
        "query ($upper: Boolean = true, $none: Boolean) { named { a: name(upper: $upper) b: name(upper: $none) id } }",
        {"upper": None},
    ),
    "what a resolver sees": (
        "query Q($b: Boolean!) { where ...W @include(if: $b) link { where weak { where } next { again: where ...L } }"
        " person { friends { where } } }"
        " fragment W on Query { where also: where count } fragment L on Link { where again: where }",
        {"b": True},
    ),
    "mutations": (
        """mutation { one: build(name: "one") { id twin { id } } tear(id: 1) link { value next { value } }
           two: build(name: "two", span: {to: 2}) { mayor { boss { id } } } note(text: "n") { tags length } count }""",
        {},
    ),
    "without propagation": (
        """query @experimental_disableErrorPropagation { mustLink { next { value next { ratio } } things { ...All } }
           places { ...Deep } where robots { parts { id model } } }""",
        {},
    ),
}


@cache
def operations_of(graph: str) -> Sequence[Operation]:
    """The operations on `nasty`, or on `product`; always the same."""
    if graph == "product":
        schema = build_graph().schema
        scalars: dict[str, Sequence[ValueNode]] = {
            name: [nodes.String("+393450001")] for name in custom_scalars(schema)
        }
        return generated(graph, schema, PRODUCT_COUNT, scalars, GLOBAL_IDS, pieces=1)
    schema = nasty_schema("mixed")
    return generated(graph, schema, NASTY_COUNT, NASTY_SCALARS, ("one", "two"), pieces=6)


@cache
def hand_written() -> Sequence[Operation]:
    """What a generator rarely writes, on `nasty`."""
    schema = nasty_schema("mixed")
    return [_hand_written(name, schema, text, variables) for name, (text, variables) in HAND_WRITTEN.items()]


def _hand_written(name: str, schema: GraphQLSchema, text: str, variables: Mapping[str, Any]) -> Operation:
    used = _used(text)
    operation = valid(f"hand:{name}", schema, "\n".join([text, *used]), variables)
    assert operation, name
    return operation


def _used(text: str) -> list[str]:
    """The shared fragments that a text spreads, and those they spread."""
    shared = {part.split()[0]: f"fragment {part}" for part in FRAGMENTS.split("fragment ")[1:]}
    used: dict[str, str] = {}
    waiting = [text]
    while waiting:
        here = waiting.pop()
        for name, fragment in shared.items():
            if f"...{name}" in here and name not in used:
                used[name] = fragment
                waiting.append(fragment)
    return list(used.values())
