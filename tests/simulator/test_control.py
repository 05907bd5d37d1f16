"""The control API: time, states, knobs and records over HTTP."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from gateway.simulator.backends import SimulatedBackends, simulated_backends
from gateway.simulator.clock import SimulatedClock
from gateway.simulator.dialects import DIALECTS
from gateway.simulator.knobs import ALL_WELL, Knobs
from gateway.simulator.scenarios import SCENARIOS
from gateway.simulator.world import World
from tests.simulator.asked import BUCKET, CUSTOMER, ORGANIZATION, PRODUCT, TROUBLE_TICKET, Answer, asked

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(autouse=True)
def as_it_began(served_world: World) -> Iterator[None]:
    """The world is put back after each test that changed it or its time."""
    revision = served_world.revision
    yield
    if served_world.revision != revision or served_world.clock() - served_world.clock.start > timedelta(hours=1):
        served_world.reset()


class Control:
    """The control API of the CRM's server."""

    def __init__(self, backends: SimulatedBackends, client: aiohttp.ClientSession) -> None:
        self._url = f"{backends.crm}/control"
        self._client = client

    async def get(self, path: str) -> Any:
        """What there is."""
        answer = await asked(self._client, f"{self._url}{path}")
        assert answer.status == 200
        return answer.json

    async def do(self, path: str, body: Any = None, method: str = "POST") -> Answer:
        """Changes something."""
        return await asked(self._client, f"{self._url}{path}", method=method, json=body)


@pytest.fixture
def control(backends: SimulatedBackends, client: aiohttp.ClientSession) -> Control:
    """The control API."""
    return Control(backends, client)


async def test_the_index_is_true(control: Control, backends: SimulatedBackends, client: aiohttp.ClientSession) -> None:
    """Everything that the index names exists on every server."""
    for entry in await control.get(""):
        *methods, path = entry.replace(",", "").split()
        for method in methods:
            for url in (backends.billing, backends.provisioning, backends.crm):
                answer = await asked(client, f"{url}{path.replace('{id}', 'none')}", method=method)
                missing = answer.status == 404 and answer.json["message"] == "There is nothing at this path."
                assert not missing, f"{method} {path}"
                assert answer.status != 405, f"{method} {path}"


async def test_time_moves_for_all_backends(
    control: Control, backends: SimulatedBackends, client: aiohttp.ClientSession
) -> None:
    """A clock advanced at one server is advanced at the others, and its invoices are there."""
    before = datetime.fromisoformat((await control.get("/clock"))["now"])
    bills = f"{backends.billing}/tmf-api/customerBillManagement/v4/customerBill"
    count = int((await asked(client, bills, ("limit", "1"))).headers["X-Total-Count"])
    answer = await control.do("/clock/advance", {"seconds": 31 * 86400})
    assert answer.status == 200
    elsewhere = await asked(client, f"{backends.provisioning}/control/clock")
    assert datetime.fromisoformat(elsewhere.json["now"]) - before >= timedelta(days=31)
    assert int((await asked(client, bills, ("limit", "1"))).headers["X-Total-Count"]) > count


async def test_an_order_goes_its_way(
    control: Control, backends: SimulatedBackends, client: aiohttp.ClientSession
) -> None:
    """Step by step to its end, where its product is active; then it cannot move."""
    url = f"{backends.provisioning}/tmf-api/productOrderingManagement/v4/productOrder"
    order = (await asked(client, url, ("state", "acknowledged"), ("limit", "1"))).json[0]
    product = order["productOrderItem"][0]["product"]["id"]
    states = [(await control.do(f"/orders/{order['id']}/step")).json["state"] for _ in range(2)]
    assert states == ["inProgress", "completed"]
    assert (await asked(client, f"{backends.provisioning}{PRODUCT}/{product}")).json["status"] == "active"
    (active,) = (await asked(client, f"{backends.provisioning}{PRODUCT}", ("id", product), ("status", "active"))).json
    assert active["id"] == product
    refused = await control.do(f"/orders/{order['id']}/step")
    assert (refused.status, refused.json["reason"]) == (409, "conflict")


async def test_a_ticket_goes_its_way(
    control: Control, backends: SimulatedBackends, client: aiohttp.ClientSession
) -> None:
    """A step shows in the CRM's own answer, and a mail goes out."""
    url = f"{backends.crm}{TROUBLE_TICKET}"
    (ticket,) = (await asked(client, url, ("relatedParty.id", "cus-0001-1"), ("status", "inProgress"))).json or (
        await asked(client, url, ("relatedParty.id", "cus-0001-1"), ("status", "acknowledged"))
    ).json
    stepped = (await control.do(f"/tickets/{ticket['id']}/step")).json
    assert (await asked(client, f"{url}/{ticket['id']}")).json == stepped
    assert stepped["status"] != ticket["status"]
    (mail,) = await control.get("/outbox")
    assert mail["channel"] == "email"
    assert set(mail) == {"channel", "to", "subject", "text", "at"}


async def test_credit_drops(
    control: Control, backends: SimulatedBackends, client: aiohttp.ClientSession, served_world: World
) -> None:
    """The line's bucket loses just the amount, to the cent."""
    bucket = next(row for row in served_world.rows("bucket") if row["remainingValue"]["amount"] > 1)
    line = bucket["product"][0]["id"]
    answer = await control.do(f"/lines/{line}/drop-credit", {"amount": 0.35})
    assert answer.status == 200
    (left,) = (await asked(client, f"{backends.billing}{BUCKET}", ("product.id", line))).json
    assert left["remainingValue"]["amount"] == bucket["remainingValue"]["amount"] - Decimal("0.35")


async def test_reset(control: Control, backends: SimulatedBackends, client: aiohttp.ClientSession) -> None:
    """Tickets, time and knobs are as in the beginning, the outbox empty."""
    url = f"{backends.crm}{TROUBLE_TICKET}/tkt-0001-1"
    began = (await asked(client, url)).json
    await control.do("/tickets/tkt-0001-1/step")
    await control.do("/clock/advance", {"seconds": 10 * 86400})
    await control.do("/knobs", {"canary_secrets": True}, "PUT")
    assert (await control.do("/reset")).status == 200
    assert (await asked(client, url)).json == began
    assert await control.get("/outbox") == []
    assert (await control.get("/clock"))["now"].startswith("2026-11-24T10:00:")


async def test_scenarios(control: Control, backends: SimulatedBackends, client: aiohttp.ClientSession) -> None:
    """Every named company exists and has its sentence."""
    scenarios = await control.get("/scenarios")
    assert [(it["name"], it["description"]) for it in scenarios] == [(it.name, it.description) for it in SCENARIOS]
    for scenario in scenarios:
        assert (await asked(client, f"{backends.crm}{ORGANIZATION}/{scenario['company']}")).status == 200


async def test_knobs(control: Control, backends: SimulatedBackends, client: aiohttp.ClientSession) -> None:
    """Knobs are set as a whole, shown, effective at their own server, and put back."""
    well = await control.get("/knobs")
    set_to = await control.do("/knobs", {"error_rate": 1, "error_status": 502}, "PUT")
    assert (set_to.status, set_to.json) == (200, well | {"error_rate": 1, "error_status": 502})
    assert await control.get("/knobs") == set_to.json
    assert (await asked(client, f"{backends.crm}{CUSTOMER}")).status == 502
    assert (await asked(client, f"{backends.billing}{BUCKET}", ("limit", "1"))).status == 206
    assert (await control.do("/knobs", {"page_cap": 5}, "PUT")).json == well | {"page_cap": 5}
    assert (await control.do("/knobs", method="DELETE")).json == well
    assert (await asked(client, f"{backends.crm}{CUSTOMER}")).status == 200


async def test_only_without_a_slash(control: Control) -> None:
    """What no path can begin with is refused, and nothing is turned."""
    well = await control.get("/knobs")
    refused = await control.do("/knobs", {"only": "tmf-api", "hang": True}, "PUT")
    assert (refused.status, refused.json["reason"]) == (400, "invalidBody")
    assert refused.json["message"] == "`only`: no path begins so; begin with '/', as in '/tmf-api'"
    assert await control.get("/knobs") == well


async def test_dialects(control: Control, backends: SimulatedBackends) -> None:
    """All are listed with their knobs and profiles; one is turned on by its name, and off like any knob."""
    listed = {row["name"]: row for row in await control.get("/dialects")}
    assert list(listed) == list(DIALECTS)
    assert listed["v5"]["profile"] == {"version": "v5"}
    well = await control.get("/knobs")
    assert (await control.do("/dialects/v5", method="PUT")).json == listed["v5"]["knobs"]
    assert backends.faults["crm"].knobs == DIALECTS["v5"].knobs
    assert backends.faults["billing"].knobs == ALL_WELL
    assert (await control.do("/dialects/v6", method="PUT")).status == 404
    assert (await control.do("/knobs", method="DELETE")).json == well


async def test_a_dialect_outlives_other_knobs() -> None:
    """Backends that were started with a dialect go back to it when a knob is taken away, and when they are reset."""
    spoken = DIALECTS["v5"].knobs
    world = World(companies=1, lines_per_company=1, clock=SimulatedClock())
    async with aiohttp.ClientSession() as session, simulated_backends(world, knobs=spoken) as backends:
        faults = backends.faults["billing"]
        for method, path in (("DELETE", "/control/knobs"), ("POST", "/control/reset")):
            assert faults.knobs == spoken
            faults.knobs = Knobs(hang=True)
            assert (await asked(session, f"{backends.billing}{path}", method=method)).status == 200
        assert faults.knobs == spoken


async def test_calls(control: Control, backends: SimulatedBackends, client: aiohttp.ClientSession) -> None:
    """A server's own calls, in order and as they were sent, without those of the control API; none after DELETE."""
    await asked(client, f"{backends.crm}{CUSTOMER}", ("engagedParty.id", "org-0001,org 2"))
    await asked(client, f"{backends.crm}{ORGANIZATION}/a%2Fb")
    await asked(client, f"{backends.billing}{BUCKET}")
    expected = [
        {"method": "GET", "path": CUSTOMER, "query": "engagedParty.id=org-0001%2Corg+2"},
        {"method": "GET", "path": f"{ORGANIZATION}/a/b", "query": ""},
    ]
    assert await control.get("/calls") == expected
    assert [call.path for call in backends.faults["billing"].calls] == [BUCKET]
    assert (await control.do("/calls", method="DELETE")).json == []
    assert await control.get("/calls") == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("POST", "/orders/none/step", None, 404, "There is no 'none'."),
        ("POST", "/tickets/none/step", None, 404, "There is no 'none'."),
        ("POST", "/lines/none/drop-credit", {"amount": 1}, 404, "There is no 'none'."),
        ("POST", "/lines/lin-0001-0001/drop-credit", {"amount": 1}, 409, "lin-0001-0001 is not a prepaid line"),
        ("POST", "/lines/lin-0001-0001/drop-credit", {"amount": "much"}, 400, "$.amount"),
        ("POST", "/lines/lin-0001-0001/drop-credit", {}, 400, "`amount`"),
        ("POST", "/clock/advance", {"seconds": -1}, 400, "$.seconds"),
        ("POST", "/clock/advance", {"seconds": 1e12}, 409, "100 years"),
        ("POST", "/clock/advance", None, 400, ""),
        ("PUT", "/knobs", {"no_such_knob": True}, 400, "`no_such_knob`"),
        ("PUT", "/knobs", {"error_rate": 2}, 400, "$.error_rate"),
        ("PUT", "/knobs", {"error_status": 200}, 400, "$.error_status"),
        ("PUT", "/knobs", {"page_cap": 0}, 400, "$.page_cap"),
        ("POST", "/nothing", None, 404, "There is nothing at this path."),
        ("DELETE", "/clock", None, 405, ""),
    ],
)
async def test_mistakes_are_named(control: Control, method: str, path: str, body: Any, status: int, words: str) -> None:
    """What cannot be done says why, as an error body."""
    answer = await control.do(path, body, method)
    assert answer.status == status
    assert words in answer.json["message"]
