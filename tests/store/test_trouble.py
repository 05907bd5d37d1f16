"""A backend that was silent a moment ago is not waited for again where there is an old answer."""

from gateway.domain.key import Key
from gateway.store.trouble import PAUSE_SECONDS
from tests.store.conftest import DOWN, Clock, StartReplica

LONG = 360.0
"""Longer than a SIM is fresh, with all its jitter."""


async def test_one_silence_is_enough(start: StartReplica, clock: Clock) -> None:
    """The first failure is waited for; then old answers come without a call, and unknown keys still ask."""
    async with start() as replica:
        await replica.get("1", "2", "3")
        clock.forward(LONG)
        replica.sims.down = True
        calls = len(replica.sims.batches)
        assert await replica.get("1") == ["1"]
        assert await replica.get("2", "3") == ["1", "1"]
        assert len(replica.sims.batches) == calls + 1
        assert await replica.get("2", "4") == ["1", DOWN]
        assert replica.sims.batches[-1] == [Key("a", "4")]


async def test_it_is_asked_again_after_a_pause(start: StartReplica, clock: Clock) -> None:
    """Five seconds later the backend may be back."""
    async with start() as replica:
        await replica.get("1")
        clock.forward(LONG)
        replica.sims.down = True
        assert await replica.get("1") == ["1"]
        replica.sims.down, replica.sims.version = False, 2
        assert await replica.get("1") == ["1"]
        clock.forward(PAUSE_SECONDS + 1)
        assert await replica.get("1") == ["2"]
