"""How many calls at once an API bears: fewer when its answers take much longer than usual, more when it keeps up."""

from gateway.domain.places import Places

SLOW_FACTOR = 5.0
"""So many times the time that a call takes on a quiet day is congestion: pages differ in size by less."""
SLOW_SHARE = 0.25
"""Of the call's timeout: what takes less is never slow."""
QUIET_GROWTH = 0.1 / 60
"""What a call takes on a quiet day may grow by a tenth a minute: slower than a storm passes."""
QUIET_WEIGHT = 0.1
"""Of a call that was quicker than that: one alone says little."""
AFTER_SLOW, AFTER_LATE = 0.8, 0.5
LEAST, FIRST = 2.0, 10.0
"""What an API always gets, so that it can be seen to keep up again; and what it gets until it was seen to do so."""


class Congestion:
    """Additive increase, multiplicative decrease, of an API's places; times are the event loop's, in seconds.

    Without it an API that is offered more than it can do has all places taken, by calls that wait in its own queue
    until their time is over: it works as hard as it can, and for nobody.
    """

    def __init__(self, places: Places, most: int) -> None:
        self._places = places
        self._most = float(most)
        self._least = min(LEAST, self._most)
        self._limit = min(FIRST, self._most)
        self._has_been_slow = False
        self._quiet: dict[str, tuple[float, float]] = {}
        self._next_decrease = 0.0
        places.resize(int(self._limit))

    @property
    def limit(self) -> int:
        """Calls at once, at the moment."""
        return int(self._limit)

    def answered(self, path: str, now: float, duration: float, timeout: float) -> None:
        """A record or a list came, after so long."""
        if self._is_slow(path, now, duration, timeout):
            self._decrease(now, duration, AFTER_SLOW)
        elif self._limit < self._most and self._places.waiting:
            self._resize(min(self._limit + (1 / self._limit if self._has_been_slow else 1), self._most))

    def late(self, now: float, duration: float) -> None:
        """Nothing had come when the time was over."""
        self._decrease(now, duration, AFTER_LATE)

    def busy(self, now: float, duration: float) -> None:
        """The API says that it has too much to do."""
        self._decrease(now, duration, AFTER_SLOW)

    def _is_slow(self, path: str, now: float, duration: float, timeout: float) -> bool:
        quiet, at = self._quiet.get(path, (duration, now))
        quiet *= 1 + (now - at) * QUIET_GROWTH
        if duration < quiet:
            quiet += (duration - quiet) * QUIET_WEIGHT
        self._quiet[path] = quiet, now
        return duration > timeout * SLOW_SHARE and duration > quiet * SLOW_FACTOR

    def _decrease(self, now: float, duration: float, factor: float) -> None:
        self._has_been_slow = True
        if now >= self._next_decrease:
            self._next_decrease = now + duration  # what began before says nothing of what is done now
            self._resize(max(self._limit * factor, self._least))

    def _resize(self, limit: float) -> None:
        self._limit = limit
        self._places.resize(int(limit))
