"""Applies knobs to a backend's answers, at the level of bytes and connections, and records its calls."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.simulator.knobs import ALL_WELL, Knobs
from gateway.simulator.v5 import Document, with_flat_media, with_nested_references, with_type

CALLS_KEPT = 10_000
CANARY = "CANARY-7f3a-must-reach-no-client"
CONTROL = "/control"
PAGE = b"<html>Service</html>"

encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


class Call(msgspec.Struct, frozen=True):
    """One request that a backend got."""

    method: str
    path: str
    query: str


class Faults:
    """An ASGI middleware: what passes through it is recorded, and spoilt as the knobs say."""

    def __init__(self, app: ASGIApp, *, seed: int, stopping: asyncio.Event, knobs: Knobs = ALL_WELL) -> None:
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self.at_start = knobs
        self._app = app
        self._stopping = stopping
        self._seed = seed
        self.knobs = knobs

    @property
    def knobs(self) -> Knobs:
        """What goes wrong; to set them begins the series of chance failures anew, so that a run can be repeated."""
        return self._knobs

    @knobs.setter
    def knobs(self, knobs: Knobs) -> None:
        self._knobs = knobs
        self._random = Random(self._seed)  # noqa: S311 - which requests fail, not a secret
        self._places = asyncio.Semaphore(knobs.at_once or CALLS_KEPT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or does what the knobs say instead."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
            return
        self.calls.append(Call(scope["method"], scope["path"], scope["query_string"].decode("latin-1")))
        knobs = self.knobs if scope["path"].startswith(self.knobs.only) else ALL_WELL
        if knobs is ALL_WELL:
            await self._app(scope, receive, send)
            return
        scope["knobs"] = knobs
        async with self._places:
            await self._late(knobs)
        if knobs.hang:
            await self._until_gone(receive)
        elif not knobs.reset:
            app = _failing(knobs) if self._random.random() < knobs.error_rate else self._app
            await app(scope, receive, _Spoilt(knobs, send))
        if knobs.hang or knobs.reset or knobs.truncated_body:
            await _dropped(receive, send)

    async def _late(self, knobs: Knobs) -> None:
        if knobs.latency_ms:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), knobs.latency_ms / 1000)

    async def _until_gone(self, receive: Receive) -> None:
        """Until the client leaves or the server stops."""
        waits = [asyncio.create_task(_disconnected(receive)), asyncio.create_task(self._stopping.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


class _Spoilt:
    """A `send` that holds an answer back until it is whole, and sends what the knobs make of it."""

    def __init__(self, knobs: Knobs, send: Send) -> None:
        self._knobs = knobs
        self._send = send
        self._start: Message = {}
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if not message.get("more_body", False):
            await self._finish()

    async def _finish(self) -> None:
        is_page = self._knobs.html_errors and self._start["status"] >= 400 and self._start["status"] != 404
        body = PAGE if is_page or self._knobs.wrong_json else self._rewritten()
        new = {b"content-length": str(len(body)).encode()} | ({b"content-type": b"text/html"} if is_page else {})
        headers = [(name, value) for name, value in self._start["headers"] if name.lower() not in new]
        await self._send({**self._start, "headers": [*headers, *new.items()]})
        is_cut = self._knobs.truncated_body
        sent = body[: len(body) // 2] if is_cut else body
        await self._send({"type": "http.response.body", "body": sent, "more_body": is_cut})

    def _rewritten(self) -> bytes:
        knobs = self._knobs
        changes = [
            change
            for change, is_on in (
                (_with_canary, knobs.canary_secrets),
                (with_nested_references, knobs.v5_parties),
                (with_flat_media, knobs.flat_contact_media),
                (with_type, knobs.types_everywhere),
                (_with_wrong_ids, knobs.wrong_shape),
                (_with_numeric_code, knobs.numeric_error_codes),
            )
            if is_on
        ]
        if not changes or not self._body:
            return bytes(self._body)
        document = _decode(self._body)
        for change in changes:
            document = _each_object(document, change)
        return encode(document)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _dropped(receive: Receive, send: Send) -> None:
    """Aborts the TCP connection: ASGI has no word for it, so this asks uvicorn's own request cycle."""
    send.__self__.transport.abort()  # type: ignore[attr-defined]
    # Until uvicorn has noticed, it would take the missing answer for a mistake of the application and log it.
    await _disconnected(receive)


def _failing(knobs: Knobs) -> ASGIApp:
    """A backend that answers everything with the error status."""
    body = encode(error_body(knobs.error_status, "simulatedFault"))
    headers = [(b"content-type", b"application/json")]
    if knobs.retry_after_seconds is not None:
        headers.append((b"retry-after", str(knobs.retry_after_seconds).encode()))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": knobs.error_status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def error_body(status: int, reason: str, message: str = "") -> dict[str, str]:
    """TMF630's error body."""
    return {"code": str(status), "reason": reason, "message": message or reason, "status": str(status)}


Change = Callable[[Document, str], Document]
"""Makes another object of one that stands under an attribute; "" for one that stands by itself."""


def _each_object(value: Any, change: Change, attribute: str = "") -> Any:
    """The same JSON with every object changed, from the inside out."""
    if isinstance(value, list):
        return [_each_object(item, change, attribute) for item in value]
    if isinstance(value, dict):
        return change({name: _each_object(item, change, name) for name, item in value.items()}, attribute)
    return value


def _with_canary(document: Document, _attribute: str) -> Document:
    return {**document, "internalNote": CANARY, "x-secret": {"note": CANARY}}


def _with_wrong_ids(document: Document, _attribute: str) -> Document:
    return {**document, "id": {"wrong": "shape"}} if "id" in document else document


def _with_numeric_code(document: Document, _attribute: str) -> Document:
    return {**document, "code": int(document["code"])} if {"code", "reason"} <= document.keys() else document
