"""Cross-origin requests: which browsers' pages may read the answers."""

import re
from collections.abc import Collection

from gateway.http.reply import Header, Reply, encoded
from gateway.http.request_headers import RequestHeaders

LOCALHOST = "localhost"
LOCALHOST_ORIGIN = re.compile(r"https?://(localhost|127\.0\.0\.1)(:\d{1,5})?")
VARY = (b"vary", b"Origin")
ALLOWED = b"access-control-allow-origin"
EXPOSED = (b"access-control-expose-headers", b"X-Request-ID, X-Consistency, RateLimit, Retry-After")
PREFLIGHT = encoded(
    {
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Request-ID, X-Consistency",
        "Access-Control-Max-Age": "600",
    }.items()
)
FOREIGN = Reply(
    403,
    ((b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")),
    b"This origin is not one of server.cors_origins.",
)


class Cors:
    """Answers preflights and marks answers for the pages of allowed origins.

    Credentials are never allowed: the token travels in a header that a page must set itself, so no cookie exists
    that another page could use. Requests without Origin are not a browser's cross-origin requests.
    """

    def __init__(self, origins: Collection[str]) -> None:
        self._origins = frozenset(origins) - {LOCALHOST}
        self._any_localhost = LOCALHOST in origins

    def preflight(self, method: str, headers: RequestHeaders) -> Reply | None:
        """The answer to a browser that asks before it sends; None for any other request."""
        if method != "OPTIONS" or b"access-control-request-method" not in headers:
            return None
        origin = headers.get(b"origin")
        if origin is None:
            return None
        return Reply(204, PREFLIGHT) if self._allows(origin) else FOREIGN

    def marks(self, headers: RequestHeaders) -> tuple[Header, ...]:
        """The headers that every answer gets beyond its own, the one to a preflight included."""
        origin = headers.get(b"origin")
        if origin is None:
            return ()
        return (VARY, (ALLOWED, origin.encode("latin-1")), EXPOSED) if self._allows(origin) else (VARY,)

    def _allows(self, origin: str) -> bool:
        return origin in self._origins or (self._any_localhost and LOCALHOST_ORIGIN.fullmatch(origin) is not None)
