"""F31: a company's whole first screen in one round trip, each backend asked once for each level."""

from collections import Counter
from math import ceil
from typing import Any
from urllib.parse import parse_qs

import pytest

from gateway.domain import global_id
from tests.journeys.journey import Journey

COMPANY = "org-0001"
OWNER_FILTERS = ("relatedParty.id", "billingAccount.id")


def test_the_screen_shows_what_the_backends_hold(journey: Journey) -> None:
    """Names, lines with their SIMs, packages, the last three invoices and the open tickets: value by value."""
    company = journey.operation("company_overview", id=journey.demo.company_id).data["company"]
    organization = journey.world.row("organization", COMPANY)
    assert organization is not None
    assert company["name"] == organization["name"]
    assert company["vatNumber"] == organization["organizationIdentification"][0]["identificationId"]

    products = [row for row in journey.world.rows("product") if _holder(row).startswith("cus-0001-")]
    lines = [row for row in products if row["productSpecification"]["name"] in ("MobileLine", "FixedLine")]
    assert company["lines"]["totalCount"] == len(lines)
    assert len(company["lines"]["nodes"]) == min(50, len(lines))
    numbers = {_number(row): row["productOffering"]["name"] for row in lines}
    for line in company["lines"]["nodes"]:
        assert line["plan"]["name"] == numbers[line["number"]]
    sims = {
        row["serialNumber"]
        for row in journey.world.rows("resource")
        if row["relatedParty"][0]["id"].startswith("cus-0001-")
    }
    shown = {line["sim"]["iccid"] for line in company["lines"]["nodes"] if line.get("sim")}
    assert shown
    assert shown <= sims

    packages = [row for row in products if row["productSpecification"]["name"] == "GssPackage"]
    assert {package["name"] for package in company["gssPackages"]["nodes"]} == {
        row["productOffering"]["name"] for row in packages
    }

    bills = [row for row in journey.world.rows("customerBill") if row["billingAccount"]["id"].startswith("acc-0001-")]
    newest = sorted(bills, key=lambda row: (row["billDate"], row["id"]), reverse=True)[:3]
    assert [bill["number"] for bill in company["invoices"]["nodes"]] == [row["billNo"] for row in newest]
    assert [bill["total"]["amount"] for bill in company["invoices"]["nodes"]] == [
        f"{row['taxIncludedAmount']['value']:.2f}" for row in newest
    ]

    open_tickets = [
        row
        for row in journey.world.rows("troubleTicket")
        if _holder(row).startswith("cus-0001-") and row["status"] in ("acknowledged", "inProgress", "pending", "held")
    ]
    assert company["tickets"]["totalCount"] == len(open_tickets) > 0


def test_an_operator_sees_the_same_with_numbers_masked(journey: Journey) -> None:
    """Without `pii:read` three digits of each number are left, and nothing else differs."""
    admin = journey.operation("company_overview", id=journey.demo.company_id).data["company"]
    operator = journey.operation("company_overview", "operator", id=journey.demo.company_id).data["company"]
    assert operator == _masked(admin)
    assert operator != admin


@pytest.mark.parametrize("token", ["user_admin", "operator"])
def test_each_backend_is_asked_once_for_each_level(journey: Journey, token: str) -> None:
    """One call for each edge of the plan, none for what is remembered, and no key asked twice."""
    journey.operation("company_overview", token, id=journey.demo.company_id)  # remembers the company's accounts
    with journey.calls() as calls:
        company = journey.operation("company_overview", token, id=journey.demo.company_id).data["company"]
    asked = Counter(resource for resource, _ in calls)
    members = sum(package["simCount"] for package in company["gssPackages"]["nodes"])
    assert members > 0
    products = [query for resource, query in calls if resource == "product"]
    assert sum("relatedParty.id=" in query for query in products) == 2  # the lines, the packages
    by_id = [query for query in products if "relatedParty.id=" not in query]
    assert asked == {
        "organization": 1,
        "product": 2 + len(by_id),
        "resource": asked["resource"],
        "bucket": 1,
        "queryUsageConsumption": 1,
        "customerBill": 1,
        "troubleTicket": 1,
    }
    # Lines by id are asked for by two edges (a package's members, a ticket's line), SIMs by two (lines, members): each
    # edge costs one call for the keys that the other has not asked for already.
    for queries in (by_id, [query for resource, query in calls if resource == "resource"]):
        keys = [key for query in queries for key in parse_qs(query)["id"][0].split(",")]
        assert 1 <= len(queries) <= 2
        assert len(keys) == len(set(keys))


def test_lists_cost_one_call_for_each_owner(journey: Journey) -> None:
    """Two customers and three accounts: the default profile asks for one owner at a time, each owner once."""
    company = global_id.encode("Company", journey.world.scenarios["two_customers_three_accounts"])
    journey.operation("company_overview", "operator", id=company)
    with journey.calls() as calls:
        journey.operation("company_overview", "operator", id=company)
    owners = {
        resource: sorted(value for name in OWNER_FILTERS for value in parse_qs(query).get(name, []))
        for resource, query in calls
        if resource in ("customerBill", "troubleTicket")
    }
    asked = Counter(resource for resource, query in calls if any(f"{name}=" in query for name in OWNER_FILTERS))
    assert asked == {"product": 4, "customerBill": 3, "troubleTicket": 2}
    assert all(len(ids) == 1 for ids in owners.values())


def test_an_edge_costs_as_many_calls_as_its_keys_need(journey: Journey) -> None:
    """250 lines' SIMs in batches of a hundred: three calls, every SIM in one of them."""
    company = global_id.encode("Company", journey.world.scenarios["two_thousand_lines"])
    query = """
    query($id: ID!) { company(id: $id) {
      lines(first: 250, filter: {kind: MOBILE}) { nodes { ... on MobileLine { sim { iccid } } } }
    } }
    """
    with journey.calls() as calls:
        answer = journey.query(query, "operator", id=company)
    shown = [line["sim"]["iccid"] for line in answer.data["company"]["lines"]["nodes"] if line["sim"]]
    batches = [parse_qs(query)["id"][0].split(",") for resource, query in calls if resource == "resource"]
    assert len(shown) == len(set(shown)) == sum(len(batch) for batch in batches)
    assert len(batches) == ceil(len(shown) / 100)


def _masked(value: Any) -> Any:
    """The same answer as an operator sees it."""
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: f"***{item[-3:]}" if name in ("number", "contactPhone") and str(item).startswith("+") else _masked(item)
        for name, item in value.items()
    }


def _holder(row: dict[str, object]) -> str:
    parties: list[dict[str, str]] = row["relatedParty"]  # type: ignore[assignment]
    return parties[0]["id"]


def _number(row: dict[str, object]) -> str | None:
    resources: list[dict[str, str]] = row["realizingResource"]  # type: ignore[assignment]
    return next((resource["value"] for resource in resources if "value" in resource), None)
