"""An API that fails is left alone, and asked again when it may be well."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from gateway.adapters import _breaker
from gateway.adapters._breaker import Breaker, BreakerState
from gateway.adapters._client import BackendClient
from gateway.config import BreakerPolicy, CallerTokenAuth
from gateway.domain.caller import CALLER, Caller
from gateway.errors import (
    BackendBusy,
    BackendCircuitOpen,
    BackendError,
    BackendFailed,
    BackendQueueFull,
    BackendRejected,
)
from tests.adapters.thing import API, Thing, get

POLICY = BreakerPolicy(failed_share=0.5, calls_min=4, window_seconds=10, open_seconds=5)


@pytest.fixture(autouse=True)
def _no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_breaker, "JITTER", 0.0)


def run(breaker: Breaker, outcomes: str, at: float = 0.0) -> None:
    """Calls one after the other, each `+` or `-`."""
    for outcome in outcomes:
        assert breaker.wait_seconds(at) == 0
        began = breaker.began()
        (breaker.succeeded if outcome == "+" else breaker.failed)(began, at)


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ("---", BreakerState.CLOSED),
        ("----", BreakerState.OPEN),
        ("+-+-", BreakerState.OPEN),
        ("++-+-", BreakerState.CLOSED),
        ("+++++++---", BreakerState.CLOSED),
    ],
)
def test_it_opens_when_enough_of_enough_calls_failed(outcomes: str, state: BreakerState) -> None:
    """Neither a few calls nor a few failures open it."""
    breaker = Breaker(POLICY)
    run(breaker, outcomes)
    assert breaker.state(0) is state
    assert breaker.wait_seconds(0) == (5 if state is BreakerState.OPEN else 0)


def test_what_is_long_ago_does_not_count() -> None:
    """The window slides in two halves."""
    breaker = Breaker(POLICY)
    run(breaker, "---+", at=0)
    run(breaker, "---", at=11)
    assert breaker.state(11) is BreakerState.CLOSED
    run(breaker, "-", at=16)
    assert breaker.state(16) is BreakerState.OPEN


def test_one_call_finds_out_whether_it_is_well() -> None:
    """All others wait for what becomes of it; then it is closed, and knows nothing of before."""
    breaker = Breaker(POLICY)
    run(breaker, "----")
    assert breaker.wait_seconds(4.9) > 0
    assert (breaker.state(5), breaker.wait_seconds(5)) == (BreakerState.HALF_OPEN, 0)
    probe = breaker.began()
    assert breaker.wait_seconds(5) > 0
    assert breaker.succeeded(probe, 6)
    assert (breaker.state(6), breaker.wait_seconds(6)) == (BreakerState.CLOSED, 0)
    run(breaker, "---", at=6)
    assert breaker.state(6) is BreakerState.CLOSED


def test_a_probe_that_fails_opens_it_for_longer() -> None:
    """Twice as long each time, up to a bound; a success makes it the first time again."""
    breaker, now, waits = Breaker(POLICY), 0.0, []
    run(breaker, "----")
    for _ in range(5):
        waits.append(breaker.wait_seconds(now))
        now += waits[-1]
        assert breaker.failed(breaker.began(), now)
    assert waits == [5, 10, 20, 30, 30]
    now += 30
    assert breaker.succeeded(breaker.began(), now)
    run(breaker, "----", at=now)
    assert breaker.wait_seconds(now) == 5


def test_a_probe_that_nobody_waits_for_lets_the_next_one_go() -> None:
    """It says nothing, and holds nobody back."""
    breaker = Breaker(POLICY)
    run(breaker, "----")
    breaker.left(breaker.began())
    assert breaker.wait_seconds(5) == 0


def test_what_began_before_it_opened_changes_nothing() -> None:
    """Stragglers: a hundred calls that were under way do not open it a hundred times, and do not close it."""
    breaker = Breaker(POLICY)
    stragglers = [breaker.began() for _ in range(10)]
    run(breaker, "----")
    assert not any(breaker.failed(began, 1) for began in stragglers[:5])
    assert not any(breaker.succeeded(began, 1) for began in stragglers[5:])
    assert (breaker.opened, breaker.wait_seconds(0)) == (1, 5)
    probe = breaker.began()
    assert not breaker.succeeded(stragglers[0], 5)
    assert breaker.succeeded(probe, 5)


def test_failures_in_a_row_open_it_without_many_calls() -> None:
    """An API that hangs, two calls at a time, or that is asked once a minute: nothing but failures, for a while."""
    breaker = Breaker(BreakerPolicy())
    run(breaker, "----", at=0)
    run(breaker, "-", at=0.9)
    assert breaker.state(0.9) is BreakerState.CLOSED  # five of one moment may be an accident
    run(breaker, "-", at=1.0)
    assert breaker.state(1.0) is BreakerState.OPEN
    breaker = Breaker(BreakerPolicy())
    for minute in range(20):
        run(breaker, "--+", at=60 * minute)
    assert breaker.opened == 0


def test_a_rest_is_as_long_as_asked_for_and_ends_for_all() -> None:
    """Nothing has failed, so nobody has to find out anything; the longest wish holds."""
    breaker = Breaker(POLICY)
    assert breaker.rest(0, 2)
    assert not breaker.rest(0, 1)
    assert (breaker.wait_seconds(0), breaker.state(0), breaker.opened) == (2, BreakerState.RESTING, 0)
    assert breaker.state(2) is BreakerState.CLOSED
    breaker.began()
    assert breaker.wait_seconds(2) == 0
    assert breaker.rest(2, 30)
    assert breaker.wait_seconds(2) == 30


def test_a_rest_forgives_nothing() -> None:
    """What was counted before it counts still, and a probe that is answered with a wish has found out nothing."""
    breaker = Breaker(POLICY)
    run(breaker, "---")
    breaker.rest(0, 1)
    run(breaker, "-", at=1)
    assert breaker.state(1) is BreakerState.OPEN
    probe = breaker.began()
    breaker.left(probe)
    breaker.rest(6, 1)
    assert (breaker.state(6), breaker.state(7)) == (BreakerState.RESTING, BreakerState.HALF_OPEN)


class Moody:
    """A backend that answers as it is told."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: dict[str, str] = {}

    async def __call__(self, _request: web.BaseRequest) -> web.StreamResponse:
        return web.json_response({"id": "t-1"}, status=self.status, headers=self.headers)


@pytest.fixture
def moody(server: Any) -> Moody:
    """The server's mood."""
    server.answer = moody = Moody()
    return moody


async def failing(count: int, ask: Callable[[], Any]) -> None:
    """So many calls that reach the backend and fail."""
    for _ in range(count):
        with pytest.raises(BackendFailed):
            await ask()


async def test_an_open_breaker_asks_nothing(
    server: Any, connect: Any, moody: Moody, logged: list[dict[str, Any]]
) -> None:
    """The backend gets no call, the client an error that says when to come again, the log one line for each change."""
    policy = BreakerPolicy(calls_min=4, open_seconds=1.0)
    async with connect("crm", breaker=policy) as client:
        await failing(4, lambda: get(client))
        for _ in range(10):
            with pytest.raises(BackendCircuitOpen, match="crm") as caught:
                await get(client)
        assert 0 < caught.value.extensions()["retryAfterSeconds"] <= 1
        assert (len(server.seen), client.guards[API].counts.refused) == (4, 10)
        moody.status = 200
        await asyncio.sleep(1.05)
        assert await get(client) == Thing("t-1")
    changes = [line for line in logged if "circuit" in line["event"]]
    assert [(line["event"], line["api"]) for line in changes] == [
        ("backend_circuit_opened", API),
        ("backend_circuit_closed", API),
    ]
    assert changes[0]["reason"] == "BACKEND_FAILED"


async def test_each_api_has_its_own(server: Any, connect: Any, moody: Moody) -> None:
    """Tickets that fail keep nobody from customers."""
    async with connect("crm", breaker=BreakerPolicy(calls_min=4)) as client:
        await failing(4, lambda: get(client))
        moody.status = 200
        assert await get(client, "customer") == Thing("t-1")
        with pytest.raises(BackendCircuitOpen):
            await get(client)


async def test_a_refused_request_is_an_answer(server: Any, connect: Any, moody: Moody) -> None:
    """A backend that says 400 to everything is well; the requests are not."""
    moody.status = 400
    async with connect("crm", breaker=BreakerPolicy(calls_min=4)) as client:
        for _ in range(20):
            with pytest.raises(BackendRejected):
                await get(client)
    assert len(server.seen) == 20


@pytest.mark.parametrize("retry_after", [None, "0"])
async def test_a_storm_without_a_wish_opens_it(connect: Any, moody: Moody, retry_after: str | None) -> None:
    """503 that says nothing of when to come back, or at once, is a failure like any other."""
    moody.status, moody.headers = 503, {} if retry_after is None else {"Retry-After": retry_after}
    async with connect("crm", breaker=BreakerPolicy(calls_min=4)) as client:
        for _ in range(4):
            with pytest.raises(BackendBusy):
                await get(client)
        assert client.guards[API].breaker.opened == 1
        with pytest.raises(BackendCircuitOpen, match="failed too often"):
            await get(client)


@pytest.mark.parametrize(("status", "is_asked"), [(429, True), (503, False)])
async def test_one_caller_s_rate_is_no_other_s(connect: Any, moody: Moody, status: int, is_asked: bool) -> None:
    """Where the caller's own token is passed on, a 429 is about that caller; a 503 is about the backend."""
    moody.status, moody.headers = status, {"Retry-After": "20"}
    async with connect("crm", auth=CallerTokenAuth()) as client:
        CALLER.set(Caller("r-1", "bad"))
        with pytest.raises(BackendBusy):
            await get(client)
        moody.status = 200
        CALLER.set(Caller("r-2", "good"))
        if is_asked:
            assert await get(client) == Thing("t-1")
        else:
            with pytest.raises(BackendCircuitOpen):
                await get(client)


async def test_those_who_wait_for_the_end_of_a_rest_are_few(connect: Any, moody: Moody) -> None:
    """As many as may wait for a place; the others are refused at once."""
    moody.status, moody.headers = 503, {"Retry-After": "1"}
    async with connect("crm", queue_max=4) as client:
        with pytest.raises(BackendBusy):
            await get(client)
        moody.status = 200
        outcomes = await asyncio.gather(*(get(client) for _ in range(50)), return_exceptions=True)
    assert Counter(type(outcome) for outcome in outcomes) == {Thing: 4, BackendQueueFull: 46}


async def test_one_api_that_hangs_takes_no_place_of_another(server: Any, connect: Any) -> None:
    """Of one backend: tickets hang, customers are answered all the time, and tickets are left alone soon."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if "troubleTicket" in request.path:
            await asyncio.sleep(30)
        return web.json_response({"id": "t-1"})

    server.answer = answer
    outcomes: dict[str, Counter[str]] = {API: Counter(), "customer": Counter()}

    async def one(client: BackendClient, api: str) -> None:
        try:
            await get(client, api)
            outcomes[api]["answered"] += 1
        except BackendError as error:
            outcomes[api][error.code()] += 1

    async with connect("crm", timeout_seconds=0.5, max_connections=20) as client:
        tasks = []
        for _ in range(60):
            tasks += [asyncio.create_task(one(client, api)) for api in outcomes]
            await asyncio.sleep(0.05)
        await asyncio.gather(*tasks)
        assert client.guards[API].breaker.opened >= 1
    assert outcomes["customer"]["answered"] == 60
    assert outcomes[API]["BACKEND_TIMEOUT"] < 30


async def test_calls_that_clients_give_up_say_enough(server: Any, connect: Any) -> None:
    """A backend that hangs is left alone even where nobody waits as long as its timeout."""

    async def hang(_request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    server.answer = hang
    async with connect("crm", timeout_seconds=0.4, breaker=BreakerPolicy(calls_min=4)) as client:
        tasks = [asyncio.create_task(get(client)) for _ in range(4)]
        await asyncio.sleep(0.3)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert client.guards[API].breaker.opened == 1
        assert (client.places.running, client.guards[API].counts.running) == (0, 0)


async def test_a_backend_that_asks_for_a_rest_gets_it(
    server: Any, connect: Any, moody: Moody, logged: list[dict[str, Any]]
) -> None:
    """One 429 with Retry-After is enough: nothing is asked for so long, and the log has it once."""
    moody.status, moody.headers = 429, {"Retry-After": "20"}
    async with connect("crm") as client:
        with pytest.raises(BackendBusy):
            await get(client)
        moody.status = 200
        with pytest.raises(BackendCircuitOpen, match="asks to be left alone") as caught:
            await get(client)
        assert 19 < caught.value.extensions()["retryAfterSeconds"] <= 20
        assert client.guards[API].breaker.opened == 0
    assert len(server.seen) == 1
    assert [line["seconds"] for line in logged if line["event"] == "backend_rests"] == [20.0]


async def test_a_short_rest_is_waited_for(server: Any, connect: Any, moody: Moody) -> None:
    """Whoever comes meanwhile is answered a little later."""
    moody.status, moody.headers = 429, {"Retry-After": "1"}
    async with connect("crm") as client:
        with pytest.raises(BackendBusy):
            await get(client)
        moody.status = 200
        assert await asyncio.gather(*(get(client) for _ in range(5))) == [Thing("t-1")] * 5
    assert len(server.seen) == 6


async def test_calls_that_wait_while_it_opens_are_not_made(server: Any, connect: Any, moody: Moody) -> None:
    """Those that are under way fail, and the queue behind them gives up."""
    async with connect("crm", breaker=BreakerPolicy(calls_min=4, open_seconds=30), max_connections=4) as client:
        outcomes = await asyncio.gather(*(get(client) for _ in range(20)), return_exceptions=True)
        assert Counter(type(outcome) for outcome in outcomes) == {BackendFailed: 4, BackendCircuitOpen: 16}
        assert (client.places.running, client.places.waiting) == (0, 0)
    assert len(server.seen) == 4
