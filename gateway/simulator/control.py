"""The control API of the simulated backends: move time and states, turn knobs, see what was sent and asked."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.simulator.dialects import DIALECTS
from gateway.simulator.faults import Faults, encode, error_body
from gateway.simulator.knobs import Knobs
from gateway.simulator.scenarios import SCENARIOS
from gateway.simulator.world import World

T = TypeVar("T")

INDEX = {
    "GET /control": "this list",
    "GET /control/clock": "the world's time",
    "POST /control/clock/advance": 'move it forward: {"seconds": 86400}',
    "POST /control/orders/{id}/step": "move an order to its next state",
    "POST /control/tickets/{id}/step": "move a ticket to its next state",
    "POST /control/lines/{id}/drop-credit": 'take credit from a prepaid line: {"amount": 5.00}',
    "POST /control/reset": "the world as it began, and this backend's knobs as they were at the start",
    "GET /control/outbox": "the mails and SMS that would have been sent",
    "GET /control/scenarios": "the named companies",
    "GET, PUT, DELETE /control/knobs": "how this backend misbehaves; the names are in the answer of GET",
    "GET /control/dialects": "what real backends are like: the knobs for each, and what to tell the gateway of it",
    "PUT /control/dialects/{name}": "set this backend's knobs as one of them has it",
    "GET, DELETE /control/calls": "what this backend was asked since the last DELETE",
}


class Advance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far to move the clock."""

    seconds: Annotated[float, Meta(ge=0)]


class DropCredit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much credit to take, in EUR."""

    amount: Decimal


class Control:
    """The control API on one backend's server: world-wide but for knobs and calls, which are that backend's own."""

    def __init__(self, world: World, faults: Callable[[], Faults]) -> None:
        self._world = world
        self._faults = faults

    def routes(self) -> list[Route]:
        """Everything under /control."""
        return [
            Route("/control", self._index),
            Route("/control/clock", self._clock),
            Route("/control/clock/advance", self._advance, methods=["POST"]),
            Route("/control/orders/{id:path}/step", self._step_order, methods=["POST"]),
            Route("/control/tickets/{id:path}/step", self._step_ticket, methods=["POST"]),
            Route("/control/lines/{id:path}/drop-credit", self._drop_credit, methods=["POST"]),
            Route("/control/reset", self._reset, methods=["POST"]),
            Route("/control/outbox", self._outbox),
            Route("/control/scenarios", self._scenarios),
            Route("/control/knobs", self._knobs, methods=["GET", "PUT", "DELETE"]),
            Route("/control/dialects", self._dialects),
            Route("/control/dialects/{name}", self._dialect, methods=["PUT"]),
            Route("/control/calls", self._calls, methods=["GET", "DELETE"]),
        ]

    async def _index(self, request: Request) -> Response:
        return _json(INDEX)

    async def _clock(self, request: Request) -> Response:
        return _json(self._now())

    async def _advance(self, request: Request) -> Response:
        def act(body: Advance) -> Any:
            self._world.advance(body.seconds)
            return self._now()

        return await _acted(request, Advance, act)

    async def _step_order(self, request: Request) -> Response:
        return _answer(lambda: self._world.step_order(request.path_params["id"]))

    async def _step_ticket(self, request: Request) -> Response:
        return _answer(lambda: self._world.step_ticket(request.path_params["id"]))

    async def _drop_credit(self, request: Request) -> Response:
        line_id = request.path_params["id"]
        return await _acted(request, DropCredit, lambda body: self._world.drop_credit(line_id, body.amount))

    async def _reset(self, request: Request) -> Response:
        self._world.reset()
        self._turn(self._faults().at_start)
        return _json(self._now())

    async def _outbox(self, request: Request) -> Response:
        return _json(self._world.outbox)

    async def _scenarios(self, request: Request) -> Response:
        companies = self._world.scenarios
        return _json(
            [{"name": it.name, "company": companies[it.name], "description": it.description} for it in SCENARIOS]
        )

    async def _knobs(self, request: Request) -> Response:
        if request.method == "PUT":
            return await _acted(request, Knobs, self._turn)
        faults = self._faults()
        return _json(self._turn(faults.at_start) if request.method == "DELETE" else faults.knobs)

    async def _dialects(self, request: Request) -> Response:
        return _json(list(DIALECTS.values()))

    async def _dialect(self, request: Request) -> Response:
        return _answer(lambda: self._turn(DIALECTS[request.path_params["name"]].knobs))

    def _turn(self, knobs: Knobs) -> Knobs:
        self._faults().knobs = knobs
        return knobs

    async def _calls(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._faults().calls.clear()
        return _json(list(self._faults().calls))

    def _now(self) -> dict[str, str]:
        return {"now": self._world.clock().isoformat()}


async def _acted(request: Request, shape: type[T], act: Callable[[T], Any]) -> Response:
    """Reads the body and acts; 400 says what is wrong with the body."""
    try:
        body = msgspec.json.decode(await request.body(), type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _json(error_body(400, "invalidBody", str(error)), 400)
    return _answer(lambda: act(body))


def _answer(act: Callable[[], Any]) -> Response:
    """What acting gives; 404 for what does not exist, 409 for what cannot be done now."""
    try:
        return _json(act())
    except KeyError as error:
        return _json(error_body(404, "notFound", f"There is no {error}."), 404)
    except ValueError as error:
        return _json(error_body(409, "conflict", str(error)), 409)


def _json(document: Any, status: int = 200) -> Response:
    return Response(encode(document), status, media_type="application/json")
