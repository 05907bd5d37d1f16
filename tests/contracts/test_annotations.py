"""What the contracts tell the contract kit besides: it is what the gateway's own tables say."""

import inspect
from collections.abc import Iterator, Mapping

import pytest

from gateway.adapters.billing import invoice
from gateway.adapters.crm import company, ticket
from gateway.adapters.provisioning import product, sim
from gateway.cli.contracts import verify
from gateway.config import API_DEFAULTS
from gateway.contract_kit.contract import published_contract
from tests.contracts.contract import BACKENDS, contract

UNKNOWN = {"unknown"}
"""TM Forum's own word for what is not known."""


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_operation_belongs_to_an_api(backend: str) -> None:
    """The first tag of an operation is the API by whose settings it is asked; its path begins with the base path."""
    operations = published_contract(backend).operations
    assert {operation.api for operation in operations} == API_DEFAULTS[backend].keys()
    for operation in operations:
        assert operation.path.startswith(API_DEFAULTS[backend][operation.api]["base_path"] + "/")


def words(schema: str, attribute: str) -> set[str]:
    """The words that a contract has for an attribute, as the adapters compare them."""
    for backend in BACKENDS:
        described = contract(backend)["components"]["schemas"].get(schema)
        if described is not None:
            return {word.casefold() for word in described["properties"][attribute]["x-words"]}
    raise KeyError(schema)


@pytest.mark.parametrize(
    ("schema", "attribute", "known"),
    [
        ("CustomerBill", "state", invoice.STATES),
        ("CustomerBill", "category", dict.fromkeys([*invoice.SERVICE_CATEGORIES, "credit note"])),
        ("Product", "status", product.STATES),
        ("Resource", "resourceStatus", sim.STATES),
        ("Organization", "status", company.STATES),
        ("TroubleTicket", "status", ticket.STATES),
        ("TroubleTicket", "ticketType", ticket.KINDS),
    ],
)
def test_words_are_those_of_the_adapters(schema: str, attribute: str, known: Mapping[str, object]) -> None:
    """A word that the adapters learn or forget changes in the contract as well."""
    assert words(schema, attribute) - UNKNOWN == {word.casefold() for word in known}


def kinds() -> Iterator[str]:
    """What parameters of lists identify."""
    for backend in BACKENDS:
        for operation in published_contract(backend).operations:
            for parameter in operation.parameters if operation.is_list else ():
                if parameter.identifies is not None:
                    yield parameter.identifies


def test_every_kind_of_id_can_be_named() -> None:
    """Where a list is asked for by an id, an option of `contracts verify` names one; phone numbers have none."""
    assert set(kinds()) - {"number"} <= inspect.signature(verify).parameters.keys()
