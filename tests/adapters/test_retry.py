"""Which calls are made again, how often, and who pays for it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from gateway.adapters._call import Call
from gateway.adapters._decoding import WireDecoder
from gateway.adapters._retry import RetryBudget
from gateway.config import BreakerPolicy, RetryPolicy
from gateway.domain.caller import CALLER, Caller
from gateway.errors import (
    BackendBusy,
    BackendContractBroken,
    BackendError,
    BackendFailed,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
)
from tests.adapters.thing import API, Thing, get

Script = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

QUICK = RetryPolicy(attempts_max=3, pause_seconds=0.001)
PATIENT = BreakerPolicy(calls_min=10_000)
"""A breaker that stays out of the way."""


def one_after_the_other(*steps: int | str | web.Response) -> Script:
    """Answers of a status, `reset` without one or `hang`, in this order; then the thing."""
    left = list(steps)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        step = left.pop(0) if left else 200
        if step == "reset":
            assert request.transport is not None
            request.transport.abort()
        if step == "hang":
            await asyncio.sleep(30)
        if isinstance(step, web.Response):
            return step
        return web.json_response({"id": "t-1"}, status=step if isinstance(step, int) else 200)

    return answer


def busy(retry_after: str) -> web.Response:
    """A backend that asks for a pause."""
    return web.Response(status=429, headers={"Retry-After": retry_after})


@pytest.mark.parametrize(
    "steps",
    [[500], [502, 504], ["reset"], ["reset", 503], [429], [busy("0")]],
    ids=["failed", "twice", "reset", "mixed", "busy", "asks"],
)
async def test_what_may_be_over_in_a_moment_is_tried_again(server: Any, connect: Any, steps: list[Any]) -> None:
    """A read gets its answer; each attempt is one call."""
    server.answer = one_after_the_other(*steps)
    async with connect("crm", retry=QUICK, breaker=PATIENT) as client:
        assert await get(client) == Thing("t-1")
        assert client.guards[API].counts.retries == len(steps)
    assert len(server.seen) == len(steps) + 1


@pytest.mark.parametrize(
    ("steps", "error", "calls"),
    [
        ([500, 500, 500], BackendFailed, 3),
        (["reset", "reset", "reset"], BackendUnavailable, 3),
        ([400], BackendRejected, 1),
        ([302], BackendContractBroken, 1),
        ([web.Response(text="<html>")], BackendContractBroken, 1),
        ([busy("7")], BackendBusy, 1),
        (["hang"], BackendTimeout, 1),
    ],
    ids=["attempts", "resets", "rejected", "elsewhere", "html", "asks for long", "too slow"],
)
async def test_what_is_not_tried_again(
    server: Any, connect: Any, steps: list[Any], error: type[BackendError], calls: int
) -> None:
    """What would be the same again, what is asked not to be, and more than so many times."""
    server.answer = one_after_the_other(*steps)
    async with connect("crm", retry=QUICK, breaker=PATIENT, timeout_seconds=0.3) as client:
        with pytest.raises(error):
            await get(client)
    assert len(server.seen) == calls


@pytest.mark.parametrize(("is_safe", "calls"), [(True, 2), (False, 1)])
async def test_what_may_have_changed_something_is_not_made_again(
    server: Any, connect: Any, is_safe: bool, calls: int
) -> None:
    """The backend may have done it before it failed."""
    server.answer = one_after_the_other(500)
    call = Call(method="POST", path="/thing", target="/thing", body=b"{}", is_safe=is_safe)
    async with connect("crm", retry=QUICK, breaker=PATIENT) as client:
        try:
            assert (await client.call(API, call, WireDecoder(Thing))).value == Thing("t-1")
        except BackendFailed:
            assert not is_safe
    assert len(server.seen) == calls


async def test_a_change_that_never_left_is_made_again(connect: Any, unused_tcp_port: int) -> None:
    """No connection, so nothing can have been done: even what is not safe may be tried again."""
    call = Call(method="POST", path="/thing", target="/thing", body=b"{}", is_safe=False)
    url = f"http://127.0.0.1:{unused_tcp_port}"
    async with connect("crm", url=url, retry=QUICK, breaker=PATIENT) as client:
        with pytest.raises(BackendUnavailable):
            await client.call(API, call, WireDecoder(Thing))
        assert client.guards[API].counts.retries == 2


async def test_a_kept_connection_that_is_closed_costs_no_answer(server: Any, connect: Any) -> None:
    """The other side may close it in the moment it is used again."""
    server.answer = one_after_the_other(200, "reset")
    async with connect("crm", breaker=PATIENT) as client:
        assert await get(client) == Thing("t-1")
    async with connect("crm", retry=RetryPolicy(), breaker=PATIENT) as client:
        assert await get(client) == Thing("t-1")
    assert len(server.seen) == 3


async def test_retries_end_with_the_request(server: Any, connect: Any) -> None:
    """Nothing is begun for somebody who does not wait any more, and the last attempt has the time that is left."""
    server.answer = one_after_the_other(500, "hang", "hang")
    async with connect("crm", retry=QUICK, breaker=BreakerPolicy(calls_min=2)) as client:
        CALLER.set(Caller("r-1", None, until=asyncio.get_running_loop().time() + 0.3))
        with pytest.raises(BackendTimeout):
            await get(client)
        assert client.guards[API].breaker.opened == 0  # the last had no fair chance, and says nothing
    assert len(server.seen) == 2


async def test_nothing_is_asked_when_no_time_is_left(server: Any, connect: Any) -> None:
    """Its answer would be nobody's."""
    server.answer = one_after_the_other()
    async with connect("crm") as client:
        CALLER.set(Caller("r-1", None, until=asyncio.get_running_loop().time() - 0.001))
        with pytest.raises(BackendTimeout, match="No time"):
            await get(client)
        assert client.places.running == 0
    assert server.seen == []


async def test_a_backend_that_always_fails_gets_a_tenth_more(server: Any, connect: Any) -> None:
    """The budget: what was saved up, and a share of all calls."""
    server.answer = one_after_the_other(*[500] * 1_000)
    policy = RetryPolicy(attempts_max=3, pause_seconds=0.001, budget_reserve=5)
    async with connect("crm", retry=policy, breaker=PATIENT) as client:
        for _ in range(100):
            with pytest.raises(BackendFailed):
                await get(client)
        guard = client.guards[API]
        assert len(server.seen) == 100 + guard.counts.retries
        assert 5 + 9 <= guard.counts.retries <= 5 + 12
        assert guard.counts.retries_denied >= 80


def test_a_budget_saves_up_no_more_than_its_reserve() -> None:
    """A long good time does not pay for a storm."""
    budget = RetryBudget(RetryPolicy(budget_reserve=2))
    for _ in range(1_000):
        budget.save()
    assert [budget.spend() for _ in range(3)] == [True, True, False]
    for _ in range(11):
        budget.save()
    assert [budget.spend() for _ in range(2)] == [True, False]


async def test_each_attempt_has_its_line(server: Any, connect: Any, logged: list[dict[str, Any]]) -> None:
    """A backend team counts calls, and finds as many in the log."""
    server.answer = one_after_the_other(500, 503)
    async with connect("crm", retry=QUICK, breaker=PATIENT) as client:
        await get(client)
    lines = [line for line in logged if line["event"] == "backend_call"]
    assert [(line["status"], line.get("attempt"), line.get("error")) for line in lines] == [
        (500, None, "BACKEND_FAILED"),
        (503, 2, "BACKEND_BUSY"),
        (200, 3, None),
    ]
