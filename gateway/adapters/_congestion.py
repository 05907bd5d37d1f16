"""How many calls at once a backend bears: fewer when its answers take much longer than usual, more when it keeps up."""

from gateway.domain.places import Places

SLOW_FACTOR = 5.0
"""So many times the time that a call takes on a quiet day is congestion: pages differ in size by less."""
SLOW_SHARE = 0.25
"""Of the call's timeout: what takes less is never slow."""
QUIET_GROWTH = 0.1 / 60
"""What a call takes on a quiet day may grow by a tenth a minute: slower than a storm passes."""
AFTER_SLOW, AFTER_TIMEOUT = 0.8, 0.5
LEAST, FIRST = 2.0, 10.0
"""What a backend always gets, so that it can be seen to keep up again; and what it gets until it was seen to do so."""


class Congestion:
    """Additive increase, multiplicative decrease, of a backend's places; times are the event loop's, in seconds.

    Without it a backend that is offered more than it can do has all its places taken, by calls that wait in its own
    queue until their time is over: it works as hard as it can, and for nobody.
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

    def note(self, path: str, now: float, duration: float, timeout: float, *, is_late: bool) -> None:
        """What became of a call: how long it took, of the time it had, and whether that was over before it was."""
        if is_late or self._is_slow(path, now, duration, timeout):
            self._has_been_slow = True
            if now >= self._next_decrease:
                self._next_decrease = now + duration  # what began before says nothing of what is done now
                self._resize(max(self._limit * (AFTER_TIMEOUT if is_late else AFTER_SLOW), self._least))
        elif self._limit < self._most and self._places.waiting:
            self._resize(min(self._limit + (1 / self._limit if self._has_been_slow else 1), self._most))

    def _is_slow(self, path: str, now: float, duration: float, timeout: float) -> bool:
        quiet, at = self._quiet.get(path, (duration, now))
        quiet = min(quiet * (1 + (now - at) * QUIET_GROWTH), duration)
        self._quiet[path] = quiet, now
        return duration > timeout * SLOW_SHARE and duration > quiet * SLOW_FACTOR

    def _resize(self, limit: float) -> None:
        self._limit = limit
        self._places.resize(int(limit))
