"""Variables are coerced at the door."""

import pytest

from gateway.domain.viewer import ANONYMOUS
from tests.admission.graph import DOOR, MANAGER, admission, refusal, told

SEARCH = "query ($filter: Filter!, $limit: Int = 5) { search(filter: $filter, limit: $limit) { __typename } }"


def test_coerced() -> None:
    """Values arrive as their types make them, defaults filled in, what nobody declared left out."""
    given = {"filter": {"text": "x", "kinds": "LINE"}, "other": 1}
    operation = DOOR.admit(SEARCH, None, given, MANAGER)
    assert operation.variables.coerced == {"filter": {"text": "x", "kinds": ["LINE"]}, "limit": 5}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            None,
            "Variable '$filter' has invalid value: Expected a value of non-null type 'Filter!' to be provided.",
        ),
        (
            {"filter": {}},
            "Variable '$filter' has invalid value: "
            "Expected value of type 'Filter' to include required field 'text', found: {}.",
        ),
        (
            {"filter": {"text": "x", "kinds": ["LIME"]}},
            "Variable '$filter' has invalid value at .kinds[0]: "
            "Value 'LIME' does not exist in 'Kind' enum. Did you mean the enum value 'LINE'?",
        ),
        (
            {"filter": {"text": "x"}, "limit": "5"},
            "Variable '$limit' has invalid value: Int cannot represent non-integer value: '5'",
        ),
    ],
)
def test_refused(given: dict[str, object] | None, message: str) -> None:
    """A wrong value is refused with its path and the place of its declaration."""
    refused = refusal(SEARCH, given)
    assert told(refused) == (400, "INVALID_VARIABLES", message)
    assert refused.errors[0].locations


def test_words_of_a_scalar() -> None:
    """A scalar's GraphQLError reaches the client; the text of any other exception does not."""
    query = "query ($n: Even) { even(number: $n) }"
    assert DOOR.admit(query, None, {"n": 4}, ANONYMOUS).variables.coerced == {"n": 4}
    assert told(refusal(query, {"n": 3})) == (
        400,
        "INVALID_VARIABLES",
        "Variable '$n' has invalid value: An Even is 0, 2, 4…",
    )
    assert told(refusal(query, {"n": 13})) == (
        400,
        "INVALID_VARIABLES",
        "The variable's value is not one that its type takes.",
    )


def test_names_are_not_suggested() -> None:
    """With introspection off a misspelt value is refused without the right one."""
    refused = refusal(SEARCH, {"filter": {"text": "x", "kinds": ["LIME"]}}, door=admission(introspection=False))
    assert told(refused)[2] == (
        "Variable '$filter' has invalid value at .kinds[0]: Value 'LIME' does not exist in 'Kind' enum."
    )


def test_errors_are_bounded() -> None:
    """A thousand wrong values are told twenty times, and that there are more."""
    errors = refusal(SEARCH, {"filter": {"text": "x", "kinds": ["LIME"] * 1000}}).errors
    assert len(errors) == 21
    assert errors[-1].message == "Too many errors processing variables, error limit reached. Execution aborted."


@pytest.mark.parametrize("depth", [150, 1000, 100_000])
def test_deep_values(depth: int) -> None:
    """A value nested deeper than Python's stack is refused like any other, where its type follows it or not."""
    value: dict[str, object] = {"text": "x"}
    lists: list[object] = []
    for _ in range(depth):
        value, lists = {"text": "x", "not": value}, [lists]
    if depth > 200:
        assert told(refusal(SEARCH, {"filter": value}))[:2] == (400, "INVALID_VARIABLES")
    for wrong in (lists, {"text": lists}, {"text": "x", "kinds": lists}):
        assert told(refusal(SEARCH, {"filter": wrong}))[:2] == (400, "INVALID_VARIABLES")
