"""One call that is under way, and everybody who waits for it."""

import asyncio
from asyncio import Future
from typing import Generic, TypeVar

from gateway.domain.caller import Caller, Served
from gateway.errors import GatewayError
from gateway.store.generations import Stamp

K = TypeVar("K")
V = TypeVar("V")


class Flight(Generic[K, V]):
    """Gathers keys until it departs; lands with a value for each. Given up when nobody waits any more."""

    __slots__ = ("caller", "has_departed", "parts", "served", "stamps", "task", "values", "waiters")

    def __init__(self, caller: Caller | None) -> None:
        self.caller = caller
        self.served = Served()
        self.stamps: dict[K, Stamp] = {}
        self.parts: dict[str, list[K]] = {}
        """The keys by the request that asked for them first."""
        self.values: dict[K, V | GatewayError | None] = {}
        self.waiters: set[Waiter[K, V]] = set()
        self.task: asyncio.Task[None] | None = None
        self.has_departed = False

    def take(self, new: dict[K, Stamp], request_id: str) -> None:
        """More keys, while it gathers."""
        unasked = [key for key in new if key not in self.stamps] if self.stamps else list(new)
        part = self.parts.get(request_id)
        if part is None:
            self.parts[request_id] = unasked
        else:
            part += unasked
        self.stamps.update(new)

    def land(self) -> None:
        """Gives every waiter its values."""
        for waiter in self.waiters:
            waiter.landed()
        self.waiters.clear()

    def leave(self, waiter: "Waiter[K, V]") -> bool:
        """One waiter less; whether nobody is left, so that it is given up."""
        self.waiters.discard(waiter)
        if self.waiters:
            return False
        if self.has_departed and self.task is not None:
            self.task.cancel()
        return True


class Waiter(Generic[K, V]):
    """Somebody who waits for keys, which may be on several flights: `into` gets the values, then `done` ends."""

    __slots__ = ("_done", "_flights", "_into", "_keys_of")

    def __init__(
        self, keys_of: dict[Flight[K, V], list[K]], into: dict[K, V | GatewayError | None], done: Future[None]
    ) -> None:
        self._keys_of = keys_of
        self._into = into
        self._done = done
        self._flights = len(keys_of)
        for flight in keys_of:
            flight.waiters.add(self)

    def landed(self) -> None:
        """One of the flights is there. In the same moment the values are, so that nobody asks for them again."""
        self._flights -= 1
        if self._flights or self._done.done():
            return
        for flight, keys in self._keys_of.items():
            values = flight.values
            self._into.update(values if len(keys) == len(values) else {key: values[key] for key in keys})
        self._done.set_result(None)

    def left(self) -> list[Flight[K, V]]:
        """Waits no more; gives the flights that nobody waits for now."""
        return [flight for flight in self._keys_of if flight.leave(self)]
