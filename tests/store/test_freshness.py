"""Until when what was made of the store's answers is news: never longer than what was really read."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from gateway.config import CacheSettings, NoAuth, SharingSettings
from gateway.domain.company import CompanyAccounts
from gateway.domain.freshness import FRESHNESS, Freshness
from gateway.domain.key import Key
from gateway.errors import BackendUnavailable, GatewayError
from gateway.loaders.loader import Loader
from gateway.store.generations import Generation, Stamp
from gateway.store.process_cache import Lifetime, ProcessCache, Shelf
from tests.store.conftest import Clock, Replica, StartReplica, sim, until

ONE, TWO = Key("a", "1"), Key("a", "2")
SHARING = pytest.mark.parametrize("sharing", [SharingSettings(), SharingSettings(enabled=False)], ids=["shared", "own"])
FRESH_SECONDS = 300 * 0.9
"""For so long a SIM is news for sure,"""
OLD_SECONDS = 300 * 1.1 + 1
"""and from now on no more."""


class Request:
    """One request's loader, and until when its answer might be kept."""

    def __init__(self, source: Any) -> None:
        self.freshness = Freshness()
        self._loader: Loader[Any, Any] = Loader(source)

    @property
    def until(self) -> float:
        """What it was told; infinite while it was told nothing."""
        return self.freshness.until

    async def read(self, *keys: Any) -> list[Any]:
        """The values of some keys, as a resolver asks for them."""
        before = FRESHNESS.set(self.freshness)
        try:
            return await self._loader.load_many(keys)
        finally:
            FRESHNESS.reset(before)


@contextmanager
def held_back(replica: Replica) -> Iterator[asyncio.Event]:
    """What the backend is asked within waits for the event; what it is asked after does not."""
    gate = replica.sims.gate = asyncio.Event()
    yield gate
    replica.sims.gate = None


async def begun(replica: Replica, request: Request, *keys: Key) -> tuple["asyncio.Task[list[Any]]", asyncio.Event]:
    """A read that has asked the backend and waits for it, until the event is set."""
    batches = len(replica.sims.batches)
    with held_back(replica) as gate:
        reading = asyncio.create_task(request.read(*keys))
        await until(lambda: len(replica.sims.batches) > batches)
    return reading, gate


@SHARING
@pytest.mark.parametrize("is_refreshed", [False, True])
async def test_an_old_value_has_nothing_of_the_entry_that_took_its_place(
    start: StartReplica, clock: Clock, sharing: SharingSettings, is_refreshed: bool
) -> None:
    """One key was known and another one asked for; until that came, a second request refreshed the known one."""
    async with start(sharing=sharing) as replica:
        began = clock().timestamp()
        await replica.get("1")
        clock.forward(200)
        request, other = Request(replica.source), Request(replica.source)
        reading, gate = await begun(replica, request, ONE, TWO)
        assert replica.sims.asked == ["1", "2"]
        if is_refreshed:
            clock.forward(OLD_SECONDS - 200)
            replica.sims.version = 2
            assert await other.read(ONE) == [sim(ONE, 2)]
            assert other.until >= began + OLD_SECONDS + FRESH_SECONDS
        gate.set()
        assert await reading == [sim(ONE), sim(TWO)]
        if is_refreshed:
            assert replica.source.fresh_until({ONE: sim(ONE, 2), TWO: sim(TWO)}) == 0.0  # they are equal, and not those
            assert request.until == 0.0
        else:
            assert began + FRESH_SECONDS <= request.until < began + OLD_SECONDS


@SHARING
async def test_a_value_that_was_written_to_is_no_news_though_it_was_read_anew(
    start: StartReplica, sharing: SharingSettings
) -> None:
    """The entry that was read after the write is good; the one that was known before it is not."""
    async with start(sharing=sharing) as replica:
        await replica.get("1")
        request, other = Request(replica.source), Request(replica.source)
        reading, gate = await begun(replica, request, ONE, TWO)
        await replica.store.generations.raise_generation("a")
        replica.sims.version = 2
        assert await other.read(ONE, TWO) == [sim(ONE, 2), sim(TWO, 2)]
        assert other.until > 0
        gate.set()
        assert await reading == [sim(ONE), sim(TWO)]
        assert request.until == 0.0
        again = Request(replica.source)
        assert await again.read(ONE, TWO) == [sim(ONE, 2), sim(TWO, 2)]
        assert again.until == other.until


@pytest.mark.parametrize("fails", [False, True])
async def test_what_stood_in_for_an_error_has_nothing_of_what_another_read(
    start: StartReplica, clock: Clock, fails: bool
) -> None:
    """Two ask for one key at once, each for himself: one is answered, the other fails and gets what was kept before."""
    async with start(sharing=SharingSettings(enabled=False)) as replica:
        await replica.get("1")
        clock.forward(OLD_SECONDS)
        request, other = Request(replica.source), Request(replica.source)
        reading, gate = await begun(replica, request, ONE)
        replica.sims.version = 2
        assert await other.read(ONE) == [sim(ONE, 2)]
        assert other.until >= clock().timestamp() + FRESH_SECONDS
        replica.sims.down = fails
        gate.set()
        assert await reading == [sim(ONE)]
        assert replica.sims.asked == ["1", "1", "1"]
        if fails:
            assert request.until == 0.0
            assert replica.source.known([ONE]) == {ONE: sim(ONE, 2)}
        else:
            assert request.until >= clock().timestamp() + FRESH_SECONDS


class Directory:
    """A backend that says which accounts companies hold; each answer may be held back."""

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id
        self.asked = 0
        self.down = False
        self.gate: asyncio.Event | None = None

    async def get_many(self, keys: Sequence[str]) -> Sequence[CompanyAccounts | GatewayError | None]:
        """One account for each company."""
        self.asked += 1
        down = self.down
        if self.gate is not None:
            await self.gate.wait()
        return [
            BackendUnavailable("crm", "down") if down else CompanyAccounts(key, (), (self.account_id,)) for key in keys
        ]


@SHARING
async def test_what_billing_says_has_nothing_of_what_the_crm_said_to_another(
    start: StartReplica, sharing: SharingSettings
) -> None:
    """The CRM failed for one; while billing was asked in its place, it answered another, and that was kept."""
    crm, billing = Directory("by the crm"), Directory("by billing")
    async with start(sharing=sharing) as replica:
        source = replica.store.accounts(crm, billing, NoAuth(), NoAuth())
        request, other, third = Request(source), Request(source), Request(source)
        crm.down, billing.gate = True, asyncio.Event()
        reading = asyncio.create_task(request.read("a"))
        await until(lambda: billing.asked)
        crm.down = False
        await replica.store.generations.raise_generation("a")  # nobody joins a call that began before
        assert await other.read("a") == [CompanyAccounts("a", (), ("by the crm",))]
        assert other.until > 0
        billing.gate.set()
        assert await reading == [CompanyAccounts("a", (), ("by billing",))]
        assert request.until == 0.0
        assert await third.read("a") == [CompanyAccounts("a", (), ("by the crm",))]
        assert (third.until, crm.asked, billing.asked) == (other.until, 2, 1)


@SHARING
@pytest.mark.parametrize("is_read_again", [False, True])
async def test_what_was_put_out_before_it_was_told_is_no_news(
    start: StartReplica, sharing: SharingSettings, is_read_again: bool
) -> None:
    """Others needed its place; whether it is there again by then or not, that would be another one."""
    async with start(sharing=sharing, cache=CacheSettings(process_max_bytes=10_000)) as replica:
        await replica.get("1")
        request = Request(replica.source)
        reading, gate = await begun(replica, request, ONE, TWO)
        await replica.get(*(f"other {number}" for number in range(50)))
        assert replica.source.known([ONE]) == {}
        if is_read_again:
            await replica.get("1")
            assert replica.source.known([ONE]) == {ONE: sim(ONE)}
        gate.set()
        assert await reading == [sim(ONE), sim(TWO)]
        assert request.until == 0.0
        alone = Request(replica.source)
        assert await alone.read(TWO) == [sim(TWO)]
        assert alone.until > 0
        assert replica.sims.asked.count("2") == 1


STAMP = Stamp(Generation(), 0, 0, None)
GOOD = Lifetime(0.0, 100.0, 200.0)


@pytest.mark.parametrize(
    "ended",
    [
        pytest.param(Lifetime(0.0, 5.0, 9.0), id="old"),
        pytest.param(Lifetime(0.0, 5.0, 0.0), id="unknown"),
        pytest.param(Lifetime(0.0, 5.0, 10.0), id="at-this-moment"),
    ],
)
@pytest.mark.parametrize("order", ["abcdef", "fedcba", "bfadce"])
def test_what_is_good_for_nothing_goes_first_however_often_it_was_used(ended: Lifetime, order: str) -> None:
    """Three were used and their time is over, three were used and are good: as news, in place of an error, or both."""
    cache, shelf = ProcessCache(6_000), Shelf()
    lifetimes = {"a": GOOD, "b": Lifetime(0.0, 100.0, 0.0), "c": Lifetime(0.0, 5.0, 10.001)}
    for key in order:
        cache.keep(shelf, key, key, 1_000, lifetimes.get(key, ended), STAMP)
        shelf[key].is_used = True
    for key in "xyz":
        cache.keep(shelf, key, key, 1_000, Lifetime(10.0, 100.0, 200.0), STAMP)
        assert {"a", "b", "c", key} <= shelf.keys()
    assert sorted(shelf) == [*"abcxyz"]
    assert (cache.bytes, len(cache), cache.evictions) == (6_000, 6, 3)


async def test_what_is_unknown_gives_up_its_place_when_its_moment_is_over(start: StartReplica, clock: Clock) -> None:
    """Who asks again and again for what does not exist pushes nothing out that is used."""
    good, unknown = [f"good {number}" for number in range(6)], [f"unknown {number}" for number in range(4)]
    async with start(cache=CacheSettings(process_max_bytes=10_000)) as replica:
        replica.sims.unknown.update(unknown)
        await replica.get(*unknown)
        await replica.get(*good)
        keys = [Key("a", id) for id in (*unknown, *good)]
        assert replica.source.known(keys).keys() == set(keys)  # all of them are used
        clock.forward(4)
        evictions = replica.store.process.evictions
        await replica.get("new 1", "new 2")
        assert replica.store.process.evictions > evictions
        assert replica.source.known(keys).keys() == {Key("a", id) for id in good}
