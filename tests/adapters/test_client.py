"""The HTTP client: limits, errors in one language, and what goes out and into the log."""

import asyncio
import errno
import ssl
from collections.abc import Callable
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.http import HttpProcessingError

from gateway.adapters import _http
from gateway.adapters._api import Api
from gateway.adapters._call import Call
from gateway.adapters._client import BackendClient
from gateway.adapters._http import translated
from gateway.config import BackendSettings
from gateway.domain.caller import CALLER, SERVED, Caller, Served
from gateway.errors import (
    BackendAccessDenied,
    BackendBusy,
    BackendContractBroken,
    BackendError,
    BackendFailed,
    BackendRejected,
    BackendTimeout,
    BackendTlsFailed,
    BackendUnavailable,
)


class Thing(msgspec.Struct, frozen=True):
    """A record of which only the id and a name are read."""

    id: str
    name: str | None = None


async def get(client: BackendClient, id: str = "t-1") -> Thing | None:
    """Reads one thing of an API that exists in every test here."""
    return await Api(client, "troubleTicket").get("/thing", id, Thing)


def answering(**response: Any) -> Callable[[web.BaseRequest], Any]:
    """A handler that always answers the same."""

    async def answer(_request: web.BaseRequest) -> web.Response:
        return web.Response(**response)

    return answer


EXPORTED = [getattr(aiohttp, name) for name in aiohttp.__all__]
FOREIGN = [kind for kind in EXPORTED if isinstance(kind, type) and issubclass(kind, aiohttp.ClientError)]
WHO = "The crm backend"


@pytest.mark.parametrize("kind", FOREIGN, ids=lambda kind: kind.__name__)
def test_every_error_of_aiohttp_has_a_translation(kind: type[Exception]) -> None:
    """Each error of its client that aiohttp exports is one of ours, about the one who was asked."""
    ours = translated(kind.__new__(kind), "crm", WHO)
    assert isinstance(ours, BackendError)
    assert ours.message.startswith(WHO)


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (aiohttp.ServerDisconnectedError(), BackendUnavailable),
        (aiohttp.ClientPayloadError(), BackendUnavailable),
        (aiohttp.ConnectionTimeoutError(), BackendTimeout),
        (aiohttp.SocketTimeoutError(), BackendTimeout),
        (TimeoutError(), BackendTimeout),
        (HttpProcessingError(), BackendContractBroken),
        (ssl.SSLCertVerificationError(), BackendTlsFailed),
        (OSError(errno.EMFILE, "too many open files"), BackendUnavailable),
        (ConnectionResetError(), BackendUnavailable),
    ],
)
def test_foreign_errors_become_the_nearest_of_ours(error: Exception, ours: type[BackendError]) -> None:
    """Timeouts, lost connections and TLS faults are told apart."""
    assert type(translated(error, "crm", WHO)) is ours


def test_a_refused_client_certificate_is_a_tls_error() -> None:
    """TLS 1.3 reports it after the handshake, as a lost connection with the TLS error behind it."""
    lost = aiohttp.ClientOSError()
    lost.__cause__ = ssl.SSLError()
    assert type(translated(lost, "crm", WHO)) is BackendTlsFailed


def test_an_error_of_our_own_is_not_translated() -> None:
    """A fault of the gateway must not look like the backend's."""
    assert translated(KeyError("x"), "crm", WHO) is None


@pytest.mark.parametrize(
    ("status", "ours", "retryable"),
    [
        (302, BackendContractBroken, False),
        (400, BackendRejected, False),
        (401, BackendAccessDenied, False),
        (403, BackendAccessDenied, False),
        (422, BackendRejected, False),
        (429, BackendBusy, True),
        (500, BackendFailed, True),
        (502, BackendFailed, True),
        (503, BackendBusy, True),
    ],
)
async def test_statuses(server: Any, connect: Any, status: int, ours: type[BackendError], retryable: bool) -> None:
    """Each class of status is one error, which names the backend and none of its text."""
    server.answer = answering(status=status, text='{"code":60,"reason":"CANARY"}', headers={"Location": "/elsewhere"})
    async with connect("crm") as client:
        with pytest.raises(ours) as caught:
            await get(client)
    assert (caught.value.backend, caught.value.retryable) == ("crm", retryable)
    assert str(status) in caught.value.message
    assert "CANARY" not in caught.value.message
    assert len(server.seen) == 1


async def test_404_of_one_record_is_none(server: Any, connect: Any) -> None:
    """A record that does not exist is no error."""
    server.rows["thing"] = []
    async with connect("crm") as client:
        assert await get(client) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "99999999"}, 30.0),
        ({"Retry-After": "Tue, 24 Nov 2026 10:00:30 GMT", "Date": "Tue, 24 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"Retry-After": "Tue, 24 Nov 2026 09:00:00 GMT", "Date": "Tue, 24 Nov 2026 10:00:00 GMT"}, 0.0),
    ],
)
async def test_retry_after(server: Any, connect: Any, headers: dict[str, str], seconds: float | None) -> None:
    """Retry-After is read as seconds or as a date by the backend's clock."""
    server.answer = answering(status=503, headers=headers)
    async with connect("crm") as client:
        with pytest.raises(BackendBusy) as caught:
            await get(client)
    assert caught.value.retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"id": 7}', "Expected `str`, got `int` - at `$.id`"),
        (b'{"name": "CANARY"}', "Object missing required field `id`"),
        (b'{"id": "t-1"', "Input data was truncated"),
        (b"<html>CANARY</html>", "JSON is malformed: invalid character (byte 0)"),
        (b"", "Input data was truncated"),
        (b'{"id": "\xff"}', "UTF-8"),
    ],
)
async def test_an_unreadable_answer_breaks_the_contract(server: Any, connect: Any, body: bytes, told: str) -> None:
    """The error says where in the answer, and repeats none of it."""
    server.answer = answering(body=body)
    async with connect("crm") as client:
        with pytest.raises(BackendContractBroken, match=r"/thing/\{id\}") as caught:
            await get(client)
    assert told in caught.value.message
    assert "CANARY" not in caught.value.message


async def test_no_answer_in_time(server: Any, connect: Any) -> None:
    """A backend that hangs costs the call's time and no more."""
    never = asyncio.Event()

    async def hang(_request: web.BaseRequest) -> web.Response:
        await never.wait()
        return web.Response()

    server.answer = hang
    async with connect("crm", timeout_seconds=0.05) as client:
        with pytest.raises(BackendTimeout, match="crm"):
            await get(client)
    never.set()


async def test_a_connection_reset_without_an_answer(server: Any, connect: Any) -> None:
    """A reset is unavailability."""

    async def reset(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    server.answer = reset
    async with connect("crm") as client:
        with pytest.raises(BackendUnavailable):
            await get(client)


async def test_an_answer_that_breaks_off(server: Any, connect: Any) -> None:
    """Half a body is never taken for a whole one."""

    async def half(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b'{"id": "t-1"}')
        assert request.transport is not None
        request.transport.close()
        return response

    server.answer = half
    async with connect("crm") as client:
        with pytest.raises(BackendUnavailable, match="in the middle"):
            await get(client)


async def test_a_refused_connection(connect: Any) -> None:
    """A backend that is not there is unavailable; making the client asked nothing of it."""
    async with connect("crm", url="http://127.0.0.1:9") as client:
        with pytest.raises(BackendUnavailable, match="takes no connection"):
            await get(client)


async def test_something_that_is_not_http(connect: Any) -> None:
    """An answer in another protocol breaks the contract."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        writer.close()

    mail = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with mail, connect("crm", url=f"http://127.0.0.1:{mail.sockets[0].getsockname()[1]}") as client:
        with pytest.raises(BackendContractBroken, match="not HTTP"):
            await get(client)


async def test_an_answer_has_a_bound(server: Any, connect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """More bytes than any page has break the contract before they fill the memory."""
    monkeypatch.setattr(_http, "RESPONSE_MAX_BYTES", 1_000)
    server.answer = answering(body=b'{"id": "' + b"x" * 2_000 + b'"}')
    async with connect("crm") as client:
        with pytest.raises(BackendContractBroken, match="more than 1000 bytes"):
            await get(client)


async def test_cookies_are_not_kept(server: Any, connect: Any) -> None:
    """Nothing in one answer changes the next request."""
    server.answer = answering(text='{"id": "t-1"}', headers={"Set-Cookie": "session=1; Path=/"})
    async with connect("crm", url=server.url.replace("127.0.0.1", "localhost")) as client:  # no jar keeps an address's
        await get(client)
        await get(client)
    assert [seen.headers.get("Cookie") for seen in server.seen] == [None, None]


async def test_the_request_id_travels(server: Any, connect: Any) -> None:
    """Every call carries the id of the request it is made for, and only its own."""
    server.answer = answering(text='{"id": "t-1"}')
    async with connect("crm") as client:
        before = CALLER.set(Caller("req-1", "secret-token"))
        await get(client)
        CALLER.reset(before)
        await get(client)
    assert [seen.headers.get("X-Request-ID") for seen in server.seen] == ["req-1", None]
    assert [seen.headers.get("Authorization") for seen in server.seen] == [None, None]


async def test_a_shared_call_goes_out_under_the_first_request_s_id(
    server: Any, connect: Any, logged: list[dict[str, Any]]
) -> None:
    """The log's line names all of them: those that join while the call runs, too."""
    served = Served(Caller("req-1", None))

    async def joined(_request: web.BaseRequest) -> web.Response:
        served.add(Caller("req-2", None))
        return web.Response(text='{"id": "t-1"}')

    server.answer = joined
    async with connect("crm") as client:
        before = SERVED.set(served)
        await get(client)
        SERVED.reset(before)
    assert server.seen[0].headers["X-Request-ID"] == "req-1"
    (line,) = logged
    assert (line["request_id"], line["request_ids"], line["requests"]) == ("req-1", ["req-1", "req-2"], 2)


async def test_one_log_line_for_each_call(server: Any, connect: Any, logged: list[dict[str, Any]]) -> None:
    """It says what was called and what came, by template: no id, no value of a query."""
    server.rows["thing"] = [{"id": "+393451234567"}]
    async with connect("crm") as client:
        await get(client, "+393451234567")
        with pytest.raises(BackendRejected):
            await Api(client, "troubleTicket").page("/none", [], Thing, limit=3)
    times = [event.pop("ms") for event in logged]
    assert all(time >= 0 for time in times)
    assert logged == [
        {
            "event": "backend_call",
            "log_level": "info",
            "backend": "crm",
            "method": "GET",
            "path": "/thing/{id}",
            "status": 200,
            "rows": 1,
            "batch": 1,
        },
        {
            "event": "backend_call",
            "log_level": "info",
            "backend": "crm",
            "method": "GET",
            "path": "/none",
            "status": 404,
            "rows": 0,
            "batch": 1,
            "error": "BACKEND_REJECTED",
        },
    ]


async def test_a_call_that_is_cancelled_is_logged(server: Any, connect: Any, logged: list[dict[str, Any]]) -> None:
    """A call that nobody waited for is told from one that went well."""
    arrived, never = asyncio.Event(), asyncio.Event()

    async def hang(_request: web.BaseRequest) -> web.Response:
        arrived.set()
        await never.wait()
        return web.Response()

    server.answer = hang
    async with connect("crm") as client:
        call = asyncio.create_task(get(client))
        await arrived.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    never.set()
    assert [(event["error"], event["status"]) for event in logged] == [("CANCELLED", None)]


async def test_a_fault_of_ours_is_logged(server: Any, connect: Any, logged: list[dict[str, Any]]) -> None:
    """An error that nobody foresaw has its class name in the line of its call."""
    server.rows["thing"] = [{"id": "t-1"}]

    def faulty(_kind: type, _value: object) -> object:
        raise ZeroDivisionError

    decoder = msgspec.json.Decoder(list[complex], dec_hook=faulty)
    async with connect("crm") as client:
        with pytest.raises(ZeroDivisionError):
            await client.call("troubleTicket", Call(path="/thing", target="/thing"), decoder)
    assert [(event["error"], event["status"]) for event in logged] == [("ZeroDivisionError", 200)]


async def test_ids_are_percent_encoded(server: Any, connect: Any) -> None:
    """An id with any character is one segment of the path."""
    server.rows["thing"] = [{"id": "0.0.0.1+-account+1/a:b,c?d#e é"}]
    async with connect("crm") as client:
        found = await get(client, "0.0.0.1+-account+1/a:b,c?d#e é")
    assert found is not None
    assert server.seen[0].target.partition("?")[0] == (
        "/tmf-api/troubleTicket/v4/thing/0.0.0.1%2B-account%2B1%2Fa%3Ab%2Cc%3Fd%23e%20%C3%A9"
    )


async def test_the_struct_is_the_projection(server: Any, connect: Any) -> None:
    """`fields` names what the Struct has, unless the profile says that the backend does not take it."""
    server.rows["thing"] = [{"id": "t-1"}]
    async with connect("crm") as client:
        await get(client)
    async with connect("crm", apis={"troubleTicket": {"send_fields": False}}) as client:
        await get(client)
    assert [seen.target.partition("?")[2] for seen in server.seen] == ["fields=id,name", ""]


async def test_a_client_must_be_entered() -> None:
    """Using a client outside its `async with` is a fault of ours, not the backend's."""
    client = BackendClient("crm", BackendSettings(url="http://127.0.0.1:9"), list_max_rows=1, clock=lambda: None)  # type: ignore[arg-type,return-value]
    with pytest.raises(RuntimeError, match="before it is entered"):
        await get(client)
