"""Every named case really is what its name says, in small worlds as in large ones, whenever they begin."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from gateway.simulator.clock import SimulatedClock
from gateway.simulator.scenarios import ALL_LINE_STATES, SCENARIOS
from gateway.simulator.world import Resource, World

ROME = ZoneInfo("Europe/Rome")
STARTS = {
    "smallest": (datetime(2026, 11, 24, 9, tzinfo=UTC), 1, 1),
    "first-second-of-a-year": (datetime(2026, 12, 31, 23, tzinfo=UTC), 20, 50),
    "last-invoices-due-today": (datetime(2027, 1, 2, 12, tzinfo=UTC), 15, 20),
    "leap-day": (datetime(2028, 2, 29, 12, tzinfo=UTC), 15, 20),
}


@pytest.fixture(scope="module", params=STARTS, ids=list(STARTS))
def world(request: pytest.FixtureRequest) -> World:
    """Worlds that begin at awkward times, and the smallest one."""
    start, companies, lines = STARTS[request.param]
    return World(companies=companies, lines_per_company=lines, clock=SimulatedClock(start))


def owned(world: World, scenario: str, resource: str) -> list[Resource]:
    """The documents of a scenario's customers."""
    customer_ids = {customer["id"] for customer in customers(world, scenario)}
    return [row for row in world.rows(resource) if customer_ids & {party["id"] for party in row["relatedParty"]}]


def customers(world: World, scenario: str) -> list[Resource]:
    """The customers of a scenario's company."""
    organization_id = world.scenarios[scenario]
    return [customer for customer in world.rows("customer") if customer["engagedParty"]["id"] == organization_id]


def products(world: World, scenario: str, *specifications: str) -> list[Resource]:
    """A scenario's products of some specifications."""
    return [
        product
        for product in owned(world, scenario, "product")
        if product["productSpecification"]["name"] in specifications
    ]


def lines(world: World, scenario: str) -> list[Resource]:
    """A scenario's mobile and fixed lines."""
    return products(world, scenario, "MobileLine", "FixedLine")


def organization(world: World, scenario: str) -> Resource:
    """A scenario's organization."""
    document = world.row("organization", world.scenarios[scenario])
    assert document is not None
    return document


def overdue(world: World, scenario: str) -> list[str]:
    """Ids of a scenario's invoices that were due before today and are not paid."""
    today = world.clock().astimezone(ROME).date()
    return [
        bill["id"]
        for bill in owned(world, scenario, "customerBill")
        if bill["remainingAmount"]["value"] > 0 and datetime.fromisoformat(bill["paymentDueDate"]).date() < today
    ]


def test_each_scenario_has_its_own_company(world: World) -> None:
    """Scenarios are the first companies, each documented in a sentence."""
    assert list(world.scenarios) == [scenario.name for scenario in SCENARIOS]
    assert list(world.scenarios.values()) == [f"org-{number:04d}" for number in range(1, len(SCENARIOS) + 1)]
    assert all(world.row("organization", organization_id) for organization_id in world.scenarios.values())
    assert all(scenario.description.endswith(".") for scenario in SCENARIOS)


def test_no_lines(world: World) -> None:
    """A customer with an account and invoices, and nothing in the inventory."""
    assert owned(world, "no_lines", "product") == []
    assert owned(world, "no_lines", "resource") == []
    assert len(owned(world, "no_lines", "billingAccount")) == 1


def test_one_line(world: World) -> None:
    """One mobile line."""
    assert [line["id"] for line in lines(world, "one_line")] == ["lin-0004-0001"]


def test_two_thousand_lines(world: World) -> None:
    """2,000 lines, in the smallest world too."""
    assert len(lines(world, "two_thousand_lines")) == 2_000


def test_no_pec(world: World) -> None:
    """The one organization without PEC has other contacts; all others have a PEC."""
    without_pec = [
        document["id"]
        for document in world.rows("organization")
        if all(medium["mediumType"] != "PEC" for medium in document["contactMedium"])
    ]
    assert without_pec == [world.scenarios["no_pec"]]
    assert len(organization(world, "no_pec")["contactMedium"]) == 3


def test_overdue_invoice(world: World) -> None:
    """Exactly one invoice is past due and not paid at all."""
    assert len(overdue(world, "overdue_invoice")) == 1
    assert overdue(world, "other_company") == []


def test_device_invoice(world: World) -> None:
    """Some invoices are for devices and say so in their type, as extension of the plain one."""
    device_bills = [bill for bill in owned(world, "device_invoice", "customerBill") if bill["@type"] == "DeviceBill"]
    assert len(device_bills) == 4
    assert {bill["@baseType"] for bill in device_bills} == {"CustomerBill"}
    assert {bill["@type"] for bill in owned(world, "other_company", "customerBill")} == {"CustomerBill"}


def test_package_at_99_percent(world: World) -> None:
    """Its only package is at 99.00 % of allowance and extra, and stays there."""
    [package] = products(world, "package_at_99_percent", "GssPackage")
    size = Decimal(sum(item["value"] for item in package["productCharacteristic"] if item["name"] != "referentMsisdn"))
    consumption = world.usage_consumption(package["id"])
    assert consumption is not None
    [bucket] = consumption["bucketRefOrValue"]
    assert bucket["remainingValue"] == {"amount": size / 100, "units": "GB"}
    assert sum(line["consumptionSummary"][0]["value"]["amount"] for line in bucket["product"]) == size * 99 / 100
    assert len(bucket["product"]) == 3


def test_open_ticket(world: World) -> None:
    """One ticket is open, about one of the company's lines; the others are over."""
    tickets = owned(world, "open_ticket", "troubleTicket")
    [open_ticket] = [ticket for ticket in tickets if ticket["status"] == "acknowledged"]
    line_id = lines(world, "open_ticket")[0]["id"]
    assert open_ticket["relatedEntity"] == [{"id": line_id, "role": "impactedLine", "@referredType": "Product"}]
    assert {ticket["status"] for ticket in tickets if ticket is not open_ticket} == {"closed", "resolved"}


def test_order_in_progress(world: World) -> None:
    """One order is in progress, for a fixed line in activation, and expected in the future."""
    [order] = owned(world, "order_in_progress", "productOrder")
    assert order["state"] == order["productOrderItem"][0]["state"] == "inProgress"
    assert datetime.fromisoformat(order["expectedCompletionDate"]) > world.clock()
    line = world.row("product", order["productOrderItem"][0]["product"]["id"])
    assert line is not None
    assert (line["status"], line["productSpecification"]["name"]) == ("pendingActive", "FixedLine")


def test_two_customers_three_accounts(world: World) -> None:
    """Two customers of one organization, with two accounts and one; lines and invoices on all three."""
    accounts = {
        customer["id"]: [account["id"] for account in customer["account"]]
        for customer in customers(world, "two_customers_three_accounts")
    }
    assert accounts == {"cus-0012-1": ["acc-0012-1", "acc-0012-2"], "cus-0012-2": ["acc-0012-3"]}
    used = Counter(line["billingAccount"]["id"] for line in lines(world, "two_customers_three_accounts"))
    assert set(used) == {"acc-0012-1", "acc-0012-2", "acc-0012-3"}
    for line in lines(world, "two_customers_three_accounts"):
        assert line["billingAccount"]["id"] in accounts[line["relatedParty"][0]["id"]]


def test_long_accented_names(world: World) -> None:
    """The name is longer than 150 characters and not ASCII; addresses made of it are."""
    document = organization(world, "long_accented_names")
    assert len(document["name"]) > 150
    assert not document["name"].isascii()
    assert "tradingName" not in document
    assert document["contactMedium"][0]["characteristic"]["emailAddress"].isascii()


def test_all_line_states(world: World) -> None:
    """One mobile line in each official state, the one with a trailing space included; an order for each that waits."""
    states = {line["id"]: line["status"] for line in lines(world, "all_line_states")}
    assert tuple(states.values()) == ALL_LINE_STATES
    ordered = [
        order["productOrderItem"][0]["product"]["id"] for order in owned(world, "all_line_states", "productOrder")
    ]
    assert [states[line_id] for line_id in ordered] == ["created", "pendingActive"]
