"""A session that was ended is refused everywhere, within a second."""

from redis.asyncio import Redis

from gateway.domain.time import Clock
from gateway.domain.viewer import ANONYMOUS
from gateway.http.verified_tokens import VerifiedToken, VerifiedTokens
from gateway.store.revocations import FORGET_AT, KIND
from tests.store.conftest import Clock as MovingClock
from tests.store.conftest import StartReplica, until

LEEWAY_SECONDS = 5
"""For which a token holds after it has expired."""


def in_minutes(clock: Clock, minutes: float) -> float:
    """A time ahead, in seconds since 1970."""
    return clock().timestamp() + minutes * 60


async def test_a_revoked_session_is_refused_on_all_replicas(start: StartReplica, clock: MovingClock) -> None:
    """At once here, soon there, and by a replica that starts later; until its tokens have expired anyway."""
    async with start() as first, start() as second:
        assert not first.store.revocations.is_revoked("s1")
        assert await first.store.revocations.revoke("s1", in_minutes(clock, 15))
        assert first.store.revocations.is_revoked("s1")
        await until(lambda: second.store.revocations.is_revoked("s1"))
        assert not second.store.revocations.is_revoked("s2")
        async with start() as third:
            assert third.store.revocations.is_revoked("s1")
        clock.forward(15 * 60 + LEEWAY_SECONDS)
        assert not first.store.revocations.is_revoked("s1")


async def test_a_token_within_its_leeway_is_refused_still(start: StartReplica, clock: MovingClock) -> None:
    """A session is revoked for as long as any of its tokens is taken, on every replica, and no longer."""
    tokens, expires_at = VerifiedTokens(), in_minutes(clock, 1)
    async with start() as first, start() as second:
        leeway = first.store.settings.identity.leeway_seconds
        assert leeway == LEEWAY_SECONDS
        await first.store.revocations.revoke("s", expires_at)
        await until(lambda: second.store.revocations.is_revoked("s"))
        now = clock().timestamp()
        tokens.put("t", VerifiedToken(viewer=ANONYMOUS, session_id="s", expires_at=expires_at, begins_at=now), now)
        clock.forward(60 + leeway - 1)
        assert tokens.get("t", clock().timestamp(), leeway) is not None
        async with start() as third:
            for replica in (first, second, third):
                assert replica.store.revocations.is_revoked("s")
        clock.forward(1)
        assert tokens.get("t", clock().timestamp(), leeway) is None
        assert not first.store.revocations.is_revoked("s")


async def test_what_has_expired_is_forgotten(start: StartReplica, clock: MovingClock, redis: Redis) -> None:
    """In memory and in Redis, by the next revocation."""
    async with start() as replica:
        await replica.store.revocations.revoke("old", in_minutes(clock, 1))
        clock.forward(61 + LEEWAY_SECONDS)
        await replica.store.revocations.revoke("new", in_minutes(clock, 1))
        assert len(replica.store.revocations) == 1
        assert await redis.zrange("telco-gateway:revocations", 0, -1) == [b"new"]


async def test_a_replica_that_only_hears_forgets_too(start: StartReplica, clock: MovingClock) -> None:
    """Whenever there are many; those that hold stay."""
    async with start() as first, start() as second:
        tell, heard = first.store.changes.tell, second.store.changes
        await tell(KIND, "long", in_minutes(clock, 60))
        for number in range(FORGET_AT - 1):
            await tell(KIND, f"s{number}", in_minutes(clock, 1))
        await until(lambda: heard.heard == FORGET_AT, 5)
        assert len(second.store.revocations) == FORGET_AT
        clock.forward(120)
        await tell(KIND, "new", in_minutes(clock, 1))
        await until(lambda: second.store.revocations.is_revoked("new"))
        assert len(second.store.revocations) == 2
        assert second.store.revocations.is_revoked("long")


async def test_a_longer_revocation_is_not_shortened(start: StartReplica, clock: MovingClock) -> None:
    """Two messages about one session may come in any order."""
    async with start() as first, start() as second:
        await first.store.revocations.revoke("s", in_minutes(clock, 15))
        await second.store.revocations.revoke("s", in_minutes(clock, 5))
        clock.forward(600)
        assert first.store.revocations.is_revoked("s")
        await until(lambda: second.store.revocations.is_revoked("s"))
