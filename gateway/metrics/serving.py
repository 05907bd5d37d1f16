"""`/metrics`, on a port of its own."""

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog
from starlette.types import Receive, Scope, Send

from gateway.config import MetricsSettings
from gateway.metrics.exposition import CONTENT_TYPE, exposition
from gateway.metrics.fleet import Fleet, Read
from gateway.metrics.readers import Parts, samples
from gateway.metrics.series import Sample
from gateway.serving import serving

log = structlog.get_logger()

PATH = "/metrics"
GRACE_SECONDS = 1.0


@asynccontextmanager
async def metrics_served(
    settings: MetricsSettings, fleet: Fleet, parts: Parts, listener: socket.socket | None = None
) -> AsyncIterator[str | None]:
    """While inside, the numbers of the whole fleet can be had; yields their address, None where they are not wanted.

    `listener` is the one that all workers have from their parent. ConfigurationError for a port that cannot be had.
    """
    if settings.port is None:
        yield None
        return

    def read() -> Sequence[Sample]:
        return samples(parts)

    async with (
        parts.loop_lag.watched(),
        fleet.joined(read),
        serving(
            MetricsApp(fleet, read),
            host=settings.host,
            port=settings.port,
            grace_seconds=GRACE_SECONDS,
            port_setting="metrics.port",
            host_setting="metrics.host",
            listener=listener,
        ) as url,
    ):
        log.info("metrics_served", url=f"{url}{PATH}")
        yield f"{url}{PATH}"


class MetricsApp:
    """The one path there is."""

    def __init__(self, fleet: Fleet, read: Read) -> None:
        self._fleet = fleet
        self._read = read

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["path"] != PATH:
            await _answer(send, 404, f"The metrics are at {PATH}.\n".encode())
        elif scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, b"Ask with GET.\n")
        else:
            await _answer(send, 200, exposition(await self._fleet.all(self._read)))


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", CONTENT_TYPE.encode()), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
