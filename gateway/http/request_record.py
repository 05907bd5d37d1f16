"""One id and one log line for each request."""

import re
import time
import uuid
from typing import cast

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.domain.viewer import Viewer

log = structlog.get_logger()

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SCOPE_KEY = "telco_gateway.request_record"
OPERATION_SHOWN_CHARACTERS = 80
CLIENT_GONE_STATUS = 499
"""Logged when nobody was left to be answered; never sent."""


class RequestRecord:
    """What becomes known of a request on its way; the endpoint fills in what only it can know."""

    __slots__ = ("error_codes", "operation", "operation_type", "request_id", "status", "viewer")

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.status = CLIENT_GONE_STATUS
        self.operation: str | None = None
        self.operation_type: str | None = None
        self.viewer: Viewer | None = None
        self.error_codes: list[str] = []


def record_of(scope: Scope) -> RequestRecord:
    """The record that RequestRecordMiddleware put into the scope."""
    return cast(RequestRecord, scope[SCOPE_KEY])


class RequestRecordMiddleware:
    """Takes or makes the request id, sends it back, and writes the line once the answer is out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI; websockets and lifespan pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        record = scope[SCOPE_KEY] = RequestRecord(_request_id(Headers(scope=scope).get("x-request-id")))

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = record.request_id
            await send(message)

        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=record.request_id):
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                _write(scope, record, time.perf_counter() - started)


def _request_id(given: str | None) -> str:
    return given if given is not None and REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _write(scope: Scope, record: RequestRecord, seconds: float) -> None:
    viewer = record.viewer
    log.info(
        "request",
        method=scope["method"],
        path=scope["path"],
        status=record.status,
        ms=round(seconds * 1000, 1),
        operation=record.operation and record.operation[:OPERATION_SHOWN_CHARACTERS],
        operation_type=record.operation_type,
        role=viewer.role.value if viewer and not viewer.is_anonymous else None,
        company_id=viewer.company_id if viewer else None,
        error_codes=record.error_codes,
    )
