"""What is known of a backend from the calls that were made."""

import pytest

from gateway.adapters._breaker import BreakerState
from gateway.adapters._counts import FAILING_FROM, LATELY_SECONDS, CallCounts


class Watch:
    """Counts of calls, and the time at which they are made."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.counts = CallCounts(["customer", "party"], monotonic=lambda: self.now)

    def call(self, *outcomes: str) -> None:
        """Calls that came to these ends."""
        for outcome in outcomes:
            self.counts.count("party", outcome, 0.01, 1)


@pytest.fixture
def watch() -> Watch:
    """Before any call."""
    return Watch()


def test_nothing_is_known_at_first(watch: Watch) -> None:
    """Nor of what was given up or never made."""
    assert watch.counts.state() == "unknown"
    watch.call("CANCELLED", "BACKEND_CIRCUIT_OPEN", "BACKEND_QUEUE_FULL", "ValueError")
    assert watch.counts.state() == "unknown"


@pytest.mark.parametrize("outcome", ["OK", "BACKEND_REJECTED", "BACKEND_CONTRACT_BROKEN"])
def test_whoever_answers_is_up(watch: Watch, outcome: str) -> None:
    """Be it that it refuses, or says what nobody understands; and for a minute after."""
    watch.call(*["BACKEND_TIMEOUT"] * FAILING_FROM, outcome)
    assert watch.counts.state() == "up"
    watch.now += LATELY_SECONDS
    assert watch.counts.state() == "up"
    watch.now += 1
    assert watch.counts.state() == "unknown"


def test_one_failure_is_an_accident(watch: Watch) -> None:
    """Three in a row are not, whatever is given up between them."""
    watch.call("BACKEND_TIMEOUT", "BACKEND_FAILED")
    assert watch.counts.state() == "up"
    watch.call("CANCELLED")
    assert watch.counts.state() == "up"
    watch.call("BACKEND_UNAVAILABLE")
    assert watch.counts.state() == "failing"


def test_an_open_breaker_says_enough(watch: Watch) -> None:
    """Though nothing is asked any more; whoever keeps breakers brings their states when they are read."""
    watch.call("OK")

    def bring() -> None:
        watch.counts.apis["customer"].breaker_state = BreakerState.OPEN

    watch.counts.on_read = bring
    assert watch.counts.state() == "failing"
    watch.now += 10 * LATELY_SECONDS
    assert watch.counts.state() == "failing"
    assert watch.counts.read()["customer"].breaker_state is BreakerState.OPEN


def test_durations_and_keys(watch: Watch) -> None:
    """Each value is counted at the first bound that it does not exceed, the last place is for what exceeds all."""
    for seconds, keys in [(0.0005, 1), (0.0006, 2), (11.0, 101)]:
        watch.counts.count("party", "OK", seconds, keys)
    party = watch.counts.apis["party"]
    assert party.outcomes["OK"].counts == [1, 1, *[0] * 12, 1]
    assert party.outcomes["OK"].sum == pytest.approx(11.0011)
    assert party.batches.counts == [1, 1, 0, 0, 0, 0, 0, 1]
    assert party.outcomes["OK"].count == 3
    assert watch.counts.apis["customer"].outcomes == {}
