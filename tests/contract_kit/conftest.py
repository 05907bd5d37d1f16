"""Simulated backends with every named company, and what the kit finds at them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from gateway.config import BackendSettings
from gateway.contract_kit.point import BackendResult, Outcome, Point, Verification
from gateway.contract_kit.verification import Wish, verified
from gateway.simulator.backends import SimulatedBackends, simulated_backends
from gateway.simulator.clock import SimulatedClock
from gateway.simulator.knobs import ALL_WELL, Knobs
from gateway.simulator.world import World

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
NAMES = ("billing", "provisioning", "crm")

Verify = Callable[..., Awaitable[Verification]]


@pytest.fixture(scope="module")
def world() -> World:
    """The world that `backends` serve."""
    return World(companies=14, lines_per_company=20, clock=SimulatedClock(NOW))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(world: World) -> AsyncIterator[SimulatedBackends]:
    """Three servers."""
    async with simulated_backends(world) as backends:
        yield backends


@pytest.fixture
def backends(running: SimulatedBackends) -> SimulatedBackends:
    """The servers, without knobs and without calls on record."""
    turn(running)
    return running


def turn(backends: SimulatedBackends, **knobs: Any) -> None:
    """Turns the knobs of all three."""
    for faults in backends.faults.values():
        faults.knobs = Knobs(**knobs) if knobs else ALL_WELL
        faults.calls.clear()


async def verify(
    urls: SimulatedBackends | dict[str, str], apis: dict[str, dict[str, Any]] | None = None, **wish: Any
) -> Verification:
    """What the kit finds, under profiles by backend."""
    by_name = urls if isinstance(urls, dict) else {name: getattr(urls, name) for name in NAMES}
    settings = {
        name: BackendSettings(
            url=url, timeout_seconds=wish.pop("timeout_seconds", 5.0), apis=(apis or {}).get(name, {})
        )
        for name, url in by_name.items()
    }
    return await verified(Wish(backends=settings, **wish))


def profile(verification: Verification) -> dict[str, dict[str, object]]:
    """What was found to set, by API of all backends."""
    return {api: settings for result in verification.backends for api, settings in result.profile.items()}


def points(found: Verification | BackendResult, *outcomes: Outcome) -> list[Point]:
    """The points that came out so."""
    results = found.backends if isinstance(found, Verification) else (found,)
    return [point for result in results for point in result.points if point.outcome in outcomes]


def seen_to(found: Verification | BackendResult) -> list[tuple[str, str]]:
    """What has to be seen to: (where, promise), in order."""
    return [(point.where, point.promise) for point in points(found, Outcome.FAILS, Outcome.SETTING)]
