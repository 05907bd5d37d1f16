"""The only HTTP client: limits of time and size, foreign errors translated into ours, one log line for each call."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self, TypeVar

import aiohttp
import msgspec
import structlog
from msgspec import UNSET, UnsetType
from yarl import URL

from gateway.adapters._auth import authorization
from gateway.adapters._call import Answer, Call
from gateway.adapters._reply import Reply, error_of
from gateway.adapters._tls import ssl_context
from gateway.config import BackendSettings, TlsSettings, profiles_of
from gateway.domain.caller import SERVED, current_request_id
from gateway.domain.time import Clock
from gateway.errors import (
    BackendContractBroken,
    BackendError,
    BackendTimeout,
    BackendTlsFailed,
    BackendUnavailable,
    GatewayError,
)
from gateway.log import Line, write

log = structlog.get_logger()

T = TypeVar("T")

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
    aiohttp.ClientResponseError: (BackendContractBroken, "answered with something that is not HTTP"),
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
            return kind(backend, f"{who} {what}.")
    return None


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
        timeout_seconds: float,
        max_connections: int,
    ) -> None:
        self.name = name
        self._tls = tls
        self._tls_path = tls_path
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=connect_timeout_seconds)
        self._max_connections = max_connections
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            limit=self._max_connections, ssl=ssl_context(self._tls, self._tls_path), keepalive_timeout=KEEPALIVE_SECONDS
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept": "application/json"},
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None, *, who: str = ""
    ) -> Reply:
        """One exchange with an address that is already percent-encoded; a BackendError when there is no answer.

        `who` is what errors call the one that was asked, where it is not the backend itself.
        """
        if self._session is None:
            raise RuntimeError(f"the client of {self.name} is used before it is entered")
        try:
            async with self._session.request(
                method, URL(url, encoded=True), headers=headers, data=body, allow_redirects=False
            ) as response:
                return Reply(
                    status=response.status,
                    body=await self._body(response),
                    total=_count(response.headers.get("X-Total-Count")),
                    retry_after=response.headers.get("Retry-After"),
                    date=response.headers.get("Date"),
                )
        except Exception as error:
            ours = translated(error, self.name, who or f"The {self.name} backend")
            if ours is None:
                raise
            raise ours from error

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        """The whole body, decompressed, up to a bound that no list page comes near."""
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > RESPONSE_MAX_BYTES:
                message = f"The {self.name} backend answered with more than {RESPONSE_MAX_BYTES} bytes."
                raise BackendContractBroken(self.name, message)
        return bytes(body)


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else None


def _code(error: BaseException) -> str:
    """What a log line calls an error: its code, if it is one of ours."""
    if isinstance(error, GatewayError):
        return error.code()
    return "CANCELLED" if isinstance(error, asyncio.CancelledError) else type(error).__name__


class BackendCallLine(Line, kw_only=True, tag="backend_call"):
    """What was asked of a backend, how it went and how long it took."""

    backend: str
    method: str
    path: str
    status: int | None
    ms: float
    rows: int
    batch: int
    error: str | UnsetType
    requests: int | UnsetType = UNSET
    """How many requests share the call, where it is more than one."""


class BackendClient:
    """All calls to one backend (`billing`, `provisioning` or `crm`) go through one of these.

    Making one asks nothing of the backend; entering it opens the pool. ConfigurationError names a wrong profile.
    """

    def __init__(self, name: str, settings: BackendSettings, *, list_max_rows: int, clock: Clock) -> None:
        self.name = name
        self.clock = clock
        self.list_max_rows = list_max_rows
        self.profiles = profiles_of(name, settings.apis)
        self._url = str(URL(settings.url)).rstrip("/")
        self._http = HttpClient(
            name,
            tls=settings.tls,
            tls_path=f"backends.{name}.tls",
            connect_timeout_seconds=settings.connect_timeout_seconds,
            timeout_seconds=settings.timeout_seconds,
            max_connections=settings.max_connections,
        )
        self._authorization = authorization(settings.auth, name, self._post_form)

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def call(self, api: str, call: Call, decoder: msgspec.json.Decoder[T]) -> Answer[T]:
        """The decoded answer; a BackendError where there is none, or none that the contract allows."""
        began = time.monotonic()
        code: str | UnsetType = UNSET
        status, rows = None, 0
        try:
            reply = await self._authorized(f"{self._url}{self.profiles[api].base_path.rstrip('/')}{call.target}", call)
            status = reply.status
            answer = self._read(call, reply, decoder)
            rows = answer.rows
            return answer
        except BaseException as error:
            code = _code(error)
            raise
        finally:
            served = SERVED.get()
            shared = served.log_fields() if served else {}
            write(
                BackendCallLine(
                    backend=self.name,
                    method=call.method,
                    path=call.path,
                    status=status,
                    ms=round((time.monotonic() - began) * 1000, 1),
                    rows=rows,
                    batch=call.batch,
                    error=code,
                    **shared,
                )
            )

    async def _authorized(self, url: str, call: Call) -> Reply:
        """The reply with our credentials; a 401 is tried once more where other credentials can be had."""
        credentials = await self._authorization.headers()
        reply = await self._http.send(call.method, url, self._headers(call, credentials), call.body)
        if reply.status == 401 and self._authorization.renew(credentials):
            credentials = await self._authorization.headers()
            reply = await self._http.send(call.method, url, self._headers(call, credentials), call.body)
        return reply

    def _headers(self, call: Call, credentials: Mapping[str, str]) -> dict[str, str]:
        headers = dict(credentials)
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        request_id = current_request_id()
        if request_id is not None:
            headers["X-Request-ID"] = request_id
        return headers

    def _read(self, call: Call, reply: Reply, decoder: msgspec.json.Decoder[T]) -> Answer[T]:
        if reply.status == 404 and call.none_on_404:
            return Answer(None, None)
        if not 200 <= reply.status < 300:
            raise error_of(self.name, reply, self.clock)
        try:
            return Answer(decoder.decode(reply.body), reply.total, is_partial=reply.status == 206)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            # msgspec's words and path, which never hold the backend's own text; UnicodeDecodeError's would
            what = str(error) if isinstance(error, msgspec.DecodeError) else "the answer is not UTF-8"
            message = f"The {self.name} backend broke its contract on {call.path}: {what}."
            raise BackendContractBroken(self.name, message) from error

    async def _post_form(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        who = f"The token endpoint of the {self.name} backend (backends.{self.name}.auth.token_url)"
        reply = await self._http.send("POST", url, headers, body, who=who)
        log.info("backend_token_fetched", backend=self.name, status=reply.status)
        return reply
