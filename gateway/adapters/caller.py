"""Whose request a backend call is made for: its id travels with every call, its token where a backend wants it."""

from contextvars import ContextVar

import msgspec


class Caller(msgspec.Struct, frozen=True):
    """One request to the gateway; `token` is the bearer token it came with, without the scheme."""

    request_id: str
    token: str | None

    def __repr__(self) -> str:
        return f"Caller(request_id={self.request_id!r})"


CALLER: ContextVar[Caller | None] = ContextVar("CALLER", default=None)
"""Set by the HTTP layer; None in work that no single request asked for."""
