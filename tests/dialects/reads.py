"""The reads that every dialect must answer: the screens of users, and documents that go along each edge and root."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from gateway.domain import global_id
from tests.journeys.journey import OPERATIONS, Answer, Journey

COMPANY = global_id.encode("Company", "org-0001")

LINE = """
  id number kind state plan { name } activatedAt options { name state activatedAt }
  ... on FixedLine { address }
  ... on MobileLine { paymentType credit { amount currency } gssPackage { id name } sim { id iccid state activatedAt } }
"""
INVOICE = """
  id number kind state issuedOn dueOn period { start end } net { amount currency } total { amount currency }
  outstanding { amount currency } isOverdue
"""
TICKET = "id kind state subject description openedAt updatedAt closedAt line { id number } invoice { id number }"
PACKAGE = """
  id name state activatedAt allowance { bytes } extra { bytes } contactPhone simCount remaining { bytes }
  members(first: 50) { totalCount nodes { dataUsed { bytes } line { id credit { amount } sim { iccid } } } }
"""
PAGE = "pageInfo { hasNextPage endCursor }"


class Read(NamedTuple):
    """A document, who asks it and with which variables.

    `is_racing`: two edges of it ask for records of one kind, and which backend answers first decides who shares a call
    with whom; so ids are counted of such a read, not calls.
    """

    document: str
    token: str = "user_admin"
    variables: Mapping[str, Any] = MappingProxyType({})
    is_racing: bool = False

    def asked(self, journey: Journey) -> Answer:
        """What the gateway answers."""
        return journey.query(self.document, self.token, **self.variables)


def _ids(kind: str, *records: str) -> list[str]:
    return [global_id.encode(kind, "org-0001", record) for record in records]


def _scenario(number: int, fields: str) -> Read:
    """Fields of a named company, for an operator."""
    company = global_id.encode("Company", f"org-{number:04d}")
    return Read(f"query($id: ID!) {{ company(id: $id) {{ {fields} }} }}", "operator", {"id": company})


READS = {
    "overview": Read(
        (OPERATIONS / "company_overview.graphql").read_text("utf-8"), variables={"id": COMPANY}, is_racing=True
    ),
    "lines": Read(f"{{ viewer {{ company {{ lines(first: 100) {{ totalCount {PAGE} nodes {{ {LINE} }} }} }} }} }}"),
    "line": Read(
        "query($number: PhoneNumber!) { line(number: $number) { id number company { id name } ... on MobileLine { "
        "credit { amount } sim { iccid line { id } codes { pin puk pin2 puk2 } } } } }",
        variables={"number": "+393334737574"},
    ),
    "packages": Read(f"{{ viewer {{ company {{ gssPackages(first: 5) {{ totalCount nodes {{ {PACKAGE} }} }} }} }} }}"),
    "invoices": Read(f"{{ viewer {{ company {{ invoices(first: 100) {{ totalCount nodes {{ {INVOICE} }} }} }} }} }}"),
    "invoice filter": Read(
        "{ viewer { company { devices: invoices(filter: {kind: DEVICE}) { totalCount nodes { id } } "
        "open: invoices(filter: {states: [ISSUED, PARTIALLY_PAID]}) { totalCount nodes { id outstanding { amount } } "
        "} } } }"
    ),
    "invoice": Read(
        f"query($id: ID!) {{ invoice(id: $id) {{ {INVOICE} company {{ id }} }} }}",
        variables={"id": _ids("Invoice", "bil-0001-1-202610-s")[0]},
    ),
    "tickets": Read(f"{{ viewer {{ company {{ tickets(first: 100) {{ totalCount nodes {{ {TICKET} }} }} }} }} }}"),
    "ticket": Read(
        f"query($id: ID!) {{ ticket(id: $id) {{ {TICKET} }} }}", variables={"id": _ids("Ticket", "tkt-0001-1")[0]}
    ),
    "nodes": Read(
        "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on MobileLine { credit { amount } } "
        "... on Sim { iccid line { id } } ... on Invoice { total { amount } } ... on GssPackage { name } "
        "... on Ticket { subject } } }",
        variables={
            "ids": [
                *_ids("Line", *(f"lin-0001-{number:04d}" for number in range(1, 31)), "fix-0001-1"),
                *_ids("Sim", *(f"sim-0001-{number:04d}" for number in range(1, 31))),
                *_ids("Invoice", *(f"bil-0001-1-2026{month:02d}-s" for month in range(1, 11))),
                *_ids("GssPackage", "gss-0001-1"),
                *_ids("Ticket", "tkt-0001-1", "tkt-0001-2"),
            ]
        },
    ),
    "foreign and unknown nodes": Read(
        "query($ids: [ID!]!) { nodes(ids: $ids) { id } }",
        variables={
            "ids": [
                *_ids("Line", "lin-0002-0001", "lin-none"),  # the other company's, under this one's name
                *_ids("Sim", "sim-0002-0001", "sim-none", "sim-0001-0001"),
                *_ids("Invoice", "bil-0002-1-202610-s", "bil-none"),
                *_ids("GssPackage", "gss-0002-1", "lin-0001-0001"),
                *_ids("Ticket", "tkt-0002-1"),
                global_id.encode("Line", "org-0002", "lin-0002-0001"),
            ]
        },
    ),
    "companies": Read(f"{{ companies(first: 5) {{ {PAGE} nodes {{ id name vatNumber state }} }} }}", "operator"),
    "companies at the end": Read(
        f"{{ companies(first: 100) {{ {PAGE} nodes {{ id name tradingName }} }} }}", "operator"
    ),
    "company by VAT number": Read(
        "query($vat: String!) { companies(filter: {vatNumber: $vat}) { nodes { id name vatNumber } } }",
        "operator",
        {"vat": "97000140588"},
    ),
    "company by name": Read(
        '{ companies(filter: {name: "Panificio Esposito & Figli S.n.c."}) { nodes { id vatNumber } } }', "operator"
    ),
    "two thousand lines": _scenario(
        5, f"name lines(first: 250, filter: {{kind: MOBILE}}) {{ totalCount {PAGE} nodes {{ id number }} }}"
    ),
    "no lines": _scenario(3, "name lines { totalCount nodes { id } } gssPackages { totalCount nodes { id } }"),
    "two customers, three accounts": _scenario(
        12,
        f"name lines(first: 100) {{ totalCount nodes {{ id number }} }} invoices(first: 200) {{ totalCount nodes "
        f"{{ {INVOICE} }} }} tickets {{ totalCount nodes {{ id }} }}",
    ),
    "all line states": _scenario(14, "lines { nodes { id state } }"),
}
