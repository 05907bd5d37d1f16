"""Serves an ASGI application on a port of its own inside the running event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from gateway.errors import ConfigurationError

BACKLOG = 2048
UNWIND_SECONDS = 1.0
# Longer than clients and load balancers keep an idle connection (60 s is usual), or their next request meets its end.
KEEP_ALIVE_SECONDS = 75


class _Server(uvicorn.Server):
    """uvicorn as a guest in an event loop: no signal handlers, and no exit of the process on a failed start."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures nothing."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts the application's lifespan; uvicorn would leave the process when that fails."""
        try:
            await super().startup(sockets)
        except SystemExit:
            raise ConfigurationError("server: the application did not start; its log says why.") from None


@asynccontextmanager
async def serving(
    app: ASGIApp,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    grace_seconds: float = 5.0,
    port_setting: str = "server.port",
) -> AsyncIterator[str]:
    """Yields the base URL once the application listens; on leaving, requests have `grace_seconds` to end.

    Port 0 takes any free port. What still runs after that time is cancelled. ConfigurationError names an address that
    cannot be had and `port_setting`, the setting it came from, or says that the application's own start failed.
    """
    listener = _bound(host, port, port_setting)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        ws="none",
        server_header=False,
        date_header=False,
        proxy_headers=False,  # nothing here goes by the client's address, and uvicorn would read the environment
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=grace_seconds,  # type: ignore[arg-type] # uvicorn waits for parts of seconds too
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            if task.done():
                task.result()
            await asyncio.sleep(0.005)
        yield _url(host, listener.getsockname()[1])
    finally:
        server.should_exit = True
        try:
            await task
            await _unwound(server)
        finally:
            listener.close()


async def _unwound(server: uvicorn.Server) -> None:
    """Waits until requests that were cancelled have let go of what they held; uvicorn does not."""
    cancelled = set(server.server_state.tasks)
    if cancelled:
        await asyncio.wait(cancelled, timeout=UNWIND_SECONDS)


def _bound(host: str, port: int, port_setting: str) -> socket.socket:
    try:
        return _listener(host, port)
    except OSError as error:
        raise ConfigurationError(
            f"{port_setting}: {host}:{port} cannot be had ({error.strerror}); choose another."
        ) from None


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio leaves Nagle's algorithm on and answers on kept-alive connections wait 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
