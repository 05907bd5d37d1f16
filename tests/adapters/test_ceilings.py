"""How many calls a backend gets at once and a second, and which are made a second time before the first is over."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from gateway.adapters._hedge import SAMPLES_MIN
from gateway.adapters._pace import Pace
from gateway.config import RetryPolicy
from gateway.domain.caller import CALLER, Caller
from gateway.errors import BackendQueueFull
from tests.adapters.thing import API, Thing, get
from tests.store.conftest import until


class Gate:
    """A backend that answers when it is let, and knows how many it has had at once."""

    def __init__(self) -> None:
        self.is_open = asyncio.Event()
        self.running = self.most = self.count = 0

    async def __call__(self, _request: web.BaseRequest) -> web.StreamResponse:
        self.running += 1
        self.count += 1
        self.most = max(self.most, self.running)
        await self.is_open.wait()
        self.running -= 1
        return web.json_response({"id": "t-1"})


async def test_never_more_at_once_than_allowed(server: Any, connect: Any) -> None:
    """Of the backend as a whole; the others wait in their order, and more than may wait are refused at once."""
    server.answer = gate = Gate()
    async with connect("crm", max_connections=3, queue_max=4) as client:
        tasks = [asyncio.create_task(get(client)) for _ in range(7)]
        await until(lambda: gate.count == 3, 5)
        with pytest.raises(BackendQueueFull, match="crm"):
            await get(client)
        assert (client.places.running, client.guards[API].counts.waiting, client.guards[API].counts.refused) == (
            3,
            4,
            1,
        )
        gate.is_open.set()
        assert await asyncio.gather(*tasks) == [Thing("t-1")] * 7
        assert (client.places.running, client.places.waiting) == (0, 0)
    assert (gate.most, gate.count) == (3, 7)


async def test_an_api_may_have_a_ceiling_of_its_own(server: Any, connect: Any) -> None:
    """Its queue takes nothing from the other APIs."""
    server.answer = gate = Gate()
    async with connect("crm", apis={API: {"calls_at_once": 2}}) as client:
        tasks = [asyncio.create_task(get(client)) for _ in range(5)]
        await until(lambda: gate.count == 2, 5)
        others = [asyncio.create_task(get(client, "customer")) for _ in range(4)]
        await until(lambda: gate.count == 6, 5)
        assert client.places.running == 6
        gate.is_open.set()
        await asyncio.gather(*tasks, *others)
        assert client.places.running == 0


async def test_who_has_no_time_to_wait_is_refused(server: Any, connect: Any) -> None:
    """At the end of its own time, not of everybody's, and the place of the one before it is given back."""
    server.answer = gate = Gate()
    async with connect("crm", max_connections=1, apis={API: {"calls_at_once": 5}}) as client:
        first = asyncio.create_task(get(client))
        await until(lambda: gate.count == 1, 5)
        CALLER.set(Caller("r-1", None, until=asyncio.get_running_loop().time() + 0.05))
        with pytest.raises(BackendQueueFull):
            await get(client)
        gate.is_open.set()
        CALLER.set(None)
        await first
        assert await asyncio.gather(*(get(client) for _ in range(5))) == [Thing("t-1")] * 5
    assert gate.count == 6


def test_calls_are_spread_over_the_second() -> None:
    """A few may come together; the rest follow at the rate, and a pause does not save up more than those few."""
    pace, now, made = Pace(100), 0.0, []
    for _ in range(200):
        wait = pace.wait_seconds(now)
        pace.take(now)
        made.append(now + wait)
    assert 9 <= made.count(0.0) <= 10
    assert made[-1] == pytest.approx((200 - 10) / 100, abs=0.02)
    waits = []
    for _ in range(50):
        waits.append(pace.wait_seconds(100.0))
        pace.take(100.0)
    assert 9 <= waits.count(0.0) <= 10


async def test_a_rate_is_kept(server: Any, connect: Any) -> None:
    """Thirty calls at forty a second take half a second at least; who would wait too long is refused."""
    server.rows["thing"] = [{"id": "t-1"}]
    async with connect("crm", apis={API: {"calls_per_second": 40}}) as client:
        time = asyncio.get_running_loop().time
        began = time()
        await asyncio.gather(*(get(client) for _ in range(30)))
        assert time() - began > 0.5
        CALLER.set(Caller("r-1", None, until=time() + 0.01))
        outcomes = await asyncio.gather(*(get(client) for _ in range(20)), return_exceptions=True)
        assert any(isinstance(outcome, BackendQueueFull) for outcome in outcomes)


class Sometimes:
    """A backend that is quick, but for the calls that it is told to keep."""

    def __init__(self) -> None:
        self.count = 0
        self.kept: set[int] = set()
        self.left: list[int] = []

    async def __call__(self, _request: web.BaseRequest) -> web.StreamResponse:
        number = self.count
        self.count += 1
        if number in self.kept:
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                self.left.append(number)
                raise
        return web.json_response({"id": "t-1"})


@pytest.mark.parametrize(("hedge", "answered", "calls"), [(True, True, 2), (False, False, 1)])
async def test_a_slow_read_is_asked_a_second_time_where_the_profile_says_so(
    server: Any, connect: Any, hedge: bool, answered: bool, calls: int
) -> None:
    """After as long as nearly all calls take; the quicker answer counts, and the other call is given up."""
    server.answer = backend = Sometimes()
    async with connect("crm", timeout_seconds=1.0, apis={API: {"hedge": hedge}}, retry=RetryPolicy(1)) as client:
        for _ in range(SAMPLES_MIN):
            await get(client)
        backend.kept = {backend.count}
        outcome = (await asyncio.gather(get(client), return_exceptions=True))[0]
        assert isinstance(outcome, Thing) is answered
        assert (backend.count - SAMPLES_MIN, client.guards[API].counts.hedges) == (calls, calls - 1)
        assert client.places.running == 0


async def test_a_hedge_is_within_the_ceilings(server: Any, connect: Any) -> None:
    """A second attempt is a call: where none may be made now, none is."""
    server.answer = backend = Sometimes()
    async with connect("crm", timeout_seconds=0.5, apis={API: {"hedge": True, "calls_at_once": 1}}) as client:
        for _ in range(SAMPLES_MIN):
            await get(client)
        backend.kept = {backend.count, backend.count + 1}
        await asyncio.gather(get(client), return_exceptions=True)
        assert (backend.count, client.guards[API].counts.hedges) == (SAMPLES_MIN + 1, 0)
        assert (client.places.running, client.guards[API].counts.running) == (0, 0)


async def test_a_moment_that_nobody_uses_is_given_back(server: Any, connect: Any) -> None:
    """Clients that leave do not turn a ceiling into a wall."""
    server.rows["thing"] = [{"id": "t-1"}]
    async with connect("crm", apis={API: {"calls_per_second": 40}}) as client:
        tasks = [asyncio.create_task(get(client)) for _ in range(40)]
        await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        pace = client.guards[API]._pace
        assert pace is not None
        assert pace.wait_seconds(asyncio.get_running_loop().time()) < 0.1
        assert client.guards[API].counts.waiting == 0


async def test_hedges_are_paid_for(server: Any, connect: Any) -> None:
    """When all calls are slow they would double; the budget of retries bounds them."""
    server.answer = backend = Sometimes()
    retry = RetryPolicy(attempts_max=1, budget_reserve=2, budget_share=0.0)
    async with connect("crm", timeout_seconds=0.3, apis={API: {"hedge": True}}, retry=retry) as client:
        for _ in range(SAMPLES_MIN):
            await get(client)
        backend.kept = set(range(SAMPLES_MIN, 1_000))
        await asyncio.gather(*(get(client) for _ in range(5)), return_exceptions=True)
        assert client.guards[API].counts.hedges == 2
    assert backend.count == SAMPLES_MIN + 7
