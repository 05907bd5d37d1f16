"""The only HTTP client: exchanges on pooled connections, under limits of time and size.

aiohttp keeps the connections and reads the answers. Its session is passed by: what it does for browsers' sake (cookies,
redirects, sniffing, objects for each part) costs more than the exchange itself. See docs/decisions.
"""

import asyncio
import ssl
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http import HttpProcessingError
from aiohttp.http_parser import RawResponseMessage
from aiohttp.streams import StreamReader
from yarl import URL

from gateway.adapters._reply import Reply
from gateway.adapters._tls import ssl_context
from gateway.config import TlsSettings
from gateway.errors import (
    BackendContractBroken,
    BackendError,
    BackendTimeout,
    BackendTlsFailed,
    BackendUnavailable,
)

RESPONSE_MAX_BYTES = 32 * 1024 * 1024
# Below the 5 s that common servers keep an idle connection: we close first, so no call goes into a closing one.
KEEPALIVE_SECONDS = 4.0

FOREIGN_ERRORS: dict[type[BaseException], tuple[type[BackendError], str]] = {
    ssl.SSLError: (BackendTlsFailed, "could not be reached over TLS: a certificate does not hold"),
    aiohttp.ClientSSLError: (BackendTlsFailed, "could not be reached over TLS: a certificate does not hold"),
    TimeoutError: (BackendTimeout, "did not answer in time"),
    aiohttp.ServerTimeoutError: (BackendTimeout, "did not answer in time"),
    aiohttp.ClientConnectorDNSError: (BackendUnavailable, "cannot be reached: its host is unknown"),
    aiohttp.ClientConnectorError: (BackendUnavailable, "cannot be reached: it takes no connection"),
    aiohttp.ClientConnectionError: (BackendUnavailable, "closed the connection without an answer"),
    aiohttp.ClientPayloadError: (BackendUnavailable, "broke off in the middle of its answer"),
    HttpProcessingError: (BackendContractBroken, "answered with something that is not HTTP"),
    aiohttp.ClientError: (BackendUnavailable, "cannot be reached"),
    OSError: (BackendUnavailable, "cannot be reached"),
}
"""What each foreign error means; the entry of the nearest class counts."""


def translated(error: BaseException, backend: str, who: str) -> BackendError | None:
    """Our error for one of aiohttp's, the TLS layer's or the system's, which says `who` failed; None for any other."""
    # A certificate that is refused after the handshake comes as a lost connection, with the reason behind it.
    told = error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else error
    for foreign in type(told).__mro__:
        if foreign in FOREIGN_ERRORS:
            kind, what = FOREIGN_ERRORS[foreign]
            if isinstance(told, aiohttp.ClientConnectorError) and kind is BackendUnavailable:
                return BackendUnavailable(backend, f"{who} {what}.", is_unsent=True)
            return kind(backend, f"{who} {what}.")
    return None


def tls_reason(error: BaseException) -> str:
    """What the TLS layer says of a connection that it did not make, such as "self-signed certificate"."""
    found: BaseException | None = error
    while found is not None:
        told = getattr(found, "verify_message", None) or getattr(found, "reason", None)
        if isinstance(found, ssl.SSLError) and isinstance(told, str):
            return told
        found = getattr(found, "certificate_error", None) or found.__cause__ or found.__context__
    return "unknown"


class HttpClient:
    """One pool of connections to one system; its errors speak of `name`.

    Redirects are not followed, cookies not kept and the environment's proxies not used: a backend is where its
    setting says, and no answer changes what the next call sends.
    """

    def __init__(
        self,
        name: str,
        *,
        tls: TlsSettings,
        tls_path: str,
        connect_timeout_seconds: float,
        max_connections: int,
    ) -> None:
        self.name = name
        self._tls = tls
        self._tls_path = tls_path
        self._timeout = aiohttp.ClientTimeout(sock_connect=connect_timeout_seconds)
        self._max_connections = max_connections
        self._connector: aiohttp.TCPConnector | None = None
        self._origins: dict[str, _Origin] = {}

    async def __aenter__(self) -> Self:
        self._connector = aiohttp.TCPConnector(
            limit=self._max_connections, ssl=ssl_context(self._tls, self._tls_path), keepalive_timeout=KEEPALIVE_SECONDS
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        if self._connector is not None:
            await self._connector.close()

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        until: float,
        who: str = "",
    ) -> Reply:
        """One exchange with an address that is already percent-encoded; a BackendError when there is no answer.

        `until` is the event loop's time by which it must be over; `who` is what errors call the one that was asked,
        where it is not the backend itself. Nothing is tried again here, not even where a connection that was kept is
        closed by the other side in the moment it is used again.
        """
        if self._connector is None:
            raise RuntimeError(f"the client of {self.name} is used before it is entered")
        origin, target = self._origin(url)
        request = origin.request(method, target, headers, body)
        try:
            async with asyncio.timeout_at(until):
                return await self._exchange(self._connector, origin, request)
        except Exception as error:
            ours = translated(error, self.name, who or f"The {self.name} backend")
            if ours is None:
                raise
            raise ours from error

    def _origin(self, url: str) -> "tuple[_Origin, str]":
        """Where the address is, and what is asked for there."""
        at = url.find("/", url.index("://") + 3)
        host, target = (url, "/") if at < 0 else (url[:at], url[at:])
        origin = self._origins.get(host)
        if origin is None:
            origin = self._origins[host] = _Origin(host)
        return origin, target

    async def _exchange(self, connector: aiohttp.TCPConnector, origin: "_Origin", request: bytes) -> Reply:
        connection, protocol = await self._connected(connector, origin)
        try:
            message, payload = await _answer(protocol, request)
            body = await self._body(payload)
        except BaseException:
            connection.close()
            raise
        if message.code == 101:
            connection.close()
        else:
            protocol._parser = None  # whatever comes while it idles shows then, be it a part of a head
            connection.release()  # closes it where the answer says so
        headers = message.headers
        return Reply(
            status=message.code,
            body=body,
            total=_count(headers.get("X-Total-Count")),
            retry_after=headers.get("Retry-After"),
            date=headers.get("Date"),
        )

    async def _connected(
        self, connector: aiohttp.TCPConnector, origin: "_Origin"
    ) -> tuple[Connection, ResponseHandler]:
        """A connection on which nothing has come that nobody asked for: it would be taken for our answer."""
        while True:
            connection = await connector.connect(origin.template, [], self._timeout)
            protocol = connection.protocol
            if protocol is not None and not protocol.should_close:
                return connection, protocol
            connection.close()

    async def _body(self, payload: StreamReader) -> bytes:
        """The whole body, decompressed, up to a bound that no list page comes near."""
        body = await payload.readany()
        if payload.at_eof() and len(body) <= RESPONSE_MAX_BYTES:
            return body  # nearly always it is there in one piece
        whole = bytearray(body)
        while len(whole) <= RESPONSE_MAX_BYTES and not payload.at_eof():
            whole += await payload.readany()
        if len(whole) > RESPONSE_MAX_BYTES:
            message = f"The {self.name} backend answered with more than {RESPONSE_MAX_BYTES} bytes."
            raise BackendContractBroken(self.name, message)
        return bytes(whole)


@cache
def user_agent() -> str:
    """By what a backend knows the gateway in its own logs."""
    return f"telco-gateway/{metadata.version('telco-gateway')}"


class _Origin:
    """One scheme, host and port: what aiohttp needs to know of it to connect, and the headers of every request."""

    def __init__(self, url: str) -> None:
        headers = {"Accept": "application/json", "User-Agent": user_agent()}
        self.template = aiohttp.ClientRequest("GET", URL(url, encoded=True), headers=headers)
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in self.template.headers.items())

    def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
        """A whole request; ValueError for a header that would end it early."""
        own = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        if own.count("\n") != len(headers) or own.count("\r") != len(headers):
            raise ValueError("a header holds the end of a line")
        if body is None:
            return f"{method} {target} HTTP/1.1\r\n{self._headers}{own}\r\n".encode()
        return f"{method} {target} HTTP/1.1\r\n{self._headers}{own}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _answer(protocol: ResponseHandler, request: bytes) -> tuple[RawResponseMessage, StreamReader]:
    """Sends the request; the head of the answer and what its body will be read from."""
    if protocol.transport is None:
        raise aiohttp.ServerDisconnectedError
    protocol.set_response_params(read_until_eof=True)
    protocol.transport.write(request)
    while True:
        message, payload = await protocol.read()
        if not 100 <= message.code <= 199 or message.code == 101:
            return message, payload


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else None
