"""Sessions that have ended before their tokens expire: refused everywhere, soon."""

from typing import Any

import structlog
from redis.asyncio import Redis

from gateway.domain.time import Clock
from gateway.store.changes import Changes
from gateway.store.redis_server import RedisAway, RedisServer
from gateway.store.untold import Untold

log = structlog.get_logger()

KIND = "revocation"
NAME = "telco-gateway:revocations"
FORGET_AT = 1_000
"""Of so many, or of twice as many as were left the last time, those that have expired are forgotten."""


class Revocations:
    """Known to every replica within a second while Redis is reachable; else when it is back.

    Asking costs nothing but a look into memory, so a replica that is cut off lets in whom others have refused since.
    An entry ends when its tokens do.
    """

    def __init__(self, server: RedisServer, changes: Changes, clock: Clock, *, leeway_seconds: float) -> None:
        self._server = server
        self._changes = changes
        self._clock = clock
        self._leeway_seconds = leeway_seconds
        self._until: dict[str, float] = {}
        self._forget_at = FORGET_AT
        self._untold = Untold()
        server.on_back(self._tell_untold)
        changes.on(KIND, self._heard, self._catch_up)

    def __len__(self) -> int:
        return len(self._until)

    def is_revoked(self, session_id: str) -> bool:
        """Whether tokens of this session are refused."""
        until = self._until.get(session_id)
        return until is not None and self._clock().timestamp() < until

    async def revoke(self, session_id: str, until: float) -> bool:
        """Refuses a session until all its tokens have expired (seconds since 1970): here at once, elsewhere soon.

        For the leeway longer, since a token holds for as long after it has expired.
        False when Redis could not be told; it is told when it is back, as long as this process lives.
        """
        until += self._leeway_seconds
        self._heard(session_id, until)
        self._forget_expired()
        self._untold.add(session_id)
        try:
            await self._tell({session_id: until}, {session_id: self._untold.mark(session_id)})
        except RedisAway:
            log.error("revocation_not_told")
            return False
        return True

    def _heard(self, session_id: str, until: float) -> None:
        if len(self._until) >= self._forget_at:
            self._forget_expired()
        self._until[session_id] = max(until, self._until.get(session_id, 0.0))

    def _forget_expired(self) -> None:
        now = self._clock().timestamp()
        self._until = {session_id: until for session_id, until in self._until.items() if until > now}
        self._forget_at = max(FORGET_AT, 2 * len(self._until))

    async def _keep(self, redis: Redis, revoked: dict[str, float]) -> None:
        async with redis.pipeline(transaction=True) as pipeline:
            pipeline.zremrangebyscore(NAME, "-inf", self._clock().timestamp())
            if revoked:
                pipeline.zadd(NAME, revoked, gt=True)
            await pipeline.execute()

    async def _catch_up(self) -> None:
        """After the channel was lost: Redis gets all that is known here, and this replica what the others have said."""
        self._forget_expired()
        await self._tell(self._until, self._untold.marks())
        found: Any = await self._server.run(lambda redis: redis.zrange(NAME, 0, -1, withscores=True))
        for name, until in found:
            self._heard(name.decode(), until)

    async def _tell_untold(self) -> None:
        untold = self._untold.marks()
        if untold:
            await self._tell({id: self._until[id] for id in untold if id in self._until}, untold)

    async def _tell(self, known: dict[str, float], untold: dict[str, int]) -> None:
        revoked = dict(known)
        await self._server.run(lambda redis: self._keep(redis, revoked))
        for session_id, mark in untold.items():
            await self._changes.tell(KIND, session_id, self._until.get(session_id, 0.0))
            self._untold.told(session_id, mark)
