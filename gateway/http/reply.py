"""A whole answer, ready to be sent: in one write where the server can, or else as two messages of ASGI."""

from collections.abc import Iterable
from typing import NamedTuple

from starlette.types import Scope, Send

from gateway.serving import WHOLE_REPLY

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


async def send_reply(scope: Scope, send: Send, reply: Reply, *more: Header) -> None:
    """Sends it, with `more` headers and, where there may be a body (RFC 9110, 8.6), its length."""
    if reply.status != 204:
        more = ((b"content-length", b"%d" % len(reply.body)), *more)
    headers = reply.headers + more
    extensions = scope.get("extensions")
    if extensions and WHOLE_REPLY in extensions and extensions[WHOLE_REPLY](reply.status, headers, reply.body):
        return
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
