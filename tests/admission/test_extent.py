"""Levels of fields and fields are counted through fragments, in one pass."""

import timeit
from collections.abc import Callable

import pytest
from graphql import parse
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.admission.extent import Extent, document_extent
from tests.admission.graph import DOOR, MANAGER, admission, refusal, told

SPREADS = 4
Selection = tuple["Selection", ...] | int | None
"""A field with these selections below it; the fragment of this number; or a leaf."""


@pytest.mark.parametrize(
    ("query", "depth", "introspection", "fields"),
    [
        ("{ a }", 1, 0, 1),
        ("{ a { b } c }", 2, 0, 3),
        ("{ ... { ... on Query { a } } }", 1, 0, 1),
        ("{ a { ...F } } fragment F on A { b { c } ...G } fragment G on A { x { y { z } } }", 4, 0, 6),
        ("{ ...F a { ...F } } fragment F on A { b }", 2, 0, 3),
        ("query A { a } query B { a { b } }", 2, 0, 2),
        ("{ a { ...Unknown } }", 1, 0, 1),
        ("{ a { __typename } __schema { types { name } } }", 2, 3, 5),
        ("{ __schema { types { ...T } } } fragment T on __Type { fields { type { name } } }", 0, 5, 5),
        ("{ ...F a } fragment F on Query { __type(name: 1) { name } a { b } }", 2, 2, 5),
        ("{ a } fragment Unused on A { a { b { c } } }", 1, 0, 1),
        ("type A { b: B }", 0, 0, 0),
    ],
)
def test_extent(query: str, depth: int, introspection: int, fields: int) -> None:
    """Levels of fields, those under `__schema` apart, and fields as often as they are spread."""
    assert document_extent(parse(query)) == Extent(depth, introspection, fields)


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


def naive_count(body: tuple[Selection, ...], fragments: list[tuple[Selection, ...]]) -> int:
    """Fields as one would count them; exponential, and endless in a circle."""
    return sum(
        naive_count(fragments[each], fragments) if isinstance(each, int) else 1 + naive_count(each or (), fragments)
        for each in body
    )


def forward(body: tuple[Selection, ...], number: int) -> tuple[Selection, ...]:
    """The body with spreads of later fragments only, so that there is no circle."""
    return tuple(
        forward(each, number) if isinstance(each, tuple) else None if each is None or each <= number else each
        for each in body
    )


@given(bodies, st.lists(bodies, min_size=SPREADS, max_size=SPREADS))
def test_extent_is_the_naive_one(body: tuple[Selection, ...], drawn: list[tuple[Selection, ...]]) -> None:
    """Whatever the fragments spread, the one pass gives what the recursive definition gives."""
    fragments = [forward(each, number) for number, each in enumerate(drawn)]
    definitions = [f"fragment F{number} on A {body_text(each)}" for number, each in enumerate(fragments)]
    document = parse(body_text(body) + "".join(definitions))
    assert document_extent(document) == Extent(naive(body, fragments), 0, naive_count(body, fragments))


@settings(max_examples=50)
@given(bodies, st.lists(bodies, min_size=SPREADS, max_size=SPREADS))
def test_circles_end(body: tuple[Selection, ...], fragments: list[tuple[Selection, ...]]) -> None:
    """A document whose fragments spread each other is measured and refused, never followed for ever."""
    definitions = [f"fragment F{number} on A {body_text(each)}" for number, each in enumerate(fragments)]
    circle = "fragment C on A { ...D } fragment D on A { field { ...C } }"
    query = body_text(body) + "".join(definitions) + circle
    assert document_extent(parse(query)) is None
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
    document = parse(f"{{ company {{ ...F0 }} }} {chain} fragment F1500 on Company {{ id }}")
    assert document_extent(document) == Extent(1502, 0, 1502)


def test_introspection_is_limited() -> None:
    """Introspection has a bound of its own, above what any tool asks."""
    query = "{ __schema { types { " + "ofType { " * 18 + "name" + " }" * 20 + " }"
    assert told(refusal(query)) == (400, "DOCUMENT_TOO_DEEP", "Introspection goes 21 levels deep; 20 are allowed.")


def doubling(levels: int) -> str:
    """A document of so many fragments that each spread the next one twice."""
    fragments = " ".join(f"fragment F{n} on Company {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    return f"{{ company {{ ...F0 }} }} {fragments} fragment F{levels} on Company {{ id }}"


@pytest.mark.parametrize(("levels", "count"), [(11, "2049"), (200, "more than 10^60")])
def test_doubling_fragments_are_refused(levels: int, count: str) -> None:
    """Fragments that double at each level are counted, not followed, and refused before they are validated."""
    assert told(refusal(doubling(levels), door=admission(tokens_max=10_000))) == (
        400,
        "DOCUMENT_TOO_LARGE",
        f"The document asks for {count} fields, its fragments spread, and 2000 are allowed (`limits.fields_max`): "
        "ask for less at once, or in several requests.",
    )
    DOOR.admit(doubling(10), None, None, MANAGER)


@pytest.mark.parametrize(
    "query",
    [
        doubling(200),
        "{ " + " ".join(f"a{n}: company {{ id }}" for n in range(1_000)) + " }",
        "{ " + "company { parent { " * 90 + "id" + " } }" * 90 + " }",
    ],
    ids=["doubling fragments", "a thousand aliases", "deep"],
)
def test_measuring_costs_little_beside_parsing(query: str) -> None:
    """What decides on a monstrous document takes at most a fifth of what graphql-core needs to read it."""
    document = parse(query)
    assert least_time(lambda: document_extent(document)) < 0.2 * least_time(lambda: parse(query))


def least_time(work: Callable[[], object], runs: int = 15) -> float:
    """Seconds of the quickest of several runs, which other work on the machine has disturbed least."""
    return min(timeit.repeat(work, number=1, repeat=runs))
