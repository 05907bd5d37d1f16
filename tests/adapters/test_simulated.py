"""The adapters against the simulated backends: every knob is met by its profile, its fallback or its error."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from gateway.adapters._client import BackendClient
from gateway.adapters.billing import BillingBackend
from gateway.adapters.crm import CrmBackend
from gateway.adapters.identity import SigningKeys
from gateway.adapters.provisioning import ProvisioningBackend
from gateway.config import BackendSettings, IdentitySettings
from gateway.domain.company import CompanySearch
from gateway.domain.invoice import Invoice
from gateway.domain.key import Key
from gateway.domain.line import CustomerLine, FixedLine, Line, MobileLine
from gateway.errors import (
    BackendContractBroken,
    BackendFailed,
    BackendFilterIgnored,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    GatewayError,
)
from gateway.simulator.backends import SimulatedBackends, simulated_backends
from gateway.simulator.clock import SimulatedClock
from gateway.simulator.knobs import ALL_WELL, Knobs
from gateway.simulator.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
COMPANY = "org-0001"
CUSTOMER = Key(COMPANY, "cus-0001-1")
ACCOUNT = Key(COMPANY, "acc-0001-1")


@pytest.fixture(scope="module")
def world() -> World:
    """The demo's companies, with their fifty lines."""
    return World(companies=1, clock=SimulatedClock(NOW))


class Backends:
    """Three simulated backends and the adapters in front of them."""

    def __init__(self, simulated: SimulatedBackends, stack: AsyncExitStack) -> None:
        self.simulated = simulated
        self._stack = stack

    def turn(self, backend: str, **knobs: Any) -> None:
        """Sets a backend's knobs."""
        self.simulated.faults[backend].knobs = Knobs(**knobs)

    def calls(self, backend: str) -> list[str]:
        """The last segments of the paths that a backend was asked for."""
        return [call.path.partition("/v4/")[2] for call in self.simulated.faults[backend].calls]

    async def client(self, backend: str, **settings: Any) -> BackendClient:
        """A client with these settings; it lives as long as the backends."""
        chosen = BackendSettings(**{"url": getattr(self.simulated, backend), **settings})
        client = BackendClient(backend, chosen, list_max_rows=10_000, clock=lambda: NOW)
        return await self._stack.enter_async_context(client)

    async def billing(self, **settings: Any) -> BillingBackend:
        """Billing."""
        return BillingBackend(await self.client("billing", **settings), lambda: NOW)

    async def provisioning(self, **settings: Any) -> ProvisioningBackend:
        """Provisioning."""
        return ProvisioningBackend(await self.client("provisioning", **settings))

    async def crm(self, **settings: Any) -> CrmBackend:
        """The CRM."""
        return CrmBackend(await self.client("crm", **settings))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def simulated(world: World) -> AsyncIterator[SimulatedBackends]:
    """Running backends, the same for all tests here."""
    async with simulated_backends(world) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def backends(simulated: SimulatedBackends) -> AsyncIterator[Backends]:
    """The running backends without knobs, and no call on record."""
    for faults in simulated.faults.values():
        faults.knobs = ALL_WELL
        faults.calls.clear()
    async with AsyncExitStack() as stack:
        yield Backends(simulated, stack)


def documents(world: World, table: str, customer: str = "cus-0001-1") -> list[dict[str, Any]]:
    """The world's documents that name the customer."""
    return [row for row in world.rows(table) if any(party["id"] == customer for party in row.get("relatedParty", ()))]


async def test_everything_a_company_has(world: World, backends: Backends) -> None:
    """Ids, lines, SIMs, options, packages, usage, invoices and tickets are those of the world's documents."""
    crm, billing, provisioning = await backends.crm(), await backends.billing(), await backends.provisioning()
    (accounts,) = await crm.accounts_by_company_id.get_many([COMPANY])
    assert [accounts] == await billing.accounts_by_company_id.get_many([COMPANY])
    (lines,) = await provisioning.lines_by_customer_id.get_many([CUSTOMER])
    (packages,) = await provisioning.gss_packages_by_customer_id.get_many([CUSTOMER])
    (tickets,) = await crm.tickets_by_customer_id.get_many([CUSTOMER])
    assert isinstance(lines, tuple)
    assert isinstance(packages, tuple)
    assert isinstance(tickets, tuple)
    products = documents(world, "product")
    kinds = [product["productSpecification"]["name"] for product in products]
    assert sum(isinstance(line, MobileLine) for line in lines) == kinds.count("MobileLine")
    assert sum(isinstance(line, FixedLine) for line in lines) == kinds.count("FixedLine")
    assert {ticket.id for ticket in tickets} == {row["id"] for row in documents(world, "troubleTicket")}
    sim_ids = [line.sim_id for line in lines if isinstance(line, MobileLine) and line.sim_id]
    sims = await provisioning.sim_by_id.get_many([Key(COMPANY, id) for id in sim_ids])
    assert [getattr(sim, "iccid", sim) for sim in sims] == [world.row("resource", id)["serialNumber"] for id in sim_ids]  # type: ignore[index]
    option_ids = [id for line in lines for id in line.option_ids]
    options = await provisioning.option_by_id.get_many([Key(COMPANY, id) for id in option_ids])
    assert [getattr(option, "id", option) for option in options] == option_ids
    usage = await billing.gss_usage_by_package_id.get_many([Key(COMPANY, package.id) for package in packages])
    assert [set(getattr(used, "used_by_line_id", ())) for used in usage] == [
        set(package.line_ids) for package in packages
    ]


async def test_the_line_of_a_number_and_of_a_sim(world: World, backends: Backends) -> None:
    """The sign of an international number survives its way."""
    provisioning = await backends.provisioning()
    (line,) = await provisioning.line_by_id.get_many([Key(COMPANY, "lin-0001-0001")])
    assert isinstance(line, MobileLine)
    assert line.number is not None
    assert line.sim_id is not None
    assert await provisioning.line_by_number.get_many([line.number]) == [CustomerLine("cus-0001-1", line.id)]
    assert await provisioning.line_by_sim_id.get_many([Key(COMPANY, line.sim_id)]) == [line]
    (codes,) = await provisioning.sim_codes_by_id.get_many([Key(COMPANY, line.sim_id)])
    row = world.row("resource", line.sim_id)
    assert row is not None
    assert getattr(codes, "pin", codes) == row["resourceCharacteristic"][0]["value"]


async def test_invoices_of_24_months(world: World, backends: Backends) -> None:
    """Older bills are not read; amounts are exact."""
    (invoices,) = await (await backends.billing()).invoices_by_account_id.get_many([ACCOUNT])
    assert isinstance(invoices, tuple)
    rows = {row["id"]: row for row in world.rows("customerBill") if row["billingAccount"]["id"] == ACCOUNT.id}
    recent = {id for id, row in rows.items() if row["billDate"] >= "2024-11-24"}
    assert {invoice.id for invoice in invoices} == recent
    assert len(recent) < len(rows)
    for invoice in invoices:
        assert str(invoice.total.amount) == str(rows[invoice.id]["taxIncludedAmount"]["value"])
    assert backends.calls("billing") == ["customerBill"]


async def test_fifty_sims_are_one_call(backends: Backends) -> None:
    """However many ids are asked for at once, up to the batch's size."""
    keys = [Key(COMPANY, f"sim-0001-{number:04}") for number in range(1, 51)]
    await (await backends.provisioning()).sim_by_id.get_many(keys)
    assert backends.calls("provisioning") == ["resource"]


async def test_companies_by_name(backends: Backends) -> None:
    """Pages follow each other, each for one call."""
    crm = await backends.crm()
    found = await crm.companies_by_search.get_many([CompanySearch(None, None, 0, 2), CompanySearch(None, None, 2, 2)])
    pages = [page for page in found if not isinstance(page, GatewayError) and page is not None]
    names = [profile.name for page in pages for profile in page.profiles]
    assert len(names) == 4
    assert names == sorted(names)
    assert backends.calls("crm") == ["organization", "organization"]


async def test_simulated_keys(backends: Backends) -> None:
    """The issuer's published key is found under the id that its tokens name."""
    identity = IdentitySettings(issuer="urn:telco-simulator", jwks_url=f"{backends.simulated.crm}/oauth2/jwks")
    async with SigningKeys(identity) as keys:
        assert (await keys.key(backends.simulated.identity.kid, "ES256")).key_type == "EC"


LINE_IDS = [Key(COMPANY, f"lin-0001-000{number}") for number in range(1, 6)]


@pytest.mark.parametrize("knobs", [{"no_batch_ids": True}, {"page_cap": 2}, {"ignored_filters": True}])
async def test_ids_survive(backends: Backends, knobs: dict[str, Any]) -> None:
    """Whatever a backend does with a filter on ids, each key gets its own record."""
    provisioning = await backends.provisioning()
    whole = await provisioning.line_by_id.get_many(LINE_IDS)
    backends.turn("provisioning", **knobs)
    assert await provisioning.line_by_id.get_many(LINE_IDS) == whole
    assert [line.id for line in whole if isinstance(line, Line)] == [key.id for key in LINE_IDS]


async def test_owner_lists_do_not_survive_an_ignored_filter(backends: Backends) -> None:
    """Lists and searches are errors, never somebody else's rows."""
    for backend in ("billing", "provisioning", "crm"):
        backends.turn(backend, ignored_filters=True)
    crm = await backends.crm()
    found = [
        *await (await backends.billing()).invoices_by_account_id.get_many([ACCOUNT]),
        *await (await backends.provisioning()).lines_by_customer_id.get_many([CUSTOMER]),
        *await crm.tickets_by_customer_id.get_many([CUSTOMER]),
        *await crm.accounts_by_company_id.get_many([COMPANY]),
        *await crm.companies_by_search.get_many([CompanySearch("00000000000", None, 0, 5)]),
    ]
    assert [type(value) for value in found] == [BackendFilterIgnored] * 5


@pytest.mark.parametrize(
    ("knobs", "profile"),
    [
        ({"page_cap": 7}, {}),
        ({"v5_parties": True}, {"version": "v5"}),
        ({"empty_list_as_404": True}, {"empty_list_as_404": True, "limit_max": 5}),
        ({"canary_secrets": True}, {}),
        ({}, {"limit_max": 5}),
        ({}, {"send_fields": False}),
        ({}, {"batch_ids": "repeat", "batch_owners": "repeat"}),
        ({}, {"batch_owners": "comma"}),
    ],
)
async def test_lists_survive(backends: Backends, knobs: dict[str, Any], profile: dict[str, Any]) -> None:
    """A backend with this habit gives the same lists by its profile."""
    keys = [CUSTOMER, Key("org-0002", "cus-0002-1"), Key("org-0002", "cus-none")]
    whole = await (await backends.provisioning()).lines_by_customer_id.get_many(keys)
    backends.turn("provisioning", **knobs)
    odd = await backends.provisioning(apis={"productInventory": profile})
    assert await odd.lines_by_customer_id.get_many(keys) == whole
    assert [bool(lines) for lines in whole] == [True, True, False]
    assert "CANARY" not in repr(whole)


@pytest.mark.parametrize(
    ("knobs", "error"),
    [
        ({"hang": True}, BackendTimeout),
        ({"reset": True}, BackendUnavailable),
        ({"truncated_body": True}, BackendUnavailable),
        ({"wrong_json": True}, BackendContractBroken),
        ({"wrong_shape": True}, BackendContractBroken),
        ({"error_rate": 1}, BackendFailed),
        ({"error_rate": 1, "error_status": 400, "numeric_error_codes": True, "canary_secrets": True}, BackendRejected),
    ],
)
async def test_faults_are_errors(backends: Backends, knobs: dict[str, Any], error: type[GatewayError]) -> None:
    """Each fault is one error, on lists and ids alike, without a word of the backend's; then all is well again."""
    billing = await backends.billing(timeout_seconds=0.25)
    backends.turn("billing", **knobs)
    found: list[object] = [
        *await billing.invoices_by_account_id.get_many([ACCOUNT]),
        *await billing.gss_usage_by_package_id.get_many([Key(COMPANY, "gss-0001-1")]),
    ]
    if "wrong_shape" not in knobs:
        found += await billing.invoice_by_id.get_many([Key(COMPANY, "bil-0001-1-202610-s")])
    assert {type(value) for value in found} == {error}
    assert "CANARY" not in "".join(str(value) for value in found)
    backends.turn("billing")
    (invoice,) = await billing.invoice_by_id.get_many([Key(COMPANY, "bil-0001-1-202610-s")])
    assert isinstance(invoice, Invoice)


async def test_one_api_down(backends: Backends) -> None:
    """Tickets fail, customers of the same backend answer."""
    crm = await backends.crm()
    backends.turn("crm", only="/tmf-api/troubleTicket", error_rate=1, error_status=503)
    (tickets,) = await crm.tickets_by_customer_id.get_many([CUSTOMER])
    assert isinstance(tickets, GatewayError)
    assert tickets.code() == "BACKEND_BUSY"
    assert await crm.company_id_by_customer_id.get_many([CUSTOMER.id]) == [COMPANY]


async def test_a_record_never_changes_company(backends: Backends) -> None:
    """The same line asked for under two companies bears its own customer under both: the caller can tell."""
    provisioning = await backends.provisioning()
    one, other = await provisioning.line_by_id.get_many([LINE_IDS[0], Key("org-0002", LINE_IDS[0].id)])
    assert isinstance(one, Line)
    assert other == msgspec.structs.replace(one, company_id="org-0002")
    assert one.customer_id == "cus-0001-1"
