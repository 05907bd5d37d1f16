"""The world as a whole: the same from the same seed, consistent, and worth showing."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from stdnum import imei, luhn
from stdnum.it import codicefiscale, iva

from gateway.simulator.clock import SimulatedClock
from gateway.simulator.world import Resource, World

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
ROME = ZoneInfo("Europe/Rome")


def made(*, seed: int = 1, companies: int = 20, lines_per_company: int = 50, start: datetime = START) -> World:
    """A world of its own."""
    clock = SimulatedClock(start)
    return World(seed=seed, companies=companies, lines_per_company=lines_per_company, clock=clock)


@pytest.fixture(scope="module")
def world() -> World:
    """The usual world; nothing in this file changes it."""
    return made()


def of_company(world: World, resource: str, key: str = "0001") -> list[Resource]:
    """The documents of a resource whose id carries a company's key."""
    return [row for row in world.rows(resource) if row["id"].split("-")[1] == key]


def by_specification(world: World, name: str, key: str = "0001") -> list[Resource]:
    """A company's products of one specification."""
    return [row for row in of_company(world, "product", key) if row["productSpecification"]["name"] == name]


def characteristics(document: Resource, name: str = "productCharacteristic") -> dict[str, object]:
    """A document's name and value pairs."""
    return {item["name"]: item["value"] for item in document[name]}


def test_same_seed_and_start_make_the_same_world(world: World) -> None:
    """Two worlds of one seed and start are equal to the last document; another seed makes another world."""
    assert made().tables == world.tables
    assert made(seed=2).tables != world.tables


def test_clock_advanced_before_the_world_was_made_does_not_matter() -> None:
    """Documents depend on where the clock started; what was due since then happens with the next advance."""
    clock = SimulatedClock(START)
    clock.advance(400 * 86_400)
    late = World(companies=1, lines_per_company=5, clock=clock)
    world = made(companies=1, lines_per_company=5)
    assert late.tables == world.tables
    late.advance(0)
    assert len(of_company(late, "customerBill")) == len(of_company(world, "customerBill")) + 13


def test_number_of_companies() -> None:
    """Companies are as many as asked for, unless the scenarios are more."""
    assert len(made(companies=30, lines_per_company=1).tables["organization"]) == 30
    small = made(companies=1, lines_per_company=1)
    assert len(small.tables["organization"]) == len(small.scenarios) == 14


@pytest.mark.parametrize("lines", [0, 1, 2, 3, 5, 20, 49, 120])
def test_lines_of_a_plain_company(lines: int) -> None:
    """A company that is no scenario has exactly as many lines as asked for."""
    world = made(companies=15, lines_per_company=lines)
    assert len(by_specification(world, "MobileLine", "0015") + by_specification(world, "FixedLine", "0015")) == lines


def test_every_document_is_found_by_its_id(world: World) -> None:
    """Each document has id, href and type; tables are keyed by id and the href ends in it."""
    for resource, table in world.tables.items():
        for document_id, document in table.items():
            assert document["id"] == document_id
            assert re.fullmatch(rf"/tmf-api/[A-Za-z]+/v4/{resource}/{document_id}", document["href"])
            assert document["@type"]


def test_references_lead_somewhere(world: World) -> None:
    """Customers, accounts, products and resources that documents name all exist."""
    tables = world.tables
    for resource in ("customerBill", "bucket", "product", "resource", "productOrder", "troubleTicket"):
        for document in world.rows(resource):
            assert document["relatedParty"][0]["id"] in tables["customer"]
            if "billingAccount" in document:
                assert document["billingAccount"]["id"] in tables["billingAccount"]
    for bucket in world.rows("bucket"):
        assert bucket["product"][0]["id"] in tables["product"]
    for product in world.rows("product"):
        for relationship in product.get("productRelationship", ()):
            assert relationship["product"]["id"] in tables["product"]
        for realizing in product.get("realizingResource", ()):
            assert realizing["@referredType"] == "LogicalResource" or realizing["id"] in tables["resource"]
    for ticket in world.rows("troubleTicket"):
        for entity in ticket["relatedEntity"]:
            assert entity["id"] in tables["product"] or entity["id"] in tables["customerBill"]


def test_accounts_and_customers_name_each_other(world: World) -> None:
    """An account names its organization and its customer, and that customer names the account."""
    for account in world.rows("billingAccount"):
        owner, customer = account["relatedParty"]
        document = world.row("customer", customer["id"])
        assert document is not None
        assert document["engagedParty"]["id"] == owner["id"]
        assert account["id"] in [reference["id"] for reference in document["account"]]


def test_numbers_are_valid_and_nobody_s_twice(world: World) -> None:
    """P.IVA, codici fiscali, ICCID, IMEI and phone numbers pass an independent check and are unique."""
    vat_numbers = [row["organizationIdentification"][0]["identificationId"] for row in world.rows("organization")]
    fiscal_codes = [row["partyCharacteristic"][0]["value"] for row in world.rows("organization")]
    iccids = [row["serialNumber"] for row in world.rows("resource") if row["category"] == "SIM"]
    imeis = [row["serialNumber"] for row in world.rows("resource") if row["category"] == "Device"]
    phones = [
        resource["value"]
        for product in world.rows("product")
        for resource in product.get("realizingResource", ())
        if "value" in resource
    ]
    assert all(iva.is_valid(number) for number in vat_numbers)
    assert all(codicefiscale.is_valid(code) for code in fiscal_codes)
    assert all(len(number) == 19 and number.startswith("8939") and luhn.is_valid(number) for number in iccids)
    assert all(len(number) == 15 and imei.is_valid(number) for number in imeis)
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(number)) for number in phones)
    for numbers in (vat_numbers, iccids, imeis, phones):
        assert len(numbers) == len(set(numbers)) > 0


def test_names_differ() -> None:
    """No two of 500 companies have the same name."""
    names = [row["name"] for row in made(companies=500, lines_per_company=0).rows("organization")]
    assert len(set(names)) == 500


def test_ordinary_company_has_a_bit_of_everything(world: World) -> None:
    """The first company: 48 mobile lines and 2 fixed ones, one of them in activation, packages, options, devices."""
    mobile, fixed = by_specification(world, "MobileLine"), by_specification(world, "FixedLine")
    assert (len(mobile), len(fixed)) == (48, 2)
    assert [line["status"] for line in fixed] == ["active", "pendingActive"]
    payments = Counter(characteristics(line)["paymentType"] for line in mobile)
    assert payments == {"postpaid": 32, "prepaid": 16}
    assert Counter(line["status"] for line in mobile) == {
        "active": 44,
        "suspended": 2,
        "pendingTerminate": 1,
        "terminated": 1,
    }
    packages = by_specification(world, "GssPackage")
    assert [len(package["productRelationship"]) for package in packages] == [8, 5]
    assert len(by_specification(world, "LineOption")) > 20
    assert len(by_specification(world, "Device")) == 8
    tickets = Counter(row["status"] for row in of_company(world, "troubleTicket"))
    assert tickets == {"acknowledged": 1, "closed": 3, "resolved": 1}
    assert len(of_company(world, "productOrder")) == 1
    assert len([row for row in of_company(world, "bucket") if row["usageType"] == "monetary"]) == 16


def test_first_line_has_everything_a_line_can_have(world: World) -> None:
    """A demonstration's first line is active, with plan, number, SIM, two options and a package."""
    line = world.row("product", "lin-0001-0001")
    assert line is not None
    assert line["status"] == "active"
    assert [resource["@referredType"] for resource in line["realizingResource"]] == [
        "PhysicalResource",
        "LogicalResource",
    ]
    assert [(item["relationshipType"], item["product"]["id"]) for item in line["productRelationship"]] == [
        ("bundles", "opt-0001-0001-1"),
        ("bundles", "opt-0001-0001-2"),
        ("bundledBy", "gss-0001-1"),
    ]


def test_packages_and_lines_name_each_other(world: World) -> None:
    """A line is bundled by exactly the package that bundles it."""
    claimed = {
        (package["id"], item["product"]["id"])
        for package in world.rows("product")
        if package["isBundle"]
        for item in package["productRelationship"]
    }
    answered = {
        (item["product"]["id"], line["id"])
        for line in world.rows("product")
        for item in line.get("productRelationship", ())
        if item["relationshipType"] == "bundledBy"
    }
    assert claimed == answered
    assert len(claimed) > 100


def test_invoices_of_thirty_months(world: World) -> None:
    """Each account has one service invoice for each of the last 30 months, issued on the 1st to the 5th."""
    bills = [row for row in of_company(world, "customerBill") if row["id"].endswith("-s")]
    issued = [datetime.fromisoformat(bill["billDate"]) for bill in bills]
    expected = [(2024 + (5 + month) // 12, (5 + month) % 12 + 1) for month in range(30)]
    assert [(date.year, date.month) for date in issued] == expected
    assert all(date.astimezone(ROME).hour == 0 and date.day <= 5 and date < START for date in issued)
    periods = [bill["billingPeriod"] for bill in bills]
    assert periods[-1] == {
        "startDateTime": "2026-10-01T00:00:00+02:00",
        "endDateTime": "2026-11-01T00:00:00+01:00",
    }
    assert all(earlier["endDateTime"] == later["startDateTime"] for earlier, later in pairwise(periods))


def test_no_invoice_is_from_the_future() -> None:
    """On the first day of a month whose invoices come later, the last 30 months end with the month before."""
    start = datetime(2026, 11, 1, 12, tzinfo=UTC)
    world = made(companies=1, lines_per_company=5, start=start)
    assert all(datetime.fromisoformat(bill["billDate"]) <= start for bill in world.rows("customerBill"))
    assert len([row for row in of_company(world, "customerBill") if row["id"].endswith("-s")]) == 30


def test_invoices_add_up_to_the_cent(world: World) -> None:
    """Total is net and 22 % VAT rounded half up; two places everywhere; what is left fits the state."""
    for bill in world.rows("customerBill"):
        net, total = bill["taxExcludedAmount"]["value"], bill["taxIncludedAmount"]["value"]
        remaining = bill["remainingAmount"]["value"]
        assert total - net == (net * Decimal("0.22")).quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert bill["amountDue"]["value"] == total
        assert {amount.as_tuple().exponent for amount in (net, total, remaining)} == {-2}
        if bill["state"] == "settled":
            assert remaining == 0
        elif bill["state"] == "sent":
            assert remaining == total
        else:
            assert bill["state"] == "partiallyPaid"
            assert 0 < remaining < total


def test_invoices_are_due_after_thirty_days(world: World) -> None:
    """The due date is 30 days after the issue, counted in days of Rome."""
    for bill in world.rows("customerBill"):
        issued, due = (datetime.fromisoformat(bill[name]).date() for name in ("billDate", "paymentDueDate"))
        assert due - issued == timedelta(days=30)


def test_ordinary_company_s_invoices(world: World) -> None:
    """The first company has device invoices, a credit note, an invoice that is overdue and a last one to pay."""
    bills = of_company(world, "customerBill")
    assert Counter((bill["category"], bill["@type"]) for bill in bills) == {
        ("normal", "CustomerBill"): 30,
        ("normal", "DeviceBill"): 4,
        ("credit note", "CustomerBill"): 1,
    }
    assert [bill["id"] for bill in bills if bill["state"] != "settled"] == [
        "bil-0001-1-202608-s",
        "bil-0001-1-202611-s",
    ]


def test_some_invoices_are_paid_in_part(world: World) -> None:
    """Among all companies' last invoices both open states occur."""
    assert {bill["state"] for bill in world.rows("customerBill")} == {"settled", "sent", "partiallyPaid"}


def test_disputed_bill_was_there_when_disputed(world: World) -> None:
    """A ticket about an invoice names one of the same customer, issued before the ticket was opened."""
    disputes = [
        (ticket, entity["id"])
        for ticket in world.rows("troubleTicket")
        for entity in ticket["relatedEntity"]
        if entity["role"] == "disputedBill"
    ]
    assert disputes
    for ticket, bill_id in disputes:
        bill = world.row("customerBill", bill_id)
        assert bill is not None
        assert bill["relatedParty"] == ticket["relatedParty"]
        assert datetime.fromisoformat(bill["billDate"]) < datetime.fromisoformat(ticket["creationDate"])


def test_consumption_and_bucket_agree(world: World) -> None:
    """Used and remaining add up to allowance and extra, and the shared bucket has the same remaining amount."""
    for package in by_specification(world, "GssPackage"):
        consumption = world.usage_consumption(package["id"])
        bucket = world.row("bucket", f"bkt-{package['id']}")
        assert consumption is not None
        assert bucket is not None
        [shared] = consumption["bucketRefOrValue"]
        assert (consumption["state"], shared["id"]) == ("done", bucket["id"])
        values = characteristics(package)
        used = [line["consumptionSummary"][0]["value"]["amount"] for line in shared["product"]]
        remaining = shared["remainingValue"]["amount"]
        assert sum(used) + remaining == Decimal(str(values["allowanceGb"])) + Decimal(str(values["extraGb"]))
        assert remaining > 0
        assert [line["id"] for line in shared["product"]] == [
            item["product"]["id"] for item in package["productRelationship"]
        ]


def test_consumption_grows_and_begins_again() -> None:
    """What is left of a package shrinks from day to day and is whole again when the month begins."""
    world = made(companies=1, lines_per_company=20)
    left = []
    for _ in range(9):
        bucket = world.row("bucket", "bkt-gss-0001-1")
        assert bucket is not None
        left.append(bucket["remainingValue"]["amount"])
        world.advance(86_400)
    # 24 to 30 November, then 1 and 2 December at ten in the morning.
    assert left[:7] == sorted(left[:7], reverse=True)
    assert left[7] > left[6] + 10
    assert left[8] < left[7]


def test_bucket_s_stored_rows_have_the_ids_of_the_read_ones(world: World) -> None:
    """Reading computes what is left of shared data and nothing else."""
    for stored, read in zip(world.tables["bucket"].values(), world.rows("bucket"), strict=True):
        assert {**stored, "remainingValue": None} == {**read, "remainingValue": None}


@pytest.mark.parametrize("product_id", ["lin-0001-0001", "gss-9999-1", ""])
def test_only_packages_have_a_consumption(world: World, product_id: str) -> None:
    """Other products, and none, have no shared consumption."""
    assert world.usage_consumption(product_id) is None


def test_unknown_rows(world: World) -> None:
    """An unknown id is None, an unknown resource a KeyError."""
    assert world.row("product", "lin-9999-0001") is None
    with pytest.raises(KeyError):
        world.row("telephone", "1")
    with pytest.raises(KeyError):
        world.rows("telephone")


def test_sims_fit_their_lines(world: World) -> None:
    """A SIM is available, suspended or put aside as its line is; it has both PINs, both PUKs and an IMSI."""
    status_of_line = {
        resource["id"]: product["status"]
        for product in by_specification(world, "MobileLine", "0014")
        for resource in product["realizingResource"]
        if resource["@referredType"] == "PhysicalResource"
    }
    sims = {row["id"]: row for row in of_company(world, "resource", "0014") if row["category"] == "SIM"}
    assert {status_of_line[sim_id]: sim["resourceStatus"] for sim_id, sim in sims.items()} == {
        "active": "available",
        "created": "reserved",
        "pendingActive": "standby",
        "suspended": "suspended",
        "pendingTerminate": "available",
        "terminated": "unknown",
    }
    for sim in sims.values():
        codes = characteristics(sim, "resourceCharacteristic")
        assert {name: len(str(code)) for name, code in codes.items()} == {
            "PIN1": 4,
            "PUK1": 8,
            "PIN2": 4,
            "PUK2": 8,
            "IMSI": 15,
        }


def test_fixed_lines_have_an_address(world: World) -> None:
    """A fixed line has a number with its city's area code and the address it is installed at."""
    line = by_specification(world, "FixedLine")[0]
    [place] = line["place"]
    assert (place["role"], place["@referredType"]) == ("installationAddress", "GeographicAddress")
    assert re.fullmatch(r".+ \d+, \d{5} .+ [A-Z]{2}", place["name"])
    assert line["realizingResource"][0]["value"].startswith("+390")


def test_clock_needs_an_offset() -> None:
    """A start without offset is refused: it could mean two times."""
    with pytest.raises(ValueError, match="an offset"):
        SimulatedClock(datetime(2026, 11, 24))  # noqa: DTZ001
