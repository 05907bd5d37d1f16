"""What a backend's own class is handed: exact requests, checked rows, the gateway's errors."""

from typing import Any

import msgspec
import pytest
from aiohttp import web

from examples.flat_billing import FlatBilling, FlatCredit
from gateway.adapters.json_api import JsonApi, OneByOne
from gateway.config import RetryPolicy
from gateway.domain.key import Key
from gateway.errors import (
    BackendContractBroken,
    BackendFailed,
    BackendFilterIgnored,
    BackendRejected,
    GatewayError,
    ListTooLong,
)

INVOICE = {
    "no": "7/A",
    "account": "acc 1",
    "printed": "2026/7",
    "kind": "S",
    "status": "open",
    "issued": "2026-11-02",
    "due": "2026-12-02",
    "cents": 1230,
    "net_cents": 1008,
    "open_cents": 5,
}
KEY, ACCOUNT = Key("org-1", "7/A"), Key("org-1", "acc 1")


def gives(server: Any, document: object, status: int = 200) -> None:
    """Makes the server answer everything with that."""

    async def answer(_request: web.BaseRequest) -> web.Response:
        return web.json_response(document, status=status)

    server.answer = answer


async def test_a_row(server: Any, connect: Any) -> None:
    """The id is encoded into the path below the URL; cents are exact amounts."""
    gives(server, INVOICE)
    async with connect("billing", url=f"{server.url}/v1") as client:
        (invoice,) = await FlatBilling(JsonApi(client)).invoice_by_id.get_many([KEY])
    assert [(seen.method, seen.target) for seen in server.seen] == [("GET", "/v1/invoices/7%2FA")]
    assert not isinstance(invoice, GatewayError)
    assert invoice is not None
    assert [str(money and money.amount) for money in (invoice.net, invoice.total, invoice.outstanding)] == [
        "10.08",
        "12.30",
        "0.05",
    ]
    assert (invoice.company_id, invoice.account_id) == ("org-1", "acc 1")


async def test_what_was_not_asked_for(server: Any, connect: Any, logged: list[dict[str, Any]]) -> None:
    """Another record than the one that was asked for is none, an unknown one too; what cannot be an id is not sent."""
    async with connect("billing") as client:
        source = FlatBilling(JsonApi(client)).invoice_by_id
        gives(server, INVOICE | {"no": "8"})
        assert await source.get_many([KEY]) == [None]
        gives(server, {}, 404)
        assert await source.get_many([KEY, Key("org-1", ".."), Key("org-1", "")]) == [None] * 3
    assert len(server.seen) == 2
    assert [event["path"] for event in logged if event["event"] == "backend_rows_dropped"] == ["/invoices/{id}"]
    assert "7/A" not in str(logged)


async def test_rows_of_an_owner(server: Any, connect: Any) -> None:
    """The owner and the rest of the query are encoded; a row of another owner fails the list; 404 is an empty one."""
    async with connect("billing") as client:
        source = FlatBilling(JsonApi(client)).invoices_by_account_id
        gives(server, [INVOICE, INVOICE | {"no": "6", "issued": "2020-01-01"}])
        (recent,) = await source.get_many([ACCOUNT])
        gives(server, [INVOICE, INVOICE | {"no": "8", "account": "acc 2"}])
        (ignored,) = await source.get_many([ACCOUNT])
        gives(server, {}, 404)
        assert await source.get_many([ACCOUNT, Key("org-1", "")]) == [(), ()]
    assert server.seen[0].target == "/invoices?account=acc%201&since=2024-11-24"
    assert len(server.seen) == 3
    assert isinstance(recent, tuple)
    assert [invoice.id for invoice in recent] == ["7/A"]
    assert isinstance(ignored, BackendFilterIgnored)
    assert ignored.message == (
        "The billing backend answered with rows of others, so it ignores 'account' on /invoices."
    )


async def test_a_list_that_is_too_long(server: Any, connect: Any) -> None:
    """It is an error, never cut."""
    gives(server, [INVOICE | {"no": str(number)} for number in range(4)])
    async with connect("billing", list_max_rows=3) as client:
        (found,) = await FlatBilling(JsonApi(client)).invoices_by_account_id.get_many([ACCOUNT])
    assert isinstance(found, ListTooLong)
    assert "limits.list_max_rows" in found.message


@pytest.mark.parametrize(
    ("document", "status", "error"),
    [
        (INVOICE | {"cents": 12.5}, 200, BackendContractBroken),
        (INVOICE | {"issued": "soon"}, 200, BackendContractBroken),
        ([INVOICE], 200, BackendContractBroken),
        ({"error": "no"}, 500, BackendFailed),
        ({"error": "no"}, 400, BackendRejected),
    ],
)
async def test_errors_are_the_gateway_s(
    server: Any, connect: Any, document: object, status: int, error: type[GatewayError]
) -> None:
    """Half a cent, a day that is none, another shape, a failure: each its own error, without the backend's text."""
    gives(server, document, status)
    async with connect("billing") as client:
        (found,) = await FlatBilling(JsonApi(client)).invoice_by_id.get_many([KEY])
    assert type(found) is error
    assert "soon" not in str(found)


class Question(msgspec.Struct):
    """A body."""

    line: str


async def test_a_question_by_post(server: Any, connect: Any) -> None:
    """It goes out as JSON, and comes back in the shape that was asked for; 404 is nothing."""
    async with connect("billing") as client:
        api = JsonApi(client)
        gives(server, {"line": "l", "cents": 5})
        assert await api.post("/ask", Question("l"), FlatCredit) == FlatCredit("l", 5)
        gives(server, {}, 404)
        assert await api.post("/ask", Question("l"), FlatCredit) is None
    assert [(seen.method, seen.target, seen.body) for seen in server.seen] == [("POST", "/ask", b'{"line":"l"}')] * 2


@pytest.mark.parametrize(("said", "calls"), [({}, 1), ({"is_safe": False}, 1), ({"is_safe": True}, 2)])
async def test_a_post_is_sent_once_unless_it_is_said_to_be_safe(
    server: Any, connect: Any, said: dict[str, bool], calls: int
) -> None:
    """Whoever forgets to say what a POST does gets it sent once: a backend that failed may have done it already."""
    gives(server, {}, 500)
    async with connect("billing", retry=RetryPolicy(attempts_max=2, pause_max_seconds=0.01)) as client:
        with pytest.raises(BackendFailed):
            await JsonApi(client).post("/ask", Question("l"), FlatCredit, **said)
    assert [seen.method for seen in server.seen] == ["POST"] * calls


async def test_keys_one_by_one() -> None:
    """Each key has its own outcome, in order; none at all asks nothing."""

    async def read(key: str) -> str | None:
        if key == "bad":
            raise BackendFailed("billing", "no")
        return None if key == "none" else key.upper()

    source = OneByOne(read)
    found = await source.get_many(["a", "bad", "none", "b"])
    assert [type(value) if isinstance(value, GatewayError) else value for value in found] == [
        "A",
        BackendFailed,
        None,
        "B",
    ]
    assert await source.get_many([]) == []
