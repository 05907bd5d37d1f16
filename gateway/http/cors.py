"""Cross-origin requests: which browsers' pages may read the answers."""

import re
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCALHOST = "localhost"
LOCALHOST_ORIGIN = re.compile(r"https?://(localhost|127\.0\.0\.1)(:\d{1,5})?")
EXPOSED_HEADERS = "X-Request-ID, RateLimit, Retry-After"
PREFLIGHT_HEADERS = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Request-ID",
    "Access-Control-Max-Age": "600",
}


class CorsMiddleware:
    """Answers preflights and marks answers for the pages of allowed origins.

    Credentials are never allowed: the token travels in a header that a page must set itself, so no cookie exists
    that another page could use.
    """

    def __init__(self, app: ASGIApp, *, origins: Collection[str]) -> None:
        self._app = app
        self._origins = frozenset(origins) - {LOCALHOST}
        self._any_localhost = LOCALHOST in origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI; requests without Origin are not a browser's cross-origin requests and pass untouched."""
        origin = Headers(scope=scope).get("origin") if scope["type"] == "http" else None
        if origin is None:
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS" and "access-control-request-method" in Headers(scope=scope):
            await self._preflight(origin)(scope, receive, send)
            return

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Origin")
                if self._allows(origin):
                    headers["Access-Control-Allow-Origin"] = origin
                    headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
            await send(message)

        await self._app(scope, receive, send_marked)

    def _allows(self, origin: str) -> bool:
        return origin in self._origins or (self._any_localhost and LOCALHOST_ORIGIN.fullmatch(origin) is not None)

    def _preflight(self, origin: str) -> Response:
        if not self._allows(origin):
            return PlainTextResponse(
                "This origin is not one of server.cors_origins.", 403, {"Vary": "Origin", "Cache-Control": "no-store"}
            )
        return Response(
            status_code=204, headers={"Access-Control-Allow-Origin": origin, "Vary": "Origin"} | PREFLIGHT_HEADERS
        )
