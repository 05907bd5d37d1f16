"""A backend gets as many calls at once as it keeps up with."""

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any

from aiohttp import web

from gateway.adapters._client import BackendClient
from gateway.adapters._congestion import Congestion
from gateway.config import BreakerPolicy
from gateway.domain.places import Places
from gateway.errors import BackendError
from tests.adapters.thing import API, get

PATIENT = BreakerPolicy(calls_min=10_000)


class Measured:
    """A congestion whose calls are made up: somebody waits all the time, so that it may grow."""

    def __init__(self, limit: int = 100, most: int = 100) -> None:
        self.places = Places(most, queue_max=1_000)
        self.congestion = Congestion(self.places, most)
        self.now = 0.0
        self.waiting = [asyncio.ensure_future(self.places.enter(3_600)) for _ in range(most + 1)]
        while self.congestion.limit < limit:
            self.answered(0.01)

    def answered(self, duration: float, count: int = 1) -> None:
        """So many calls, one after the other."""
        for _ in range(count):
            self.now += duration
            self.congestion.answered("/thing", self.now, duration, 2.0)


async def test_it_grows_while_it_keeps_up_and_shrinks_when_it_does_not() -> None:
    """By one for each answer at first; and to four fifths for an answer that took five times as long as usual."""
    measured = Measured(limit=10)
    await asyncio.sleep(0)  # until they wait
    measured.answered(0.15, 30)
    assert measured.congestion.limit == 40
    measured.answered(0.7)
    assert measured.congestion.limit == 41  # not five times as long
    measured.answered(0.9)
    assert measured.congestion.limit == 32
    measured.congestion.late(measured.now + 2, 2.0)
    assert measured.congestion.limit == 16
    for each in measured.waiting:
        each.cancel()


async def test_one_quick_answer_among_slow_ones_means_nothing() -> None:
    """An API that takes 0.8 s always is not congested because a record came in a millisecond once."""
    measured = Measured(limit=10)
    await asyncio.sleep(0)
    measured.answered(0.8, 50)
    limit = measured.congestion.limit
    measured.answered(0.001)
    measured.answered(0.8, 50)
    assert measured.congestion.limit >= limit
    for each in measured.waiting:
        each.cancel()


async def test_an_api_that_sheds_load_gets_less_of_it(server: Any, connect: Any) -> None:
    """Quick refusals are no answers: neither do they raise what it gets, nor do they teach how quick it is."""

    async def shed(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=503)

    server.answer = shed
    async with connect("crm", breaker=PATIENT, queue_max=500) as client:
        await asyncio.gather(*(_refused(client) for _ in range(200)))
        assert client.guards[API].congestion.limit < 10


async def _refused(client: BackendClient) -> None:
    with suppress(BackendError):
        await get(client)


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
                await get(client)
                outcomes["answered"] += 1
            except BackendError as error:
                outcomes[error.code()] += 1
                await asyncio.sleep(0.01)

    await asyncio.gather(*(caller() for _ in range(callers)))
    return outcomes


async def test_a_backend_that_cannot_keep_up_gets_fewer_calls_at_once(server: Any, connect: Any) -> None:
    """All at once they would wait in its queue until their time was over; so nearly all of its work is for somebody."""
    server.answer = backend = Capacity(at_once=1, seconds=0.02)
    async with connect("crm", timeout_seconds=2.0, breaker=PATIENT, queue_max=500) as client:
        await asked(client, 1, 0.2)  # how long a call takes on a quiet day
        outcomes = await asked(client, 300, 4.0)
        assert client.guards[API].congestion.limit < 80
    assert outcomes["BACKEND_TIMEOUT"] <= 0.2 * outcomes["answered"]
    assert backend.most < 90


async def test_a_backend_that_is_slow_but_keeps_up_gets_all(server: Any, connect: Any) -> None:
    """Each call takes a third of its time, however many there are: that is no congestion."""
    server.answer = backend = Capacity(at_once=1_000, seconds=0.3)
    async with connect("crm", timeout_seconds=1.0, breaker=PATIENT, max_connections=40, queue_max=500) as client:
        assert client.guards[API].congestion.limit == 10
        outcomes = await asked(client, 80, 3.0)
        assert client.guards[API].congestion.limit == 40
    assert backend.most == 40
    assert outcomes["BACKEND_TIMEOUT"] == 0


async def test_it_gets_more_again_when_it_keeps_up_again(server: Any, connect: Any) -> None:
    """Nobody has to do anything."""
    server.answer = backend = Capacity(at_once=1, seconds=0.02)
    async with connect("crm", timeout_seconds=0.5, breaker=PATIENT, max_connections=60, queue_max=500) as client:
        await asked(client, 1, 0.2)
        await asked(client, 100, 2.0)
        low = client.guards[API].congestion.limit
        backend.places = asyncio.Semaphore(1_000)
        await asked(client, 100, 2.0)
        assert client.guards[API].congestion.limit > 2 * low
