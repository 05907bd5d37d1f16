"""Billing's documents, as domain records."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from aiohttp import web

from gateway.adapters.billing import BillingBackend
from gateway.domain.balance import Balance
from gateway.domain.company import CompanyAccounts
from gateway.domain.data_volume import DataVolume
from gateway.domain.gss_package import GssUsage
from gateway.domain.invoice import Invoice, InvoiceKind, InvoiceState, Period
from gateway.domain.key import Key
from gateway.domain.money import Money
from gateway.errors import BackendContractBroken, BackendFilterIgnored

BILL = {
    "id": "bil-1",
    "href": "/customerBill/bil-1",
    "billNo": "7X00012345",
    "billDate": "2026-10-03T00:00:00+02:00",
    "category": "normal",
    "runType": "onCycle",
    "state": "sent",
    "paymentDueDate": "2026-11-02T00:00:00+01:00",
    "billingPeriod": {"startDateTime": "2026-09-01T00:00:00+02:00", "endDateTime": "2026-10-01T00:00:00+02:00"},
    "taxExcludedAmount": {"unit": "EUR", "value": "|10.10|"},
    "taxIncludedAmount": {"unit": "EUR", "value": "|12.30|"},
    "amountDue": {"unit": "EUR", "value": "|99.00|"},
    "remainingAmount": {"unit": "EUR", "value": "|0.30|"},
    "billingAccount": {"id": "acc-1", "name": "Sede"},
    "relatedParty": [{"id": "cus-1", "role": "customer", "@referredType": "Customer"}],
    "@type": "CustomerBill",
    "internalNote": "CANARY",
}

INVOICE = Invoice(
    company_id="org-1",
    id="bil-1",
    account_id="acc-1",
    number="7X00012345",
    kind=InvoiceKind.SERVICE,
    state=InvoiceState.ISSUED,
    issued_on=date(2026, 10, 3),
    due_on=date(2026, 11, 2),
    period=Period(date(2026, 9, 1), date(2026, 9, 30)),
    net=Money(Decimal("10.10"), "EUR"),
    total=Money(Decimal("12.30"), "EUR"),
    outstanding=Money(Decimal("0.30"), "EUR"),
)


async def invoice(server: Any, connect: Any, apis: Any = None, **changes: Any) -> Any:
    """The invoice made of BILL with some members changed; None drops one."""
    bill = {name: value for name, value in {**BILL, **changes}.items() if value is not None}
    server.rows["customerBill"] = [bill]
    async with connect("billing", apis=apis or {}) as client:
        (found,) = await BillingBackend(client, client.clock).invoice_by_id.get_many([Key("org-1", "bil-1")])
    return found


async def test_an_invoice(server: Any, connect: Any) -> None:
    """Every field, with amounts exact to both decimals."""
    found = await invoice(server, connect)
    assert found == INVOICE
    assert str(found.total.amount) == "12.30"


@pytest.mark.parametrize(
    ("members", "changes"),
    [
        ({"category": "credit note"}, {"kind": InvoiceKind.CREDIT_NOTE}),
        ({"category": "Credit Note", "@type": "DeviceBill"}, {"kind": InvoiceKind.CREDIT_NOTE}),
        ({"@type": "DeviceBill", "@baseType": "CustomerBill"}, {"kind": InvoiceKind.DEVICE}),
        ({"category": None}, {"kind": InvoiceKind.SERVICE}),
        ({"category": "last"}, {"kind": InvoiceKind.SERVICE}),
        ({"category": "duplicate"}, {"kind": InvoiceKind.UNKNOWN}),
        ({"state": "new"}, {"state": InvoiceState.DRAFT}),
        ({"state": "validated"}, {"state": InvoiceState.DRAFT}),
        ({"state": "onHold"}, {"state": InvoiceState.ON_HOLD}),
        ({"state": "partiallyPaid"}, {"state": InvoiceState.PARTIALLY_PAID}),
        ({"state": " Settled "}, {"state": InvoiceState.PAID}),
        ({"state": "somethingElse"}, {"state": InvoiceState.UNKNOWN}),
        ({"state": None}, {"state": InvoiceState.UNKNOWN}),
        ({"billNo": None}, {"number": "bil-1"}),
        ({"taxIncludedAmount": None}, {"total": Money(Decimal("99.00"), "EUR")}),
        ({"taxExcludedAmount": None}, {"net": None}),
        ({"remainingAmount": None}, {"outstanding": None}),
        ({"paymentDueDate": None}, {"due_on": None}),
        ({"billingPeriod": None}, {"period": None}),
        ({"billingPeriod": {"startDateTime": "2026-09-01"}}, {"period": None}),
        ({"billingPeriod": {"startDateTime": "2026-10-01", "endDateTime": "2026-09-01"}}, {"period": None}),
        ({"billingPeriod": {"startDateTime": "0001-01-01", "endDateTime": "0001-01-01"}}, {"period": None}),
        ({"paymentDueDate": "9999-12-31T23:59:59Z"}, {"due_on": date(9999, 12, 31)}),
        ({"billDate": "2026-10-03"}, {}),
        ({"billDate": "2026-10-03T01:00:00"}, {}),
        ({"billDate": "2026-10-02T22:30:00Z"}, {}),
        ({"billDate": "2026-10-02T21:30:00.123Z"}, {"issued_on": date(2026, 10, 2)}),
    ],
)
async def test_what_differs_in_an_invoice(
    server: Any, connect: Any, members: dict[str, Any], changes: dict[str, Any]
) -> None:
    """Kinds, states, absent members, and days that are counted in Europe/Rome."""
    assert await invoice(server, connect, **members) == msgspec.structs.replace(INVOICE, **changes)


async def test_words_of_a_profile(server: Any, connect: Any) -> None:
    """A backend's own words are read by its profile."""
    apis = {"customerBill": {"states": {"VERSENDET": "sent"}, "names": {"DeviceBill": "HardwareBill"}}}
    found = await invoice(server, connect, apis, **{"state": "versendet", "@type": "HardwareBill"})
    assert found == msgspec.structs.replace(INVOICE, kind=InvoiceKind.DEVICE)


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"billDate": "yesterday"}, "Expected an ISO 8601 date-time - at `$.billDate`"),
        ({"billDate": None}, "Object missing required field `billDate`"),
        ({"billingAccount": None}, "Object missing required field `billingAccount`"),
        ({"taxIncludedAmount": None, "amountDue": None}, "neither `taxIncludedAmount` nor `amountDue`"),
        ({"amountDue": {"unit": "EUR", "value": "NaN"}}, "Expected an amount - at `$.amountDue`"),
        ({"amountDue": {"unit": "EUR", "value": "1e999999"}}, "Expected an amount - at `$.amountDue`"),
        ({"amountDue": {"value": 1}}, "Object missing required field `unit` - at `$.amountDue`"),
        ({"state": 7}, "Expected `str | null`, got `int` - at `$.state`"),
    ],
)
async def test_a_bill_that_breaks_the_contract(server: Any, connect: Any, members: dict[str, Any], told: str) -> None:
    """The error names the member; no value of a backend's document is in it."""
    found = await invoice(server, connect, **members)
    assert isinstance(found, BackendContractBroken)
    assert told in found.message
    assert "yesterday" not in found.message


async def test_invoices_of_an_account(server: Any, connect: Any) -> None:
    """Those of the last 24 months: the first day is counted in Europe/Rome, the sign in its offset is encoded."""
    server.rows["customerBill"] = [
        BILL,
        {**BILL, "id": "bil-2"},
        {**BILL, "id": "bil-3", "billingAccount": {"id": "a"}},
    ]
    async with connect("billing") as client:
        billing = BillingBackend(client, client.clock)
        found = await billing.invoices_by_account_id.get_many([Key("org-1", "acc-1"), Key("org-1", "none")])
    assert found == [(msgspec.structs.replace(INVOICE, id="bil-2"), INVOICE), ()]
    assert server.seen[0].query == [
        "billingAccount.id=acc-1",
        "billDate.gte=2024-11-24T00%3A00%3A00%2B01%3A00",
        "offset=0",
        "limit=100",
    ]


async def test_a_comparison_of_a_profile(server: Any, connect: Any) -> None:
    """Some backends write `.ge` for `.gte`."""
    server.rows["customerBill"] = []
    async with connect("billing", apis={"customerBill": {"comparison_suffixes": {"gte": ".ge"}}}) as client:
        await BillingBackend(client, client.clock).invoices_by_account_id.get_many([Key("org-1", "acc-1")])
    assert server.seen[0].query[1] == "billDate.ge=2024-11-24T00%3A00%3A00%2B01%3A00"


OLD_BILLS = [
    {**BILL, "id": "bil-2", "billDate": "2024-11-24T00:00:00+01:00"},
    {**BILL, "id": "bil-3", "billDate": "2024-11-23T23:59:59+01:00"},
    {**BILL, "id": "bil-4", "billDate": "2010-01-01"},
]


@pytest.mark.parametrize(("ignored", "calls_for"), [(set(), []), ({"billDate.gte"}, [2])])
async def test_bills_of_other_years(
    server: Any, connect: Any, ignored: set[str], calls_for: list[int], logged: list[dict[str, Any]]
) -> None:
    """None comes from before the day 24 months ago; where the backend sends some, the log names the setting."""
    server.rows["customerBill"] = [BILL, *OLD_BILLS]
    server.ignored = ignored
    async with connect("billing") as client:
        billing = BillingBackend(client, client.clock)
        (found,) = await billing.invoices_by_account_id.get_many([Key("org-1", "acc-1")])
    assert isinstance(found, tuple)
    assert [invoice.id for invoice in found] == ["bil-1", "bil-2"]
    dropped = [event for event in logged if event["event"] == "backend_rows_dropped"]
    assert [event["rows"] for event in dropped] == calls_for
    assert all(event["see"] == "backends.billing.apis.customerBill.comparison_suffixes" for event in dropped)


async def test_one_row_under_two_companies(server: Any, connect: Any) -> None:
    """The same id asked for under two companies is one call; each record bears the company it was asked under."""
    server.rows["customerBill"] = [BILL]
    async with connect("billing") as client:
        billing = BillingBackend(client, client.clock)
        found = await billing.invoice_by_id.get_many([Key("org-1", "bil-1"), Key("org-2", "bil-1")])
    assert found == [INVOICE, msgspec.structs.replace(INVOICE, company_id="org-2")]
    assert len(server.seen) == 1


def bucket(id: str, product: str, kind: str, amount: str, units: str, **members: Any) -> dict[str, Any]:
    """A bucket of one product."""
    remaining = {"amount": f"|{amount}|", "units": units}
    return {"id": id, "product": [{"id": product}], "usageType": kind, "remainingValue": remaining, **members}


async def test_balances(server: Any, connect: Any) -> None:
    """Credit is the sum of active buckets of money, data is none; without any bucket there is no balance."""
    server.rows["bucket"] = [
        bucket("b1", "lin-1", "monetary", "12.50", "EUR", status="active"),
        bucket("b2", "lin-1", "monetary", "1.05", "EUR"),
        bucket("b3", "lin-1", "monetary", "7.00", "EUR", status="expired"),
        bucket("b4", "gss-1", "data", "1.5", "GB", status="active"),
        bucket("b6", "lin-2", "voice", "60", "min"),
    ]
    async with connect("billing") as client:
        source = BillingBackend(client, client.clock).balance_by_product_id
        found = await source.get_many([Key("org-1", id) for id in ("lin-1", "gss-1", "lin-2", "none")])
    assert found == [
        Balance("lin-1", Money(Decimal("13.55"), "EUR")),
        Balance("gss-1", None),
        Balance("lin-2", None),
        None,
    ]


def consumption(package: str, *lines: tuple[str, str], left: str = "|40.0|", **members: Any) -> dict[str, Any]:
    """The usage of one package."""

    def summary(used: str) -> list[dict[str, Any]]:
        return [
            {"counterType": "used", "level": "product", "value": {"amount": used, "units": "GB"}},
            {"counterType": "outOfBucket", "level": "product", "value": {"amount": 9, "units": "GB"}},
        ]

    shared = {
        "id": f"bkt-{package}",
        "isShared": True,
        "usageType": "data",
        "remainingValue": {"amount": left, "units": "GB"},
        "product": [{"id": line, "consumptionSummary": summary(used)} for line, used in lines],
    }
    return {
        "id": f"use-{package}",
        "state": "done",
        "product": [{"id": package}],
        "bucketRefOrValue": [shared],
        **members,
    }


def consume(server: Any, *rows: dict[str, Any]) -> list[list[str]]:
    """Lets the server answer with the rows that each request asks for; gives the products of each request."""
    asked: list[list[str]] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        criteria = msgspec.json.decode(await request.read())
        ids = [product["id"] for product in criteria["searchCriteria"]["product"]]
        asked.append(ids)
        body = {"id": "q", "usageConsumption": [row for row in rows if row["product"][0]["id"] in ids]}
        text = msgspec.json.encode(body).decode().replace('"|', "").replace('|"', "")
        return web.Response(status=201, text=text, content_type="application/json")

    server.answer = answer
    return asked


async def test_usage_of_packages(server: Any, connect: Any) -> None:
    """One request for several packages; each line's use is exact to the byte; an unknown package is None."""
    asked = consume(
        server, consumption("gss-1", ("lin-1", "|3.2|"), ("lin-2", "|0.000000001|")), consumption("gss-2", left="|0|")
    )
    async with connect("billing") as client:
        source = BillingBackend(client, client.clock).gss_usage_by_package_id
        found = await source.get_many([Key("org-1", id) for id in ("gss-2", "none", "gss-1", "gss-2")])
    one = GssUsage({"lin-1": DataVolume(3_200_000_000), "lin-2": DataVolume(1)}, DataVolume(40_000_000_000))
    two = GssUsage({}, DataVolume(0))
    assert found == [two, None, one, two]
    assert asked == [["gss-2", "none", "gss-1"]]
    assert server.paths() == ["/queryUsageConsumption"]
    assert server.seen[0].headers["Content-Type"] == "application/json"


async def test_usage_in_several_parts(server: Any, connect: Any) -> None:
    """Several answers for one package add up, line by line."""
    consume(
        server,
        consumption("gss-1", ("lin-1", "|3.2|"), left="|1.5|"),
        consumption("gss-1", ("lin-1", "|0.3|"), ("lin-2", "|1|"), left="|2|", product=[{"id": "gss-1"}] * 2),
    )
    async with connect("billing") as client:
        source = BillingBackend(client, client.clock).gss_usage_by_package_id
        found = await source.get_many([Key("org-1", "gss-1")])
    used = {"lin-1": DataVolume(3_500_000_000), "lin-2": DataVolume(1_000_000_000)}
    assert found == [GssUsage(used, DataVolume(3_500_000_000))]


@pytest.mark.parametrize(
    ("profile", "requests"), [({"batch_ids": "none"}, [["a"], ["b"], ["c"]]), ({"batch_max": 2}, [["a", "b"], ["c"]])]
)
async def test_usage_by_profile(server: Any, connect: Any, profile: dict[str, Any], requests: list[list[str]]) -> None:
    """No request asks for more packages than the backend takes."""
    asked = consume(server)
    async with connect("billing", apis={"usageConsumption": profile}) as client:
        source = BillingBackend(client, client.clock).gss_usage_by_package_id
        assert await source.get_many([Key("org-1", id) for id in "abc"]) == [None, None, None]
    assert sorted(asked) == requests


async def test_usage_of_a_package_nobody_asked_for(server: Any, connect: Any) -> None:
    """It is dropped."""

    async def answer(_request: web.BaseRequest) -> web.Response:
        return web.json_response({"usageConsumption": [consumption("gss-2", left="1")]})

    server.answer = answer
    async with connect("billing") as client:
        source = BillingBackend(client, client.clock).gss_usage_by_package_id
        assert await source.get_many([Key("org-1", "gss-1")]) == [None]


async def test_usage_that_is_not_ready(server: Any, connect: Any) -> None:
    """A backend that answers later breaks the contract, which promises the answer at once."""
    consume(server, consumption("gss-1", state="inProgress"))
    async with connect("billing") as client:
        source = BillingBackend(client, client.clock).gss_usage_by_package_id
        (found,) = await source.get_many([Key("org-1", "gss-1")])
    assert isinstance(found, BackendContractBroken)
    assert "Expected an answer that is done" in found.message


ACCOUNT = {
    "id": "acc-1",
    "relatedParty": [
        {"id": "org-1", "role": "owner", "@referredType": "Organization"},
        {"id": "cus-1", "role": "customer", "@referredType": "Customer"},
    ],
}


async def test_accounts_of_a_company(server: Any, connect: Any) -> None:
    """Billing's view of which customers and accounts a company holds; None where it knows none."""
    server.rows["billingAccount"] = [ACCOUNT, {**ACCOUNT, "id": "acc-2"}]
    async with connect("billing") as client:
        source = BillingBackend(client, client.clock).accounts_by_company_id
        found = await source.get_many(["org-1", "org-2"])
    assert found == [CompanyAccounts("org-1", ("cus-1",), ("acc-1", "acc-2")), None]


def party(id: str, role: str | None = None, kind: str | None = None) -> dict[str, Any]:
    """A related party; None leaves a member out."""
    members = {"id": id, "role": role, "@referredType": kind}
    return {name: value for name, value in members.items() if value is not None}


OTHERS = {"id": "acc-9", "relatedParty": [party("org-2", "owner"), party("cus-2", "customer"), party("org-1", "payer")]}


async def test_the_account_of_another_that_a_company_pays(
    server: Any, connect: Any, logged: list[dict[str, Any]]
) -> None:
    """It stays the other's, and so do its customers; the company's own are given all the same."""
    server.rows["billingAccount"] = [OTHERS, ACCOUNT]
    async with connect("billing") as client:
        found = await BillingBackend(client, client.clock).accounts_by_company_id.get_many(["org-1", "org-2"])
        assert found == [
            CompanyAccounts("org-1", ("cus-1",), ("acc-1",)),
            CompanyAccounts("org-2", ("cus-2",), ("acc-9",)),
        ]
        server.rows["billingAccount"] = [OTHERS]
        assert await BillingBackend(client, client.clock).accounts_by_company_id.get_many(["org-1"]) == [None]
    dropped = [event for event in logged if event["event"] == "backend_rows_dropped"]
    assert [(event["rows"], event["see"]) for event in dropped] == [(1, "backends.billing.apis.account.owner_role")] * 2


@pytest.mark.parametrize(
    ("parties", "role", "owned"),
    [
        ([party("org-1", "Owner")], "owner", True),
        ([party("org-1", "intestatario"), party("x", "owner")], "Intestatario", True),
        ([party("org-1", "intestatario")], "owner", False),
        ([party("org-1"), party("cus-1", "customer")], "owner", False),
        ([party("org-1", kind="Organization"), party("cus-1", kind="Customer")], "owner", True),
        ([party("org-1")], "owner", True),
        ([party("org-1", kind="Customer")], "owner", False),
        ([{"role": "owner", "partyOrPartyRole": party("org-1", kind="Organization")}], "owner", True),
    ],
)
async def test_who_owns_an_account(
    server: Any, connect: Any, parties: list[dict[str, Any]], role: str, owned: bool
) -> None:
    """The party in the owner's role; where no party has a role, the organization."""

    async def answer(_request: web.BaseRequest) -> web.Response:
        own = {"id": "acc-0", "relatedParty": [party("org-1", role), party("cus-1", "customer")]}
        return web.json_response([own, {"id": "acc-1", "relatedParty": parties}])

    server.answer = answer
    async with connect("billing", apis={"account": {"owner_role": role}}) as client:
        (found,) = await BillingBackend(client, client.clock).accounts_by_company_id.get_many(["org-1"])
    assert found == CompanyAccounts("org-1", ("cus-1",), ("acc-0", "acc-1") if owned else ("acc-0",))


async def test_accounts_without_a_customer_say_nothing(server: Any, connect: Any) -> None:
    """A company whose accounts name no customer would seem to have no lines: billing is no directory then."""
    server.rows["billingAccount"] = [{"id": "acc-1", "relatedParty": [party("org-1", "owner")]}]
    async with connect("billing") as client:
        assert await BillingBackend(client, client.clock).accounts_by_company_id.get_many(["org-1"]) == [None]


async def test_accounts_of_others(server: Any, connect: Any) -> None:
    """An ignored filter is an error that names the setting, for each company asked for."""
    server.rows["billingAccount"] = [ACCOUNT]
    server.ignored = {"relatedParty.id"}
    async with connect("billing") as client:
        source = BillingBackend(client, client.clock).accounts_by_company_id
        one, two = await source.get_many(["org-1", "org-2"])
    assert isinstance(one, CompanyAccounts)
    assert isinstance(two, BackendFilterIgnored)
    assert "backends.billing.apis.account.owner_parameter" in two.message
