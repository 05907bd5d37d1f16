"""Serves an ASGI application on a port of its own inside the running event loop."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from gateway.errors import ConfigurationError
from gateway.serving.bounds import Bounds
from gateway.serving.connection import (
    LEAVING,
    WHOLE_REPLY,
    Again,
    SendWhole,
    connection_class,
    seconds_between_sweeps,
    sweep,
)
from gateway.serving.drain import Drain
from gateway.serving.newcomers import welcome
from gateway.serving.server import Server

__all__ = [
    "LEAVING",
    "WHOLE_REPLY",
    "Again",
    "Bounds",
    "Drain",
    "OpenConnections",
    "SendWhole",
    "base_url",
    "listening",
    "listening_together",
    "serving",
]

BACKLOG = 2048
UNWIND_SECONDS = 1.0

REFUSALS = (OSError, ValueError, TypeError)
"""What binding to a host and a port raises; the latter two are for text that no host's name can be."""

DEFAULT_BOUNDS = Bounds()
DEFAULT_DRAIN = Drain()


class OpenConnections:
    """How many connections a server has, for whoever watches it."""

    def __init__(self) -> None:
        self.of: Collection[object] = ()

    @property
    def count(self) -> int:
        """Now."""
        return len(self.of)


@asynccontextmanager
async def serving(
    app: ASGIApp,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    grace_seconds: float = 5.0,
    port_setting: str = "server.port",
    host_setting: str = "server.host",
    bounds: Bounds = DEFAULT_BOUNDS,
    drain: Drain = DEFAULT_DRAIN,
    connections: OpenConnections | None = None,
    listener: socket.socket | None = None,
) -> AsyncIterator[str]:
    """Yields the base URL once the application listens; on leaving, requests have `grace_seconds` to end.

    Port 0 takes any free port; a `listener` that was opened before is used instead of host and port. From the leaving
    on each answer is its connection's last; `drain` says when the port is closed. What still runs `grace_seconds` after
    that is cancelled. `connections` counts those that are open. ConfigurationError names an address that cannot be had
    and the setting it came from, `host_setting` or `port_setting`, or says that the application's own start failed.
    """
    listener = listener or listening(host, port, port_setting, host_setting)
    welcome(listener)
    connection = connection_class(bounds)
    config = uvicorn.Config(
        app,
        http=connection,
        interface="asgi3",
        log_config=None,
        access_log=False,
        lifespan="on",
        ws="none",
        server_header=False,
        date_header=False,
        reset_contextvars=True,  # or a pipelined request begins with what the one before it said of its caller
        proxy_headers=False,  # nothing here goes by the client's address, and uvicorn would read the environment
        timeout_graceful_shutdown=grace_seconds,  # type: ignore[arg-type] # uvicorn waits for parts of seconds too
    )
    server = Server(config, connection, drain.linger_seconds)
    if connections is not None:
        connections.of = server.server_state.connections
    task = asyncio.create_task(server.serve(sockets=[listener]))
    sweeping = asyncio.create_task(_swept(server, seconds_between_sweeps(bounds)))
    try:
        while not server.started:
            if task.done():
                task.result()
                raise ConfigurationError("server: it ended before it served; its log says why.")
            await asyncio.sleep(0.005)
        yield base_url(host, listener)
    finally:
        if drain.on_begin is not None:
            drain.on_begin()
        server.drain()
        try:
            if server.started:  # else nobody was ever sent here, so there is nobody to look elsewhere
                await asyncio.sleep(drain.delay_seconds)
            server.should_exit = True
            await task
        except asyncio.CancelledError:  # the leaving itself is cut short, before the application loses what it uses
            task.cancel()
            for request in server.server_state.tasks:
                request.cancel()
            await asyncio.wait([task], timeout=UNWIND_SECONDS)
            raise
        finally:
            sweeping.cancel()
            listener.close()
            await _unwound(server)


async def _swept(server: Server, period_seconds: float) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(period_seconds)
        sweep(server.server_state.connections, loop.time())


async def _unwound(server: Server) -> None:
    """Waits until requests that were cancelled have let go of what they held; uvicorn does not."""
    cancelled = set(server.server_state.tasks)
    if cancelled:
        await asyncio.wait(cancelled, timeout=UNWIND_SECONDS)


def listening(host: str, port: int, port_setting: str, host_setting: str = "server.host") -> socket.socket:
    """A socket that listens; ConfigurationError names an address that cannot be had and the setting it came from."""
    return _listening(host, port, port_setting, host_setting, is_shared=False)


def listening_together(
    count: int, host: str, port: int, port_setting: str, host_setting: str = "server.host"
) -> list[socket.socket]:
    """Sockets on one port, among which the system divides its connections.

    Others could join them, so a port that somebody listens on has to be found out first.
    """
    if port:
        listening(host, port, port_setting, host_setting).close()
    listeners: list[socket.socket] = []
    for _ in range(count):
        listeners.append(_listening(host, port, port_setting, host_setting, is_shared=True))
        port = listeners[0].getsockname()[1]
    return listeners


def _listening(host: str, port: int, port_setting: str, host_setting: str, *, is_shared: bool) -> socket.socket:
    try:
        return _listener(host, port, is_shared=is_shared)
    except REFUSALS as error:
        wrong = _wrong_host(host, error)
        if wrong:
            raise ConfigurationError(f"{host_setting}: {wrong}") from None
        raise ConfigurationError(
            f"{port_setting}: {host}:{port} cannot be had ({getattr(error, 'strerror', error)}); choose another."
        ) from None


def _wrong_host(host: str, error: Exception) -> str:
    """What is wrong with the host; "" where it is the port."""
    if host.startswith("[") and host.endswith("]"):
        return f"write {host} without brackets, as {host[1:-1]}."
    if isinstance(error, socket.gaierror) or not isinstance(error, OSError):
        return f"{host!r} is neither an address nor a name that this machine knows; write one such as 127.0.0.1."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine; write one that is, 0.0.0.0 for all of them."
    return ""


def _listener(host: str, port: int, *, is_shared: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio leaves Nagle's algorithm on and answers on kept-alive connections wait 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if is_shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except REFUSALS:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def base_url(host: str, listener: socket.socket) -> str:
    """Where the listener is reached."""
    port = listener.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
