"""Strawberry with its parser and validation caches and its DataLoader, on uvicorn with uvloop and httptools."""

import os
import socket
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, NewType

import strawberry
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig

from bench.peers.rest import IDS_MAX, Backend, Bill, Product, Resource, account_id, company_id, customer_id

PhoneNumber = NewType("PhoneNumber", str)
Info = strawberry.Info["Loaders", None]
BACKEND = Backend()


class Loaders:
    """One set for each request."""

    def __init__(self) -> None:
        self.organization = DataLoader(BACKEND.organizations)
        self.products = DataLoader(BACKEND.products)
        self.sim = DataLoader(BACKEND.sims, max_batch_size=IDS_MAX)
        self.bills = DataLoader(BACKEND.bills)


@strawberry.enum
class SimState(Enum):
    """Where a SIM is in its life."""

    STANDBY = "standby"
    RESERVED = "reserved"
    ACTIVE = "available"
    SUSPENDED = "suspended"


@strawberry.type
class Sim:
    """A SIM."""

    iccid: str
    state: SimState

    @staticmethod
    def of(row: Resource) -> "Sim":
        """From its row."""
        return Sim(iccid=row.serial_number, state=SimState(row.resource_status))


@strawberry.interface
class Line:
    """A line."""

    number: PhoneNumber | None


@strawberry.type
class MobileLine(Line):
    """A mobile line."""

    sim_id: strawberry.Private[str]

    @strawberry.field
    async def sim(self, info: Info) -> Sim | None:
        """Its SIM."""
        return Sim.of(await info.context.sim.load(self.sim_id))

    @staticmethod
    def of(row: Product) -> "MobileLine":
        """From its row."""
        return MobileLine(number=None if row.number is None else PhoneNumber(row.number), sim_id=row.sim_id)


@strawberry.type
class LineConnection:
    """A page of lines."""

    nodes: list[Line]


@strawberry.type
class Money:
    """An amount."""

    amount: Decimal
    currency: str


@strawberry.type
class Invoice:
    """An invoice."""

    number: str
    issued_on: date
    total: Money

    @staticmethod
    def of(row: Bill) -> "Invoice":
        """From its row."""
        amount = row.tax_included_amount
        total = Money(amount=Decimal(str(amount.value)), currency=amount.unit)
        return Invoice(number=row.bill_no, issued_on=date.fromisoformat(row.bill_date[:10]), total=total)


@strawberry.type
class InvoiceConnection:
    """A page of invoices."""

    nodes: list[Invoice]


@strawberry.type
class Company:
    """A company."""

    key: strawberry.Private[str]

    @strawberry.field
    async def name(self, info: Info) -> str | None:
        """Its name."""
        return (await info.context.organization.load(self.key)).name

    @strawberry.field
    async def vat_number(self, info: Info) -> str | None:
        """Its VAT number."""
        return (await info.context.organization.load(self.key)).vat_number

    @strawberry.field
    async def lines(self, info: Info, first: int = 20) -> LineConnection | None:
        """Its lines."""
        rows = await info.context.products.load(customer_id(self.key))
        return LineConnection(nodes=[MobileLine.of(row) for row in rows[:first]])

    @strawberry.field
    async def invoices(self, info: Info, first: int = 20) -> InvoiceConnection | None:
        """Its invoices."""
        rows = await info.context.bills.load(account_id(self.key))
        return InvoiceConnection(nodes=[Invoice.of(row) for row in rows[:first]])


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    def company(self, id: strawberry.ID) -> Company | None:
        """A company by its id."""
        return Company(key=company_id(id))


class App(GraphQL[Loaders, None]):
    """Strawberry's own ASGI application."""

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Any:
        """The loaders of a request."""
        return Loaders()


def main() -> None:
    """Serves until a signal."""
    config = StrawberryConfig(
        scalar_map={PhoneNumber: strawberry.scalar(name="PhoneNumber", serialize=str, parse_value=str)}
    )
    schema = strawberry.Schema(Query, types=[MobileLine], extensions=[ParserCache, ValidationCache], config=config)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # as TCP, or answers wait 40 ms
    listener.bind(("127.0.0.1", int(os.environ.get("PORT", "0"))))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/graphql", flush=True)
    app = App(schema, graphql_ide=None)
    settings = uvicorn.Config(app, loop="uvloop", http="httptools", ws="none", log_level="critical", access_log=False)
    uvicorn.Server(settings).run(sockets=[listener])


if __name__ == "__main__":
    main()
