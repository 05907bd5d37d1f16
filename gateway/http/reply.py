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


def is_sent_at_once(scope: Scope, reply: Reply, more: tuple[Header, ...]) -> bool:
    """Sends it with `more` headers in one write, where the server can; False where that is not so now."""
    extensions = scope.get("extensions")
    if not extensions or WHOLE_REPLY not in extensions:
        return False
    is_sent: bool = extensions[WHOLE_REPLY](reply.status, headers_of(reply, more), reply.body)
    return is_sent


async def send_reply(send: Send, reply: Reply, more: tuple[Header, ...]) -> None:
    """Sends it with `more` headers, as ASGI has it."""
    await send({"type": "http.response.start", "status": reply.status, "headers": headers_of(reply, more)})
    await send({"type": "http.response.body", "body": reply.body})


def headers_of(reply: Reply, more: tuple[Header, ...]) -> tuple[Header, ...]:
    """All of them; the length where there may be a body (RFC 9110, 8.6)."""
    if reply.status == 204:
        return reply.headers + more
    return (*reply.headers, (b"content-length", b"%d" % len(reply.body)), *more)
