"""What the gateway says of its work to whoever traces it."""

from collections.abc import Iterable
from typing import Literal, Protocol

from gateway.tracing.trace import Trace

Kind = Literal["server", "internal", "client"]
"""A request that came in, work of our own, a call that goes out."""
Value = str | int | float | bool


class Span(Protocol):
    """A piece of work, from its beginning to `end`."""

    trace: Trace
    """Its own place, which is above whatever it asks for."""

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
