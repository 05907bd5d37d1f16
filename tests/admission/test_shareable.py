"""Which operations may run once for several requests of one viewer: queries that leave no trace."""

import pytest

from tests.admission.graph import DOOR, MANAGER


@pytest.mark.parametrize(
    ("query", "is_shareable"),
    [
        ("{ __typename }", True),
        ("{ company { lines { sim { id } } } }", True),
        ("{ node(id: 1) { ... on Sim { id line { number } } } }", True),
        ("{ node(id: 1) { ... on Sim { pin } } }", False),
        ("{ company { lines { ... on MobileLine { sim { code: pin } } } } }", False),
        ("{ company { lines { sim { ...F } } } } fragment F on Sim { id pin }", False),
        ('mutation { open(text: "x") { id } }', False),
    ],
)
def test_shareable(query: str, is_shareable: bool) -> None:
    """Not what changes something, nor what is recorded, wherever it stands and whatever it is called."""
    assert DOOR.admit(query, None, None, MANAGER).is_shareable is is_shareable


def test_what_variables_leave_out_counts_too() -> None:
    """The document is looked at once; asking for too little sharing does no harm."""
    query = "query($codes: Boolean!) { node(id: 1) { ... on Sim { id pin @include(if: $codes) } } }"
    for codes in (False, True):
        assert not DOOR.admit(query, None, {"codes": codes}, MANAGER).is_shareable


def test_only_the_chosen_operation_counts() -> None:
    """Beside a mutation or an audited read a query is shared."""
    query = """
    query Names { company { id } }
    query Codes { node(id: 1) { ... on Sim { pin } } }
    mutation Open { open(text: "") { id } }
    """
    assert {
        name: DOOR.admit(query, name, None, MANAGER).is_shareable for name in ("Names", "Codes", "Open", "Names")
    } == {"Names": True, "Codes": False, "Open": False}
