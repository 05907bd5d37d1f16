"""Who may select what, held against the object types that a selection can reach."""

import pytest

from gateway.domain.viewer import ANONYMOUS, Scope
from tests.admission.graph import DOOR, MANAGER, NOBODY, refusal, told, viewer


@pytest.mark.parametrize(
    "query",
    [
        "{ __typename }",
        "{ coverage { technology nearest { technology __typename } } }",
        "{ ...F } fragment F on Query { c: coverage { ... on Coverage { technology } } }",
        "{ __schema { queryType { name } } coverage { technology } }",
        "{ coverage { technology company @include(if: false) { id } } viewer @skip(if: true) { name } }",
    ],
)
def test_public_fields(query: str) -> None:
    """Without a token what is public passes, with `__typename`, introspection, and nothing that is left out."""
    assert DOOR.admit(query, None, None, ANONYMOUS).kind == "query"


@pytest.mark.parametrize(
    ("query", "field", "line_column"),
    [
        ("{ company { id } }", "Query.company", (1, 3)),
        ("{ viewer { __typename } }", "Query.viewer", (1, 3)),
        ("{ coverage { technology company { id } } }", "Coverage.company", (1, 25)),
        ("{ coverage { company { id } } viewer { name } }", "Coverage.company", (1, 14)),
        ("{ coverage { ...F } }\nfragment F on Coverage { nearest { company { id } } }", "Coverage.company", (2, 36)),
        ('mutation { open(text: "x") { id } }', "Mutation.open", (1, 12)),
        ("{ viewer @include(if: true) { name } }", "Query.viewer", (1, 3)),
    ],
)
def test_anonymous(query: str, field: str, line_column: tuple[int, int]) -> None:
    """Without a token the first field that needs one is named, with its place; the whole request is refused."""
    refused = refusal(query, who=ANONYMOUS)
    assert told(refused) == (
        401,
        "UNAUTHENTICATED",
        f"{field} needs a bearer token: send `Authorization: Bearer <token>`.",
    )
    assert [(each.line, each.column) for each in refused.errors[0].locations or ()] == [line_column]


def test_any_token() -> None:
    """A field without a scope takes any token, and so does a public one."""
    assert DOOR.admit("{ viewer { name } coverage { technology } }", None, None, NOBODY).kind == "query"


@pytest.mark.parametrize(
    ("query", "scopes", "field", "missing"),
    [
        ("{ company { id } }", [], "Company.id", "scope company:read"),
        ("{ viewer { name company { id } } }", [Scope.LINE_READ], "Company.id", "scope company:read"),
        ("{ company { lines { id } } }", [Scope.COMPANY_READ], "FixedLine.id", "scope line:read"),
        (
            "{ company { lines { sim { ... on Sim { id pin } } } } }",
            [Scope.COMPANY_READ, Scope.LINE_READ],
            "Sim.pin",
            "scope sim-codes:read",
        ),
        (
            "{ company { lines { sim { ... on Sim { pin } } } } }",
            [Scope.COMPANY_READ],
            "FixedLine.sim",
            "scope line:read",
        ),
        ("{ node(id: 1) { ... on Sim { pin } } }", [], "Sim.pin", "scopes line:read, sim-codes:read"),
        (
            "{ search { ... on Node { id } } }",
            [Scope.COMPANY_READ, Scope.TICKET_READ],
            "Invoice.id",
            "scope invoice:read",
        ),
        ('mutation { open(text: "x") { text } }', [], "Ticket.text", "scope ticket:read"),
    ],
)
def test_forbidden(query: str, scopes: list[Scope], field: str, missing: str) -> None:
    """A scope that the token lacks is named with the first field that asks for it, by concrete type."""
    assert told(refusal(query, who=viewer(*scopes))) == (
        403,
        "FORBIDDEN",
        f"{field} needs the {missing}, which your token does not have.",
    )


@pytest.mark.parametrize(
    ("query", "scopes"),
    [
        ("{ node(id: 1) { ... on Invoice { id amount } } }", [Scope.INVOICE_READ]),
        ("{ node(id: 1) { ...F } } fragment F on Line { id number }", [Scope.LINE_READ]),
        ("{ search { ... on Ticket { id __typename } } }", [Scope.TICKET_READ]),
        (
            "{ search { ... on Ticket { id } ... on Hit { __typename } } }",
            [Scope.TICKET_READ, Scope.COMPANY_READ, Scope.INVOICE_READ],
        ),
        # The SIM of a mobile line is a Sim, where that of any line may be another node.
        ("{ node(id: 1) { ... on MobileLine { sim { id } } } }", [Scope.LINE_READ]),
    ],
)
def test_fragments_narrow(query: str, scopes: list[Scope]) -> None:
    """A fragment on a type asks only for what that type needs."""
    assert DOOR.admit(query, None, None, viewer(*scopes)).kind == "query"


def test_interface_counts_for_all_its_types() -> None:
    """A selection on an interface asks for the scopes of every object type behind it."""
    query = "{ node(id: 1) { ... on FixedLine { sim { id } } } }"
    scopes = set(Scope) - {Scope.TICKET_READ}
    assert told(refusal(query, who=viewer(*scopes)))[2].startswith("Ticket.id needs the scope ticket:read")
    assert DOOR.admit(query, None, None, MANAGER).kind == "query"


CONDITION = (
    "query ($yes: Boolean!, $no: Boolean! = false) { viewer { name company @include(if: $yes) @skip(if: $no) { id } } }"
)


@pytest.mark.parametrize(
    ("variables", "is_included"),
    [
        ({"yes": True}, True),
        ({"yes": False}, False),
        ({"yes": True, "no": False}, True),
        ({"yes": True, "no": True}, False),
        ({"yes": False, "no": True}, False),
    ],
)
def test_conditions(variables: dict[str, object], is_included: bool) -> None:
    """What these variables leave out needs no scope; what they include does; the same document serves both."""
    if is_included:
        assert told(refusal(CONDITION, variables, who=NOBODY))[:2] == (403, "FORBIDDEN")
    else:
        assert DOOR.admit(CONDITION, None, variables, NOBODY).variables.coerced == {"no": False, **variables}


@pytest.mark.parametrize("value", [None, 0, "false", [], {}])
def test_conditions_of_wrong_values(value: object) -> None:
    """A value that is no boolean leaves nothing out: the scope is asked for, and only then the value refused."""
    assert told(refusal(CONDITION, {"yes": value}, who=NOBODY))[:2] == (403, "FORBIDDEN")
    assert told(refusal(CONDITION, {"yes": value}, who=MANAGER))[:2] == (400, "INVALID_VARIABLES")
    assert told(refusal(CONDITION, {}, who=NOBODY))[:2] == (403, "FORBIDDEN")


@pytest.mark.parametrize("value", [1, "true", [True], {"no": True}])
def test_skipping_by_wrong_values(value: object) -> None:
    """A value that is merely true to Python skips nothing."""
    assert told(refusal(CONDITION, {"yes": True, "no": value}, who=NOBODY))[:2] == (403, "FORBIDDEN")


def test_conditions_have_defaults() -> None:
    """A default leaves out as a given value does, and a given value replaces it."""
    query = "query ($short: Boolean! = true) { viewer { name company @skip(if: $short) { id } } }"
    assert DOOR.admit(query, None, None, NOBODY).variables.coerced == {"short": True}
    assert told(refusal(query, {"short": False}, who=NOBODY))[:2] == (403, "FORBIDDEN")


def test_scopes_come_before_variables() -> None:
    """Who may not ask is told so, not what is wrong with the question."""
    query = "query ($id: ID!) { node(id: $id) { id } }"
    assert told(refusal(query, {}, who=ANONYMOUS))[:2] == (401, "UNAUTHENTICATED")
    assert told(refusal(query, {}, who=NOBODY))[:2] == (403, "FORBIDDEN")


def test_only_the_chosen_operation_counts() -> None:
    """A document may hold operations its viewer may not run."""
    query = "query Mine { viewer { name } } query Theirs { company { id } }"
    assert DOOR.admit(query, "Mine", None, NOBODY).operation_name == "Mine"
    assert told(refusal(query, name="Theirs", who=NOBODY))[:2] == (403, "FORBIDDEN")
    assert DOOR.admit(query, "Theirs", None, MANAGER).operation_name == "Theirs"
    assert told(refusal(query, name="Theirs", who=NOBODY))[:2] == (403, "FORBIDDEN")


def test_the_first_of_several_places_is_named() -> None:
    """A field that is selected twice is shown where it stands first."""
    refused = refusal("{ viewer { company { ...F } } company { id } }\nfragment F on Company { id }", who=NOBODY)
    assert [(each.line, each.column) for each in refused.errors[0].locations or ()] == [(1, 41)]
