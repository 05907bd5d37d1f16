"""Running simulated backends, the same for all tests of a module, who find them as they began."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest
import pytest_asyncio

from gateway.simulator.backends import SimulatedBackends, simulated_backends
from gateway.simulator.clock import SimulatedClock
from gateway.simulator.knobs import ALL_WELL
from gateway.simulator.world import World


@pytest.fixture(scope="module")
def served_world() -> World:
    """The world that `backends` serve."""
    return World(companies=1, clock=SimulatedClock(datetime(2026, 11, 24, 10, 0, tzinfo=UTC)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(served_world: World) -> AsyncIterator[SimulatedBackends]:
    """Three servers."""
    async with simulated_backends(served_world) as backends:
        yield backends


@pytest.fixture
def backends(running: SimulatedBackends) -> SimulatedBackends:
    """The servers, without knobs and without calls on record."""
    for faults in running.faults.values():
        faults.knobs = ALL_WELL
        faults.calls.clear()
    return running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that keeps its connections."""
    async with aiohttp.ClientSession() as session:
        yield session
