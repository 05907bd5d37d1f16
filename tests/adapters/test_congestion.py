"""A backend gets as many calls at once as it keeps up with."""

import asyncio
from collections import Counter
from typing import Any

import msgspec
from aiohttp import web

from gateway.adapters._api import Api
from gateway.adapters._client import BackendClient
from gateway.config import BreakerPolicy
from gateway.errors import BackendError

PATIENT = BreakerPolicy(calls_min=10_000)


class Thing(msgspec.Struct, frozen=True):
    """A record of which only the id is read."""

    id: str


class Capacity:
    """A backend that works on so many requests at once, each for so long; the others wait in its own queue."""

    def __init__(self, at_once: int, seconds: float) -> None:
        self.places = asyncio.Semaphore(at_once)
        self.seconds = seconds
        self.running = self.most = 0

    async def __call__(self, _request: web.BaseRequest) -> web.StreamResponse:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            async with self.places:
                await asyncio.sleep(self.seconds)
        finally:
            self.running -= 1
        return web.json_response({"id": "t-1"})


async def asked(client: BackendClient, callers: int, seconds: float) -> Counter[str]:
    """So many callers who ask again as soon as they were answered, for so long: how their calls ended."""
    outcomes: Counter[str] = Counter()
    time = asyncio.get_running_loop().time
    end = time() + seconds

    async def caller() -> None:
        while time() < end:
            try:
                await Api(client, "troubleTicket").get("/thing", "t-1", Thing)
                outcomes["answered"] += 1
            except BackendError as error:
                outcomes[error.code()] += 1
                await asyncio.sleep(0.01)

    await asyncio.gather(*(caller() for _ in range(callers)))
    return outcomes


async def test_a_backend_that_cannot_keep_up_gets_fewer_calls_at_once(server: Any, connect: Any) -> None:
    """All at once they would wait in its queue until their time was over; so nearly all of its work is for somebody."""
    server.answer = backend = Capacity(at_once=1, seconds=0.02)
    async with connect("crm", timeout_seconds=1.0, breaker=PATIENT, queue_max=500) as client:
        await asked(client, 1, 0.2)  # how long a call takes on a quiet day
        outcomes = await asked(client, 300, 4.0)
        assert client.congestion.limit < 50
    assert outcomes["BACKEND_TIMEOUT"] <= 0.1 * outcomes["answered"]
    assert backend.most < 60


async def test_a_backend_that_is_slow_but_keeps_up_gets_all(server: Any, connect: Any) -> None:
    """Each call takes a third of its time, however many there are: that is no congestion."""
    server.answer = backend = Capacity(at_once=1_000, seconds=0.3)
    async with connect("crm", timeout_seconds=1.0, breaker=PATIENT, max_connections=40, queue_max=500) as client:
        assert client.congestion.limit == 10
        outcomes = await asked(client, 80, 3.0)
        assert client.congestion.limit == 40
    assert backend.most == 40
    assert outcomes["BACKEND_TIMEOUT"] == 0


async def test_it_gets_more_again_when_it_keeps_up_again(server: Any, connect: Any) -> None:
    """Nobody has to do anything."""
    server.answer = backend = Capacity(at_once=1, seconds=0.02)
    async with connect("crm", timeout_seconds=0.5, breaker=PATIENT, max_connections=60, queue_max=500) as client:
        await asked(client, 1, 0.2)
        await asked(client, 100, 2.0)
        low = client.congestion.limit
        backend.places = asyncio.Semaphore(1_000)
        await asked(client, 100, 2.0)
        assert client.congestion.limit > 2 * low
