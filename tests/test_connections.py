"""What one connection may do to a server: by raw sockets, since clients are too polite."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextvars import ContextVar

import pytest
import pytest_asyncio
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.serving import Bounds, serving

BOUNDS = Bounds(
    header_timeout_seconds=0.4, header_max_bytes=2_000, header_max_count=20, idle_timeout_seconds=1.2, max_connections=5
)
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE_REFUSAL = b"The headers are larger than 2000 bytes, or more than 20."


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._opened = asyncio.get_running_loop().time()

    def send(self, data: bytes) -> None:
        """Bytes, without waiting."""
        self._writer.write(data)

    async def answer(self) -> bytes:
        """What comes until an answer with a body of two bytes is whole."""
        return await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\nok"), 10)

    async def rest(self) -> tuple[bytes, float]:
        """What comes until the server closes, and how long after the opening that was; a reset is an end too."""
        received = b""
        try:
            while part := await asyncio.wait_for(self._reader.read(65_536), 10):
                received += part
        except ConnectionError:
            pass
        self._writer.close()
        return received, asyncio.get_running_loop().time() - self._opened

    def is_lost(self) -> bool:
        """Whether sending has failed."""
        return self._writer.is_closing()

    def half_close(self) -> None:
        """Says that nothing more will come."""
        self._writer.write_eof()

    def close(self) -> None:
        """Leaves."""
        self._writer.close()


class Application:
    """Reads the body and answers `ok`; /slow waits until it is told to go on, or its client left."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[list[tuple[bytes, bytes]]] = []
        self.left = asyncio.Event()

    async def asgi(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            for _ in range(2):
                await send({"type": (await receive())["type"] + ".complete"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body, more = body + message["body"], message["more_body"]
        self.bodies.append(body)
        self.headers.append(list(scope["headers"]))
        if scope["path"] == "/slow":
            while (await receive())["type"] != "http.disconnect":
                pass
            self.left.set()
            return
        if scope["path"] == "/later":
            await asyncio.sleep(1)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def application() -> Application:
    """A new one."""
    return Application()


@pytest_asyncio.fixture
async def port(application: Application) -> AsyncIterator[int]:
    """Where it listens, within BOUNDS."""
    async with serving(application.asgi, bounds=BOUNDS, grace_seconds=0.1) as url:
        yield int(url.rpartition(":")[2])


async def connected(port: int) -> Client:
    """A new connection."""
    return Client(*await asyncio.open_connection("127.0.0.1", port))


async def test_nothing_sent(port: int) -> None:
    """A connection over which nothing comes is closed after the time for headers, without a word."""
    received, seconds = await (await connected(port)).rest()
    assert received == b""
    assert 0.4 <= seconds < 1.2


async def test_headers_byte_by_byte(port: int) -> None:
    """Bytes that come one by one buy no time: 408, and the connection is closed."""
    client = await connected(port)

    async def drip() -> None:
        for byte in HEAD + b"X-Slow: " + b"a" * 1_000:
            client.send(bytes([byte]))
            await asyncio.sleep(0.02)

    dripping = asyncio.create_task(drip())
    received, seconds = await client.rest()
    dripping.cancel()
    assert received.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert received.endswith(b"The headers of the request did not arrive within 0.4 s.")
    assert 0.4 <= seconds < 1.2


async def test_a_further_request_has_its_own_time(port: int) -> None:
    """The time for the headers of a second request runs from its first byte, and not for ever either."""
    client = await connected(port)
    client.send(GET)
    assert (await client.answer()).startswith(b"HTTP/1.1 200")
    await asyncio.sleep(0.6)
    client.send(GET)
    assert (await client.answer()).startswith(b"HTTP/1.1 200")
    client.send(HEAD)
    received, _ = await client.rest()
    assert received.startswith(b"HTTP/1.1 408 ")


async def test_an_idle_connection_is_closed(port: int) -> None:
    """A connection without a further request is closed after its own, longer time, without a word."""
    client = await connected(port)
    client.send(GET)
    await client.answer()
    received, seconds = await client.rest()
    assert received == b""
    assert 1.2 <= seconds < 2.5


@pytest.mark.parametrize("pieces", [1, 4, 40])
@pytest.mark.parametrize(
    "request_bytes",
    [
        HEAD + b"X-Large: " + b"a" * 3_000 + b"\r\n\r\n",
        HEAD + b"X-Large: " + b"a" * 3_000,
        HEAD + b"X-Many: a\r\n" * 200 + b"\r\n",
        b"GET /" + b"a" * 3_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /" + b"a" * 3_000,
    ],
)
async def test_large_headers(application: Application, port: int, request_bytes: bytes, pieces: int) -> None:
    """Headers or a target above the bound are 431, complete or not, in one piece or in many; nothing is asked."""
    client = await connected(port)
    size = len(request_bytes) // pieces + 1
    for start in range(0, len(request_bytes), size):
        client.send(request_bytes[start : start + size])
        await asyncio.sleep(0)
    received, _ = await client.rest()
    assert received.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert received.endswith(LARGE_REFUSAL)
    assert application.bodies == []


async def test_many_headers(port: int) -> None:
    """More headers than allowed are 431 however small they are."""
    client = await connected(port)
    client.send(HEAD + b"A: b\r\n" * 21 + b"\r\n")
    assert (await client.rest())[0].startswith(b"HTTP/1.1 431 ")


async def test_eight_megabytes_of_header(port: int) -> None:
    """A header of 8 MB is refused long before it is through, and its client, busy sending, learns so."""
    client = await connected(port)
    client.send(HEAD + b"X-Large: " + b"a" * 8_000_000)
    received, seconds = await client.rest()
    assert received.startswith(b"HTTP/1.1 431 ")
    assert seconds < 5


async def test_a_refused_connection_is_not_kept(port: int) -> None:
    """Whoever goes on sending after a refusal is thrown out after a while."""
    client = await connected(port)
    for _ in range(200):
        client.send(b"X" * 1_000)
        await asyncio.sleep(0.02)
        if client.is_lost():
            break
    assert client.is_lost()


async def test_a_large_body_is_no_large_header(application: Application, port: int) -> None:
    """The bound is on headers: a body far beyond it, in the same packet, is handed on whole."""
    client = await connected(port)
    for _ in range(2):
        client.send(HEAD + b"Content-Length: 50000\r\n\r\n" + b"b" * 50_000)
        assert (await client.answer()).startswith(b"HTTP/1.1 200 OK\r\n")
    assert [len(body) for body in application.bodies] == [50_000, 50_000]
    client.close()


async def test_pipelined_requests(application: Application, port: int) -> None:
    """Requests sent without waiting are answered in order."""
    client = await connected(port)
    client.send(b"".join(HEAD + b"Content-Length: 1\r\n\r\n" + b"%d" % number for number in range(3)))
    for _ in range(3):
        assert (await client.answer()).startswith(b"HTTP/1.1 200 OK\r\n")
    assert application.bodies == [b"0", b"1", b"2"]
    client.close()


async def test_pipelined_requests_share_no_context(application: Application) -> None:
    """What one request says of itself in a context variable, the one behind it on the connection does not see."""
    asked_by: ContextVar[str] = ContextVar("asked_by", default="nobody")
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            seen.append(asked_by.get())
            asked_by.set(scope["path"])
        await application.asgi(scope, receive, send)

    async with serving(app) as url:
        client = await connected(int(url.rpartition(":")[2]))
        client.send(b"GET /anna HTTP/1.1\r\nHost: x\r\n\r\n" + GET)
        for _ in range(2):
            await client.answer()
        client.close()
    assert seen == ["nobody", "nobody"]


async def test_a_pipelined_request_that_stalls(port: int) -> None:
    """Half a request behind one that is being answered spoils neither the answer nor the time."""
    client = await connected(port)
    client.send(b"GET /later HTTP/1.1\r\nHost: x\r\n\r\n" + HEAD)
    received, seconds = await client.rest()
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert received.endswith(b"\r\n\r\nok")
    assert seconds < 2.5


async def test_a_pipelined_request_that_is_too_large(application: Application, port: int) -> None:
    """Headers above the bound behind another request do not spoil its answer, and end the connection after it."""
    client = await connected(port)
    client.send(b"GET /later HTTP/1.1\r\nHost: x\r\n\r\n" + HEAD + b"X-Large: " + b"a" * 3_000 + b"\r\n\r\n")
    received, _ = await client.rest()
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert received.endswith(b"\r\n\r\nok")
    assert application.bodies == [b""]


async def test_not_http(port: int) -> None:
    """What is no HTTP is 400 and the end."""
    client = await connected(port)
    client.send(b"\x16\x03\x01\x02\x00 hello\r\n\r\n")
    received, _ = await client.rest()
    assert received.startswith(b"HTTP/1.1 400 Bad Request\r\n")


@pytest.mark.parametrize("target", [b"GET http://[", b"GET http://", b"CONNECT a:99999"])
@pytest.mark.parametrize("before", [b"", GET])
async def test_a_target_that_is_none(port: int, target: bytes, before: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """A target that is no URL is 400, as the first request or a further one, and no error of ours."""
    client = await connected(port)
    if before:
        client.send(before)
        await client.answer()
    client.send(target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    received, _ = await client.rest()
    assert received.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert received.endswith(b"This is not an HTTP request.")
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_half_closed_connection_is_one_left(application: Application, port: int) -> None:
    """A client that closes its side has left: the application learns it, and nothing stays open."""
    client = await connected(port)
    client.send(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.sleep(0.1)
    client.half_close()
    await asyncio.wait_for(application.left.wait(), 5)
    assert (await client.rest())[0] == b""


async def test_too_many_connections(port: int) -> None:
    """One connection more than allowed is 503, and those that are there go on."""
    clients = [await connected(port) for _ in range(5)]
    for client in clients:
        client.send(GET)
        await client.answer()
    received, _ = await (await connected(port)).rest()
    assert received.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    clients[0].send(GET)
    assert (await clients[0].answer()).startswith(b"HTTP/1.1 200 OK\r\n")
    clients[0].close()
    await asyncio.sleep(0.1)
    again = await connected(port)
    again.send(GET)
    assert (await again.answer()).startswith(b"HTTP/1.1 200 OK\r\n")
    for client in [*clients, again]:
        client.close()


async def test_upgrade(port: int) -> None:
    """An offer to speak another protocol is passed over: the request is answered as it is."""
    client = await connected(port)
    client.send(HEAD + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n")
    assert (await client.answer()).startswith(b"HTTP/1.1 200 OK\r\n")
    client.close()


CHUNKED = b"POST %b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n"


@pytest.mark.parametrize("is_split", [False, True])
async def test_trailers_are_no_headers(application: Application, port: int, is_split: bool) -> None:
    """What follows a chunked body does not count as sent before it, and the connection goes on."""
    client = await connected(port)
    for _ in range(2):
        for part in (CHUNKED % b"/", b"Authorization: Bearer ", b"stolen\r\n", b"\r\n"):
            client.send(part)
            if is_split:
                await asyncio.sleep(0.02)
        await client.answer()
    assert application.bodies == [b"hi", b"hi"]
    assert [name for headers in application.headers for name, _ in headers] == [b"host", b"transfer-encoding"] * 2
    client.close()


@pytest.mark.parametrize(
    "trailers", [b"a:b\r\n" * 30, b"a:b\r\n" * 2_000_000, b"a:" + b"b" * 3_000 + b"\r\n\r\n", b"a:" + b"b" * 8_000_000]
)
async def test_large_trailers(application: Application, port: int, trailers: bytes) -> None:
    """Trailers have the bound of headers, in number and size, finished or not; the application sees its client gone."""
    client = await connected(port)
    client.send(CHUNKED % b"/" + trailers)
    received, seconds = await client.rest()
    assert received.startswith(b"HTTP/1.1 431 ")
    assert received.endswith(LARGE_REFUSAL)
    assert seconds < 5
    assert application.bodies == []


async def test_a_trailer_in_pieces(application: Application, port: int) -> None:
    """A trailer that never ends is refused although no piece of it is large."""
    client = await connected(port)
    client.send(CHUNKED % b"/" + b"a:")
    for _ in range(100):
        await asyncio.sleep(0.005)
        client.send(b"b" * 100)
    assert (await client.rest())[0].startswith(b"HTTP/1.1 431 ")
    assert application.bodies == []


async def test_large_trailers_behind_another_request(application: Application, port: int) -> None:
    """Where an earlier request is still being answered, no refusal can be said: the connection is closed."""
    client = await connected(port)
    client.send(b"GET /later HTTP/1.1\r\nHost: x\r\n\r\n" + CHUNKED % b"/" + b"a:b\r\n" * 30)
    received, seconds = await client.rest()
    assert received == b""
    assert seconds < 1
    assert application.bodies == []  # nobody is there any more when it would have read


async def test_many_small_chunks(application: Application, port: int) -> None:
    """The frames around the parts of a body are no trailers, however many there are."""
    client = await connected(port)
    client.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(700):
        client.send(b"1\r\n")
        await asyncio.sleep(0)
        client.send(b"b\r\n")
        await asyncio.sleep(0)
    client.send(b"0\r\n\r\n")
    await client.answer()
    assert application.bodies == [b"b" * 700]
    client.close()


@pytest.mark.parametrize("count", [1, 20])
async def test_requests_leave_no_cycles(port: int, count: int) -> None:
    """A request that is over is freed at once, not when the collector comes by."""

    def living() -> int:
        return sum(isinstance(each, RequestResponseCycle) for each in gc.get_objects())

    gc.collect()
    before = living()
    gc.disable()
    try:
        for _ in range(20 // count):
            client = await connected(port)
            for _ in range(count):
                client.send(GET)
                await client.answer()
            client.close()
        await asyncio.sleep(0.1)
        assert living() == before
    finally:
        gc.enable()


H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"


@pytest.mark.parametrize("framed", [b"Content-Length: 5\r\n\r\nhello", CHUNKED.partition(b"x\r\n")[2]])
@pytest.mark.parametrize("size", [1, 50, 1_000])
async def test_upgrade_with_a_body(application: Application, port: int, framed: bytes, size: int) -> None:
    """The body behind an offer to upgrade is read, wherever the packets end, and so is the request behind it."""
    body = b"hello" if framed.endswith(b"hello") else b"hi"
    request = HEAD + H2C + framed + (b"" if body == b"hello" else b"\r\n")
    client = await connected(port)
    sent = request + request + GET
    for start in range(0, len(sent), size):
        client.send(sent[start : start + size])
        await asyncio.sleep(0)
    for _ in range(3):
        assert (await client.answer()).startswith(b"HTTP/1.1 200 OK\r\n")
    assert application.bodies == [body, body, b""]
    client.close()


async def test_upgrade_with_headers_that_contradict(application: Application, port: int) -> None:
    """An offer to upgrade makes no request right that is wrong without it."""
    client = await connected(port)
    client.send(HEAD + H2C + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello")
    assert (await client.rest())[0].startswith(b"HTTP/1.1 400 ")
    assert application.bodies == []


async def test_a_client_that_leaves_with_requests_behind_the_one_that_is_answered(
    application: Application, port: int
) -> None:
    """The one that runs learns of it, though another one came last; nothing is written to a connection that is gone."""
    client = await connected(port)
    client.send(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n" + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
    await asyncio.sleep(0.05)
    client.close()
    await asyncio.wait_for(application.left.wait(), 5)
    assert len(application.bodies) == 1


async def test_a_chunk_that_is_none(application: Application, port: int) -> None:
    """Said at once, not when the body's time is over; the application is told that no more comes."""
    client = await connected(port)
    client.send((CHUNKED % b"/").partition(b"\r\n\r\n")[0] + b"\r\n\r\nzz\r\n")
    received, seconds = await client.rest()
    assert received.startswith(b"HTTP/1.1 400 ")
    assert seconds < 5
    assert application.bodies == []
