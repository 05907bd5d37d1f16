"""Whose request a backend call is made for: ids and traces travel with every call, a token where a backend wants it."""

from collections.abc import Iterable
from contextvars import ContextVar
from math import inf
from typing import Any, NamedTuple

import msgspec

from gateway.tracing import Trace

SHOWN_REQUESTS = 10


class MadeCall(NamedTuple):
    """A backend call, for those it was made for: `path` is its template, `keys` how many it asked for."""

    backend: str
    method: str
    path: str
    keys: int
    seconds: float


class Caller(msgspec.Struct, frozen=True):
    """One request to the gateway; `token` is the bearer token it came with, without the scheme.

    `trace` is its place in the trace that it belongs to, if it does; `calls` are those that were made for it; `until`
    is when it has to be answered, in the event loop's time.
    """

    request_id: str
    token: str | None
    trace: Trace | None = None
    calls: list[MadeCall] = []
    until: float = inf

    def __repr__(self) -> str:
        return f"Caller(request_id={self.request_id!r})"


CALLER: ContextVar[Caller | None] = ContextVar("CALLER", default=None)
"""Set by the HTTP layer; None in work that no single request asked for."""


class Served:
    """The requests a shared call is made for, in the order they came; who joins while it runs is one of them."""

    __slots__ = ("_callers",)

    def __init__(self, *callers: Caller) -> None:
        self._callers = {caller.request_id: caller for caller in callers}

    def __len__(self) -> int:
        return len(self._callers)

    def add(self, caller: Caller) -> None:
        """One more request that waits for the call."""
        self._callers.setdefault(caller.request_id, caller)

    def alone(self, request_id: str) -> "Served":
        """One of them, or nobody."""
        caller = self._callers.get(request_id)
        return Served() if caller is None else Served(caller)

    @property
    def callers(self) -> Iterable[Caller]:
        """The requests."""
        return self._callers.values()

    @property
    def first(self) -> str | None:
        """The request the call was begun for: its id goes to the backend."""
        return next(iter(self._callers), None)

    def log_fields(self) -> dict[str, Any]:
        """What a log line says: the first request, and where there are several, the first ten and how many."""
        first = self.first
        if first is None:
            return {}
        if len(self) == 1:
            return {"request_id": first}
        shown = list(self._callers)[:SHOWN_REQUESTS]
        return {"request_id": first, "request_ids": shown, "requests": len(self)}


SERVED: ContextVar[Served | None] = ContextVar("SERVED", default=None)
"""Set for calls that requests share; None where a call is made for one request alone, which CALLER tells."""


def current_callers() -> Iterable[Caller]:
    """All whom a call that is made now is made for: those that join it later are among them, once they have."""
    served, caller = SERVED.get(), CALLER.get()
    if served is not None:
        return served.callers
    return () if caller is None else (caller,)


def current_request_id() -> str | None:
    """The id that goes out with a call: one that the log knows, with those of all other requests beside it."""
    return next((caller.request_id for caller in current_callers()), None)


def current_traces() -> list[Trace]:
    """Of all whom a call is made for, their places in the traces they belong to; those that are recorded come first."""
    traces = [caller.trace for caller in current_callers() if caller.trace is not None]
    return sorted(traces, key=lambda trace: not trace.is_sampled) if len(traces) > 1 else traces


def note_call(made: MadeCall) -> None:
    """Tells all whom it was made for of a call."""
    for caller in current_callers():
        caller.calls.append(made)


def deadline() -> float:
    """By when whoever waits has to have an answer, in the event loop's time.

    Work that several wait for has no deadline of its own: each of them waits to its own, and when the last one has left
    it is cancelled.
    """
    served, caller = SERVED.get(), CALLER.get()
    return inf if served is not None or caller is None else caller.until
