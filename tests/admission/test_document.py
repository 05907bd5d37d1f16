"""Texts that are no document, too much of one, or not valid in this graph."""

import sys
from types import FrameType
from typing import Any

import pytest
from graphql import get_introspection_query

from gateway.domain.viewer import ANONYMOUS
from tests.admission.graph import DOOR, MANAGER, admission, refusal, told


@pytest.mark.parametrize("query", ["", "   \n"])
def test_nothing(query: str) -> None:
    """An empty query is told so, instead of a syntax error at its end."""
    assert told(refusal(query)) == (
        400,
        "BAD_REQUEST",
        "The query is empty. Send a GraphQL document, such as { __typename }.",
    )


def test_syntax_error() -> None:
    """A syntax error has its place in the text."""
    refused = refusal("{ company {\n  id )\n}")
    assert told(refused) == (400, "GRAPHQL_PARSE_FAILED", "Syntax Error: Expected Name, found ')'.")
    assert [(each.line, each.column) for each in refused.errors[0].locations or ()] == [(2, 6)]


def test_tokens_are_counted() -> None:
    """A document of exactly `tokens_max` tokens passes; one more is too large."""
    door = admission(tokens_max=6)
    door.admit("{ company { __typename } }", None, None, MANAGER)
    assert told(refusal("{ company { id __typename } }", door=door)) == (
        400,
        "DOCUMENT_TOO_LARGE",
        "Document contains more than 6 tokens. Ask for less at once, or in several requests.",
    )


def test_comments_are_counted() -> None:
    """Comments are no tokens, and still cost memory."""
    door = admission(tokens_max=5)
    assert told(refusal("#\n" * 6 + "{ __typename }", door=door)) == (
        400,
        "DOCUMENT_TOO_LARGE",
        "Document contains more than 5 comments. Ask for less at once, or in several requests.",
    )


def test_characters_are_counted() -> None:
    """A text of few tokens and many commas is refused before it is read."""
    door = admission(tokens_max=5)
    door.admit("{ __typename" + "," * 237 + "}", None, None, MANAGER)
    assert told(refusal("{ __typename" + "," * 238 + "}", door=door)) == (
        400,
        "DOCUMENT_TOO_LARGE",
        "The document has more than 250 characters: put long values into variables.",
    )


@pytest.mark.parametrize(
    "query",
    [
        "{ company" * 300 + "{ id }" + "}" * 300,
        "{ search(filter: " + "[" * 300 + "]" * 300 + ") { __typename } }",
        "query ($x: " + "[" * 300 + "Int" + "]" * 300 + ") { __typename }",
    ],
)
def test_nesting_the_parser_does_not_follow(query: str) -> None:
    """Where the parser gives up, the document is too deep, whatever it is that is nested."""
    assert told(refusal(query)) == (400, "DOCUMENT_TOO_DEEP", "The document is nested too deeply to be read.")


def test_validation_error() -> None:
    """What the graph does not have is named, with its place and what was perhaps meant."""
    refused = refusal("{ compny { id } }")
    assert told(refused) == (
        400,
        "GRAPHQL_VALIDATION_FAILED",
        "Cannot query field 'compny' on type 'Query'. Did you mean 'company'?",
    )
    assert [(each.line, each.column) for each in refused.errors[0].locations or ()] == [(1, 3)]


def test_errors_are_bounded() -> None:
    """A document with a thousand mistakes is told twenty, and that there are more."""
    errors = refusal("{" + " ".join(f"field{i}" for i in range(1000)) + "}").errors
    assert len(errors) == 21
    assert errors[-1].message == "Too many validation errors, error limit reached. Validation aborted."
    assert {error.extensions["code"] for error in errors if error.extensions} == {"GRAPHQL_VALIDATION_FAILED"}


def test_without_introspection() -> None:
    """With introspection off neither `__schema` nor a suggestion gives the graph away; `__typename` stays."""
    door = admission(introspection=False)
    door.admit("{ __typename company { __typename } }", None, None, MANAGER)
    for root in ("__schema { types { name } }", '__type(name: "Sim") { name }'):
        name = root.partition(" ")[0].partition("(")[0]
        assert told(refusal(f"{{ ...F }} fragment F on Query {{ {root} }}", door=door)) == (
            400,
            "GRAPHQL_VALIDATION_FAILED",
            f"Introspection is turned off here: remove {name} from the document.",
        )
    assert told(refusal("{ compny { id } }", door=door))[2] == "Cannot query field 'compny' on type 'Query'."


def test_introspection_is_for_everybody() -> None:
    """The query of GraphiQL passes without a token, however shallow other documents must be."""
    door = admission(depth_max=2)
    operation = door.admit(get_introspection_query(input_value_deprecation=True), None, None, ANONYMOUS)
    assert (operation.operation_name, operation.kind) == ("IntrospectionQuery", "query")


def test_words_of_a_scalar() -> None:
    """A scalar's GraphQLError reaches the client; the text of any other exception does not."""
    assert told(refusal("{ even(number: 3) }")) == (400, "GRAPHQL_VALIDATION_FAILED", "An Even is 0, 2, 4…")
    refused = refusal("{ even(number: 13) }")
    assert told(refused) == (400, "GRAPHQL_VALIDATION_FAILED", "This value is not one that its type takes.")
    assert [(each.line, each.column) for each in refused.errors[0].locations or ()] == [(1, 16)]


def test_colocated_fragments_are_compared() -> None:
    """Twenty components that each ask for the same twenty fields are an ordinary document."""
    fields = " ".join(f"f{i}: id" for i in range(20))
    fragments = "".join(f"fragment C{i} on Company {{ {fields} }}" for i in range(20))
    spreads = " ".join(f"...C{i}" for i in range(20))
    DOOR.admit(f"{{ company {{ {spreads} }} }} {fragments}", None, None, MANAGER)


def test_repetition_is_bounded() -> None:
    """Hundreds of copies of one field are refused before they are all compared with each other."""
    assert told(refusal("{" + "viewer { name }" * 480 + "}")) == (
        400,
        "GRAPHQL_VALIDATION_FAILED",
        "The document repeats fields or spreads fragments too often to be checked: select each field once.",
    )


@pytest.mark.parametrize(
    "fragment",
    [
        "fragment F{} on Company {{ parent {{ ...F{} }} p: parent {{ ...F{} }} }}",
        "fragment F{} on Company {{ ...F{} ...F{} }}",
    ],
)
def test_doubling_fragments(fragment: str) -> None:
    """Fragments that each spread the next one twice cost what their tokens cost, not two to their number."""

    def chain(length: int) -> str:
        links = "".join(fragment.format(i, i + 1, i + 1) for i in range(length))
        return f"{{ company {{ ...F0 }} }} {links} fragment F{length} on Company {{ id }}"

    assert calls_of(chain(12)) < 4 * calls_of(chain(6))  # by doubling it would be 64 times as many


def calls_of(query: str) -> int:
    """How many functions admitting the query calls: its cost, on any machine."""
    admission(fields_max=10**6, objects_max=10**6, values_max=10**6).admit(
        query, None, None, MANAGER
    )  # what is made once for a schema is not its cost
    door, calls = admission(fields_max=10**6, objects_max=10**6, values_max=10**6), 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        door.admit(query, None, None, MANAGER)
    finally:
        sys.setprofile(before)
    return calls
