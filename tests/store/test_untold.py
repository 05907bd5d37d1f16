"""Of two that happen to one subject at the same time, each is told."""

import asyncio
from typing import Any

import pytest

from gateway.store.redis_server import RedisAway
from tests.store.conftest import Clock, StartReplica, until


class Telling:
    """In place of `Changes.tell`: each message waits for its turn, and is then sent or lost."""

    def __init__(self) -> None:
        self.turns: list[asyncio.Future[bool]] = []

    async def __call__(self, _kind: str, _subject: str, _value: float) -> None:
        """Waits until it is said whether the message is sent."""
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.turns.append(turn)
        if not await turn:
            raise RedisAway


@pytest.fixture
def telling() -> Telling:
    """Nothing was said yet."""
    return Telling()


async def one_sent_one_lost(telling: Telling, first: Any, second: Any, is_untold: Any) -> None:
    """The first begins, then the second; the first is told while the second is not, which then fails."""
    one = asyncio.create_task(first)
    await until(lambda: len(telling.turns) == 1)
    other = asyncio.create_task(second)
    await until(lambda: len(telling.turns) == 2)
    telling.turns[0].set_result(True)
    assert await one
    assert is_untold()
    telling.turns[1].set_result(False)
    assert not await other
    assert is_untold()


async def test_a_write_that_overlaps_with_another_is_told_still(
    start: StartReplica, telling: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The success of the one says nothing of the other: what Redis has is not believed until both are told."""
    async with start() as replica:
        changes, generations = replica.store.changes, replica.store.generations
        with monkeypatch.context() as patch:
            patch.setattr(changes, "tell", telling)
            first, second = generations.raise_generation("a"), generations.raise_generation("a")
            await one_sent_one_lost(telling, first, second, lambda: not generations.is_told("a"))
        await generations._catch_up()
        assert generations.is_told("a")


async def test_a_session_revoked_twice_is_told_twice(
    start: StartReplica, telling: Telling, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """The longer revocation is told when the server is back, though the shorter one was."""
    async with start() as replica, start() as other:
        changes, revocations = replica.store.changes, replica.store.revocations
        soon, late = clock().timestamp() + 60, clock().timestamp() + 900
        with monkeypatch.context() as patch:
            patch.setattr(changes, "tell", telling)
            first, second = revocations.revoke("s", soon), revocations.revoke("s", late)
            await one_sent_one_lost(telling, first, second, lambda: "s" in revocations._untold)
        await revocations._catch_up()
        await until(lambda: other.store.revocations.is_revoked("s"))
        clock.forward(600)
        assert other.store.revocations.is_revoked("s")
