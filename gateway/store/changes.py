"""What one replica tells all others at once: a pub/sub channel, listened to again after every outage."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextvars import Context
from types import TracebackType
from typing import Any, Self

import msgspec
import structlog
from redis.asyncio.client import PubSub

from gateway.store.redis_server import REDIS_ERRORS, RedisAway, RedisServer

log = structlog.get_logger()

CHANNEL = "telco-gateway:changes"
HEARTBEAT_SECONDS = 1.0
"""A channel that is silent for so long is asked for a sign of life; after as long again it is lost."""
RETRY_SECONDS = 0.3


class Change(msgspec.Struct, frozen=True, array_like=True):
    """Something that happened to `subject`; `replica` is who says so."""

    kind: str
    subject: str
    value: float
    replica: str


Hear = Callable[[str, float], None]
"""Takes subject and value of a change that another replica made."""


class Changes:
    """Tells and hears changes. After each outage `caught_up` runs first, since whatever was said meanwhile is lost."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self._replica = os.urandom(8).hex()
        self._hear: dict[str, Hear] = {}
        self._catch_up: list[Callable[[], Awaitable[None]]] = []
        self._decoder = msgspec.msgpack.Decoder(Change)
        self._encoder = msgspec.msgpack.Encoder()
        self._listener: asyncio.Task[None] | None = None
        self.listening = asyncio.Event()
        """Set while every change is heard."""
        self.heard = 0
        self.losses = 0
        """How often the channel could not be had, or was lost."""

    def on(self, kind: str, hear: Hear, catch_up: Callable[[], Awaitable[None]]) -> None:
        """Calls `hear` for each change of a kind; `catch_up`, which may raise RedisAway, when some may be missing."""
        self._hear[kind] = hear
        self._catch_up.append(catch_up)

    async def tell(self, kind: str, subject: str, value: float) -> None:
        """Sends a change to all other replicas; RedisAway when that is not possible now."""
        message = self._encoder.encode(Change(kind, subject, value, self._replica))
        await self._server.run(lambda redis: redis.publish(CHANNEL, message))

    async def __aenter__(self) -> Self:
        self._listener = asyncio.get_running_loop().create_task(self._listen(), context=Context())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)

    async def _listen(self) -> None:
        is_first = True
        while True:
            try:
                await self._listen_once()
            except (RedisAway, *REDIS_ERRORS) as error:
                self.losses += 1
                if self.listening.is_set() or is_first:
                    log.warning("changes_lost", error=type(error).__name__)
            except Exception:  # whatever it is, a replica that hears nothing more must say so and go on
                log.exception("changes_failed")
            is_first = False
            self.listening.clear()
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen_once(self) -> None:
        """Until the channel is lost."""
        async with self._server.new_client() as redis, redis.pubsub() as channel:
            async with asyncio.timeout(self._server.timeout_seconds):
                await channel.subscribe(CHANNEL)
            await self._hear_all(channel)

    async def _hear_all(self, channel: PubSub) -> None:
        is_waiting = True  # for the answer to `subscribe`, and later for that to each ping
        while True:
            message = await channel.get_message(timeout=HEARTBEAT_SECONDS)
            if message is None:
                if is_waiting:
                    raise TimeoutError
                await channel.ping()
                is_waiting = True
                continue
            is_waiting = False
            if message["type"] == "subscribe":
                await self._caught_up()
            elif message["type"] == "message":
                self._heard(message["data"])

    async def _caught_up(self) -> None:
        for catch_up in self._catch_up:
            await catch_up()
        self.listening.set()
        log.info("changes_heard")

    def _heard(self, data: Any) -> None:
        try:
            change = self._decoder.decode(data)
        except msgspec.DecodeError:
            log.warning("change_not_understood")
            return
        hear = self._hear.get(change.kind)
        if hear is not None and change.replica != self._replica:
            self.heard += 1
            hear(change.subject, change.value)
