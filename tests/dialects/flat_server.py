"""An invoicing system of flat JSON, over the same world as the TM Forum backends."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.app import gateway
from gateway.demo import Demo, DemoOptions, embedded_valkey, settings_of, simulation_of
from gateway.serving import serving
from gateway.simulator.backend import application
from gateway.simulator.backends import simulated_backends
from gateway.simulator.control import Control
from gateway.simulator.faults import Faults
from gateway.simulator.knobs import ALL_WELL
from gateway.simulator.world import Resource, World

IMPLEMENTATION = "examples.flat_billing:FlatBilling"
BASE = "/flat"
STATES = {"sent": "open", "partiallyPaid": "part", "settled": "paid"}

Flat = dict[str, Any]


class FlatSystem:
    """Accounts, invoices, credit and pools: names of its own, cents and days instead of amounts and moments."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Everything that can be asked."""
        return [
            Route(f"{BASE}/accounts", self._accounts),
            Route(f"{BASE}/invoices", self._invoices),
            Route(f"{BASE}/invoices/{{no}}", self._invoice),
            Route(f"{BASE}/credit/{{line}}", self._credit),
            Route(f"{BASE}/pools/{{pool}}", self._pool),
        ]

    async def _accounts(self, request: Request) -> Response:
        rows = map(flat_account, self._world.rows("billingAccount"))
        return _json(_chosen(request, rows, "company", lambda row: row["company"]))

    async def _invoices(self, request: Request) -> Response:
        rows = map(flat_invoice, self._world.rows("customerBill"))
        mine = _chosen(request, rows, "account", lambda row: row["account"])
        return _json([row for row in mine if row["issued"] >= request.query_params.get("since", "")])

    async def _invoice(self, request: Request) -> Response:
        row = self._world.row("customerBill", request.path_params["no"])
        return _json(None if row is None else flat_invoice(row))

    async def _credit(self, request: Request) -> Response:
        line = request.path_params["line"]
        buckets = (row for row in self._world.rows("bucket") if not row["isShared"])
        row = next((row for row in buckets if row["product"][0]["id"] == line), None)
        return _json(None if row is None else {"line": line, "cents": cents(row["remainingValue"]["amount"])})

    async def _pool(self, request: Request) -> Response:
        row = self._world.usage_consumption(request.path_params["pool"])
        return _json(None if row is None else flat_pool(row))


def _chosen(request: Request, rows: Iterable[Flat], parameter: str, owner: Callable[[Flat], str]) -> list[Flat]:
    """The rows of the owner that is asked for; of everybody, where filters have no effect."""
    if request.scope.get("knobs", ALL_WELL).ignored_filters:
        return list(rows)
    return [row for row in rows if owner(row) == request.query_params[parameter]]


def _json(found: Any) -> Response:
    """What was found; 404 for nothing."""
    body = {"error": "unknown"} if found is None else found
    return Response(msgspec.json.encode(body), 404 if found is None else 200, media_type="application/json")


def cents(amount: Decimal) -> int:
    """An amount of euros as such systems keep it."""
    return int(amount * 100)


def flat_account(row: Resource) -> Flat:
    """An account of TMF666 as a flat row."""
    company, customer = row["relatedParty"]
    return {"account": row["id"], "company": company["id"], "customer": customer["id"]}


def flat_invoice(row: Resource) -> Flat:
    """A bill of TMF678 as a flat row."""
    kind = "D" if row["@type"] == "DeviceBill" else "C" if row["category"] == "credit note" else "S"
    flat = {
        "no": row["id"],
        "account": row["billingAccount"]["id"],
        "printed": row["billNo"],
        "kind": kind,
        "status": STATES[row["state"]],
        "issued": _day(row["billDate"]).isoformat(),
        "due": _day(row["paymentDueDate"]).isoformat(),
        "cents": cents(row["taxIncludedAmount"]["value"]),
        "net_cents": cents(row["taxExcludedAmount"]["value"]),
        "open_cents": cents(row["remainingAmount"]["value"]),
    }
    if "billingPeriod" in row:
        period = row["billingPeriod"]
        last = _day(period["endDateTime"]) - timedelta(days=1)
        flat |= {"since": _day(period["startDateTime"]).isoformat(), "to": last.isoformat()}
    return flat


def _day(moment: str) -> date:
    """The day of a moment that is written with the offset of Rome."""
    return datetime.fromisoformat(moment).date()


def flat_pool(row: Resource) -> Flat:
    """A consumption of TMF677 as a flat row: hundredths of a gigabyte are tens of megabytes."""
    (bucket,) = row["bucketRefOrValue"]
    used = {line["id"]: line["consumptionSummary"][0]["value"]["amount"] for line in bucket["product"]}
    return {
        "pool": row["product"][0]["id"],
        "left_mb": int(bucket["remainingValue"]["amount"] * 1000),
        "used_mb": {line: int(amount * 1000) for line, amount in used.items()},
    }


@asynccontextmanager
async def flat_system(world: World) -> AsyncIterator[str]:
    """Serves it with the simulator's control API, so that it can be broken in the same ways; yields its URL."""
    stopping = asyncio.Event()
    routes = [*FlatSystem(world).routes(), *Control(world, lambda: faults).routes()]
    faults = Faults(application([*routes]), seed=world.seed, stopping=stopping)
    async with serving(faults, host="127.0.0.1", port=0, grace_seconds=0.5) as url:
        yield url
        stopping.set()


@asynccontextmanager
async def flat_demo(world: World, options: DemoOptions) -> AsyncIterator[Demo]:
    """A demo whose billing is the flat system; provisioning and CRM speak TM Forum."""
    async with (
        simulated_backends(world) as backends,
        flat_system(world) as flat_url,
        embedded_valkey() as redis_url,
    ):
        settings = settings_of(options, backends, redis_url)
        billing = msgspec.structs.replace(
            settings.backends.billing, url=f"{flat_url}{BASE}", implementation=IMPLEMENTATION, apis={}
        )
        chosen = msgspec.structs.replace(settings.backends, billing=billing)
        async with gateway(msgspec.structs.replace(settings, backends=chosen), world.clock) as url:
            simulation = simulation_of(backends)
            yield Demo(
                backends=msgspec.structs.replace(simulation.backends, billing=flat_url),
                tokens=simulation.tokens,
                company_id=simulation.company_id,
                url=url,
                redis=redis_url,
            )
