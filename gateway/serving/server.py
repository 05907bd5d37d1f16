"""uvicorn's server as a guest in an event loop, which ends without losing a request."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from gateway.errors import ConfigurationError
from gateway.serving.connection import BoundedConnection
from gateway.serving.newcomers import turn_away

HANDSHAKE_SECONDS = 0.3
"""How long a handshake that has begun may take to end: a client that has its half of it may have sent a request."""


class Server(uvicorn.Server):
    """No signal handlers, no exit of the process on a failed start, and an end that everybody learns of in time."""

    def __init__(self, config: uvicorn.Config, connections: type[BoundedConnection], linger_seconds: float) -> None:
        super().__init__(config)
        self._connection_class = connections
        self._linger_seconds = linger_seconds

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

    def connections(self) -> list[BoundedConnection]:
        """Those that are open."""
        return [each for each in self.server_state.connections if isinstance(each, BoundedConnection)]

    def drain(self) -> None:
        """From now on each answer says that it is its connection's last."""
        self._connection_class.is_draining = True
        for connection in self.connections():
            connection.drain()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Closes the port, waits for what was asked, then ends the lifespan."""
        self.drain()
        loop = asyncio.get_running_loop()
        if self._linger_seconds and all(map(turn_away, sockets or [])):
            await asyncio.sleep(min(HANDSHAKE_SECONDS, self._linger_seconds))
        for connection in self._closed(sockets or []):
            await loop.connect_accepted_socket(self._protocol, connection)
        closing = loop.call_later(self._linger_seconds, self._close_idle)
        try:
            await super().shutdown(sockets)
        finally:
            closing.cancel()

    def _closed(self, listeners: list[socket.socket]) -> list[socket.socket]:
        """Closes the port; the connections that the system had let in and nobody had taken yet, which a closing would
        reset."""
        copies = [listener.dup() for listener in listeners]
        for server in self.servers:
            server.close()
        for listener in listeners:
            listener.close()
        waiting = [connection for copy in copies for connection in _accepted(copy)]
        for copy in copies:
            copy.close()
        return waiting

    def _protocol(self) -> BoundedConnection:
        return self._connection_class(self.config, self.server_state, self.lifespan.state)

    def _close_idle(self) -> None:
        for connection in self.connections():
            connection.leave()


def _accepted(listener: socket.socket) -> Iterator[socket.socket]:
    while True:
        try:
            connection, _ = listener.accept()
        except ConnectionError:  # it has left already
            continue
        except OSError:  # there are no more
            return
        connection.setblocking(False)
        yield connection
