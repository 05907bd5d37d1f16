"""All calls to one backend: with its credentials, read by its contract, one log line for each."""

import asyncio
import time
from collections.abc import Mapping
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

import msgspec
import structlog
from msgspec import UNSET, UnsetType
from yarl import URL

from gateway.adapters._auth import authorization
from gateway.adapters._call import Answer, Call
from gateway.adapters._counts import OK, CallCounts
from gateway.adapters._decoding import WireDecoder
from gateway.adapters._guard import Guard
from gateway.adapters._http import HttpClient, tls_reason
from gateway.adapters._reply import Reply, error_of
from gateway.adapters._retry import RetryBudget
from gateway.adapters._traces import CallSpan, trace_headers
from gateway.config import BackendSettings, profiles_of
from gateway.domain.caller import SERVED, MadeCall, current_request_id, deadline, note_call
from gateway.domain.places import Places
from gateway.domain.time import Clock
from gateway.errors import BackendContractBroken, BackendTlsFailed, GatewayError
from gateway.log import Line, write
from gateway.tracing import Tracer

log = structlog.get_logger()

T = TypeVar("T")


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
    attempt: int | UnsetType = UNSET
    """Which one it is, from the second on."""
    requests: int | UnsetType = UNSET
    """How many requests share the call, where it is more than one."""


class BackendClient:
    """All calls to one backend (`billing`, `provisioning` or `crm`) go through one of these.

    Making one asks nothing of the backend; entering it opens the pool. ConfigurationError names a wrong profile.
    """

    def __init__(
        self, name: str, settings: BackendSettings, *, list_max_rows: int, clock: Clock, tracer: Tracer | None = None
    ) -> None:
        self.name = name
        self.clock = clock
        self.list_max_rows = list_max_rows
        self.profiles = profiles_of(name, settings.apis)
        self._tracer = tracer
        self._url = str(URL(settings.url)).rstrip("/")
        self._timeout_seconds = settings.timeout_seconds
        self._http = HttpClient(
            name,
            tls=settings.tls,
            tls_path=f"backends.{name}.tls",
            connect_timeout_seconds=settings.connect_timeout_seconds,
            max_connections=settings.max_connections,
        )
        self.counts = CallCounts(self.profiles)
        self._authorization = authorization(settings.auth, name, self._post_form)
        self.places = Places(settings.max_connections, settings.queue_max)
        budget = RetryBudget(settings.retry)
        self.guards = {
            api: Guard(name, api, settings, profile, self.places, budget, self.counts.apis[api])
            for api, profile in self.profiles.items()
        }
        self.counts.on_read = self._note_states

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def call(self, api: str, call: Call, decoder: WireDecoder[T]) -> Answer[T]:
        """The decoded answer; a BackendError where there is none, or none that the contract allows."""
        return await self.guards[api].run(call, partial(self._exchange, api, call, decoder), deadline())

    async def _exchange(self, api: str, call: Call, decoder: WireDecoder[T], attempt: int, until: float) -> Answer[T]:
        """One attempt, counted, traced and logged."""
        url = f"{self._url}{self.profiles[api].base_path.rstrip('/')}{call.target}"
        began = time.monotonic()
        code: str | UnsetType = UNSET
        status, rows = None, 0
        span = None if self._tracer is None else CallSpan(self._tracer, self.name, call, attempt)
        try:
            reply = await self._authorized(url, call, until)
            status = reply.status
            answer = self._read(call, reply, decoder)
            rows = answer.rows
            return answer
        except BaseException as error:
            code = _code(error)
            self._tell(error, call, url)
            raise
        finally:
            seconds = time.monotonic() - began
            self.counts.count(api, OK if code is UNSET else code, seconds, call.batch)
            if span is not None:
                span.end(status=status, rows=rows, failure=None if code is UNSET else code)
            note_call(MadeCall(self.name, call.method, call.path, call.batch, seconds))
            served = SERVED.get()
            shared = served.log_fields() if served else {}
            write(
                BackendCallLine(
                    backend=self.name,
                    method=call.method,
                    path=call.path,
                    status=status,
                    ms=round(seconds * 1000, 1),
                    rows=rows,
                    batch=call.batch,
                    error=code,
                    attempt=UNSET if attempt == 1 else attempt,
                    **shared,
                )
            )

    def _tell(self, error: BaseException, call: Call, url: str) -> None:
        """The log, of what somebody has to see to: whose certificate does not hold, where a contract breaks."""
        if isinstance(error, BackendTlsFailed):
            log.warning("backend_tls_failed", backend=self.name, host=URL(url).host, reason=tls_reason(error))
        elif isinstance(error, BackendContractBroken):
            log.warning("backend_contract_broken", backend=self.name, path=call.path, reason=error.message)

    async def _authorized(self, url: str, call: Call, until: float) -> Reply:
        """The reply with our credentials; a 401 is tried once more where other credentials can be had."""
        credentials = await self._authorization.headers(until)
        reply = await self._http.send(call.method, url, self._headers(call, credentials), call.body, until=until)
        if reply.status == 401 and self._authorization.renew(credentials):
            credentials = await self._authorization.headers(until)
            reply = await self._http.send(call.method, url, self._headers(call, credentials), call.body, until=until)
        return reply

    def _note_states(self) -> None:
        now = asyncio.get_running_loop().time()
        for guard in self.guards.values():
            guard.counts.breaker_state = guard.breaker.state(now)
            guard.counts.calls_at_once = guard.congestion.limit

    def _headers(self, call: Call, credentials: Mapping[str, str]) -> dict[str, str]:
        headers = dict(credentials)
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        request_id = current_request_id()
        if request_id is not None:
            headers["X-Request-ID"] = request_id
        headers.update(trace_headers())
        return headers

    def _read(self, call: Call, reply: Reply, decoder: WireDecoder[T]) -> Answer[T]:
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
        until = asyncio.get_running_loop().time() + self._timeout_seconds
        reply = await self._http.send("POST", url, headers, body, until=until, who=who)
        log.info("backend_token_fetched", backend=self.name, status=reply.status)
        return reply
