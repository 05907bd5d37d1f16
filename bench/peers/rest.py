"""What the Python peers share: the backend by aiohttp, and its rows as msgspec reads them."""

import asyncio
import base64
import os
from collections.abc import Sequence
from typing import Any

import aiohttp
import msgspec

CONNECTIONS = 100
IDS_MAX = 100
"""In one call, as the gateway asks."""
ROWS_MAX = 1000

ORGANIZATION = "/tmf-api/party/v4/organization"
RESOURCE = "/tmf-api/resourceInventoryManagement/v4/resource"
PRODUCT = "/tmf-api/productInventory/v4/product"
BILL = "/tmf-api/customerBillManagement/v4/customerBill"

SIM_STATES = {"standby": "STANDBY", "reserved": "RESERVED", "available": "ACTIVE", "suspended": "SUSPENDED"}


class Identification(msgspec.Struct, rename="camel"):
    """A number of an organization."""

    identification_type: str
    identification_id: str


class Organization(msgspec.Struct, rename="camel"):
    """A company."""

    id: str
    name: str
    organization_identification: list[Identification]

    @property
    def vat_number(self) -> str | None:
        """Its VAT number."""
        numbers = self.organization_identification
        return next((each.identification_id for each in numbers if each.identification_type == "VAT"), None)


class Resource(msgspec.Struct, rename="camel"):
    """A SIM."""

    id: str
    serial_number: str
    resource_status: str


class Realizing(msgspec.Struct):
    """What makes a product work."""

    id: str
    type: str = msgspec.field(name="@referredType")
    value: str | None = None


class Party(msgspec.Struct):
    """Whose it is."""

    id: str


class Product(msgspec.Struct, rename="camel"):
    """A line."""

    id: str
    realizing_resource: list[Realizing]
    related_party: list[Party]

    @property
    def number(self) -> str | None:
        """Its telephone number."""
        return next((each.value for each in self.realizing_resource if each.type == "LogicalResource"), None)

    @property
    def sim_id(self) -> str:
        """The id of its SIM."""
        return next(each.id for each in self.realizing_resource if each.type == "PhysicalResource")


class Amount(msgspec.Struct):
    """Money."""

    unit: str
    value: float


class Bill(msgspec.Struct, rename="camel"):
    """An invoice."""

    id: str
    bill_no: str
    bill_date: str
    tax_included_amount: Amount
    billing_account: Party


class Backend:
    """Reads of the backend; with `shares`, identical calls that are under way are joined."""

    def __init__(self, *, shares: bool = False) -> None:
        self._url = os.environ["BACKEND"]
        self._shares = shares
        self._under_way: dict[str, asyncio.Task[Any]] = {}
        self._session: aiohttp.ClientSession | None = None
        self._organization = msgspec.json.Decoder(Organization)
        self._organizations = msgspec.json.Decoder(list[Organization])
        self._products = msgspec.json.Decoder(list[Product])
        self._resources = msgspec.json.Decoder(list[Resource])
        self._bills = msgspec.json.Decoder(list[Bill])

    async def organizations(self, ids: Sequence[str]) -> list[Organization]:
        """In the order of ids."""
        if len(ids) == 1:
            return [await self._get(f"{ORGANIZATION}/{ids[0]}", self._organization)]
        rows = await self._get(f"{ORGANIZATION}?id={','.join(ids)}&limit={len(ids)}", self._organizations)
        found = {row.id: row for row in rows}
        return [found[id] for id in ids]

    async def products(self, customers: Sequence[str]) -> list[list[Product]]:
        """The lines of each customer."""
        kind = "productSpecification.name=MobileLine"
        target = f"{PRODUCT}?{kind}&relatedParty.id={','.join(customers)}&limit={ROWS_MAX}"
        rows = await self._get(target, self._products)
        if len(customers) == 1:
            return [rows]
        return [[row for row in rows if row.related_party[0].id == customer] for customer in customers]

    async def sims(self, ids: Sequence[str]) -> list[Resource]:
        """In the order of ids."""
        chunks = [ids[at : at + IDS_MAX] for at in range(0, len(ids), IDS_MAX)]
        found: dict[str, Resource] = {}
        for rows in await asyncio.gather(*map(self._sims, chunks)) if len(chunks) > 1 else [await self._sims(ids)]:
            found.update((row.id, row) for row in rows)
        return [found[id] for id in ids]

    async def _sims(self, ids: Sequence[str]) -> list[Resource]:
        rows: list[Resource] = await self._get(f"{RESOURCE}?id={','.join(ids)}&limit={len(ids)}", self._resources)
        return rows

    async def bills(self, accounts: Sequence[str]) -> list[list[Bill]]:
        """The invoices of each account."""
        rows = await self._get(f"{BILL}?billingAccount.id={','.join(accounts)}&limit={ROWS_MAX}", self._bills)
        if len(accounts) == 1:
            return [rows]
        return [[row for row in rows if row.billing_account.id == account] for account in accounts]

    async def _get(self, target: str, decoder: msgspec.json.Decoder[Any]) -> Any:
        if not self._shares:
            return await self._read(target, decoder)
        task = self._under_way.get(target)
        if task is None:
            task = self._under_way[target] = asyncio.create_task(self._read(target, decoder))
            task.add_done_callback(lambda _: self._under_way.pop(target))
        return await asyncio.shield(task)

    async def _read(self, target: str, decoder: msgspec.json.Decoder[Any]) -> Any:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=CONNECTIONS)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        async with self._session.get(self._url + target) as response:
            response.raise_for_status()
            return decoder.decode(await response.read())


def company_id(global_id: str) -> str:
    """The company's own id."""
    return base64.urlsafe_b64decode(global_id + "=" * (-len(global_id) % 4)).decode().split(":")[1]


def customer_id(company: str) -> str:
    """Its customer, by rule."""
    return f"cus-{company[4:]}"


def account_id(company: str) -> str:
    """Its billing account, by rule."""
    return f"acc-{company[4:]}"
