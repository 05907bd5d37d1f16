"""A source that requests share: who asks for what another is waiting for waits along, and one call asks for all."""

import asyncio
from asyncio import Future
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from typing import Generic, TypeVar

import structlog

from gateway.domain.caller import CALLER, SERVED, Caller
from gateway.domain.key import Source, freshness_of, known_of
from gateway.errors import GatewayError
from gateway.store.flight import Flight, Waiter
from gateway.store.generations import Generations, Stamp
from gateway.store.guarded import failed
from gateway.store.split import ask_in_parts

K = TypeVar("K")
V = TypeVar("V")


class _Lane(Generic[K, V]):
    """The calls that may be joined: all there are, or those of one caller."""

    __slots__ = ("flights", "gathering", "name")

    def __init__(self, name: str | None) -> None:
        self.name = name
        self.flights: dict[K, Flight[K, V]] = {}
        self.gathering: Flight[K, V] | None = None


class Shared(Generic[K, V]):
    """Keys that are asked for in one turn of the loop, by whichever requests, become one call.

    A call belongs to none of them: it runs in an empty context, each waiter waits as long as it likes, and when none
    is left it is cancelled. Nobody joins a call that began before a write. `by_caller`: only requests with the same
    token share, and the call is made with that token.
    """

    def __init__(
        self,
        source: Source[K, V],
        generations: Generations,
        company_id_of: Callable[[K], str | None],
        *,
        gather_seconds: float = 0.0,
        by_caller: bool = False,
    ) -> None:
        self._source = source
        self._generations = generations
        self._company_id_of = company_id_of
        self._gather_seconds = gather_seconds
        self._by_caller = by_caller
        self._known = known_of(source)
        self._fresh_until = freshness_of(source)
        self._lanes: dict[str | None, _Lane[K, V]] = {}
        self._is_closed = False
        self.keys_asked = 0
        self.keys_joined = 0
        self.calls = 0
        self.calls_merged = 0

    def known(self, keys: Sequence[K]) -> dict[K, V | None]:
        """What the source knows without asking."""
        return self._known(keys)

    def fresh_until(self, values: Mapping[K, object]) -> float:
        """Until when all of these are news, as far as the source keeps them."""
        return self._fresh_until(values)

    async def get_many(self, keys: Sequence[K]) -> Sequence[V | GatewayError | None]:
        """Values in the order of `keys`."""
        values: dict[K, V | GatewayError | None] = {}
        done: Future[None] = asyncio.get_running_loop().create_future()
        self.ask(keys, values, done)
        await done
        return [values[key] for key in keys]

    def ask(self, keys: Sequence[K], into: dict[K, V | GatewayError | None], done: Future[None]) -> None:
        """Puts the values into a dict, then ends `done`; cancelling that, the caller's own, harms nobody else."""
        if not keys:
            done.set_result(None)
            return
        caller = CALLER.get()
        lane = self._lane(caller)
        waiter = Waiter(self._boarded(keys, lane, caller), into, done)
        done.add_done_callback(lambda future: self._left(waiter, lane) if future.cancelled() else None)

    async def aclose(self) -> None:
        """Cancels what is under way; whoever still waits for it gets no answer, since the gateway ends."""
        self._is_closed = True
        flights = {flight for lane in self._lanes.values() for flight in lane.flights.values()}
        tasks = [flight.task for flight in flights if flight.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _lane(self, caller: Caller | None) -> _Lane[K, V]:
        name = caller.token if self._by_caller and caller is not None else None
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = _Lane(name)
        return lane

    def _boarded(self, keys: Sequence[K], lane: _Lane[K, V], caller: Caller | None) -> dict[Flight[K, V], list[K]]:
        """The keys by flight: those that are under way already, and the one that gathers the others."""
        boarded: dict[Flight[K, V], list[K]] = {}
        new: dict[K, Stamp] = {}
        stamps: dict[str | None, Stamp] = {}
        compared, is_same = None, False  # keys asked for together share a stamp
        for key in keys:
            company_id = self._company_id_of(key)
            stamp = stamps.get(company_id)
            if stamp is None:
                stamp = stamps[company_id] = self._generations.stamp(company_id)
            flight = lane.flights.get(key)
            if flight is None:
                new[key] = stamp
                continue
            if flight.stamps[key] is not compared:
                compared = flight.stamps[key]
                is_same = _is_same(compared, stamp)
            if is_same:
                boarded.setdefault(flight, []).append(key)
            else:
                new[key] = stamp
        self.keys_asked += len(keys)
        self.keys_joined += len(keys) - len(new)
        request_id = "" if caller is None else caller.request_id
        if new:
            flight = lane.gathering or self._open(lane, caller)
            flight.take(new, request_id)
            lane.flights.update(dict.fromkeys(new, flight))
            boarded.setdefault(flight, []).extend(new)
        if caller is not None:
            for flight in boarded:
                flight.served.add(caller)
        return boarded

    def _open(self, lane: _Lane[K, V], caller: Caller | None) -> Flight[K, V]:
        flight = lane.gathering = Flight(caller if self._by_caller else None)
        flight.task = asyncio.get_running_loop().create_task(self._fly(flight, lane), context=Context())
        return flight

    async def _fly(self, flight: Flight[K, V], lane: _Lane[K, V]) -> None:
        """From the turn after the first key came: asks for all that have come, and lands."""
        if self._gather_seconds:
            await asyncio.sleep(self._gather_seconds)
        if lane.gathering is flight:
            lane.gathering = None
        if not flight.waiters:
            return
        flight.has_departed = True
        self.calls += 1
        SERVED.set(flight.served)
        CALLER.set(flight.caller)
        structlog.contextvars.bind_contextvars(**flight.served.log_fields())
        try:
            flight.values = await self._answers(flight)
        finally:
            self._retire(flight, lane)
        flight.land()

    async def _answers(self, flight: Flight[K, V]) -> dict[K, V | GatewayError | None]:
        try:
            values, calls = await ask_in_parts(self._source, flight.parts)
        except asyncio.CancelledError:
            if self._is_closed or not flight.waiters:
                raise
            # whatever below was cancelled, who waits gets an answer
            return dict(zip(flight.stamps, failed(self._source, len(flight.stamps), "was cancelled"), strict=True))
        except Exception:  # a fault of our own leaves nobody waiting
            errors = failed(self._source, len(flight.stamps), "was asked wrongly", exc_info=True)
            return dict(zip(flight.stamps, errors, strict=True))
        self.calls += calls - 1
        self.calls_merged += len(flight.served) > 1
        return values

    def _left(self, waiter: Waiter[K, V], lane: _Lane[K, V]) -> None:
        for flight in waiter.left():
            self._retire(flight, lane)

    def _retire(self, flight: Flight[K, V], lane: _Lane[K, V]) -> None:
        """Nobody joins it any more."""
        if lane.gathering is flight:
            lane.gathering = None
        for key in flight.stamps:
            if lane.flights.get(key) is flight:
                del lane.flights[key]
        if lane.name is not None and not lane.flights:
            self._lanes.pop(lane.name, None)


def _is_same(then: Stamp, now: Stamp) -> bool:
    """Whether nothing was written in between."""
    return then.generation is now.generation and then.changes == now.changes and then.epoch == now.epoch
