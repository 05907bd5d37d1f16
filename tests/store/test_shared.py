"""Calls under way are shared by requests, and none of them can harm another."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextvars import ContextVar, copy_context
from typing import Any

import pytest

from gateway.domain.caller import CALLER, SERVED, Caller
from gateway.errors import BackendRejected, BackendTimeout, GatewayError, InternalError
from gateway.store.changes import Changes
from gateway.store.generations import Generations
from gateway.store.redis_server import RedisServer
from gateway.store.shared import Shared
from tests.store.conftest import Clock, settings

Answer = str | GatewayError | None

REJECTED = BackendRejected("crm", "no")
VIEWER: ContextVar[str] = ContextVar("VIEWER", default="nobody")


class Backend:
    """Gives each key in capitals when the gate is open; keeps what it was asked, and for whom."""

    def __init__(self, answer: Callable[[Sequence[str]], Sequence[Answer]] | None = None) -> None:
        self.asked: list[list[str]] = []
        self.served: list[dict[str, Any]] = []
        self.callers: list[Caller | None] = []
        self.viewers: list[str] = []
        self.gate = asyncio.Event()
        self.cancelled = 0
        self._answer = answer or (lambda keys: [key.upper() for key in keys])

    async def get_many(self, keys: Sequence[str]) -> Sequence[Answer]:
        """One answer for each key."""
        self.asked.append(list(keys))
        served = SERVED.get()
        self.callers.append(CALLER.get())
        self.viewers.append(VIEWER.get())
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        self.served.append({} if served is None else served.log_fields())
        return self._answer(keys)


@pytest.fixture
async def generations() -> AsyncIterator[Generations]:
    """Of a process that is alone."""
    async with RedisServer(settings("redis://127.0.0.1:1/0").redis) as server:
        yield Generations(server, Changes(server), Clock())


def request(name: str, shared: Shared[str, str], *keys: str, token: str | None = None) -> asyncio.Task[Any]:
    """A request with a context of its own, which asks for keys."""
    context = copy_context()
    context.run(CALLER.set, Caller(name, token))
    context.run(VIEWER.set, name)

    async def ask() -> Sequence[Answer]:
        return await shared.get_many(keys)

    return asyncio.get_running_loop().create_task(ask(), context=context)


async def turns(count: int = 4) -> None:
    """Lets the loop go round."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_keys_of_one_turn_become_one_call(generations: Generations) -> None:
    """Three requests, each gets its own keys in its order; who comes later for the same joins; nobody waits longer."""
    backend = Backend()
    shared = Shared(backend, generations, str)
    first = [request("r1", shared, "a", "b"), request("r2", shared, "c", "b"), request("r3", shared, "a")]
    await turns()
    later = request("r4", shared, "b", "d")
    await turns()
    assert backend.asked == [["a", "b", "c"], ["d"]]
    backend.gate.set()
    assert await asyncio.gather(*first, later) == [["A", "B"], ["C", "B"], ["A"], ["B", "D"]]
    assert (shared.keys_asked, shared.keys_joined, shared.calls, shared.calls_merged) == (7, 3, 2, 1)


async def test_a_call_belongs_to_no_request(generations: Generations) -> None:
    """It runs in an empty context, and its log line names everybody it serves: ten, and how many."""
    backend = Backend()
    shared = Shared(backend, generations, str)
    requests = [request(f"r{number}", shared, "a", token="secret") for number in range(12)]
    await turns()
    requests.append(request("late", shared, "a"))
    await turns()
    backend.gate.set()
    await asyncio.gather(*requests)
    assert (backend.callers, backend.viewers) == ([None], ["nobody"])
    shown = [f"r{number}" for number in range(10)]
    assert backend.served == [{"request_id": "r0", "request_ids": shown, "requests": 13}]


async def test_a_waiter_that_leaves_harms_nobody(generations: Generations) -> None:
    """The call goes on while one is left, and is cancelled with the last."""
    backend = Backend()
    shared = Shared(backend, generations, str)
    leaving, staying = request("r1", shared, "a", "b"), request("r2", shared, "b")
    await turns()
    leaving.cancel()
    await turns()
    assert (backend.cancelled, staying.done()) == (0, False)
    staying.cancel()
    await turns()
    assert backend.cancelled == 1
    backend.gate.set()
    assert await request("r3", shared, "a", "b") == ["A", "B"]
    assert backend.asked == [["a", "b"], ["a", "b"]]


async def test_who_leaves_before_the_call_begins_leaves_no_call(generations: Generations) -> None:
    """Nobody waits, so nobody asks."""
    backend = Backend()
    shared = Shared(backend, generations, str, gather_seconds=0.2)
    done = asyncio.get_running_loop().create_future()
    shared.ask(["a"], {}, done)
    await turns()
    done.cancel()
    await asyncio.sleep(0.4)
    assert backend.asked == []


async def test_a_deadline_is_the_waiter_s_own(generations: Generations) -> None:
    """One gives up, the other has its answer from the same call."""
    backend = Backend()
    shared = Shared(backend, generations, str)
    patient = request("r1", shared, "a")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await shared.get_many(["a"])
    backend.gate.set()
    assert await patient == ["A"]
    assert backend.asked == [["a"]]


async def test_a_bad_key_fails_its_own_request_only(generations: Generations) -> None:
    """A 4xx on the merged call is asked again by request, then key by key."""
    backend = Backend(lambda keys: [REJECTED] * len(keys) if "bad" in keys else [key.upper() for key in keys])
    backend.gate.set()
    shared = Shared(backend, generations, str)
    asked = [request("r1", shared, "a", "b"), request("r2", shared, "c", "bad", "d"), request("r3", shared, "e")]
    assert await asyncio.gather(*asked) == [["A", "B"], ["C", REJECTED, "D"], ["E"]]
    whole, *parts = backend.asked
    assert whole == ["a", "b", "c", "bad", "d", "e"]
    assert sorted(parts) == [["a", "b"], ["bad"], ["c"], ["c", "bad", "d"], ["d"], ["e"]]
    assert {fields["request_id"] for fields in backend.served[1:]} == {"r1", "r2", "r3"}


@pytest.mark.parametrize("failure", [BackendTimeout("crm", "late"), ZeroDivisionError(), asyncio.CancelledError()])
async def test_whatever_happens_every_waiter_gets_an_answer(generations: Generations, failure: BaseException) -> None:
    """An error of ours is each one's; a bug, or a cancellation from below, is an InternalError."""

    def fail(_keys: Sequence[str]) -> Sequence[Answer]:
        raise failure

    backend = Backend(fail)
    backend.gate.set()
    shared = Shared(backend, generations, str)
    first, second = await asyncio.gather(request("r1", shared, "a"), request("r2", shared, "b"))
    expected = BackendTimeout if isinstance(failure, BackendTimeout) else InternalError
    assert [type(value) for value in (*first, *second)] == [expected, expected]


async def test_nobody_joins_a_call_that_began_before_a_write(generations: Generations) -> None:
    """The writer's next read is a call of its own; of another company it joins."""
    backend = Backend()
    shared = Shared(backend, generations, str)
    before = request("r1", shared, "a", "b")
    await turns()
    await generations.raise_generation("a")
    after = request("r2", shared, "a", "b")
    await turns()
    assert backend.asked == [["a", "b"], ["a"]]
    backend.gate.set()
    await asyncio.gather(before, after)


async def test_what_names_no_company_joins_nothing_after_any_write(generations: Generations) -> None:
    """Whose a number is, nobody knows before the answer."""
    backend = Backend()
    shared = Shared(backend, generations, lambda _number: None)
    before = request("r1", shared, "+39")
    await turns()
    await generations.raise_generation("a")
    after = request("r2", shared, "+39")
    await turns()
    assert backend.asked == [["+39"], ["+39"]]
    backend.gate.set()
    await asyncio.gather(before, after)


async def test_callers_tokens_keep_their_calls_apart(generations: Generations) -> None:
    """Where a backend wants the caller's token, only those with the same one share."""
    backend = Backend()
    shared = Shared(backend, generations, str, by_caller=True)
    asked = [request(name, shared, "a", token=token) for name, token in (("r1", "t1"), ("r2", "t2"), ("r3", "t1"))]
    await turns()
    assert backend.callers == [Caller("r1", "t1"), Caller("r2", "t2")]
    backend.gate.set()
    assert await asyncio.gather(*asked) == [["A"]] * 3
    assert shared._lanes == {}


async def test_gathering_may_take_longer(generations: Generations) -> None:
    """With `sharing.gather_seconds` keys of several turns become one call."""
    backend = Backend()
    backend.gate.set()
    shared = Shared(backend, generations, str, gather_seconds=0.02)
    first = request("r1", shared, "a")
    await asyncio.sleep(0.005)
    second = request("r2", shared, "b")
    assert [await first, await second] == [["A"], ["B"]]
    assert backend.asked == [["a", "b"]]
