"""The CRM's documents, as domain records."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from gateway.adapters.crm import CrmBackend
from gateway.domain.company import CompanyAccounts, CompanyPage, CompanyProfile, CompanySearch, CompanyState
from gateway.domain.key import Key
from gateway.domain.ticket import Ticket, TicketKind, TicketState
from gateway.errors import BackendFilterIgnored, BackendUnavailable

CUSTOMER = {
    "id": "cus-1",
    "name": "Brambilla",
    "status": "active",
    "engagedParty": {"id": "org-1", "name": "Brambilla", "@referredType": "Organization"},
    "account": [{"id": "acc-1"}, {"id": "acc-2"}],
}


async def test_accounts_of_a_company(server: Any, connect: Any) -> None:
    """Two customers, three accounts, each once; None for a company that is no customer."""
    server.rows["customer"] = [CUSTOMER, {**CUSTOMER, "id": "cus-2", "account": [{"id": "acc-2"}, {"id": "acc-3"}]}]
    async with connect("crm") as client:
        found = await CrmBackend(client).accounts_by_company_id.get_many(["org-1", "org-2"])
    assert found == [CompanyAccounts("org-1", ("cus-1", "cus-2"), ("acc-1", "acc-2", "acc-3")), None]
    assert sorted(seen.query[0] for seen in server.seen) == ["engagedParty.id=org-1", "engagedParty.id=org-2"]


async def test_the_company_of_a_customer(server: Any, connect: Any) -> None:
    """A customer without a party is nobody's; unknown customers are None."""
    server.rows["customer"] = [CUSTOMER, {"id": "cus-2"}]
    async with connect("crm") as client:
        found = await CrmBackend(client).company_id_by_customer_id.get_many(["cus-2", "cus-1", "none", "cus-1"])
    assert found == [None, "org-1", None, "org-1"]
    assert [seen.query[0] for seen in server.seen] == ["id=cus-2,cus-1,none"]


def organization(id: str, name: str | None, vat: str | None = None, **members: Any) -> dict[str, Any]:
    """An organization, with its VAT number."""
    numbers = [{"identificationType": "REA", "identificationId": "MI-1"}]
    numbers += [] if vat is None else [{"identificationType": "VAT", "identificationId": vat}]
    named = {} if name is None else {"name": name}
    return {"id": id, **named, "status": "validated", "organizationIdentification": numbers, **members}


@pytest.mark.parametrize(
    ("row", "profile"),
    [
        (
            organization("org-1", "Brambilla S.r.l.", "01234567897", tradingName="Brambilla"),
            CompanyProfile("org-1", "Brambilla S.r.l.", "Brambilla", "01234567897", CompanyState.ACTIVE),
        ),
        (
            organization("org-1", None, "IT01234567897", tradingName="Brambilla", status="closed"),
            CompanyProfile("org-1", "Brambilla", "Brambilla", "01234567897", CompanyState.INACTIVE),
        ),
        (
            organization("org-1", None, status="initialized"),
            CompanyProfile("org-1", "org-1", None, None, CompanyState.INACTIVE),
        ),
        ({"id": "org-1", "name": "B"}, CompanyProfile("org-1", "B", None, None, CompanyState.UNKNOWN)),
    ],
)
async def test_a_profile(server: Any, connect: Any, row: dict[str, Any], profile: CompanyProfile) -> None:
    """What the CRM knows of a company, in full or in part."""
    server.rows["organization"] = [row]
    async with connect("crm") as client:
        assert await CrmBackend(client).profile_by_company_id.get_many(["org-1"]) == [profile]


async def search(server: Any, connect: Any, asked: CompanySearch, **settings: Any) -> Any:
    """The page that the CRM gives."""
    async with connect("crm", **settings) as client:
        (found,) = await CrmBackend(client).companies_by_search.get_many([asked])
    return found


NAMES = ["Delta", "Alfa", "Echo", "Bravo", "Charlie"]


@pytest.mark.parametrize(
    ("offset", "limit", "names", "has_more"),
    [
        (0, 2, ["Alfa", "Bravo"], True),
        (2, 2, ["Charlie", "Delta"], True),
        (3, 2, ["Delta", "Echo"], False),
        (0, 5, ["Alfa", "Bravo", "Charlie", "Delta", "Echo"], False),
        (5, 5, [], False),
        (0, 0, [], True),
    ],
)
async def test_a_search_is_pushed_down(
    server: Any, connect: Any, offset: int, limit: int, names: list[str], has_more: bool
) -> None:
    """The CRM orders and pages; one row more tells whether another page follows, and it costs one call."""
    server.rows["organization"] = [organization(f"org-{index}", name) for index, name in enumerate(NAMES)]
    found = await search(server, connect, CompanySearch(None, None, offset, limit))
    assert isinstance(found, CompanyPage)
    assert [profile.name for profile in found.profiles] == names
    assert found.has_more is has_more
    assert [seen.query for seen in server.seen] == [["sort=name", f"offset={offset}", f"limit={limit + 1}"]]


async def test_a_page_beyond_the_backends_limit(server: Any, connect: Any) -> None:
    """It is put together of several."""
    server.rows["organization"] = [organization(f"org-{index}", f"Company {index:03}") for index in range(30)]
    found = await search(server, connect, CompanySearch(None, None, 3, 25), apis={"party": {"limit_max": 10}})
    assert [profile.name for profile in found.profiles] == [f"Company {index:03}" for index in range(3, 28)]
    assert found.has_more is True
    assert [seen.query[1:] for seen in server.seen] == [
        ["offset=3", "limit=10"],
        ["offset=13", "limit=10"],
        ["offset=23", "limit=6"],
    ]


async def test_a_search_by_vat_number_and_name(server: Any, connect: Any) -> None:
    """Both conditions go out, encoded."""
    server.rows["organization"] = [
        organization("org-1", "A & B, S.r.l.", "01234567897"),
        organization("org-2", "A & B, S.r.l.", "00000000000"),
    ]
    server.ignored = {"name"}
    found = await search(server, connect, CompanySearch("01234567897", "A & B, S.r.l.", 0, 10))
    assert [profile.company_id for profile in found.profiles] == ["org-1"]
    assert [seen.query[:2] for seen in server.seen] == [
        [
            "organizationIdentification.identificationId=01234567897,IT01234567897",
            "name=A%20%26%20B%2C%20S.r.l.",
        ]
    ]


VAT = "organizationIdentification.identificationId"


@pytest.mark.parametrize(
    ("batching", "kept", "calls"),
    [
        ("comma", "01234567897", [[f"{VAT}=01234567897,IT01234567897"]]),
        ("comma", "IT01234567897", [[f"{VAT}=01234567897,IT01234567897"]]),
        ("repeat", "IT01234567897", [[f"{VAT}=01234567897", f"{VAT}=IT01234567897"]]),
        ("none", "01234567897", [[f"{VAT}=01234567897"]]),
        ("none", "IT01234567897", [[f"{VAT}=01234567897"], [f"{VAT}=IT01234567897"]]),
    ],
)
@pytest.mark.parametrize("asked", ["01234567897", "IT01234567897", "it01234567897"])
async def test_a_vat_number_in_both_spellings(
    server: Any, connect: Any, batching: str, kept: str, calls: list[list[str]], asked: str
) -> None:
    """A company is found by its number with and without the country, however the CRM keeps it."""
    server.rows["organization"] = [organization("org-1", "Alfa", kept), organization("org-2", "Bravo", "00000000000")]
    server.separator = "," if batching == "comma" else None
    profile = {"party": {"batch_ids": batching}}
    found = await search(server, connect, CompanySearch(asked, None, 0, 10), apis=profile)
    assert [(row.company_id, row.vat_number) for row in found.profiles] == [("org-1", "01234567897")]
    assert [[pair for pair in seen.query if pair.startswith(VAT)] for seen in server.seen] == calls


async def test_spellings_where_a_comma_is_part_of_a_number(server: Any, connect: Any) -> None:
    """A CRM that looks for one number with a comma in it finds nothing, so each spelling is asked for alone."""
    server.rows["organization"] = [organization("org-1", "Alfa", "IT01234567897")]
    server.separator, server.literal = None, True
    found = await search(server, connect, CompanySearch("01234567897", None, 0, 10))
    assert [row.company_id for row in found.profiles] == ["org-1"]
    assert [seen.query[0] for seen in server.seen] == [
        f"{VAT}=01234567897,IT01234567897",
        f"{VAT}=01234567897",
        f"{VAT}=IT01234567897",
    ]


async def test_names_in_any_case(server: Any, connect: Any, logged: list[dict[str, Any]]) -> None:
    """A CRM whose search is wider than ours gives what fits; the rest is dropped and counted."""
    names = ["ALFA S.p.A.", "Alfa S.p.A.", "Alfa S.p.A. in liquidazione"]
    server.rows["organization"] = [organization(f"org-{index}", name) for index, name in enumerate(names)]
    server.ignored = {"name"}
    found = await search(server, connect, CompanySearch(None, "alfa s.p.a.", 0, 10))
    assert [profile.company_id for profile in found.profiles] == ["org-0", "org-1"]
    dropped = [event for event in logged if event["event"] == "backend_rows_dropped"]
    assert [(event["rows"], event["see"]) for event in dropped] == [(1, 'backends.crm.apis.party.names."name"')]


@pytest.mark.parametrize(
    ("asked", "filter"),
    [
        (CompanySearch("01234567897", None, 0, 10), "organizationIdentification.identificationId"),
        (CompanySearch(None, "Alfa", 0, 10), "name"),
    ],
)
async def test_a_search_that_is_ignored(server: Any, connect: Any, asked: CompanySearch, filter: str) -> None:
    """Companies nobody searched for are an error that names the setting."""
    server.rows["organization"] = [organization("org-2", "Bravo", "00000000000")]
    server.ignored = {filter}
    found = await search(server, connect, asked)
    assert isinstance(found, BackendFilterIgnored)
    assert f'backends.crm.apis.party.names."{filter}"' in found.message


async def test_a_search_that_fails(server: Any, connect: Any) -> None:
    """An error is the value of its search."""
    found = await search(server, connect, CompanySearch(None, None, 0, 1), url="http://127.0.0.1:9")
    assert isinstance(found, BackendUnavailable)


TICKET = {
    "id": "tkt-1",
    "ticketType": "simReplacement",
    "name": "SIM smarrita",
    "description": "Persa in cantiere",
    "severity": "minor",
    "status": "acknowledged",
    "creationDate": "2026-11-20T09:00:00+01:00",
    "lastUpdate": "2026-11-21T09:00:00+01:00",
    "relatedParty": [{"id": "cus-1", "role": "customer", "@referredType": "Customer"}],
    "relatedEntity": [
        {"id": "lin-1", "role": "impactedLine", "@referredType": "Product"},
        {"id": "bil-1", "role": "disputedBill", "@referredType": "CustomerBill"},
    ],
}

RECORD = Ticket(
    company_id="org-1",
    id="tkt-1",
    customer_id="cus-1",
    kind=TicketKind.SIM_REPLACEMENT,
    state=TicketState.ASSIGNED,
    subject="SIM smarrita",
    description="Persa in cantiere",
    opened_at=datetime(2026, 11, 20, 8, 0, tzinfo=UTC),
    updated_at=datetime(2026, 11, 21, 8, 0, tzinfo=UTC),
    closed_at=None,
    line_id="lin-1",
    invoice_id="bil-1",
)


async def ticket(server: Any, connect: Any, apis: Any = None, **changes: Any) -> Any:
    """The ticket made of TICKET with some members changed; None drops one."""
    row = {name: value for name, value in {**TICKET, **changes}.items() if value is not None}
    server.rows["troubleTicket"] = [row]
    async with connect("crm", apis=apis or {}) as client:
        (found,) = await CrmBackend(client).ticket_by_id.get_many([Key("org-1", "tkt-1")])
    return found


@pytest.mark.parametrize(
    ("members", "changes"),
    [
        ({}, {}),
        ({"ticketType": "imeiBlock"}, {"kind": TicketKind.IMEI_BLOCK}),
        ({"ticketType": "administrative"}, {"kind": TicketKind.ADMINISTRATIVE}),
        ({"ticketType": "commercial"}, {"kind": TicketKind.COMMERCIAL}),
        ({"ticketType": "other"}, {"kind": TicketKind.UNKNOWN}),
        ({"ticketType": None}, {"kind": TicketKind.UNKNOWN}),
        ({"status": "inProgress"}, {"state": TicketState.IN_PROGRESS}),
        ({"status": "pending"}, {"state": TicketState.IN_PROGRESS}),
        ({"status": "held"}, {"state": TicketState.IN_PROGRESS}),
        ({"status": "closed"}, {"state": TicketState.CLOSED}),
        ({"status": "resolved"}, {"state": TicketState.CLOSED}),
        ({"status": "rejected"}, {"state": TicketState.CLOSED}),
        ({"status": "cancelled"}, {"state": TicketState.CLOSED}),
        ({"status": "New"}, {"state": TicketState.UNKNOWN}),
        ({"resolutionDate": "2026-11-22T09:00:00+01:00"}, {"closed_at": datetime(2026, 11, 22, 8, 0, tzinfo=UTC)}),
        ({"relatedEntity": None}, {"line_id": None, "invoice_id": None}),
        (
            {
                "relatedParty": [
                    {"role": "customer", "partyOrPartyRole": {"id": "cus-1", "@referredType": "Customer"}}
                ],
                "relatedEntity": [{"role": "impactedLine", "entity": {"id": "lin-2", "@referredType": "Product"}}],
            },
            {"line_id": "lin-2", "invoice_id": None},
        ),
    ],
)
async def test_tickets(server: Any, connect: Any, members: dict[str, Any], changes: dict[str, Any]) -> None:
    """Kinds, states, absent members, and v5's places of references."""
    assert await ticket(server, connect, **members) == msgspec.structs.replace(RECORD, **changes)


async def test_words_of_a_profile(server: Any, connect: Any) -> None:
    """A backend that calls a new ticket `New` and a topic by its own name."""
    apis = {"troubleTicket": {"states": {"New": "acknowledged"}, "names": {"simReplacement": "Lost SIM"}}}
    assert await ticket(server, connect, apis, status="New", ticketType="Lost SIM") == RECORD


async def test_a_ticket_without_a_customer(server: Any, connect: Any) -> None:
    """Nobody's ticket is not given out."""
    assert await ticket(server, connect, relatedParty=None) is None


async def test_tickets_of_a_customer(server: Any, connect: Any) -> None:
    """In any state; those of others are not among them."""
    server.rows["troubleTicket"] = [
        TICKET,
        {**TICKET, "id": "tkt-2", "status": "closed"},
        {**TICKET, "id": "tkt-3", "relatedParty": [{"id": "cus-2", "role": "customer"}]},
    ]
    async with connect("crm") as client:
        found = await CrmBackend(client).tickets_by_customer_id.get_many([Key("org-1", "cus-1"), Key("org-1", "none")])
    assert found == [(msgspec.structs.replace(RECORD, id="tkt-2", state=TicketState.CLOSED), RECORD), ()]
