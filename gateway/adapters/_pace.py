"""A ceiling on the rate of calls."""

import math

BURST_SECONDS = 0.1
"""Calls of so long may come together; after that they are spread evenly."""


class Pace:
    """At most so many calls a second: each takes the next free moment. Times are the event loop's, in seconds."""

    def __init__(self, calls_per_second: float) -> None:
        self._interval = 1 / calls_per_second
        self._burst = max(BURST_SECONDS - self._interval, 0.0)
        self._next = -math.inf

    def wait_seconds(self, now: float) -> float:
        """How long a call that is made now would have to wait."""
        return max(self._next - self._burst - now, 0.0)

    def take(self, now: float) -> None:
        """Takes the moment that `wait_seconds` tells."""
        self._next = max(self._next, now) + self._interval

    def give_back(self) -> None:
        """A moment that was taken is not used."""
        self._next -= self._interval
