"""Whatever is sent to /graphql, the answer is 4xx and says what to change; it is never 500 and never Python's words."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import yarl

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def send(client: aiohttp.ClientSession, url: str, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    """Status and error of the answer to raw bytes."""
    given = {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.post(f"{url}/graphql", data=body, headers=given) as response:
        answer = await response.json(content_type=None)
        assert "data" not in answer
        assert answer["errors"][0]["extensions"]["requestId"] == response.headers["X-Request-ID"]
        return response.status, answer["errors"][0]


TOO_DEEP = "The body is nested deeper than 100 levels."
HINT = 'Send a JSON object such as {"query": "{ __typename }"}.'


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", f"The body is empty. {HINT}"),
        (b"  \n", f"The body is empty. {HINT}"),
        (b"null", f"The body is not a GraphQL request: Expected `object`, got `null`. {HINT}"),
        (b'"x"', f"The body is not a GraphQL request: Expected `object`, got `str`. {HINT}"),
        (b"[1]", f"The body is not a GraphQL request: Expected `object`, got `array`. {HINT}"),
        (b'[{"query":"{echo}"}]', f"The body is not a GraphQL request: Expected `object`, got `array`. {HINT}"),
        (b"{}", f"The body is not a GraphQL request: Object missing required field `query`. {HINT}"),
        (b'{"query": 1}', f"The body is not a GraphQL request: Expected `str`, got `int` - at `$.query`. {HINT}"),
        (
            b'{"query": "{echo}", "variables": [1]}',
            f"The body is not a GraphQL request: Expected `object | null`, got `array` - at `$.variables`. {HINT}",
        ),
        (b'{"query": "{echo}"', f"The body is not JSON. {HINT}"),
        (b'{"query": "\xff"}', f"The body is not JSON. {HINT}"),
        (b'{"query": "\\ud800"}', f"The body is not JSON. {HINT}"),
        ('{"query": "{echo}"}'.encode("utf-16"), f"The body is not JSON. {HINT}"),
        (b'{"query":"{echo}","variables":{"a":' + b"[" * 9000 + b"]" * 9000 + b"}}", TOO_DEEP),
        (b'{"a":' + b"[" * 9000 + b"]" * 9000 + b"}", TOO_DEEP),
        (b'{"a":' + b'{"":' * 2000 + b"1" + b"}" * 2000 + b"}", TOO_DEEP),
        (b'{"query":"\\"","a":' + b"[" * 100 + b"]" * 100 + b"}", TOO_DEEP),
        (b"[" * 9000, TOO_DEEP),
        (b'"' + b'\\"' * 9000 + b"[" * 101, f"The body is not JSON. {HINT}"),
    ],
)
async def test_bad_bodies(http_client: aiohttp.ClientSession, url: str, body: bytes, message: str) -> None:
    """A body that is no GraphQL request is 400 with the reason, in either media type."""
    for accept in ("application/json", "application/graphql-response+json"):
        status, error = await send(http_client, url, body, Accept=accept)
        assert (status, error["message"]) == (400, message)
        assert error["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("levels", "code"), [(98, "INVALID_VARIABLES"), (99, "BAD_REQUEST"), (950, "BAD_REQUEST"), (5_000, "BAD_REQUEST")]
)
async def test_deep_variables(http_client: aiohttp.ClientSession, url: str, levels: int, code: str) -> None:
    """The graph is handed variables up to a hundred levels below the body's start, on every version of Python."""
    body = b'{"query":"query($t:String!){echo(text:$t)}","variables":{"t":' + b"[" * levels + b"]" * levels + b"}}"
    status, error = await send(http_client, url, body, Accept="application/graphql-response+json")
    assert (status, error["extensions"]["code"]) == (400, code)


async def test_brackets_in_texts_and_beside_each_other(http_client: aiohttp.ClientSession, url: str) -> None:
    """Only brackets around brackets are nesting: texts may hold any number of them, and lists many lists."""
    text = "[" * 300 + '\\" {' * 300 + "\\\\"
    variables = {"t": text, "other": [[]] * 300}
    query = "query ($t: String!) { echo(text: $t) }"
    async with http_client.post(f"{url}/graphql", json={"query": query, "variables": variables}) as response:
        assert await response.json() == {"data": {"echo": text}}


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "foo/application/json",
        "application/jsonp",
        "application/json; charset=utf-16",
        "application/json; charset=latin1",
    ],
)
async def test_other_content_types(http_client: aiohttp.ClientSession, url: str, content_type: str) -> None:
    """Only JSON in UTF-8 is read, so no page can make a browser post to the graph unasked."""
    status, error = await send(http_client, url, b'{"query": "{ echo }"}', Content_Type=content_type)
    assert (status, error["extensions"]["code"]) == (415, "BAD_REQUEST")


async def test_missing_content_type(http_client: aiohttp.ClientSession, url: str) -> None:
    """A body of no declared type is refused."""
    async with http_client.post(
        f"{url}/graphql", data=b'{"query": "{ echo }"}', skip_auto_headers=["Content-Type"]
    ) as response:
        assert response.status == 415


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; Charset=UTF-8", 'application/json;charset="utf-8"']
)
async def test_json_content_types(http_client: aiohttp.ClientSession, url: str, content_type: str) -> None:
    """JSON in UTF-8 is read, however it is spelt."""
    body = '{"query": "{ echo(text: \\"città 🏃\\") }"}'.encode()
    async with http_client.post(f"{url}/graphql", data=body, headers={"Content-Type": content_type}) as response:
        assert await response.json() == {"data": {"echo": "città 🏃"}}


async def test_compressed_body(http_client: aiohttp.ClientSession, url: str) -> None:
    """A compressed body is refused, because its bound would be on the wrong size."""
    status, _ = await send(http_client, url, b"x", Content_Encoding="br")
    assert status == 415


async def test_too_large_by_length(url: str) -> None:
    """A body declared larger than the limit is refused before any of it arrives."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20001\r\n\r\n"
    )
    answer = await reader.read()  # until the server closes: the rest of the body is not wanted
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"The body is larger than 20000 bytes." in answer


async def test_too_large_while_reading(http_client: aiohttp.ClientSession, url: str) -> None:
    """A body of undeclared length is refused as soon as it passes the limit."""

    async def chunks() -> Any:
        for _ in range(5):
            yield b" " * 6_000

    async with http_client.post(
        f"{url}/graphql", data=chunks(), headers={"Content-Type": "application/json"}
    ) as response:
        assert response.status == 413


async def test_slow_body(http_client: aiohttp.ClientSession, url: str, work: Any) -> None:
    """A body that does not arrive in time is 408."""

    async def stalled() -> Any:
        yield b'{"query": '
        await work.run()

    async with http_client.post(
        f"{url}/graphql", data=stalled(), headers={"Content-Type": "application/json"}
    ) as response:
        assert response.status == 408


@pytest.mark.parametrize(
    ("query_string", "message"),
    [
        ("", "The parameter `query` is missing: /graphql?query={__typename}."),
        ("query={echo}&query={echo}", "A parameter of the query string is given twice."),
        ("query={echo}&variables=[1]", "The parameter `variables` is not a JSON object."),
        ("query={echo}&variables=%7B", "The parameter `variables` is not a JSON object."),
        ("query={echo}&extensions=1", "The parameter `extensions` is not a JSON object."),
        ("query={echo}&variables=" + "[" * 101, "The parameter `variables` is nested deeper than 100 levels."),
        ("query=%FF", "The query string is not URL-encoded UTF-8 of at most 16 parameters."),
        ("&".join(f"p{i}=1" for i in range(17)), "The query string is not URL-encoded UTF-8 of at most 16 parameters."),
    ],
)
async def test_bad_query_strings(http_client: aiohttp.ClientSession, url: str, query_string: str, message: str) -> None:
    """Parameters that are no GraphQL request are 400 with the reason."""
    async with http_client.get(yarl.URL(f"{url}/graphql?{query_string}", encoded=True)) as response:
        answer = await response.json()
        assert (response.status, answer["errors"][0]["message"]) == (400, message)


async def test_null_for_an_argument(http_client: aiohttp.ClientSession, url: str) -> None:
    """A null variable where the argument takes none is the client's error, not the gateway's."""
    body = b'{"query": "query ($t: String = \\"x\\") { echo(text: $t) }", "variables": {"t": null}}'
    async with http_client.post(f"{url}/graphql", data=body, headers={"Content-Type": "application/json"}) as response:
        answer = await response.json()
        assert response.status == 200
        assert answer["data"] == {"echo": None}
        assert answer["errors"][0]["extensions"]["code"] == "INVALID_ARGUMENT"


async def test_unknown_paths(http_client: aiohttp.ClientSession, url: str) -> None:
    """Elsewhere there is nothing but the address of the graph."""
    for path in ("/graphql/", "/graph", "/graphiql/../app.py", "/graphiql/secret"):
        async with http_client.get(f"{url}{path}") as response:
            assert response.status == 404
