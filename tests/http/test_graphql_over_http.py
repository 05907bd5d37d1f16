"""GraphQL over HTTP: the cases of the public audit that servers miss, and its neighbours."""

from typing import Any

import aiohttp
import pytest

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def post(
    client: aiohttp.ClientSession, url: str, body: object, accept: str | None = GRAPHQL
) -> tuple[int, str, dict[str, Any]]:
    """Status, content type and body of the answer to a JSON body."""
    headers = {"Accept": accept} if accept else {}
    async with client.post(f"{url}/graphql", json=body, headers=headers) as response:
        return response.status, response.content_type, await response.json(content_type=None)


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (GRAPHQL, GRAPHQL),
        (JSON, JSON),
        ("*/*", JSON),
        (None, JSON),
        ("", JSON),
        ("application/*", JSON),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON}", JSON),
        (f"{GRAPHQL.upper()}; charset=utf-8", GRAPHQL),
        ("text/html,application/xhtml+xml,*/*;q=0.8", JSON),
        (f"{JSON}, */*", JSON),
        (f"{JSON};q=0, */*", GRAPHQL),
        (f"{JSON};q=0.5, */*;q=0.8", GRAPHQL),
        (f"*/*;q=0.8, {JSON};q=0.5", GRAPHQL),
        (f"{GRAPHQL};q=0.5, */*", JSON),
        ("*/*, application/*;q=0", None),
        (f"application/*;q=0, */*, {JSON};q=0.1", JSON),
        (f"{GRAPHQL};q=0, {JSON}", JSON),
        (f"{JSON};q=0, {JSON};q=0.1, {GRAPHQL};q=0", JSON),
        (", ,", JSON),
    ],
)
async def test_content_type_is_negotiated(
    http_client: aiohttp.ClientSession, url: str, accept: str | None, content_type: str | None
) -> None:
    """The answer has the media type that the Accept header prefers; JSON where it does not matter."""
    status, answered, body = await post(http_client, url, {"query": "{ echo }"}, accept)
    if content_type is None:
        assert status == 406
    else:
        assert (status, answered, body) == (200, content_type, {"data": {"echo": "none"}})


async def test_accept_headers_are_one_list(http_client: aiohttp.ClientSession, url: str) -> None:
    """Several Accept headers mean the same as one with all their elements."""
    headers = [("Accept", "text/html"), ("Accept", f"{JSON};q=0.5"), ("Accept", GRAPHQL)]
    async with http_client.post(f"{url}/graphql", json={"query": "{ echo }"}, headers=headers) as response:
        assert (response.status, response.content_type) == (200, GRAPHQL)


@pytest.mark.parametrize(
    "accept", ["text/html", "application/graphql-response+json;q=0", "*/*;q=0", "application/json;q=x"]
)
async def test_unacceptable_is_406(http_client: aiohttp.ClientSession, url: str, accept: str) -> None:
    """A client that takes neither media type is told which there are."""
    status, _, body = await post(http_client, url, {"query": "{ echo }"}, accept)
    assert status == 406
    assert body["errors"][0]["message"] == (
        "The graph answers in application/graphql-response+json or application/json; the Accept header takes neither."
    )


@pytest.mark.parametrize(
    ("request_body", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query ($t: String!) { echo(text: $t) }", "variables": {"t": None}}, "INVALID_VARIABLES"),
        ({"query": "query A { echo } query B { echo }"}, "BAD_REQUEST"),
        ({"query": "query A { echo }", "operationName": "B"}, "BAD_REQUEST"),
    ],
)
@pytest.mark.parametrize(("accept", "expected_status"), [(GRAPHQL, 400), (JSON, 200)])
async def test_refused_documents(
    http_client: aiohttp.ClientSession, url: str, request_body: object, code: str, accept: str, expected_status: int
) -> None:
    """What is wrong with a document answers 400 (200 in plain JSON), without `data`."""
    status, _, body = await post(http_client, url, request_body, accept)
    assert status == expected_status
    assert "data" not in body
    assert [error["extensions"]["code"] for error in body["errors"]] == [code]


async def test_get(http_client: aiohttp.ClientSession, url: str) -> None:
    """A query by GET takes variables as JSON."""
    parameters = {
        "query": "query Q($t: String!) { echo(text: $t) }",
        "variables": '{"t": "ciao"}',
        "operationName": "Q",
    }
    async with http_client.get(f"{url}/graphql", params=parameters) as response:
        assert response.status == 200
        assert await response.json() == {"data": {"echo": "ciao"}}


@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
async def test_get_refuses_mutations(http_client: aiohttp.ClientSession, url: str, accept: str) -> None:
    """A mutation by GET is 405 with Allow: POST, in both media types."""
    parameters = {"query": "mutation { change }"}
    async with http_client.get(f"{url}/graphql", params=parameters, headers={"Accept": accept}) as response:
        assert (response.status, response.headers["Allow"]) == (405, "POST")
        assert "data" not in await response.json(content_type=None)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
async def test_other_methods(http_client: aiohttp.ClientSession, url: str, method: str) -> None:
    """Any other method is 405 with what is allowed."""
    async with http_client.request(method, f"{url}/graphql") as response:
        assert (response.status, response.headers["Allow"]) == (405, "GET, POST")


async def test_partial_answer(http_client: aiohttp.ClientSession, url: str) -> None:
    """A field that failed is null beside the others, with status 200."""
    status, _, body = await post(http_client, url, {"query": "{ echo late }"})
    assert status == 200
    assert body["data"] == {"echo": "none", "late": None}
    request_id = body["errors"][0]["extensions"].pop("requestId")
    assert len(request_id) == 32
    assert body["errors"] == [
        {
            "message": "crm did not answer within 2 s.",
            "locations": [{"line": 1, "column": 8}],
            "path": ["late"],
            "extensions": {"code": "BACKEND_TIMEOUT", "retryable": True, "backend": "crm"},
        }
    ]


@pytest.mark.parametrize("parameter", ["variables", "operationName", "extensions"])
async def test_null_parameters(http_client: aiohttp.ClientSession, url: str, parameter: str) -> None:
    """A parameter that may be left out may be null; unknown ones are ignored."""
    status, _, body = await post(http_client, url, {"query": "{ echo }", parameter: None, "unknown": 1})
    assert (status, body) == (200, {"data": {"echo": "none"}})
