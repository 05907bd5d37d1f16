"""Demos for journeys."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from gateway.config import BreakerPolicy
from gateway.demo import DemoOptions, world_of
from gateway.simulator.world import World
from tests.journeys.journey import Journey, logged_to, running

ON_BOTH_ENGINES = ("test_f13_packages", "test_f31_overview", "test_f34_partial", "test_f36_lines", "test_isolation")
SMALL = DemoOptions(port=0, companies=4, lines_per_company=50, cache=False, breaker=BreakerPolicy(calls_min=10_000))
"""Without the cache and with breakers that stay closed, so that every journey meets the backends as if it were the
first; tests/faults has those that open."""


@pytest.fixture(scope="session", autouse=True)
def log_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where every log line of the journeys goes, as JSON."""
    path = tmp_path_factory.mktemp("log") / "gateway.jsonl"
    with logged_to(path):
        yield path


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What users see must not depend on which executor ran it: these journeys are made on both."""
    if "journey" in metafunc.fixturenames:
        both = metafunc.module.__name__.rpartition(".")[2] in ON_BOTH_ENGINES
        metafunc.parametrize("journey", ["breadth", "reference"] if both else ["breadth"], indirect=True)


@pytest.fixture(scope="session")
def journey(request: pytest.FixtureRequest) -> Iterator[Journey]:
    """One demo, for each engine, for all journeys that leave it as they found it."""
    options = msgspec.structs.replace(SMALL, engine=request.param)
    with running(world_of(options), options) as started:
        yield started


@pytest.fixture
def changed_world() -> Iterator[Callable[[Callable[[World], None]], Journey]]:
    """Starts a demo of one's own, whose world is changed before it starts."""
    with ExitStack() as stack:

        def start(change: Callable[[World], None]) -> Journey:
            world = world_of(SMALL)
            change(world)
            return stack.enter_context(running(world, SMALL))

        yield start
