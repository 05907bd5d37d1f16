"""A circuit breaker: an API that fails is asked nothing for a while, and then once, to see whether it is well."""

import math
import random
from enum import Enum

from gateway.config import BreakerPolicy
from gateway.errors import BackendBusy, BackendFailed, BackendTimeout, BackendTlsFailed, BackendUnavailable

FAILURES = (BackendUnavailable, BackendTimeout, BackendFailed, BackendBusy, BackendTlsFailed)
"""What a breaker counts: the backend gave no answer, or one that says that it cannot."""
OPEN_MAX_FACTOR = 6.0
"""An API that is still not well is left alone for twice as long each time, up to so many times `open_seconds`."""
JITTER = 0.2
"""Workers and replicas that opened together come back one after the other."""
IN_A_ROW, IN_A_ROW_SHARE, IN_A_ROW_SECONDS = 5, 0.25, 1.0
"""So many failures without a success between them (a share of `calls_min`, these at least), over so long, open it too:
an API that hangs, or that is asked little, does not come to as many calls as the window needs."""
PROBE_SECONDS = 1.0
"""What callers are told to wait while one call finds out."""


class BreakerState(Enum):
    """In the words of the pattern; `resting` is an API that asked for it."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    RESTING = "resting"


class Breaker:
    """Counts what became of calls; all times are the event loop's, in seconds.

    A call asks `wait_seconds` and, where that is 0, says `began`; at its end it gives what that told to one of
    `succeeded`, `failed` and `left`, so that what began before the breaker changed changes nothing any more.
    """

    def __init__(self, policy: BreakerPolicy) -> None:
        self._policy = policy
        self._epoch = 0
        self._open_until = self._rest_until = -math.inf
        self._open_seconds = policy.open_seconds
        self._is_doubtful = False
        self._is_probing = False
        self._window_ends = -math.inf
        self._calls = self._failures = 0
        self._calls_before = self._failures_before = 0
        self._in_a_row, self._in_a_row_since = 0, 0.0
        self.opened = 0
        """How often it did."""

    def state(self, now: float) -> BreakerState:
        """What it is at the moment."""
        if now < self._open_until:
            return BreakerState.OPEN
        if now < self._rest_until:
            return BreakerState.RESTING
        return BreakerState.HALF_OPEN if self._is_doubtful else BreakerState.CLOSED

    def wait_seconds(self, now: float) -> float:
        """How long no call may go; 0 where one may."""
        until = max(self._open_until, self._rest_until)
        if now < until:
            return until - now
        return PROBE_SECONDS if self._is_probing else 0.0

    def is_resting(self, now: float) -> bool:
        """Whether no call may go only because the backend asked for it."""
        return self.state(now) is BreakerState.RESTING

    def began(self) -> int:
        """A call goes out: the only one, while nobody knows whether the API is well again."""
        self._is_probing = self._is_doubtful
        return self._epoch

    def succeeded(self, began: int, now: float) -> bool:
        """An answer came, be it one that refuses the request; whether that closed the breaker."""
        if began != self._epoch:
            return False
        self._in_a_row = 0
        self._count(now, failures=0)
        has_closed = self._is_doubtful
        if has_closed:
            self._open_seconds = self._policy.open_seconds
            self._change()
            self._is_doubtful = False
        return has_closed

    def failed(self, began: int, now: float) -> bool:
        """No answer came, or one that says that the backend itself failed; whether that opened the breaker."""
        if began != self._epoch:
            return False
        self._count(now, failures=1)
        if not self._in_a_row:
            self._in_a_row_since = now
        self._in_a_row += 1
        if self._is_doubtful:
            self._open_seconds = min(2 * self._open_seconds, OPEN_MAX_FACTOR * self._policy.open_seconds)
        elif not self._is_failing(now):
            return False
        self._open_until = now + self._open_seconds * random.uniform(1, 1 + JITTER)  # noqa: S311 - no secret
        self._change()
        self._is_doubtful = True
        self.opened += 1
        return True

    def rest(self, now: float, seconds: float) -> bool:
        """The backend asks to be left alone for so long; whether it was not resting before. Nobody failed by that."""
        is_new = now >= self._rest_until
        self._rest_until = max(self._rest_until, now + seconds)
        return is_new

    def left(self, began: int) -> None:
        """What became of the call says nothing of the API."""
        if began == self._epoch:
            self._is_probing = False

    def _change(self) -> None:
        self._epoch += 1
        self._is_probing = False
        self._in_a_row = 0
        self._calls = self._failures = self._calls_before = self._failures_before = 0

    def _count(self, now: float, failures: int) -> None:
        """Two halves of a window that slides: what is older than the one before is forgotten."""
        half = self._policy.window_seconds / 2
        if now >= self._window_ends:
            is_next = now < self._window_ends + half
            self._calls_before, self._failures_before = (self._calls, self._failures) if is_next else (0, 0)
            self._calls = self._failures = 0
            self._window_ends = now + half
        self._calls += 1
        self._failures += failures

    def _is_failing(self, now: float) -> bool:
        calls, failures = self._calls + self._calls_before, self._failures + self._failures_before
        if calls >= self._policy.calls_min:
            return failures >= calls * self._policy.failed_share
        in_a_row = max(IN_A_ROW, self._policy.calls_min * IN_A_ROW_SHARE)
        return self._in_a_row >= in_a_row and now - self._in_a_row_since >= IN_A_ROW_SECONDS
