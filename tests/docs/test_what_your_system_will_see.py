"""The headers on the page for backend teams are those that reach their systems."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from gateway.app import gateway
from gateway.config import (
    ApiKeyAuth,
    BackendSettings,
    BackendsSettings,
    BasicAuth,
    IdentitySettings,
    RedisSettings,
    ServerSettings,
    Settings,
)
from gateway.simulator.backends import SimulatedBackends, simulated_backends
from gateway.simulator.clock import SimulatedClock
from gateway.simulator.world import World
from tests.contract_kit.odd_backend import OddBackend, Request, odd_backend

PAGE = (Path(__file__).parents[2] / "docs" / "what-your-system-will-see.md").read_text("utf-8")
ROWS = re.findall(r"^\| (`.*?) \|", PAGE.partition("## Headers")[2].partition("\n## ")[0], re.MULTILINE)
TOLD = {name.lower() for row in ROWS for name in re.findall(r"`([\w-]+)`", row)}
TRACE = {"traceparent", "tracestate"}
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

QUESTION = "{ viewer { company { name gssPackages { nodes { name remaining { bytes } } } lines { totalCount } } } }"


@asynccontextmanager
async def asked(**headers: str) -> AsyncIterator[list[Request]]:
    """What three systems got, each through its own wire, when a client asked with these headers; no tracing is set."""
    world = World(seed=1, companies=2, lines_per_company=5, clock=SimulatedClock(None))
    async with AsyncExitStack() as stack:
        behind = await stack.enter_async_context(simulated_backends(world, host="127.0.0.1", ports=(0, 0, 0)))
        wires = [OddBackend(url) for url in (behind.billing, behind.provisioning, behind.crm)]
        billing, provisioning, crm = [await stack.enter_async_context(odd_backend(wire)) for wire in wires]
        settings = Settings(
            backends=BackendsSettings(
                billing=BackendSettings(url=billing, auth=ApiKeyAuth(key="k")),
                provisioning=BackendSettings(url=provisioning, auth=BasicAuth(username="u", password="p")),
                crm=BackendSettings(url=crm),
            ),
            identity=IdentitySettings(issuer="urn:telco-simulator", jwks_url=f"{behind.crm}/oauth2/jwks"),
            redis=RedisSettings(cache_url="redis://127.0.0.1:1/0"),
            server=ServerSettings(port=0, drain_seconds=0.2),
        )
        url = await stack.enter_async_context(gateway(settings, world.clock))
        await _ask(url, behind, headers)
        yield [request for wire in wires for request in wire.asked]


async def _ask(url: str, behind: SimulatedBackends, headers: dict[str, str]) -> None:
    given = {
        "Authorization": f"Bearer {behind.identity.token('USER_ADMIN', 'org-0001')}",
        "X-Mine": "1",
        "Cookie": "a=b",
    }
    async with (
        aiohttp.ClientSession() as client,
        client.post(f"{url}/graphql", json={"query": QUESTION}, headers=given | headers) as response,
    ):
        assert "errors" not in await response.json(content_type=None)


def names(request: Request) -> set[str]:
    """Of its headers."""
    return {name.lower() for name in request.headers}


async def test_no_header_but_those_on_the_page() -> None:
    """All of them arrive, none that is not there, and of those of the client only what the page says of its trace."""
    async with asked(traceparent=PARENT, tracestate=f"vendor={'x' * 505}") as seen:
        assert {request.method for request in seen} == {"GET", "POST"}
        assert set.union(*map(names, seen)) == TOLD
        assert {request.headers["tracestate"] for request in seen} == {f"vendor={'x' * 505}"}
        for request in seen:
            assert ({"content-type", "content-length"} <= names(request)) == (request.method == "POST")


@pytest.mark.parametrize("state", ["x" * 513, "è"])
async def test_what_a_client_says_of_its_trace_is_bounded(state: str) -> None:
    """More than 512 characters, or others than ASCII's, do not go on; without a parent nothing does."""
    async with asked(traceparent=PARENT, tracestate=state) as seen:
        assert {tuple(TRACE & names(request)) for request in seen} == {("traceparent",)}
    async with asked(tracestate="vendor=1") as seen:
        assert not any(TRACE & names(request) for request in seen)
