"""A gateway whose numbers can be read, on simulated backends, without a cache in Redis."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer
from msgspec.structs import replace
from yarl import URL

from gateway.app import gateway
from gateway.config import (
    BackendSettings,
    BackendsSettings,
    IdentitySettings,
    MetricsSettings,
    RedisSettings,
    ServerSettings,
    Settings,
    TracingSettings,
)
from gateway.serving import base_url, listening
from gateway.simulator.backends import SimulatedBackends, simulated_backends
from gateway.simulator.clock import SimulatedClock
from gateway.simulator.world import World
from tests.signals.scrape import Scrape, scraped


class Wire:
    """Stands before the CRM and sees the headers of what it is asked."""

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self._client = client
        self.url = ""
        self.seen: list[tuple[str, dict[str, str]]] = []

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Passes one request on."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append((request.path.rpartition("/")[2], headers))
        passed = {name: value for name, value in headers.items() if name not in ("host", "content-length")}
        async with self._client.request(
            request.method,
            URL(f"{self.url}{request.raw_path}", encoded=True),
            headers=passed,
            data=await request.read(),
        ) as response:
            return web.Response(body=await response.read(), status=response.status, content_type="application/json")


class Watched:
    """A gateway, its clients' view of it and its operators'."""

    def __init__(
        self, client: aiohttp.ClientSession, url: str, metrics_url: str, backends: SimulatedBackends, wire: Wire
    ) -> None:
        self._client = client
        self.wire = wire
        self.url = url
        self.metrics_url = metrics_url
        self.backends = backends

    async def query(self, document: str, token: str | None = None, **headers: str) -> Any:
        """The answer's body, to an administrator's question unless a token says otherwise."""
        bearer = self.backends.identity.token("USER_ADMIN", "org-0001") if token is None else token
        authorization = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._client.post(
            f"{self.url}/graphql", json={"query": document}, headers=authorization | given
        ) as response:
            return await response.json(content_type=None)

    async def knobs(self, backend: str, **knobs: Any) -> None:
        """Makes a simulated backend misbehave."""
        url = getattr(self.backends, backend)
        async with self._client.put(f"{url}/control/knobs", json={"only": "/tmf-api", **knobs}) as response:
            assert response.status == 200

    async def ready(self) -> tuple[int, Any]:
        """What `/readyz` says."""
        async with self._client.get(f"{self.url}/readyz") as response:
            return response.status, await response.json()

    async def metrics(self) -> Scrape:
        """What Prometheus reads now."""
        return await scraped(self._client, self.metrics_url)


Start = Callable[..., AbstractAsyncContextManager[Watched]]


@pytest.fixture
def start(http_client: aiohttp.ClientSession) -> Start:
    """Starts one; what is given are settings of the server, or of tracing."""

    @asynccontextmanager
    async def started(tracing: TracingSettings | None = None, **server: Any) -> AsyncIterator[Watched]:
        world = World(seed=1, companies=2, lines_per_company=5, clock=SimulatedClock(None))
        listener = listening("127.0.0.1", 0, "metrics.port")
        wire = Wire(http_client)
        async with (
            simulated_backends(world, host="127.0.0.1", ports=(0, 0, 0)) as backends,
            RawTestServer(wire.handle) as before_crm,
        ):
            wire.url = backends.crm
            settings = Settings(
                backends=BackendsSettings(
                    billing=BackendSettings(url=backends.billing),
                    provisioning=BackendSettings(url=backends.provisioning),
                    crm=BackendSettings(url=str(before_crm.make_url("")).rstrip("/")),
                ),
                identity=IdentitySettings(issuer="urn:telco-simulator", jwks_url=f"{backends.crm}/oauth2/jwks"),
                redis=RedisSettings(cache_url="redis://127.0.0.1:1/0"),
                server=replace(ServerSettings(port=0, drain_seconds=0.2), **server),
                metrics=MetricsSettings(port=0),
                tracing=tracing or TracingSettings(),
            )
            metrics_url = f"{base_url('127.0.0.1', listener)}/metrics"
            async with gateway(settings, world.clock, metrics_listener=listener) as url:
                yield Watched(http_client, url, metrics_url, backends, wire)

    return started
