"""The Redis or Valkey behind the store, and a breaker in front of it: one that is away costs its timeout once."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextvars import Context
from types import TracebackType
from typing import Self, TypeVar

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.config import RedisSettings

log = structlog.get_logger()

T = TypeVar("T")

PAUSE_SECONDS = 0.5
"""How often a server that is away is asked whether it is back; until then nobody else asks it anything."""

AT_ONCE = 32
"""Commands that run together, each on a connection; far below where the client would refuse to open one more."""

REDIS_ERRORS = (RedisError, OSError, TimeoutError, RuntimeError)
"""The last is what uvloop raises for a connection that it has closed."""


class RedisAway(Exception):
    """The server does not answer now."""


class RedisServer:
    """Every command waits for `timeout_seconds` at most, and not at all while the server is known to be away.

    No request pays for finding out that it is back: that is asked in the background. Log lines mark the two changes.
    """

    def __init__(self, settings: RedisSettings) -> None:
        self.timeout_seconds = settings.timeout_seconds
        self._url = settings.cache_url
        self._redis = self.new_client()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._is_away = False
        self._watching: asyncio.Task[None] | None = None
        self._on_back: list[Callable[[], Awaitable[None]]] = []
        self.failures = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._redis.aclose()

    def new_client(self) -> Redis:
        """A client that tries once, within the timeout."""
        return Redis.from_url(
            self._url,
            socket_timeout=self.timeout_seconds,
            socket_connect_timeout=self.timeout_seconds,
            retry=Retry(NoBackoff(), 0),
        )

    @property
    def is_away(self) -> bool:
        """Whether the server is being left alone."""
        return self._is_away

    def on_back(self, call: Callable[[], Awaitable[None]]) -> None:
        """Calls back, in the background, when a server that was away answers again; `call` may raise RedisAway."""
        self._on_back.append(call)

    async def run(self, work: Callable[[Redis], Awaitable[T]]) -> T:
        """What `work` gives; RedisAway when the server is not there, or not in time."""
        if self.is_away:
            raise RedisAway
        try:
            return await self._in_time(work)
        except REDIS_ERRORS as error:
            self.failures += 1
            self._left_alone(error)
            raise RedisAway from error

    async def _in_time(self, work: Callable[[Redis], Awaitable[T]]) -> T:
        # All in one time: the socket's is for each read, and there may be many.
        async with asyncio.timeout(self.timeout_seconds), self._places:
            return await work(self._redis)

    def _left_alone(self, error: Exception) -> None:
        if self.is_away:
            return
        log.warning("redis_away", error=type(error).__name__)
        self._is_away = True
        if self._watching is not None and not self._watching.done():
            return  # it is telling that the server was back, and will see
        # In a context of its own: whoever met the failure is not who the server is watched for.
        self._watching = asyncio.get_running_loop().create_task(self._watch(), context=Context())

    async def _watch(self) -> None:
        while self._is_away:
            await self._back()
            self._is_away = False
            for call in self._on_back:
                try:
                    await call()
                except RedisAway:
                    break
                except Exception:
                    log.exception("redis_back_failed")

    async def _back(self) -> None:
        """Returns when the server answers."""
        began, is_failing = time.monotonic(), False
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            try:
                await self._in_time(lambda redis: redis.ping())
            except REDIS_ERRORS:
                continue
            except Exception:  # whatever it is, a server that nobody watches would be away for good
                if not is_failing:
                    log.exception("redis_watch_failed")
                is_failing = True
                continue
            log.info("redis_back", away_seconds=round(time.monotonic() - began, 1))
            return
