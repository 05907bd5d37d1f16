"""What the gateway says of its work to whoever traces it."""

import random
from collections.abc import Iterable
from typing import Literal, Protocol

from gateway.tracing.trace import Trace

Kind = Literal["server", "internal", "client"]
"""A request that came in, work of our own, a call that goes out."""
Value = str | int | float | bool

FLUSH_SECONDS = 2.0
"""What the end waits for a collector that does not answer; spans that were not sent by then are lost."""


class Span(Protocol):
    """A piece of work, from its beginning to `end`."""

    @property
    def trace(self) -> Trace:
        """Its own place, which is above whatever it asks for."""

    @property
    def is_recorded(self) -> bool:
        """Whether anybody will see it: else there is no need to say anything of it."""

    def note(self, **attributes: Value | None) -> None:
        """Says more of it; `__` in a name stands for a dot, and what is None is left out."""

    def link(self, traces: Iterable[Trace]) -> None:
        """Other traces that this was work for, beside the one it is in."""

    def end(self, failure: str | None = None) -> None:
        """It is over; `failure` is the code of what went wrong."""


class Tracer(Protocol):
    """Begins spans."""

    def begin(self, name: str, kind: Kind, above: Trace | None, *, seconds_ago: float = 0.0) -> Span:
        """A piece of work that began so long ago, below a place in a trace, or at the top of a new one."""


class Unrecorded:
    """A span that nobody will see; whoever is asked below it learns that nothing is recorded there either."""

    __slots__ = ("trace",)
    is_recorded = False

    def __init__(self, above: Trace | None) -> None:
        self.trace = above or Trace(f"00-{_bits(128):032x}-{_bits(64):016x}-00")

    def note(self, **attributes: Value | None) -> None:
        """Says nothing."""

    def link(self, traces: Iterable[Trace]) -> None:
        """Links nothing."""

    def end(self, failure: str | None = None) -> None:
        """It is over."""


def _bits(count: int) -> int:
    """An id, which is never zero; nobody has to fail to guess it."""
    return random.getrandbits(count) or 1
