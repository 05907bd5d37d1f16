"""Depth counts levels of fields, through fragments, in one pass."""

import pytest
from graphql import parse
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.admission.depth import Depth, document_depth
from tests.admission.graph import MANAGER, admission, refusal, told

SPREADS = 4
Selection = tuple["Selection", ...] | int | None
"""A field with these selections below it; the fragment of this number; or a leaf."""


@pytest.mark.parametrize(
    ("query", "fields", "introspection"),
    [
        ("{ a }", 1, 0),
        ("{ a { b } c }", 2, 0),
        ("{ ... { ... on Query { a } } }", 1, 0),
        ("{ a { ...F } } fragment F on A { b { c } ...G } fragment G on A { x { y { z } } }", 4, 0),
        ("{ ...F a { ...F } } fragment F on A { b }", 2, 0),
        ("query A { a } query B { a { b } }", 2, 0),
        ("{ a { ...Unknown } }", 1, 0),
        ("{ a { __typename } __schema { types { name } } }", 2, 3),
        ("{ __schema { types { ...T } } } fragment T on __Type { fields { type { name } } }", 0, 5),
        ("{ ...F a } fragment F on Query { __type(name: 1) { name } a { b } }", 2, 2),
        ("{ a } fragment Unused on A { a { b { c } } }", 1, 0),
        ("{ a { ...F } } fragment F on A { b { ...G } } fragment G on A { c { ...F } }", 0, 0),
        ("type A { b: B }", 0, 0),
    ],
)
def test_depth(query: str, fields: int, introspection: int) -> None:
    """Levels of fields, those under `__schema` apart."""
    assert document_depth(parse(query)) == Depth(fields, introspection)


selections: st.SearchStrategy[Selection] = st.recursive(
    st.none() | st.integers(0, SPREADS - 1),
    lambda below: st.lists(below, min_size=1, max_size=4).map(tuple),
    max_leaves=8,
)
bodies = st.lists(selections, min_size=1, max_size=4).map(tuple)


def text(selection: Selection) -> str:
    """The selection in GraphQL."""
    if selection is None:
        return "leaf"
    return f"...F{selection}" if isinstance(selection, int) else f"field {body_text(selection)}"


def body_text(body: tuple[Selection, ...]) -> str:
    """A selection set in GraphQL."""
    return "{ " + " ".join(text(each) for each in body) + " }"


def naive(body: tuple[Selection, ...], fragments: list[tuple[Selection, ...]]) -> int:
    """Depth as one would define it; exponential, and endless in a circle."""
    depth = 0
    for each in body:
        if isinstance(each, int):
            depth = max(depth, naive(fragments[each], fragments))
        else:
            depth = max(depth, 1 + (naive(each, fragments) if each else 0))
    return depth


def forward(body: tuple[Selection, ...], number: int) -> tuple[Selection, ...]:
    """The body with spreads of later fragments only, so that there is no circle."""
    return tuple(
        forward(each, number) if isinstance(each, tuple) else None if each is None or each <= number else each
        for each in body
    )


@given(bodies, st.lists(bodies, min_size=SPREADS, max_size=SPREADS))
def test_depth_is_the_naive_one(body: tuple[Selection, ...], drawn: list[tuple[Selection, ...]]) -> None:
    """Whatever the fragments spread, the one pass gives what the recursive definition gives."""
    fragments = [forward(each, number) for number, each in enumerate(drawn)]
    definitions = [f"fragment F{number} on A {body_text(each)}" for number, each in enumerate(fragments)]
    document = parse(body_text(body) + "".join(definitions))
    assert document_depth(document) == Depth(naive(body, fragments), 0)


@settings(max_examples=50)
@given(bodies, st.lists(bodies, min_size=SPREADS, max_size=SPREADS))
def test_circles_end(body: tuple[Selection, ...], fragments: list[tuple[Selection, ...]]) -> None:
    """A document whose fragments spread each other is measured and refused, never followed for ever."""
    definitions = [f"fragment F{number} on A {body_text(each)}" for number, each in enumerate(fragments)]
    circle = "fragment C on A { ...D } fragment D on A { field { ...C } }"
    query = body_text(body) + "".join(definitions) + circle
    assert document_depth(parse(query)) == Depth()
    assert {error.extensions["code"] for error in refusal(query).errors if error.extensions} == {
        "GRAPHQL_VALIDATION_FAILED"
    }


def test_depth_is_limited() -> None:
    """A document of exactly `depth_max` levels passes; one more is refused with both numbers."""
    door = admission(depth_max=3)
    door.admit("{ company { parent { id } } }", None, None, MANAGER)
    assert told(refusal("{ company { ...F } } fragment F on Company { parent { parent { id } } }", door=door)) == (
        400,
        "DOCUMENT_TOO_DEEP",
        "The document goes 4 levels deep and 3 are allowed (`limits.depth_max`): "
        "ask for what lies deeper in a request of its own.",
    )


def test_long_chains_of_fragments() -> None:
    """Fragments one below the other do not exhaust the stack."""
    chain = "".join(f"fragment F{i} on Company {{ parent {{ ...F{i + 1} }} }}" for i in range(1500))
    assert document_depth(parse(f"{{ company {{ ...F0 }} }} {chain} fragment F1500 on Company {{ id }}")).fields == 1502


def test_introspection_is_limited() -> None:
    """Introspection has a bound of its own, above what any tool asks."""
    query = "{ __schema { types { " + "ofType { " * 18 + "name" + " }" * 20 + " }"
    assert told(refusal(query)) == (400, "DOCUMENT_TOO_DEEP", "Introspection goes 21 levels deep; 20 are allowed.")
