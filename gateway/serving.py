"""Serves an ASGI application on a port of its own inside the running event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from gateway.errors import ConfigurationError

BACKLOG = 2048


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: whoever runs the event loop decides when it ends."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures nothing."""
        yield


@asynccontextmanager
async def serving(
    app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0, grace_seconds: float = 5.0
) -> AsyncIterator[str]:
    """Yields the base URL once the application listens; on leaving, requests have `grace_seconds` to end.

    Port 0 takes any free port. ConfigurationError names an address that cannot be had.
    """
    listener = _bound(host, port)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=max(1, round(grace_seconds)),
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            if task.done():
                await task
                raise ConfigurationError(f"server: the application did not start on {host}:{port}.")
            await asyncio.sleep(0.005)
        yield _url(host, listener.getsockname()[1])
    finally:
        server.should_exit = True
        await asyncio.wait([task])
        listener.close()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"server.port: {host}:{port} cannot be had ({error.strerror}); choose another."
        ) from None
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
