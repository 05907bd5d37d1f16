"""Whose request a backend call is made for: ids travel with every call, a token where a backend wants it."""

from contextvars import ContextVar
from math import inf
from typing import Any

import msgspec

SHOWN_REQUESTS = 10


class Caller(msgspec.Struct, frozen=True):
    """One request to the gateway: the bearer token it came with, without the scheme, and when it has to be answered."""

    request_id: str
    token: str | None
    until: float = inf
    """In the event loop's time."""

    def __repr__(self) -> str:
        return f"Caller(request_id={self.request_id!r})"


CALLER: ContextVar[Caller | None] = ContextVar("CALLER", default=None)
"""Set by the HTTP layer; None in work that no single request asked for."""


class Served:
    """The requests a shared call is made for, in the order they came; who joins while it runs is one of them."""

    __slots__ = ("_request_ids",)

    def __init__(self, *request_ids: str) -> None:
        self._request_ids = dict.fromkeys(request_ids)

    def __len__(self) -> int:
        return len(self._request_ids)

    def add(self, request_id: str) -> None:
        """One more request that waits for the call."""
        self._request_ids[request_id] = None

    @property
    def first(self) -> str | None:
        """The request the call was begun for: its id goes to the backend."""
        return next(iter(self._request_ids), None)

    def log_fields(self) -> dict[str, Any]:
        """What a log line says: the first request, and where there are several, the first ten and how many."""
        first = self.first
        if first is None:
            return {}
        if len(self) == 1:
            return {"request_id": first}
        shown = list(self._request_ids)[:SHOWN_REQUESTS]
        return {"request_id": first, "request_ids": shown, "requests": len(self)}


SERVED: ContextVar[Served | None] = ContextVar("SERVED", default=None)
"""Set for calls that requests share; None where a call is made for one request alone, which CALLER tells."""


def current_request_id() -> str | None:
    """The id that goes out with a call: one that the log knows, with those of all other requests beside it."""
    served, caller = SERVED.get(), CALLER.get()
    if served is not None:
        return served.first
    return None if caller is None else caller.request_id


def deadline() -> float:
    """By when whoever waits has to have an answer, in the event loop's time.

    Work that several wait for has no deadline of its own: each of them waits to its own, and when the last one has left
    it is cancelled.
    """
    served, caller = SERVED.get(), CALLER.get()
    return inf if served is not None or caller is None else caller.until
