"""A demo in each dialect, over one world whose time stands still."""

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from gateway.config import BreakerPolicy
from gateway.demo import DemoOptions
from gateway.simulator.dialects import DIALECTS
from gateway.simulator.world import World
from tests.dialects.reads import READS
from tests.journeys.journey import Answer, Journey, logged_to, running
from tests.simulator.still_clock import StillClock

SIGN_INS_MAX = 20
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
OPTIONS = DemoOptions(port=0, now=NOW, cache=False, breaker=BreakerPolicy(calls_min=10_000), timeout_seconds=10)
"""Without the cache, so that each read meets the backends, but for the directory of accounts, which is kept always;
with breakers that stay closed, and time enough for a machine that is busy with other things."""


@pytest.fixture(scope="session", autouse=True)
def log_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where every log line goes, as JSON."""
    path = tmp_path_factory.mktemp("log") / "gateway.jsonl"
    with logged_to(path):
        yield path


@contextmanager
def signed_in(demo: AbstractContextManager[Journey]) -> Iterator[Journey]:
    """A demo that knows its issuer's keys: on a busy machine they may miss their deadline, and have no part in this."""
    with demo as journey:
        for _ in range(SIGN_INS_MAX):
            if journey.query("{ viewer { role } }").status == 200:
                break
        yield journey


@pytest.fixture(scope="session")
def world() -> World:
    """The companies that all dialects tell of."""
    return World(clock=StillClock(NOW))


@pytest.fixture(scope="session")
def plain_answers(world: World) -> dict[str, Answer]:
    """What each read gives where the backends speak as TMF630 v4 is written."""
    with signed_in(running(world, OPTIONS)) as journey:
        return {name: read.asked(journey) for name, read in READS.items()}


@pytest.fixture(scope="session", params=list(DIALECTS))
def dialect(request: pytest.FixtureRequest) -> str:
    """The name of each dialect in turn."""
    name: str = request.param
    return name


class Spoken(NamedTuple):
    """A demo in a dialect, and how often backends were asked for its directory of accounts, which is known since."""

    journey: Journey
    directory_calls: Counter[str]


@pytest.fixture(scope="session")
def spoken(world: World, dialect: str) -> Iterator[Spoken]:
    """One demo for each dialect, which was asked everything once."""
    with signed_in(running(world, msgspec.structs.replace(OPTIONS, dialect=dialect))) as journey:
        with journey.calls() as calls:
            for read in READS.values():
                read.asked(journey)
        yield Spoken(journey, Counter(resource for resource, _ in calls if resource in ("customer", "billingAccount")))
