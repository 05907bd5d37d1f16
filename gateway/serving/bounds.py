"""How much of a server one connection, and all of them together, may take."""

import msgspec


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """Times in seconds, sizes in bytes."""

    header_timeout_seconds: float = 10.0
    """For a request's line and headers, from the connection's opening or from the first byte of a further request."""
    header_max_bytes: int = 32_768
    header_max_count: int = 100
    idle_timeout_seconds: float = 75.0
    """Longer than clients and load balancers keep an idle connection (60 s is usual), or their next request meets
    its end."""
    max_connections: int = 10_000
