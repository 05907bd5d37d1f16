"""What documents leave behind that are let in and pushed out, or refused: nothing that waits for the collector."""

import pytest
from graphql import get_introspection_query

from gateway.domain.viewer import ANONYMOUS, Viewer
from tests.admission.graph import MANAGER, NOBODY, admission, refusal
from tests.engine.garbage import left_by


@pytest.mark.parametrize(
    "query",
    [
        "{ company { id lines { number ... on MobileLine { sim { id } } } } }",
        "query ($no: Boolean = false) { company { ...C @skip(if: $no) } } fragment C on Company { id parent { id } }",
        'query ($f: Filter = { text: "x" }) { search(filter: $f, limit: 3) { __typename ... on Invoice { amount } } }',
        "{ even(number: 4) }",
        get_introspection_query(),
    ],
)
async def test_a_document_that_is_pushed_out(query: str) -> None:
    """With its tokens, its tree and all that was found out about it."""
    door = admission(cache_size=2)

    async def admit(number: int) -> None:
        operation = door.admit(f"{query} # {number}", None, None, MANAGER)
        assert operation.plan.is_breadth_first

    assert await left_by(admit) < 1


@pytest.mark.parametrize(
    "query",
    [
        "{ company",
        '{ node(id: "',
        "{" + "a " * 3_000 + "}",
        "#\n" * 3_000 + "{ a }",
        "{ company" * 300 + "{ id }" + "}" * 300,
        "{ company { parent" + "{ parent" * 20 + "{ id }" + "}" * 22,
        "{ a }",
        "query ($id: ID) { node(id: $id) { id } company { a } }",
        "{" + " ".join(f"a{number}" for number in range(100)) + "}",
        "{" + "viewer { name }" * 480 + "}",
        "{ ...A } fragment A on Query { ...A }",
        "{ ...F0 }" + "".join(f"fragment F{i} on Query {{ ...F{i + 1} }}" for i in range(300)),
        "{ company { id: parent { id } id } }",
        "{ even(number: 3) }",
        "{ even(number: 13) }",
        "query ($even: Even = 13) { even(number: $even) }",
        "query A { coverage { technology } } query B { coverage { technology } }",
        "mutation { open(text: 1) { id } }",
        "subscription { opened { id } }",
    ],
)
async def test_a_refused_document(query: str) -> None:
    """Whatever it is refused for: its syntax, its size, its depth, its fields, its values, its kind.

    One object may be left: graphql-core's printer, of an error message that quotes a value.
    """
    door = admission(cache_size=2, depth_max=15, tokens_max=2_000)

    async def refuse(number: int) -> None:
        refusal(f"# {number}\n{query} # {number}", door=door)

    assert await left_by(refuse) <= 1


@pytest.mark.parametrize("who", [NOBODY, ANONYMOUS])
async def test_a_document_of_another_scope(who: Viewer) -> None:
    """It is read and kept, and pushed out like others."""
    door = admission(cache_size=2)

    async def refuse(number: int) -> None:
        refusal(f"query ($no: Boolean = true) {{ company @include(if: $no) {{ id }} }} # {number}", who=who, door=door)

    assert await left_by(refuse) < 1


@pytest.mark.parametrize("value", [None, 3, 13, [4], "x", {"a": 1}])
async def test_variables_that_do_not_fit(value: object) -> None:
    """Neither the variables nor the errors about them stay, whether or not a scalar fails over them."""
    door = admission(cache_size=2)

    async def refuse(number: int) -> None:
        refusal(f"query ($even: Even!) {{ even(number: $even) }} # {number}", {"even": value}, door=door)

    assert await left_by(refuse) < 1
