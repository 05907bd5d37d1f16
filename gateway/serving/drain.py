"""How a server ends: what it still waits for, and for how long."""

from collections.abc import Callable

import msgspec


class Drain(msgspec.Struct, frozen=True, kw_only=True):
    """Times in seconds; by default nobody has to be told, and idle connections are closed at once."""

    delay_seconds: float = 0.0
    """From the first word of the end to the closing of the port: as long as a balancer takes to look elsewhere."""
    linger_seconds: float = 0.0
    """How long idle connections stay after that: a client may have sent a request before it could learn of the end."""
    on_begin: Callable[[], None] | None = None
    """What is told first."""
