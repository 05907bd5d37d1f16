"""Bytes kept in Redis or Valkey for a while: fast when it is there, absent without harm when it is not."""

import asyncio
from collections.abc import Mapping, Sequence
from contextvars import Context
from types import TracebackType
from typing import NamedTuple, Self

import structlog
from redis.asyncio import Redis

from gateway.store.redis_server import RedisAway, RedisServer

log = structlog.get_logger()

VALUE_MAX_BYTES = 1024 * 1024
"""A larger value would hold up the small ones that come over the same connection, beyond their time."""
WAITING_MAX_BYTES = 8 * 1024 * 1024
"""What may wait to be written; beyond it values are not kept, since nobody waits for them."""
WAITING_MAX_WRITES = 20_000
"""How many of them may wait: those that hold nothing have no bytes."""


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
        self._is_failing = False
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
            replaced, size = self._waiting.pop(name, None), _size(write)
            if replaced is not None:
                self._waiting_bytes -= _size(replaced)
            if size > VALUE_MAX_BYTES or not self._has_room(size):
                self.writes_dropped += 1
                continue
            self._waiting[name] = write
            self._waiting_bytes += size
        if self._waiting and self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write(), context=Context())

    @property
    def writes_waiting(self) -> int:
        """How many values wait to be written."""
        return len(self._waiting)

    def _has_room(self, size: int) -> bool:
        return len(self._waiting) < WAITING_MAX_WRITES and self._waiting_bytes + size <= WAITING_MAX_BYTES

    async def written(self) -> None:
        """Once everything that waited is written, or given up."""
        if self._writer is not None:
            await asyncio.wait([self._writer])

    async def _write(self) -> None:
        try:
            while self._waiting:
                writes, self._waiting, self._waiting_bytes = self._waiting, {}, 0
                if not await self._is_written(writes):
                    self.writes_dropped += len(writes)
        finally:
            self._writer = None

    async def _is_written(self, writes: Mapping[str, Write]) -> bool:
        try:
            await self._server.run(lambda redis: _write_all(redis, writes))
        except RedisAway:
            return False
        except Exception:  # whatever it is, such as a connection that the loop has closed, the next one may go well
            if not self._is_failing:
                log.exception("writes_failed")
            self._is_failing = True
            return False
        self._is_failing = False
        return True


def _size(write: Write) -> int:
    return 0 if write.value is None else len(write.value)


async def _write_all(redis: Redis, writes: Mapping[str, Write]) -> None:
    async with redis.pipeline(transaction=False) as pipeline:
        for name, write in writes.items():
            if write.value is None:
                pipeline.unlink(name)
            else:
                pipeline.set(name, write.value, px=max(1, int(write.seconds * 1000)))
        await pipeline.execute()
