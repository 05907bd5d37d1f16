"""How many objects an answer may have at most."""

import pytest
from graphql import GraphQLSchema, build_schema, get_introspection_query, parse

from gateway.admission import Admission, Refused
from gateway.admission.size import LIST_ASSUMED, AnswerSize
from gateway.config import LimitSettings
from gateway.schema import build_graph
from tests.admission.graph import MANAGER, Policy

SCHEMA = build_schema(
    """
    type Query { company(id: ID!): Company nodes(ids: [ID!]!): [Node] }
    interface Node { id: ID! }
    type Company implements Node { id: ID! lines(first: Int! = 20): Lines options: [Plan!]! }
    type Lines { nodes: [Line!]! edges: [Edge!]! pageInfo: Info! totalCount: Int! }
    type Edge { node: Line! cursor: String! }
    type Info { hasNextPage: Boolean! }
    type Line implements Node { id: ID! plan: Plan company: Company }
    type Plan { name: String }
    """
)


def objects(query: str, **variables: object) -> int:
    """The count for the first operation of a document."""
    operation, *others = parse(query).definitions
    fragments = {each.name.value: each for each in others}  # type: ignore[attr-defined]
    return AnswerSize(SCHEMA, operation, fragments).at_most(variables).objects  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("{ __typename }", 0),
        ("{ company(id: 1) { id } }", 1),
        ("{ company(id: 1) { lines(first: 10) { totalCount } } }", 2),
        ("{ company(id: 1) { lines(first: 10) { nodes { id } pageInfo { hasNextPage } } } }", 2 + 10 + 1),
        ("{ company(id: 1) { lines { nodes { plan { name } } } } }", 2 + 20 * 2),
        ("{ company(id: 1) { lines(first: 10) { edges { node { id } } } } }", 2 + 10 * 2),
        ("{ company(id: 1) { options { name } } }", 1 + LIST_ASSUMED),
        ("{ a: company(id: 1) { id } b: company(id: 2) { id } }", 2),
        ("{ nodes(ids: [1, 2, 3]) { id } }", 3),
        (
            "{ nodes(ids: [1, 2]) { ... on Company { lines(first: 3) { nodes { id } } } ...L } } "
            "fragment L on Line { plan { name } }",
            2 * 5,
        ),
        ("{ company(id: 1) { lines(first: -5) { nodes { id } } } }", 2),
        (
            "{ company(id: 1) { lines(first: 100) { nodes { company { lines(first: 100) { nodes { id } } } } } } }",
            2 + 100 * (1 + 1 + 1 + 100),
        ),
    ],
)
def test_page_sizes_multiply_along_a_path(query: str, count: int) -> None:
    """Paths add up, an abstract row counts as its most costly kind, leaves are free."""
    assert objects(query) == count


def test_variables_count_as_their_values() -> None:
    """Page sizes and lists of ids may come from outside; what is not given is the argument's default."""
    query = "query($n: Int!, $i: [ID!]!) { nodes(ids: $i) { id } company(id: 1) { lines(first: $n) { nodes { id } } } }"
    assert objects(query, n=7, i=["a", "b"]) == 2 + 2 + 7
    assert objects(query, i=["a"]) == 1 + 2 + 20


def test_doubling_fragments_are_counted_once_each() -> None:
    """Thirty fragments that each spread the next twice are 2³⁰ objects, or this test would never end."""
    body = " ".join(
        f"fragment f{n} on Company {{ a: lines(first: 1) {{ nodes {{ company {{ ...f{n + 1} }} }} }} "
        f"b: lines(first: 1) {{ nodes {{ company {{ ...f{n + 1} }} }} }} }}"
        for n in range(30)
    )
    assert objects(f"{{ company(id: 1) {{ ...f0 }} }} {body} fragment f30 on Company {{ id }}") > 2**30


def test_an_operation_that_may_answer_with_too_much_is_refused() -> None:
    """Before anything runs, with the count, the limit and what to change."""
    schema: GraphQLSchema = build_graph().schema
    admission = Admission(schema, LimitSettings(), introspection=True, policy=Policy())
    query = (
        "{ viewer { company { lines(first: 1000) { nodes { company { lines(first: 1000) { nodes { id } } } } } } } }"
    )
    with pytest.raises(Refused) as caught:
        admission.admit(query, None, None, MANAGER)
    (error,) = caught.value.errors
    assert error.extensions is not None
    assert error.extensions["code"] == "TOO_MANY_OBJECTS"
    assert "1003003 objects and 5000 are allowed" in error.message
    assert "`first`" in error.message


def test_introspection_is_counted_too() -> None:
    """Once is what tools need; a hundred times in one request is refused."""
    once = objects(get_introspection_query())
    assert once < LimitSettings().objects_max < 100 * once


def test_one_field_under_many_aliases_is_counted() -> None:
    """Leaves are no objects, yet a thousand rows of six hundred aliases are refused."""
    admission = Admission(build_graph().schema, LimitSettings(), introspection=True, policy=Policy())
    aliases = " ".join(f"a{number}: id" for number in range(600))
    with pytest.raises(Refused) as caught:
        admission.admit(
            f"{{ viewer {{ company {{ lines(first: 1000) {{ nodes {{ {aliases} }} }} }} }} }}", None, None, MANAGER
        )
    (error,) = caught.value.errors
    assert "601003 values and 50000 are allowed" in error.message
