"""The simulated world's time: it ticks like real time, starts where it is told and can be moved forward."""

import time
from datetime import UTC, datetime, timedelta

LONGEST_ADVANCE_SECONDS = 100 * 365 * 86_400


class SimulatedClock:
    """A clock that starts at `start` (an aware datetime; now when left out) and ticks with monotonic real time.

    Calling it gives the time as an aware datetime in UTC. `start` stays what it was.
    ValueError for a `start` without an offset.
    """

    def __init__(self, start: datetime | None = None) -> None:
        if start is not None and start.tzinfo is None:
            raise ValueError(f"The clock needs a start with an offset from UTC, not {start.isoformat()}.")
        self.start = (start or datetime.now(UTC)).astimezone(UTC)
        self.reset()

    def __call__(self) -> datetime:
        """The time now, in UTC."""
        return self.start + self._advanced + timedelta(seconds=time.monotonic() - self._started)

    def advance(self, seconds: float) -> None:
        """Moves the clock forward; ValueError for a negative number of seconds, or more than 100 years in all."""
        # Written so that NaN is refused too.
        if not 0 <= seconds <= LONGEST_ADVANCE_SECONDS - self._advanced.total_seconds():
            raise ValueError(f"The clock moves forward, by 100 years at most in all, not by {seconds} seconds.")
        self._advanced += timedelta(seconds=seconds)

    def reset(self) -> None:
        """Back to `start`."""
        self._advanced = timedelta()
        self._started = time.monotonic()
