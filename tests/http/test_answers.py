"""What the client reads when something goes wrong inside, how long it may take, and what is logged of it."""

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

import aiohttp
import pytest
import structlog

pytestmark = pytest.mark.asyncio(loop_scope="module")

HIDDEN = "The gateway failed on this part of the answer; quote the request id to support."


async def ask(client: aiohttp.ClientSession, url: str, query: str, **headers: str) -> tuple[int, Any]:
    """Status and body of the answer."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.post(f"{url}/graphql", json={"query": query}, headers=given) as response:
        return response.status, await response.json(content_type=None)


@pytest.mark.parametrize("field", ["broken", "number"])
async def test_faults_are_hidden(http_client: aiohttp.ClientSession, url: str, field: str) -> None:
    """A Python error, and a value of the wrong kind, reach the log and never the client."""
    with structlog.testing.capture_logs() as logs:
        status, body = await ask(http_client, url, f"{{ echo {field} }}", X_Request_ID="req-1")
    assert status == 200
    assert body["data"] == {"echo": "none", field: None}
    assert body["errors"] == [
        {
            "message": HIDDEN,
            "locations": [{"line": 1, "column": 8}],
            "path": [field],
            "extensions": {"code": "INTERNAL_ERROR", "retryable": False, "requestId": "req-1"},
        }
    ]
    faults = [entry for entry in logs if entry["event"] == "internal_error"]
    assert [(entry["path"], isinstance(entry["exc_info"], Exception)) for entry in faults] == [([field], True)]


async def test_one_fault_is_logged_once(http_client: aiohttp.ClientSession, url: str) -> None:
    """Fifty rows that fail alike are fifty errors of the answer and one traceback."""
    with structlog.testing.capture_logs() as logs:
        _, body = await ask(http_client, url, "{ manyBroken { broken } }")
    assert len(body["errors"]) == 50
    assert len([entry for entry in logs if entry["event"] == "internal_error"]) == 1


@pytest.mark.parametrize(("query", "kid"), [("{ slow }", "k1"), ("{ echo }", "slow")])
async def test_deadline(
    http_client: aiohttp.ClientSession, url: str, work: Any, token: Any, query: str, kid: str
) -> None:
    """An answer that takes too long is 504, be it for the graph or for the issuer's key, and the work is cancelled."""
    work.started, work.cancelled = asyncio.Event(), asyncio.Event()
    status, body = await ask(http_client, url, query, Authorization=f"Bearer {token(kid=kid)}")
    assert status == 504
    assert "data" not in body
    assert body["errors"][0]["message"] == ("The answer was not ready within 0.5 s; ask for less at once or try again.")
    assert body["errors"][0]["extensions"]["code"] == "REQUEST_TIMEOUT"
    assert body["errors"][0]["extensions"]["retryable"] is True
    await asyncio.wait_for(work.cancelled.wait(), 5)


@pytest.mark.parametrize(("query", "kid"), [("{ slow }", "k1"), ("{ echo }", "slow")])
async def test_client_leaves(
    http_client: aiohttp.ClientSession, url: str, work: Any, token: Any, query: str, kid: str
) -> None:
    """Work that nobody waits for any more is cancelled, before its deadline, and logged as 499."""
    work.started, work.cancelled = asyncio.Event(), asyncio.Event()
    logged = asyncio.Event()

    def note(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        logged.set()
        return event

    with structlog.testing.capture_logs(processors=[note]) as logs:
        asking = asyncio.ensure_future(ask(http_client, url, query, Authorization=f"Bearer {token(kid=kid)}"))
        await asyncio.wait_for(work.started.wait(), 5)
        asking.cancel()
        await asyncio.wait_for(work.cancelled.wait(), 5)
        await asyncio.wait_for(logged.wait(), 5)
    assert [(entry["event"], entry["status"]) for entry in logs] == [("request", 499)]


async def test_request_ids(http_client: aiohttp.ClientSession, url: str) -> None:
    """A well-formed X-Request-ID is kept; any other is replaced by a new one."""
    for given, kept in [("a.B-9_z", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("", False)]:
        async with http_client.get(f"{url}/livez", headers={"X-Request-ID": given}) as response:
            answered = response.headers["X-Request-ID"]
        assert (answered == given) is kept
        assert kept or (len(answered) == 32 and int(answered, 16) >= 0)


async def test_caller_is_known_to_backends(http_client: aiohttp.ClientSession, url: str, token: Any) -> None:
    """Backend calls can send on the request id and, where a backend wants it, the caller's token."""
    _, body = await ask(http_client, url, "{ caller }", X_Request_ID="r1", Authorization=f"Bearer {token()}")
    assert body == {"data": {"caller": "r1 token anna"}}
    _, body = await ask(http_client, url, "{ caller }", X_Request_ID="r2")
    assert body == {"data": {"caller": "r2 no token "}}


async def test_log_line(http_client: aiohttp.ClientSession, url: str, token: Any) -> None:
    """One line tells who asked for what and how it went, and nothing of the query, its variables or the token."""
    bearer = token()
    request = {
        "query": "query Bills($t: String!) { echo(text: $t) late }",
        "variables": {"t": "+393451234567"},
        "operationName": "Bills",
    }
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        async with http_client.post(
            f"{url}/graphql", json=request, headers={"Authorization": f"Bearer {bearer}", "X-Request-ID": "r3"}
        ) as response:
            assert response.status == 200
    line = next(entry for entry in logs if entry["event"] == "request")
    assert isinstance(line.pop("ms"), float)
    assert line == {
        "event": "request",
        "log_level": "info",
        "request_id": "r3",
        "method": "POST",
        "path": "/graphql",
        "status": 200,
        "operation": "Bills",
        "operation_type": "query",
        "role": "USER_ADMIN",
        "company_id": "org-0001",
        "error_codes": ["BACKEND_TIMEOUT"],
    }
    assert bearer not in json.dumps(logs, default=str)


async def test_health(http_client: aiohttp.ClientSession, url: str) -> None:
    """Both health addresses answer without a token; a dependency that fails is told and leaves the replica ready."""
    async with http_client.get(f"{url}/livez") as response:
        assert (response.status, await response.json()) == (200, {"status": "alive"})
    async with http_client.get(f"{url}/readyz") as response:
        assert response.status == 200
        assert await response.json() == {"status": "ready", "dependencies": {"crm": "failing"}}


async def test_answers_are_not_stored(http_client: aiohttp.ClientSession, url: str) -> None:
    """No cache between gateway and client keeps an answer."""
    async with http_client.get(f"{url}/graphql", params={"query": "{ echo }"}) as response:
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
