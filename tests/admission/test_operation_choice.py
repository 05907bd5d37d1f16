"""Which operation of a document is meant, and whether its kind is served."""

import pytest

from tests.admission.graph import DOOR, MANAGER, refusal, told

TWO = 'query A { company { id } } mutation B { open(text: "x") { id } }'


@pytest.mark.parametrize(
    ("query", "name", "operation_name", "kind"),
    [
        ("{ __typename }", None, None, "query"),
        ("query A { __typename }", None, "A", "query"),
        ("query A { __typename }", "A", "A", "query"),
        ("{ __typename }", "", None, "query"),
        (TWO, "A", "A", "query"),
        (TWO, "B", "B", "mutation"),
    ],
)
def test_choice(query: str, name: str | None, operation_name: str | None, kind: str) -> None:
    """The only operation needs no name; of several the named one is meant."""
    operation = DOOR.admit(query, name, None, MANAGER)
    assert (operation.operation_name, operation.kind) == (operation_name, kind)


@pytest.mark.parametrize(
    ("query", "name", "message"),
    [
        (TWO, None, "The document has several operations: choose one in operationName: A, B."),
        (TWO, "", "The document has several operations: choose one in operationName: A, B."),
        (TWO, "C", "The document has no operation of the name in operationName; it has A, B."),
        ("{ __typename }", "A", "The document's operation has no name: leave operationName out."),
        (
            " ".join(f"query Q{i} {{ __typename }}" for i in range(12)),
            None,
            "The document has several operations: choose one in operationName: "
            "Q0, Q1, Q2, Q3, Q4, Q5, Q6, Q7, Q8, Q9, ….",
        ),
    ],
)
def test_no_choice(query: str, name: str | None, message: str) -> None:
    """An ambiguous or unknown name is refused with the names there are."""
    assert told(refusal(query, name=name)) == (400, "BAD_REQUEST", message)


def test_mutation_where_none_may_be() -> None:
    """A mutation that comes by GET is refused with 405, also when a query stands beside it; the query passes."""
    assert told(refusal(TWO, name="B", allow_mutation=False)) == (
        405,
        "BAD_REQUEST",
        "A mutation changes something: send it by POST.",
    )
    assert DOOR.admit(TWO, "A", None, MANAGER, allow_mutation=False).kind == "query"


def test_subscription() -> None:
    """Subscriptions are in the graph before they are served."""
    assert told(refusal("subscription { opened { id } }")) == (
        400,
        "BAD_REQUEST",
        "Subscriptions are not served yet: ask with a query.",
    )
