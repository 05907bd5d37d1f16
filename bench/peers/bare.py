"""No GraphQL at all, the floor: raw ASGI, aiohttp and msgspec, one function for each query.

`--shares` joins identical calls under way; `--constant` answers every request with the same bytes and asks nobody.
Served as the gateway is, by gateway.serving.
"""

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send

from bench.peers.rest import SIM_STATES, Backend, Bill, Product, Resource, account_id, company_id, customer_id
from gateway.serving import serving

CONSTANT = b'{"data":{"company":{"name":"Officine Meccaniche 0001 S.r.l.","vatNumber":"01230000001"}}}'
HEADERS = [(b"content-type", b"application/json")]


class Variables(msgspec.Struct):
    """A request's variables."""

    id: str


class Question(msgspec.Struct, rename="camel"):
    """A request; which query it is, its operation name says."""

    operation_name: str
    variables: Variables


class Handlers:
    """A function for each query: company id -> the company as the answer has it."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.by_operation: dict[str, Callable[[str], Awaitable[Any]]] = {
            "Company": self._company,
            "Sims": self._sims,
            "Sims500": self._sims,
            "Invoices": self._invoices,
        }

    async def _company(self, id: str) -> Any:
        (organization,) = await self._backend.organizations([id])
        return {"name": organization.name, "vatNumber": organization.vat_number}

    async def _sims(self, id: str) -> Any:
        (organization,), lines = await asyncio.gather(self._backend.organizations([id]), self._lines(id))
        return {"name": organization.name, "lines": {"nodes": lines}}

    async def _invoices(self, id: str) -> Any:
        (organization,), lines, (bills,) = await asyncio.gather(
            self._backend.organizations([id]), self._lines(id), self._backend.bills([account_id(id)])
        )
        return {
            "name": organization.name,
            "lines": {"nodes": lines},
            "invoices": {"nodes": [_invoice(row) for row in bills]},
        }

    async def _lines(self, id: str) -> list[Any]:
        (rows,) = await self._backend.products([customer_id(id)])
        sims = await self._backend.sims([row.sim_id for row in rows])
        return [_line(row, sim) for row, sim in zip(rows, sims, strict=True)]


def _line(row: Product, sim: Resource) -> Any:
    return {"number": row.number, "sim": {"iccid": sim.serial_number, "state": SIM_STATES[sim.resource_status]}}


def _invoice(row: Bill) -> Any:
    amount = row.tax_included_amount
    total = {"amount": str(amount.value), "currency": amount.unit}
    return {"number": row.bill_no, "issuedOn": row.bill_date[:10], "total": total}


def handler(backend: Backend) -> ASGIApp:
    """Answers the benchmark's queries."""
    handlers = Handlers(backend).by_operation
    decoder, encoder = msgspec.json.Decoder(Question), msgspec.json.Encoder()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await _lifespan(receive, send)
        question = decoder.decode(await _body(receive))
        company = await handlers[question.operation_name](company_id(question.variables.id))
        return await _answer(send, encoder.encode({"data": {"company": company}}))

    return app


async def constant(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the request, and answers what it always does."""
    if scope["type"] == "lifespan":
        return await _lifespan(receive, send)
    await _body(receive)
    return await _answer(send, CONSTANT)


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    return body


async def _answer(send: Send, body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, length]})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Receive, send: Send) -> None:
    for answer in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{answer}.complete"})


async def serve(app: ASGIApp) -> None:
    """Serves until a signal ends the process."""
    async with serving(app, port=int(os.environ.get("PORT", "0"))) as url:
        print(f"{url}/graphql", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Chooses the application."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers.bare", description=__doc__)
    parser.add_argument("--shares", action="store_true")
    parser.add_argument("--constant", action="store_true")
    arguments = parser.parse_args()
    app = constant if arguments.constant else handler(Backend(shares=arguments.shares))
    uvloop.run(serve(app))


if __name__ == "__main__":
    main()
