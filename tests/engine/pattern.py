"""Patterns of failures, nulls and delays: what happens where follows from a seed, whoever asks, in whatever order."""

import asyncio
from collections.abc import Generator
from hashlib import blake2b
from typing import Any, NamedTuple

from graphql import GraphQLError

WILDNESS = (0.0, 0.003, 0.01, 0.03)
"""Shares of values that raise; as many are errors, as many of the wrong kind, and twice as many are null."""

VARIANTS = ("mixed", "sync", "plain", "batched", "async")
"""Which kinds of resolvers a schema has; `sync` ones never wait."""


class Fate(NamedTuple):
    """What becomes of one value."""

    kind: str
    """`raise`, `error` (an exception as the value), `wrong`, `null` or `normal`."""
    turns: int
    """How many turns of the loop it takes."""
    choice: int
    """A number to choose with, where there is more to choose."""


class Pattern:
    """Decides by (seed, place); a place names a field, its parent and its arguments.

    Patterns of one seed that differ in `delays` have the same values at other times.
    """

    def __init__(self, seed: int, delays: int = 0) -> None:
        self.seed = seed
        self._delays = 2 * delays + 1
        self.variant = VARIANTS[seed % len(VARIANTS)]
        self.wildness = WILDNESS[seed // len(VARIANTS) % len(WILDNESS)]
        self.waits = self.variant != "sync"
        self.slow = seed % 3 != 0
        self.calls: list[str] = []
        """Every place that was asked for."""
        self.serial: list[str] = []
        """How root fields of mutations began and ended."""

    def fate(self, place: str) -> Fate:
        """The same for the same place, always."""
        drawn = int.from_bytes(blake2b(f"{self.seed}|{place}".encode(), digest_size=8).digest())
        share, choice = (drawn & 0xFFFFFF) / 0x1000000, drawn >> 32
        turns = choice * self._delays >> 5 & 3
        return Fate(self._kind(share), turns if self.slow else 0, choice)

    def _kind(self, share: float) -> str:
        unit = self.wildness
        if share >= 5 * unit:
            return "normal"
        return ("raise", "error", "wrong", "null", "null")[int(share / unit)]


def error_at(place: str, choice: int) -> Exception:
    """An error of one of the kinds resolvers raise."""
    if choice % 3 == 0:
        return GraphQLError(f"refused: {place}", extensions={"code": "REFUSED", "place": place})
    return (ValueError, LookupError)[choice % 2](f"failed: {place}")


class Later:
    """An awaitable that is no coroutine: a value, or an error, after some turns of the loop."""

    def __init__(self, value: Any, turns: int) -> None:
        self._value = value
        self._turns = turns

    def __await__(self) -> Generator[Any, None, Any]:
        for _ in range(self._turns):
            yield from asyncio.sleep(0).__await__()
        if isinstance(self._value, Raised):
            raise self._value.error
        return self._value


class Raised(NamedTuple):
    """An error to raise, not to return."""

    error: Exception
