"""One deadline for the whole request: what its body took is not there for the answer."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import ASGIApp, Message

HALF = 0.3
"""Seconds, of the half second that the test's settings give to a request."""


class StoppedClock:
    """The event loop's time, which passes only when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self._now = loop.time()
        monkeypatch.setattr(loop, "time", lambda: self._now)

    async def passes(self, seconds: float) -> None:
        """Moves the time, and lets everything run that waited for it."""
        self._now += seconds
        for _ in range(10):
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("body_seconds", "key_seconds", "status"), [(0, 0, 200), (HALF, 0, 200), (0, HALF, 200), (HALF, HALF, 504)]
)
async def test_body_and_key_share_the_time(
    app: ASGIApp,
    issuer: Any,
    token: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    body_seconds: float,
    key_seconds: float,
    status: int,
) -> None:
    """A body and an issuer that each take a little more than half of the time are too slow together."""
    clock, key = StoppedClock(monkeypatch), issuer.key

    async def key_later(kid: str | None, algorithm: str) -> Any:
        await clock.passes(key_seconds)
        return await key(kid, algorithm)

    monkeypatch.setattr(issuer, "key", key_later)
    body = iter([b'{"query": "{ echo }"}'])

    async def receive() -> Message:
        for part in body:
            await clock.passes(body_seconds)
            return {"type": "http.request", "body": part}
        await asyncio.Event().wait()
        raise AssertionError

    answers: list[Message] = []

    async def send(message: Message) -> None:
        answers.append(message)

    headers = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {token()}".encode())]
    request = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    await app(request, receive, send)
    assert answers[0]["status"] == status
