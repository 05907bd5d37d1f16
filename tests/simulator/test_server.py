"""What the simulated backends answer when all is well."""

import asyncio
import re
import socket
from decimal import Decimal
from urllib.parse import quote

import aiohttp
import pytest

from gateway.errors import ConfigurationError
from gateway.simulator.backends import SimulatedBackends, simulated_backends
from gateway.simulator.world import World
from tests.simulator.asked import (
    BUCKET,
    CUSTOMER,
    CUSTOMER_BILL,
    ORGANIZATION,
    PRODUCT,
    PRODUCT_ORDER,
    RESOURCE,
    TROUBLE_TICKET,
    USAGE,
    asked,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

BILLING_ACCOUNT = "/tmf-api/accountManagement/v4/billingAccount"
EVERY_LIST = [
    ("billing", CUSTOMER_BILL, "customerBill"),
    ("billing", BILLING_ACCOUNT, "billingAccount"),
    ("billing", BUCKET, "bucket"),
    ("provisioning", PRODUCT, "product"),
    ("provisioning", RESOURCE, "resource"),
    ("provisioning", PRODUCT_ORDER, "productOrder"),
    ("crm", CUSTOMER, "customer"),
    ("crm", ORGANIZATION, "organization"),
    ("crm", TROUBLE_TICKET, "troubleTicket"),
]


@pytest.mark.parametrize(("backend", "path", "resource"), EVERY_LIST)
async def test_lists_and_their_rows(
    backends: SimulatedBackends,
    client: aiohttp.ClientSession,
    served_world: World,
    backend: str,
    path: str,
    resource: str,
) -> None:
    """Every list counts its table, and each of its rows is found again under its href."""
    url = getattr(backends, backend)
    answer = await asked(client, f"{url}{path}", ("limit", "2"))
    total = len(served_world.tables[resource])
    assert answer.status == 206
    assert answer.headers["X-Total-Count"] == str(total)
    assert answer.headers["X-Result-Count"] == "2"
    assert answer.ids == list(served_world.tables[resource])[:2]
    for row in answer.json:
        one = await asked(client, f"{url}{row['href']}")
        assert one.status == 200
        assert one.json == row


async def test_pages_make_up_the_list(
    backends: SimulatedBackends, client: aiohttp.ClientSession, served_world: World
) -> None:
    """The pages of a company of 2,000 lines hold each line once, and a page after the last is empty."""
    customer = f"cus-{served_world.scenarios['two_thousand_lines'].removeprefix('org-')}-1"
    filters = [("relatedParty.id", customer), ("productSpecification.name", "MobileLine,FixedLine")]
    seen: list[str] = []
    for offset in range(0, 2000, 100):
        page = await asked(client, f"{backends.provisioning}{PRODUCT}", *filters, ("offset", str(offset)))
        assert (page.status, page.headers["X-Total-Count"], page.headers["X-Result-Count"]) == (206, "2000", "100")
        seen += page.ids
    assert len(set(seen)) == 2000
    after = await asked(client, f"{backends.provisioning}{PRODUCT}", *filters, ("offset", "2000"))
    assert (after.status, after.headers["X-Total-Count"], after.json) == (206, "2000", [])


async def test_whole_lists_are_200(backends: SimulatedBackends, client: aiohttp.ClientSession) -> None:
    """A list that fits its page is 200, also when nothing fits the filter."""
    one = await asked(client, f"{backends.crm}{CUSTOMER}", ("engagedParty.id", "org-0001"))
    none = await asked(client, f"{backends.crm}{CUSTOMER}", ("engagedParty.id", "org-9999"))
    assert (one.status, one.ids, one.headers["X-Total-Count"]) == (200, ["cus-0001-1"], "1")
    assert (none.status, none.json, none.headers["X-Total-Count"]) == (200, [], "0")


async def test_fields(backends: SimulatedBackends, client: aiohttp.ClientSession) -> None:
    """Lists and single documents have the attributes asked for, with id, href and @type."""
    url = f"{backends.crm}{ORGANIZATION}"
    expected = {"id", "href", "@type", "name", "status"}
    rows = (await asked(client, url, ("fields", "name,status"))).json
    assert {frozenset(row) for row in rows} == {frozenset(expected)}
    assert set((await asked(client, f"{url}/org-0001", ("fields", "name,status"))).json) == expected


async def test_amounts_are_exact_numbers(
    backends: SimulatedBackends, client: aiohttp.ClientSession, served_world: World
) -> None:
    """Amounts are JSON numbers with two places, digit for digit those of the document."""
    bill = served_world.tables["customerBill"]["bil-0001-1-202610-s"]
    answer = await asked(client, f"{backends.billing}{CUSTOMER_BILL}/bil-0001-1-202610-s")
    (digits,) = re.findall(rb'"taxIncludedAmount":\{"unit":"EUR","value":(\d+\.\d\d)\}', answer.body)
    assert Decimal(digits.decode()) == bill["taxIncludedAmount"]["value"]
    assert answer.json == bill


async def test_numbers_with_a_plus(backends: SimulatedBackends, client: aiohttp.ClientSession) -> None:
    """A percent-encoded plus is found; a bare one is a space, and finds nothing."""
    url = f"{backends.provisioning}{PRODUCT}"
    (line,) = (await asked(client, url, ("id", "lin-0001-0001"))).json
    number = next(it["value"] for it in line["realizingResource"] if it["@referredType"] == "LogicalResource")
    assert (await asked(client, url, ("realizingResource.value", number))).ids == ["lin-0001-0001"]
    assert (await asked(client, f"{url}?realizingResource.value={number}")).json == []


async def test_ids_of_any_characters(
    backends: SimulatedBackends, client: aiohttp.ClientSession, served_world: World
) -> None:
    """Percent-encoded ids are found in paths and filters; one with a comma in paths only."""
    odd = ["a+b", "a:b", "a/b", "a?b", "a#b", "a b", "è%2F"]
    table = served_world.tables["organization"]
    for id in [*odd, "a,b"]:
        table[id] = {**table["org-0001"], "id": id}
    served_world.revision += 1
    try:
        url = f"{backends.crm}{ORGANIZATION}"
        for id in [*odd, "a,b"]:
            assert (await asked(client, f"{url}/{quote(id, safe='')}")).json["id"] == id
        assert (await asked(client, url, ("id", ",".join(odd)))).ids == odd
        assert (await asked(client, url, ("id", "a,b"))).json == []
    finally:
        for id in [*odd, "a,b"]:
            del table[id]
        served_world.revision += 1


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("GET", f"{ORGANIZATION}/org-9999", 404, "notFound"),
        ("GET", "/tmf-api/party/v4/individual", 404, "notFound"),
        ("GET", f"{ORGANIZATION}/", 404, "notFound"),
        ("GET", "/", 404, "notFound"),
        ("GET", CUSTOMER_BILL, 404, "notFound"),
        ("GET", f"{ORGANIZATION}?colour=red", 400, "invalidQuery"),
        ("GET", f"{ORGANIZATION}?limit=many", 400, "invalidQuery"),
        ("DELETE", f"{ORGANIZATION}/org-0001", 405, "Method Not Allowed"),
    ],
)
async def test_errors_have_bodies(
    backends: SimulatedBackends, client: aiohttp.ClientSession, method: str, path: str, status: int, reason: str
) -> None:
    """Whatever goes wrong is TMF630's error body, and a backend has only its own APIs."""
    answer = await asked(client, f"{backends.crm}{path}", method=method)
    assert answer.status == status
    body = answer.json
    assert (body["code"], body["status"], body["reason"]) == (str(status), str(status), reason)
    assert isinstance(body["message"], str)


async def test_an_unknown_filter_is_named(backends: SimulatedBackends, client: aiohttp.ClientSession) -> None:
    """The message says which parameter, and what else there is."""
    answer = await asked(client, f"{backends.crm}{CUSTOMER}", ("colour", "red"))
    assert answer.json["message"] == "customer has no filter 'colour'; there are id, name, status, engagedParty.id."


async def test_usage_of_packages(
    backends: SimulatedBackends, client: aiohttp.ClientSession, served_world: World
) -> None:
    """Each known package is answered once, in the order asked; lines and unknown ids have no element."""
    ids = ["gss-0001-2", "gss-0001-1", "lin-0001-0001", "gss-none", "gss-0001-1"]
    body = {"searchCriteria": {"product": [{"id": id} for id in ids]}}
    answer = await asked(client, f"{backends.billing}{USAGE}", method="POST", json=body)
    assert answer.status == 201
    elements = answer.json["usageConsumption"]
    assert [[product["id"] for product in element["product"]] for element in elements] == [
        ["gss-0001-2"],
        ["gss-0001-1"],
    ]
    assert elements[0]["state"] == "done"
    assert elements[0]["bucketRefOrValue"][0]["usageType"] == "data"


async def test_usage_and_bucket_agree(
    backends: SimulatedBackends, client: aiohttp.ClientSession, served_world: World
) -> None:
    """What is left of a package is the same in its usage and in its bucket, however it is read, and on another day."""
    body = {"searchCriteria": {"product": [{"id": "gss-0001-1"}]}}
    left = []
    try:
        for days in (0, 3):
            served_world.advance(days * 86400)
            usage = await asked(client, f"{backends.billing}{USAGE}", method="POST", json=body)
            (bucket,) = (await asked(client, f"{backends.billing}{BUCKET}", ("product.id", "gss-0001-1"))).json
            assert (await asked(client, f"{backends.billing}{BUCKET}/{bucket['id']}")).json == bucket
            (shared,) = usage.json["usageConsumption"][0]["bucketRefOrValue"]
            assert shared["remainingValue"] == bucket["remainingValue"]
            left.append(bucket["remainingValue"]["amount"])
    finally:
        served_world.reset()
    assert left[1] < left[0]


@pytest.mark.parametrize("body", [None, [], {}, {"searchCriteria": {}}, {"searchCriteria": {"product": [{"id": 1}]}}])
async def test_usage_needs_its_body(backends: SimulatedBackends, client: aiohttp.ClientSession, body: object) -> None:
    """A body of another shape is refused."""
    answer = await asked(client, f"{backends.billing}{USAGE}", method="POST", json=body)
    assert (answer.status, answer.json["reason"]) == (400, "invalidBody")


async def test_a_taken_port_is_named(backends: SimulatedBackends, served_world: World) -> None:
    """The error names the option and the port, and the servers that had begun leave their ports."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    taken = int(backends.crm.rpartition(":")[2])
    with pytest.raises(ConfigurationError, match=rf"^--backend-ports: 127\.0\.0\.1:{taken} cannot be had"):
        async with simulated_backends(served_world, ports=(free, 0, taken)):
            pass
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", free)


async def test_three_servers(backends: SimulatedBackends) -> None:
    """Each backend has a port of its own and a URL without a slash at the end."""
    urls = {backends.billing, backends.provisioning, backends.crm}
    assert len(urls) == 3
    assert all(re.fullmatch(r"http://127\.0\.0\.1:\d+", url) for url in urls)
