"""A whole answer, ready to be sent: two messages of ASGI."""

from collections.abc import Iterable
from typing import NamedTuple

from starlette.types import Send

Header = tuple[bytes, bytes]
"""Name in lower case, and value."""


class Reply(NamedTuple):
    """Status, headers without the length, body."""

    status: int
    headers: tuple[Header, ...]
    body: bytes = b""


def encoded(headers: Iterable[tuple[str, str]]) -> tuple[Header, ...]:
    """Headers as ASGI takes them."""
    return tuple((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers)


async def send_reply(send: Send, reply: Reply, *more: Header) -> None:
    """Sends it, with `more` headers and, where there may be a body (RFC 9110, 8.6), its length."""
    if reply.status != 204:
        more = ((b"content-length", b"%d" % len(reply.body)), *more)
    await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers + more})
    await send({"type": "http.response.body", "body": reply.body})
