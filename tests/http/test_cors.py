"""Which pages may read answers."""

import aiohttp
import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

ALLOWED = ["https://shop.test", "http://localhost:5173", "http://127.0.0.1:3000", "https://localhost"]
FOREIGN = ["https://evil.test", "https://shop.test.evil.test", "http://localhost.evil.test", "null", "http://shop.test"]


@pytest.mark.parametrize("origin", ALLOWED)
async def test_preflight(http_client: aiohttp.ClientSession, url: str, origin: str) -> None:
    """A page of an allowed origin may post JSON with a token and a request id."""
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    async with http_client.options(f"{url}/graphql", headers=headers) as response:
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == origin
        assert response.headers["Access-Control-Allow-Methods"] == "GET, POST"
        assert (
            response.headers["Access-Control-Allow-Headers"]
            == "Authorization, Content-Type, X-Request-ID, X-Consistency"
        )
        assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize("origin", FOREIGN)
async def test_foreign_preflight(http_client: aiohttp.ClientSession, url: str, origin: str) -> None:
    """A page of any other origin may not, and the answer names the setting."""
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    async with http_client.options(f"{url}/graphql", headers=headers) as response:
        assert response.status == 403
        assert "Access-Control-Allow-Origin" not in response.headers
        assert await response.text() == "This origin is not one of server.cors_origins."


async def test_answers_are_readable(http_client: aiohttp.ClientSession, url: str) -> None:
    """Answers, refusals included, carry the allowed origin and the headers a page may read."""
    for query, status in [("{ echo }", 200), ("{ private }", 401)]:
        async with http_client.get(
            f"{url}/graphql", params={"query": query}, headers={"Origin": ALLOWED[0]}
        ) as response:
            assert response.status == status
            assert response.headers["Access-Control-Allow-Origin"] == ALLOWED[0]
            assert (
                response.headers["Access-Control-Expose-Headers"]
                == "X-Request-ID, X-Consistency, RateLimit, Retry-After"
            )
            assert response.headers["Vary"] == "Origin"


async def test_foreign_answers_are_not(http_client: aiohttp.ClientSession, url: str) -> None:
    """An answer to a foreign page is not marked as readable, and caches are told that it depends on the origin."""
    async with http_client.get(
        f"{url}/graphql", params={"query": "{ echo }"}, headers={"Origin": FOREIGN[0]}
    ) as response:
        assert "Access-Control-Allow-Origin" not in response.headers
        assert response.headers["Vary"] == "Origin"
