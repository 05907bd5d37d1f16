"""Bytes kept in Redis or Valkey for a while: fast when it is there, absent without harm when it is not."""

import asyncio
from collections.abc import Mapping, Sequence
from contextvars import Context
from types import TracebackType
from typing import NamedTuple, Self

from redis.asyncio import Redis

from gateway.store.redis_server import RedisAway, RedisServer

VALUE_MAX_BYTES = 1024 * 1024
"""A larger value would hold up the small ones that come over the same connection, beyond their time."""
WAITING_MAX_BYTES = 8 * 1024 * 1024
"""What may wait to be written; beyond it values are not kept, since nobody waits for them."""


class Write(NamedTuple):
    """A value and for how long it is kept; None where a name is to hold nothing any more."""

    value: bytes | None
    seconds: float


class Cache:
    """Reads miss and writes vanish while the server is away; nothing here ever raises for it.

    Nobody waits for a write: what comes together is written together, by one task, in the order it came.
    """

    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self._waiting: dict[str, Write] = {}
        self._waiting_bytes = 0
        self._writer: asyncio.Task[None] | None = None
        self.writes_dropped = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.written()

    async def get_many(self, names: Sequence[str]) -> Sequence[bytes | None] | None:
        """What is kept under each name, None where nothing is; None for all of it while nothing can be read."""
        try:
            found: list[bytes | None] = await self._server.run(lambda redis: redis.mget(names))  # type: ignore[arg-type, return-value]  # no decoding is set
        except RedisAway:
            return None
        return [self._newest(name, value) for name, value in zip(names, found, strict=True)]

    def _newest(self, name: str, value: bytes | None) -> bytes | None:
        """What this process is about to write counts already."""
        write = self._waiting.get(name)
        return value if write is None else write.value

    def set_soon(self, values: Mapping[str, Write]) -> None:
        """Keep each value under its name for so long, or nothing under it any more."""
        if self._server.is_away:
            self.writes_dropped += len(values)
            return
        for name, write in values.items():
            size = 0 if write.value is None else len(write.value)
            if size > VALUE_MAX_BYTES or self._waiting_bytes + size > WAITING_MAX_BYTES:
                self.writes_dropped += 1
                continue
            self._waiting.pop(name, None)
            self._waiting[name] = write
            self._waiting_bytes += size
        if self._waiting and self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write(), context=Context())

    async def written(self) -> None:
        """Once everything that waited is written, or given up."""
        if self._writer is not None:
            await asyncio.wait([self._writer])

    async def _write(self) -> None:
        while self._waiting:
            writes, self._waiting, self._waiting_bytes = self._waiting, {}, 0
            try:
                await self._server.run(lambda redis, writes=writes: _write_all(redis, writes))  # type: ignore[misc]
            except RedisAway:
                self.writes_dropped += len(writes)
        self._writer = None


async def _write_all(redis: Redis, writes: Mapping[str, Write]) -> None:
    async with redis.pipeline(transaction=False) as pipeline:
        for name, write in writes.items():
            if write.value is None:
                pipeline.unlink(name)
            else:
                pipeline.set(name, write.value, px=max(1, int(write.seconds * 1000)))
        await pipeline.execute()
