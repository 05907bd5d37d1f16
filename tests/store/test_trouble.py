"""A backend that was silent a moment ago is not waited for again where there is an old answer."""

from datetime import timedelta

from gateway.domain.time import Clock
from gateway.store.trouble import PAUSE_SECONDS
from tests.store.conftest import DOWN, StartReplica

LONG = timedelta(minutes=6)


async def test_one_silence_is_enough(start: StartReplica, clock: Clock) -> None:
    """The first failure is waited for; then old answers come without a call, and unknown keys still ask."""
    async with start() as replica:
        await replica.get("1", "2", "3")
        clock.forward(LONG)  # type: ignore[attr-defined]
        replica.sims.down = True
        calls = len(replica.sims.batches)
        assert await replica.get("1") == ["1"]
        assert await replica.get("2", "3") == ["1", "1"]
        assert len(replica.sims.batches) == calls + 1
        assert await replica.get("2", "4") == ["1", DOWN]
        assert replica.sims.batches[-1] == [("a", "4")]


async def test_it_is_asked_again_after_a_pause(start: StartReplica, clock: Clock) -> None:
    """Five seconds later the backend may be back."""
    async with start() as replica:
        await replica.get("1")
        clock.forward(LONG)  # type: ignore[attr-defined]
        replica.sims.down = True
        assert await replica.get("1") == ["1"]
        replica.sims.down, replica.sims.version = False, 2
        assert await replica.get("1") == ["1"]
        clock.forward(timedelta(seconds=PAUSE_SECONDS + 1))  # type: ignore[attr-defined]
        assert await replica.get("1") == ["2"]
