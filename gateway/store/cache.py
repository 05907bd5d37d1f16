"""Bytes kept in Redis or Valkey for a while: fast when it is there, absent without harm when it is not."""

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.config import RedisSettings

log = structlog.get_logger()

PAUSE_SECONDS = 1.0
"""After a failure the server is left alone this long, so that requests do not each wait for its timeout."""


class Cache:
    """Reads miss and writes vanish while the server is away; nothing here ever raises for it."""

    def __init__(self, settings: RedisSettings) -> None:
        self._redis = Redis.from_url(
            settings.cache_url,
            socket_timeout=settings.timeout_seconds,
            socket_connect_timeout=settings.timeout_seconds,
            retry=Retry(NoBackoff(), 0),
        )
        self._away_until = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._redis.aclose()

    async def get_many(self, names: Sequence[str]) -> Sequence[bytes | None]:
        """What is kept under each name; None where nothing is, or nothing can be read now."""
        nothing: list[bytes | None] = [None] * len(names)
        if self._is_away():
            return nothing
        try:
            found: list[bytes | None] = await self._redis.mget(names)  # type: ignore[assignment]  # no decoding is set
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
            return nothing
        return found

    async def set_many(self, values: Mapping[str, bytes], seconds: float) -> None:
        """Keep each value under its name for so long."""
        if self._is_away():
            return
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for name, value in values.items():
                    pipeline.set(name, value, px=int(seconds * 1000))
                await pipeline.execute()
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)

    async def drop_many(self, names: Sequence[str]) -> None:
        """Keep nothing under these names any more."""
        if self._is_away():
            return
        try:
            await self._redis.delete(*names)
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)

    def _is_away(self) -> bool:
        return time.monotonic() < self._away_until

    def _failed(self, error: Exception) -> None:
        self._away_until = time.monotonic() + PAUSE_SECONDS
        log.warning("cache_unavailable", error=type(error).__name__, pause_seconds=PAUSE_SECONDS)
