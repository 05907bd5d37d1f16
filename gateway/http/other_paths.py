"""What is not the graph: health, GraphiQL, and where to go; with the same record and the same CORS."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.http.cors import Cors
from gateway.http.reply import send_reply
from gateway.http.request_headers import RequestHeaders
from gateway.http.request_record import RequestRecord


class OtherPaths:
    """Any ASGI application, each of whose requests gets an id, a log line and the marks of CORS."""

    def __init__(self, app: ASGIApp, cors: Cors) -> None:
        self._app = app
        self._cors = cors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI; websockets and lifespan pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = RequestHeaders(scope["headers"])
        record = RequestRecord(scope, headers.get(b"x-request-id"))
        more = (*self._cors.marks(headers), record.header)

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
                message = {**message, "headers": (*message["headers"], *more)}
            await send(message)

        try:
            preflight = self._cors.preflight(scope["method"], headers)
            if preflight is None:
                await self._app(scope, receive, send_marked)
            else:
                record.status = preflight.status
                await send_reply(send, preflight, more)
        finally:
            record.write()
