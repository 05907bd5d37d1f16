"""Serving an application on a port: how it starts, drains and leaves."""

import asyncio
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from gateway.errors import ConfigurationError
from gateway.serving import Drain, listening, serving


class Application:
    """An application whose lifespan and slow answers can be watched."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()
        routes = [Route("/", self._hello), Route("/slow", self._slow)]
        self.asgi = Starlette(routes=routes, lifespan=self._lifespan)

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        self.events.append("started")
        yield
        self.events.append("stopped")

    async def _hello(self, request: Request) -> Response:
        return PlainTextResponse("hello")

    async def _slow(self, request: Request) -> Response:
        self.asked.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.events.append("cancelled")
            raise
        self.events.append("answered")
        return PlainTextResponse("late")


@pytest.fixture
def application() -> Application:
    """A new application."""
    return Application()


async def text(client: aiohttp.ClientSession, url: str) -> str:
    """The body of an answer."""
    async with client.get(url) as response:
        return await response.text()


def port_of(url: str) -> int:
    """The port of a base URL."""
    return int(url.rpartition(":")[2])


def has_ipv6() -> bool:
    """Whether this machine has a loopback address of IPv6."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


async def test_it_listens_when_it_yields(application: Application, http_client: aiohttp.ClientSession) -> None:
    """The URL answers at once, and the lifespan has begun and ends with the block."""
    async with serving(application.asgi) as url:
        assert url == f"http://127.0.0.1:{port_of(url)}"
        assert application.events == ["started"]
        assert await text(http_client, url) == "hello"
    assert application.events == ["started", "stopped"]


async def test_the_port_is_free_again(application: Application, http_client: aiohttp.ClientSession) -> None:
    """The same port can be taken at once by the next server."""
    async with serving(application.asgi) as url:
        await text(http_client, url)
    async with serving(application.asgi, port=port_of(url)) as again:
        assert again == url
        assert await text(http_client, again) == "hello"


async def test_nothing_listens_afterwards(application: Application) -> None:
    """A connection to a server that ended is refused."""
    async with serving(application.asgi) as url:
        pass
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port_of(url))


async def test_a_taken_port_is_named(application: Application) -> None:
    """The error says which address cannot be had, and the application does not start."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            ConfigurationError, match=rf"^server\.port: 127\.0\.0\.1:{port} cannot be had \(.+\); choose"
        ):
            async with serving(application.asgi, port=port):
                pass
    assert application.events == []


@pytest.mark.parametrize(
    ("host", "what"),
    [
        ("192.0.2.1", "192.0.2.1 is no address of this machine; write one that is, 0.0.0.0 for all of them."),
        ("[::1]", "write [::1] without brackets, as ::1."),
        ("no such host", "'no such host' is neither an address nor a name that this machine knows; write one such as"),
        ("256.0.0.1", "'256.0.0.1' is neither an address nor a name that this machine knows; write one such as"),
        ("a\0b", r"'a\x00b' is neither an address nor a name that this machine knows; write one such as"),
    ],
)
async def test_a_host_that_is_not_ours_is_named(application: Application, host: str, what: str) -> None:
    """The error says what is wrong with the host, by the setting it came from, and leaves the port alone."""
    with pytest.raises(ConfigurationError, match=rf"^--address: {re.escape(what)}"):
        async with serving(application.asgi, host=host, port_setting="--ports", host_setting="--address"):
            pass
    assert application.events == []


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
async def test_ipv6(application: Application, http_client: aiohttp.ClientSession) -> None:
    """An IPv6 address stands in brackets in the URL."""
    async with serving(application.asgi, host="::1") as url:
        assert url == f"http://[::1]:{port_of(url)}"
        assert await text(http_client, url) == "hello"


async def test_requests_in_flight_are_answered(application: Application, http_client: aiohttp.ClientSession) -> None:
    """Who asked before the end is answered within the time of grace, before the lifespan ends."""
    async with serving(application.asgi) as url:
        answer = asyncio.create_task(text(http_client, f"{url}/slow"))
        await application.asked.wait()
        asyncio.get_running_loop().call_later(0.2, application.go_on.set)
    assert await answer == "late"
    assert application.events == ["started", "answered", "stopped"]


async def test_grace_ends(application: Application, http_client: aiohttp.ClientSession) -> None:
    """A request that takes longer than the time of grace is cancelled, and its client sees no 200."""
    async with serving(application.asgi, grace_seconds=0.2) as url:
        answer = asyncio.create_task(http_client.get(f"{url}/slow"))
        await application.asked.wait()
    assert (await answer).status == 500
    assert application.events == ["started", "cancelled", "stopped"]


async def test_grace_is_not_waited_for_without_need(
    application: Application, http_client: aiohttp.ClientSession
) -> None:
    """A connection that is kept alive without a request does not hold the server up."""
    async with asyncio.timeout(30):
        async with serving(application.asgi, grace_seconds=3600) as url:
            assert await text(http_client, url) == "hello"


async def test_a_failed_start_is_an_error_not_an_exit() -> None:
    """An application whose lifespan fails leaves the process alive, and the port free."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        raise RuntimeError("no disk")
        yield

    with pytest.raises(ConfigurationError, match=r"^server: the application did not start; its log says why\.$"):
        async with serving(Starlette(lifespan=lifespan)):
            pass


async def test_a_failed_start_is_told_at_once() -> None:
    """Balancers were sent nobody, so they are not waited for: the error does not come after `drain_delay_seconds`."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        raise RuntimeError("no disk")
        yield

    async with asyncio.timeout(30):
        with pytest.raises(ConfigurationError, match=r"^server: the application did not start"):
            async with serving(Starlette(lifespan=lifespan), drain=Drain(delay_seconds=600)):
                pass


async def test_a_server_that_ends_before_it_serves(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """uvicorn that ends without an error and without having started is an error, not a wait for ever."""

    async def serve(server: uvicorn.Server, sockets: object = None) -> None:
        pass

    monkeypatch.setattr(uvicorn.Server, "serve", serve)
    async with asyncio.timeout(10):
        with pytest.raises(ConfigurationError, match=r"^server: it ended before it served; its log says why\.$"):
            async with serving(application.asgi):
                pass


async def test_an_error_in_the_block_ends_the_server(application: Application) -> None:
    """The error comes out, after the lifespan ended."""
    with pytest.raises(LookupError, match=r"^mine$"):
        async with serving(application.asgi):
            raise LookupError("mine")
    assert application.events == ["started", "stopped"]


async def test_signals_are_left_alone(application: Application) -> None:
    """Whoever runs the event loop keeps its signal handlers."""
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    async with serving(application.asgi):
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


async def test_kept_alive_connections_do_not_wait(application: Application) -> None:
    """Accepted connections send at once what they have: Nagle's algorithm is off."""
    accepted: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            connection = send.__self__.transport.get_extra_info("socket")  # type: ignore[attr-defined] # uvicorn's own
            accepted.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        await application.asgi(scope, receive, send)

    async with serving(app) as url, aiohttp.ClientSession() as client:
        await text(client, url)
    assert accepted == [1]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can turn newcomers away")
async def test_a_successor_on_the_same_socket_is_not_deaf(
    application: Application, http_client: aiohttp.ClientSession
) -> None:
    """Newcomers are turned away at the end of a server, and welcome to the next one on a copy of its socket."""
    with listening("127.0.0.1", 0, "server.port") as parents:
        for _ in range(2):
            async with serving(application.asgi, listener=parents.dup(), drain=Drain(linger_seconds=0.1)) as url:
                async with asyncio.timeout(0.9):  # a SYN that is dropped is sent again after a second
                    assert await text(http_client, url) == "hello"
