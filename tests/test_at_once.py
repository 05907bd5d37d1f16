"""Whole requests that the application answers at once, without a task."""

import asyncio
from itertools import count

import pytest
from starlette.types import Receive, Scope, Send

from gateway.serving import Again, SendWhole, serving

HEADERS = [(b"content-type", b"text/plain")]
PIPELINED = 400
"""More than would go if each were answered from within the answer before it."""


class Application:
    """Says how it answers each request: at once where the path begins with /now, else as ASGI has it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": b"later %b %b" % (scope["path"].encode(), body)})

    def answer_at_once(self, scope: Scope, body: bytes, send_whole: SendWhole) -> Again | None:
        """The part of the server that is tested."""
        if not scope["path"].startswith("/now"):
            return None
        times = count()

        def again(send_whole: SendWhole) -> bool:
            time = next(times)
            if scope["path"] == "/now/thrice" and time == 3:
                return False
            text = b"now %b %b" % (scope["path"].encode(), body) + (b" again %d" % time if time else b"")
            is_sent = send_whole(200, [*HEADERS, (b"content-length", b"%d" % len(text))], text)
            if scope["path"] == "/now/fails" and time == 1:
                raise RuntimeError("after the answer is out")
            return is_sent

        return again if again(send_whole) else None


def request(path: str, body: str = "", method: str = "POST", headers: str = "") -> bytes:
    """One request."""
    length = f"Content-Length: {len(body)}\r\n"
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}{length}\r\n{body}".encode()


async def asked(*parts: bytes, answers: int) -> list[str]:
    """The bodies of the answers to what is sent, each part by itself."""
    async with serving(Application()) as url, asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
                if len(parts) > 1:
                    await asyncio.sleep(0.05)
            return [await _body(reader) for _ in range(answers)]
        finally:
            writer.close()
            await writer.wait_closed()


async def _body(reader: asyncio.StreamReader) -> str:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    assert head.startswith("http/1.1 200")
    if "transfer-encoding: chunked" in head:
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
        return body.decode()
    length = int(head.partition("content-length:")[2].partition("\r\n")[0])
    return (await reader.readexactly(length)).decode()


async def test_a_whole_request_is_answered_at_once() -> None:
    """With its body, where it has one; all others go the usual way."""
    assert await asked(request("/now", "abc"), answers=1) == ["now /now abc"]
    assert await asked(request("/now", method="GET"), answers=1) == ["now /now "]
    assert await asked(request("/else", "abc"), answers=1) == ["later /else abc"]


@pytest.mark.parametrize("at", [10, -2])
async def test_a_request_that_comes_in_parts(at: int) -> None:
    """One whose head is not whole in its first part is when its head has come; one whose body lacks, goes to a task."""
    whole = request("/now", "abc")
    how = "now" if at > 0 else "later"
    assert await asked(whole[:at], whole[at:], answers=1) == [f"{how} /now abc"]


async def test_requests_behind_each_other_are_answered_in_their_order() -> None:
    """Whichever way each goes, and however many come together."""
    paths = [f"/{('now', 'else')[index % 3 == 2]}/{index}" for index in range(PIPELINED)]
    found = await asked(b"".join(request(path, "b") for path in paths), answers=PIPELINED)
    assert [each.partition(" ")[2] for each in found] == [f"{path} b" for path in paths]
    assert found[0] == "now /now/0 b"


async def test_what_cannot_be_sent_whole_goes_the_usual_way() -> None:
    """An answer to HEAD has no body: the server says that it did not send it, and asks once more as ASGI has it."""
    async with serving(Application()) as url, asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        try:
            writer.write(request("/now", method="HEAD") + request("/now", "next"))
            assert b"content-length" not in await reader.readuntil(b"\r\n\r\n")
            assert (await _body(reader)).endswith(" /now next")
        finally:
            writer.close()
            await writer.wait_closed()


async def test_garbage_behind_a_request_takes_its_answer_not_away() -> None:
    """The request is whole; what follows is no HTTP, and ends the connection."""
    assert await asked(request("/now", "abc") + b"\x00\x01nonsense\r\n\r\n", answers=1) == ["now /now abc"]


async def test_the_very_same_request_is_answered_again_without_being_parsed() -> None:
    """As long as each read is that request alone, and for as long as there is an answer."""
    one, other = request("/now/thrice", "abc"), request("/now/thrice", "xyz")
    assert await asked(one, one, one, one, one, answers=5) == [
        "now /now/thrice abc",
        "now /now/thrice abc again 1",
        "now /now/thrice abc again 2",
        "now /now/thrice abc",
        "now /now/thrice abc again 1",
    ]
    assert await asked(one, other, one, answers=3) == [
        "now /now/thrice abc",
        "now /now/thrice xyz",
        "now /now/thrice abc",
    ]


@pytest.mark.parametrize(
    "parts",
    [
        [request("/now", "ab") * 2, request("/now", "ab") * 2],
        [request("/now", "ab")[:30], request("/now", "ab")[30:], request("/now", "ab")],
        [request("/else", "ab"), request("/else", "ab")],
        [request("/now", "ab") + request("/else", "ab"), request("/now", "ab")],
        [request("/now", "ab"), request("/now", "ab")[:30], request("/now", "ab")[30:]],
    ],
)
async def test_all_other_reads_are_parsed(parts: list[bytes]) -> None:
    """Several requests in a read, a part of one, and what was not answered at once."""
    sent = b"".join(parts).count(b"HTTP/1.1")
    assert not [each for each in await asked(*parts, answers=sent) if "again" in each]


async def test_a_connection_that_is_to_close_answers_nothing_again() -> None:
    """Its client said so: what comes behind the last request is not answered."""
    last = request("/now", "ab", headers="Connection: close\r\n")
    async with serving(Application()) as url, asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        try:
            writer.write(last)
            assert await _body(reader) == "now /now ab"
            assert await reader.read() == b""
        finally:
            writer.close()


async def test_a_failure_behind_an_answer_does_not_answer_twice() -> None:
    """What failed after it had sent is not asked once more."""
    one = request("/now/fails", "ab")
    found = await asked(one, one, one, answers=3)
    assert found == ["now /now/fails ab", "now /now/fails ab again 1", "now /now/fails ab"]
