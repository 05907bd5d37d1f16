"""Exchanges on the wire, one after the other: whose answer is whose, and which connection is used again."""

import asyncio
import gzip
import re
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest

from gateway.adapters import _http
from gateway.adapters._http import HttpClient
from gateway.config import TlsSettings
from gateway.errors import BackendContractBroken, BackendError, BackendTimeout, BackendUnavailable

Step = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
TEXT = b'{"id": "\xc3\xa8"}'


class Seen(NamedTuple):
    """One request as it came, and the number of the connection that it came on."""

    connection: int
    line: str
    headers: list[str]
    body: bytes

    def header(self, name: str) -> list[str]:
        """All values of one header."""
        pairs = [header.partition(": ") for header in self.headers]
        return [value for found, _, value in pairs if found.casefold() == name.casefold()]


class Backend:
    """Answers the first requests, on whichever connections they come, by its script, and the others with their numbers.

    A step of the script is the bytes of an answer, or what is done instead.
    """

    def __init__(self, *script: bytes | Step) -> None:
        self.port = 0
        self.seen: list[Seen] = []
        self.left: list[asyncio.Event] = []
        self.open = self.most_open = 0
        self._script = script
        self._serving: list[asyncio.Task[None]] = []

    @property
    def used(self) -> list[int]:
        """The connection of each request."""
        return [seen.connection for seen in self.seen]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        task = asyncio.current_task()
        assert task is not None
        self._serving.append(task)
        number, left = len(self.left), asyncio.Event()
        self.left.append(left)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            while not writer.is_closing():
                await self._exchange(number, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            left.set()
            writer.close()

    async def _exchange(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, *headers = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip("\r\n").split("\r\n")
        seen = Seen(number, line, headers, b"")
        (length,) = seen.header("Content-Length") or ["0"]
        asked = len(self.seen)
        self.seen.append(seen._replace(body=await reader.readexactly(int(length))))
        step = self._script[asked] if asked < len(self._script) else answer(b"%d" % asked)
        if isinstance(step, bytes):
            writer.write(step)
            await writer.drain()
        else:
            await step(reader, writer)

    async def asked(self, times: int) -> None:
        """Once it was asked so many times, and a moment later."""
        while len(self.seen) < times:  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0)
        await turns()

    async def gone(self) -> None:
        """Once everybody has left."""
        await asyncio.gather(*self._serving)


@asynccontextmanager
async def serving(*script: bytes | Step, host: str = "127.0.0.1") -> AsyncIterator[Backend]:
    """A backend on loopback; at the end no connection to it is left open."""
    backend = Backend(*script)
    server = await asyncio.start_server(backend.serve, host, 0)
    backend.port = server.sockets[0].getsockname()[1]
    try:
        async with asyncio.timeout(10):
            yield backend
            await backend.gone()
    finally:
        server.close()


@asynccontextmanager
async def client_of(
    backend: Backend, *, host: str = "127.0.0.1", timeout_seconds: float = 5.0, max_connections: int = 10
) -> AsyncIterator[Callable[..., Awaitable[tuple[int, bytes]]]]:
    """Sends to the backend: `await send()`, `await send("POST", body)`; gives the status and the body.

    `share`: of the time that a call has.
    """
    client = HttpClient(
        "crm",
        tls=TlsSettings(),
        tls_path="backends.crm.tls",
        connect_timeout_seconds=timeout_seconds,
        max_connections=max_connections,
    )

    async def send(
        method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None, share: float = 1.0
    ) -> tuple[int, bytes]:
        until = asyncio.get_running_loop().time() + timeout_seconds * share
        url = f"http://{host}:{backend.port}/thing?fields=id"
        reply = await client.send(method, url, headers or {}, body, until=until)
        return reply.status, reply.body

    async with client:
        yield send


def answer(body: bytes = TEXT, *headers: str, status: str = "200 OK") -> bytes:
    """With its length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunked(*chunks: bytes, headers: str = "") -> bytes:
    """In pieces, to the end."""
    head = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{headers}\r\n".encode()
    return head + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))


def then_closed(data: bytes) -> Step:
    """The bytes, and the end of the connection."""

    async def step(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        writer.close()

    return step


def in_pieces(*pieces: bytes) -> Step:
    """Each by itself."""

    async def step(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await turns()

    return step


async def reset(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ends the connection with a reset in place of an answer."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def dribbling(head: bytes, piece: bytes) -> Step:
    """The same piece again and again after the head, until the other side has left."""

    async def step(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not reader.at_eof():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.005)

    return step


async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """No answer, until the other side has left."""
    assert await reader.read() == b""


CLOSED = then_closed(b"")
BROKEN = [pytest.param(CLOSED, id="closed"), pytest.param(reset, id="reset")]


async def turns() -> None:
    """Enough turns of the loop for what was written to be read: both ends are on this loop."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("script", "status", "body"),
    [
        pytest.param(answer(), 200, TEXT, id="length"),
        pytest.param(answer(b""), 200, b"", id="nothing"),
        pytest.param(answer(status="404 Not Found"), 404, TEXT, id="404"),
        pytest.param(chunked(TEXT), 200, TEXT, id="chunked"),
        pytest.param(chunked(*(TEXT[i : i + 1] for i in range(len(TEXT)))), 200, TEXT, id="chunks"),
        pytest.param(answer(gzip.compress(TEXT), "Content-Encoding: gzip"), 200, TEXT, id="gzip"),
        pytest.param(
            chunked(*re.findall(rb"(?s).{1,5}", gzip.compress(TEXT)), headers="Content-Encoding: gzip\r\n"),
            200,
            TEXT,
            id="gzip-chunks",
        ),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", id="204"),
        pytest.param(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 14\r\n\r\n", 304, b"", id="304"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + answer(), 200, TEXT, id="100"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answer(), 200, TEXT, id="103"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + answer(), 200, TEXT, id="both"),
    ],
)
@pytest.mark.parametrize("is_split", [False, True])
async def test_an_answer_is_read_whole_and_its_connection_used_again(
    script: bytes, status: int, body: bytes, is_split: bool
) -> None:
    """However the answer is framed, and in however many reads it comes."""
    pieces = in_pieces(*(script[i : i + 1] for i in range(len(script))))
    async with serving(pieces if is_split else script) as backend, client_of(backend) as send:
        assert await send() == (status, body)
        assert await send() == (200, b"1")
    assert backend.used == [0, 0]


async def test_an_interim_answer_may_come_long_before_the_answer() -> None:
    """In a read of its own, more than once."""
    script = in_pieces(b"HTTP/1.1 103 Early Hints\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\n\r\n", answer())
    async with serving(script) as backend, client_of(backend) as send:
        assert await send("POST", b"{}") == (200, TEXT)
        assert await send() == (200, b"1")
    assert backend.used == [0, 0]


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(then_closed(b"HTTP/1.1 200 OK\r\n\r\n" + TEXT), id="until-eof"),
        pytest.param(then_closed(b"HTTP/1.0 200 OK\r\n\r\n" + TEXT), id="1.0-until-eof"),
        pytest.param(answer(TEXT, "Connection: close"), id="connection-close"),
        pytest.param(answer().replace(b"HTTP/1.1", b"HTTP/1.0"), id="1.0"),
        pytest.param(then_closed(answer()), id="closed-after-it"),
    ],
)
async def test_an_answer_may_be_the_last_of_its_connection(script: bytes | Step) -> None:
    """Said or not; the next call goes on a new one, whatever its method."""
    async with serving(script) as backend, client_of(backend) as send:
        assert await send() == (200, TEXT)
        await turns()
        assert await send("POST", b"{}") == (200, b"1")
    assert backend.used == [0, 1]


@pytest.mark.parametrize("following", [b"", b"\x81\x05stray", answer(b"stray")])
async def test_another_protocol_is_an_answer_without_a_body(following: bytes) -> None:
    """We did not ask for one; what follows in it is not for us, and nothing else goes there."""
    script = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" + following
    async with serving(script) as backend, client_of(backend) as send:
        assert await send() == (101, b"")
        assert await send() == (200, b"1")
    assert backend.used == [0, 1]


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(answer, id="length"),
        pytest.param(lambda body: in_pieces(answer(body)[:500], answer(body)[500:]), id="two-reads"),
        pytest.param(lambda body: chunked(body[:600], body[600:]), id="chunked"),
        pytest.param(lambda body: answer(gzip.compress(body), "Content-Encoding: gzip"), id="gzip"),
        pytest.param(lambda body: then_closed(b"HTTP/1.1 200 OK\r\n\r\n" + body), id="until-eof"),
    ],
)
async def test_the_bound_of_an_answer_is_to_the_byte(
    frame: Callable[[bytes], bytes | Step], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many bytes are read, decompressed ones counted; one more is too much, and its connection not used again."""
    monkeypatch.setattr(_http, "RESPONSE_MAX_BYTES", 1_000)
    async with serving(frame(b"x" * 1_000), frame(b"x" * 1_001)) as backend, client_of(backend) as send:
        assert await send() == (200, b"x" * 1_000)
        with pytest.raises(BackendContractBroken, match="more than 1000 bytes"):
            await send()
        assert await send() == (200, b"2")
    assert backend.used[1] < backend.used[2]


async def test_a_large_answer_comes_whole() -> None:
    """Of many reads, beyond what is buffered at once."""
    body = b"".join(b"%07d," % i for i in range(200_000))
    async with serving(answer(body), chunked(body[:7], body[7:])) as backend, client_of(backend) as send:
        assert await send() == (200, body)
        assert await send() == (200, body)
        assert await send() == (200, b"2")
    assert backend.used == [0, 0, 0]


async def test_an_answer_without_an_end_has_the_same_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too much already is not read to its end: there may be none."""
    monkeypatch.setattr(_http, "RESPONSE_MAX_BYTES", 1_000)
    endless = dribbling(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 100)
    async with serving(endless) as backend, client_of(backend) as send:
        with pytest.raises(BackendContractBroken, match="more than 1000 bytes"):
            await send()
        await backend.left[0].wait()


GZIPPED = gzip.compress(TEXT)


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        pytest.param(answer(b"no gzip at all", "Content-Encoding: gzip"), BackendUnavailable, id="no-gzip"),
        pytest.param(
            answer(GZIPPED[:12] + b"\xff\xff" + GZIPPED[14:], "Content-Encoding: gzip"),
            BackendUnavailable,
            id="bad-gzip",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", BackendContractBroken, id="bad-chunk"
        ),
        pytest.param(then_closed(answer()[:-1]), BackendUnavailable, id="short"),
        pytest.param(then_closed(chunked(TEXT)[:-5]), BackendUnavailable, id="short-chunks"),
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n\r\n", BackendContractBroken, id="no-http"),
    ],
)
async def test_a_failed_exchange_ends_its_connection(script: bytes | Step, kind: type[BackendError]) -> None:
    """No part of such an answer is given, and nothing else goes where it came from; nor is it asked for again."""
    async with serving(answer(), script) as backend, client_of(backend) as send:
        assert await send() == (200, TEXT)
        with pytest.raises(kind):
            await send()
        assert await send() == (200, b"2")
    assert backend.used == [0, 0, 1]


STRAYS = [
    pytest.param(answer(b"stray"), id="an-answer"),
    pytest.param(answer(b"stray") * 2, id="two-answers"),
    pytest.param(answer(b"stray")[:-1], id="most-of-an-answer"),
    pytest.param(b"HTTP/1.1 200 OK\r\n\r\nstray", id="an-answer-until-eof"),
    pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n", id="an-interim-answer"),
    pytest.param(b"stray\r\n\r\n", id="no-http"),
]


@pytest.mark.parametrize("stray", STRAYS)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_follows_an_answer_is_nobody_s(stray: bytes, method: str) -> None:
    """Neither is it part of the answer, where it comes in the same read, nor the answer to the next call."""
    async with serving(chunked(TEXT) + stray) as backend, client_of(backend) as send:
        try:
            assert await send() == (200, TEXT)
        except BackendContractBroken:
            assert b"HTTP/" not in stray
        assert await send(method, b"{}") == (200, b"1")
    assert backend.used == [0, 1]


PARTS = [b"HTTP", b"\r\n", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"]
"""Of heads whose rest would come later, before the answer to the next call."""


@pytest.mark.parametrize("stray", [*STRAYS, *(pytest.param(part, id="part-of-a-head") for part in PARTS)])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_comes_while_a_connection_idles_is_nobody_s(stray: bytes, method: str) -> None:
    """The next call goes on a new one."""
    idle = asyncio.Event()

    async def step(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer())
        await idle.wait()
        writer.write(stray)

    async with serving(step) as backend, client_of(backend) as send:
        assert await send() == (200, TEXT)
        idle.set()
        await turns()
        assert await send(method, b"{}") == (200, b"1")
    assert backend.used == [0, 1]


async def test_a_connection_that_was_closed_while_it_idled_is_not_used() -> None:
    """By either method: nothing was lost, so nothing is sent again."""
    async with serving(then_closed(answer()), then_closed(answer())) as backend, client_of(backend) as send:
        for method in ("GET", "POST", "POST"):
            await send(method, b"{}")
            await turns()
    assert backend.used == [0, 1, 2]
    assert [seen.line.partition(" ")[0] for seen in backend.seen] == ["GET", "POST", "POST"]


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_nothing_is_sent_twice(broken: Step, method: str) -> None:
    """Where a kept connection ends in the moment it is used again, whoever asked decides what next."""
    async with serving(answer(), broken) as backend, client_of(backend) as send:
        assert await send() == (200, TEXT)
        with pytest.raises(BackendUnavailable):
            await send(method, b"{}")
        assert len(backend.seen) == 2
        assert await send(method, b"{}") == (200, b"2")
    assert backend.used == [0, 0, 1]


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(dribbling(b"HTTP/1.1 200 OK\r\n\r\n", b"x"), id="body"),
        pytest.param(dribbling(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"), id="body-with-length"),
        pytest.param(dribbling(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"), id="head"),
        pytest.param(dribbling(b"", b"HTTP/1.1 102 Processing\r\n\r\n"), id="interim-answers"),
        pytest.param(hang, id="nothing"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_time_is_for_the_whole_exchange(script: Step, method: str) -> None:
    """What keeps coming does not make it longer."""
    async with serving(script) as backend, client_of(backend, timeout_seconds=0.1) as send:
        with pytest.raises(BackendTimeout):
            await send(method, b"{}")
        await backend.left[0].wait()
        assert backend.used == [0]
    async with serving(answer()) as backend, client_of(backend) as send:
        assert await send(method, b"{}") == (200, TEXT)


@pytest.mark.parametrize("value", ["a\r\nX-Injected: b", "a\n", "\ra", "a\r\n\r\nGET /other HTTP/1.1"])
@pytest.mark.parametrize("is_name", [False, True])
async def test_a_header_holds_no_end_of_a_line(value: str, is_name: bool) -> None:
    """Nothing is sent, no connection made."""
    headers = {value: "a"} if is_name else {"X-Before": "a", "X-Request-ID": value, "X-After": "b"}
    async with serving() as backend, client_of(backend) as send:
        with pytest.raises(ValueError, match="end of a line"):
            await send(headers=headers)
        assert (backend.seen, backend.left) == ([], [])
        assert await send(headers={"X-Request-ID": "è"}) == (200, b"0")
    assert backend.seen[0].header("X-Request-ID") == ["è"]


def hosts() -> list[str]:
    """The loopback addresses that this machine has, and their name, as they stand in an address."""
    found = ["127.0.0.1", "localhost"]
    with socket.socket(socket.AF_INET6) as ipv6:
        try:
            ipv6.bind(("::1", 0))
        except OSError:
            return found
    return [*found, "[::1]"]


@pytest.mark.parametrize("host", hosts())
async def test_the_head_of_a_request(host: str) -> None:
    """Where it goes, as the address has it, port included; what we read; no length where there is no body."""
    async with serving(host=host.strip("[]")) as backend, client_of(backend, host=host) as send:
        assert await send(headers={"X-Request-ID": "r-1"}) == (200, b"0")
    (seen,) = backend.seen
    assert seen.line == "GET /thing?fields=id HTTP/1.1"
    assert seen.header("Host") == [f"{host}:{backend.port}"]
    assert seen.header("Accept") == ["application/json"]
    assert re.fullmatch(r"telco-gateway/\d+\.\d+\.\d+", seen.header("User-Agent")[0])
    assert seen.header("Accept-Encoding") == ["gzip, deflate"]
    assert seen.header("X-Request-ID") == ["r-1"]
    assert seen.header("Content-Length") == seen.header("Transfer-Encoding") == seen.header("Connection") == []


@pytest.mark.parametrize("body", [b"{}", '{"città": "Forlì €😀"}'.encode(), bytes(range(256)) * 1_000, b""])
async def test_the_length_of_a_body_is_in_bytes(body: bytes) -> None:
    """So the next request begins where it ends."""
    async with serving() as backend, client_of(backend) as send:
        assert await send("POST", body, {"Content-Type": "application/json"}) == (200, b"0")
        assert await send("POST", body) == (200, b"1")
    assert [(seen.connection, seen.body) for seen in backend.seen] == [(0, body), (0, body)]
    assert [seen.header("Content-Length") for seen in backend.seen] == [[str(len(body))]] * 2
    assert backend.seen[0].header("Content-Type") == ["application/json"]


async def test_calls_wait_for_a_connection() -> None:
    """There are never more than allowed; each of them is used again at once, and everybody gets his own answer."""
    ready = asyncio.Event()

    def held(number: int) -> Step:
        async def step(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await ready.wait()
            writer.write(answer(b"%d" % number))

        return step

    async with serving(*map(held, range(5))) as backend, client_of(backend, max_connections=2) as send:
        calls = [asyncio.ensure_future(send()) for _ in range(5)]
        await backend.asked(2)
        assert backend.used == [0, 1]
        ready.set()
        assert sorted(await asyncio.gather(*calls)) == [(200, b"%d" % number) for number in range(5)]
    assert (backend.most_open, len(backend.left), len(backend.seen)) == (2, 2, 5)


async def test_waiting_for_a_connection_takes_of_the_time() -> None:
    """Whoever gets none in time was never heard of by the backend; once there is one, calls go on."""
    async with serving(hang) as backend, client_of(backend, timeout_seconds=0.3, max_connections=1) as send:
        results = await asyncio.gather(send(), send(share=0.5), return_exceptions=True)
        assert [type(result) for result in results] == [BackendTimeout, BackendTimeout]
        assert len(backend.seen) == 1
        assert await send() == (200, b"1")
    assert backend.used == [0, 1]


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(hang, id="head"),
        pytest.param(dribbling(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"), id="body"),
    ],
)
async def test_a_call_that_is_cancelled_ends_its_connection(script: Step) -> None:
    """Its answer may still come, and is nobody's; who waits for a place gets one."""
    async with serving(script) as backend, client_of(backend, max_connections=1) as send:
        leaving = asyncio.ensure_future(send())
        await backend.asked(1)
        waiting = asyncio.ensure_future(send())
        await turns()
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        await backend.left[0].wait()
        assert await waiting == (200, b"1")
    assert backend.used == [0, 1]


async def test_one_who_leaves_while_he_waits_for_a_connection_takes_none() -> None:
    """The one who has it is not harmed, and it is there for the next."""
    ready = asyncio.Event()

    async def step(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ready.wait()
        writer.write(answer())

    async with serving(step) as backend, client_of(backend, max_connections=1) as send:
        staying, leaving = asyncio.ensure_future(send()), asyncio.ensure_future(send())
        await backend.asked(1)
        leaving.cancel()
        await asyncio.wait([leaving])
        assert leaving.cancelled()
        ready.set()
        assert await staying == (200, TEXT)
        assert await send() == (200, b"1")
    assert backend.used == [0, 0]


async def test_a_client_that_ends_closes_what_it_kept() -> None:
    """Used before it is entered, it says whose fault that is."""
    async with serving() as backend:
        async with client_of(backend) as send:
            assert await send() == (200, b"0")
            assert not backend.left[0].is_set()
        await backend.left[0].wait()
