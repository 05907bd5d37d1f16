"""When a failed call is worth another attempt, and how many of them a backend is to bear."""

import random

from gateway.adapters._call import Call
from gateway.config import RetryPolicy
from gateway.errors import BackendBusy, BackendError, BackendFailed, BackendUnavailable

PASSING = (BackendUnavailable, BackendFailed, BackendBusy)
"""What may be over in a moment. Refusals and broken contracts are the same the next time, and one that is too slow has
had the time in which the rest of the answer could be given without it."""


class RetryBudget:
    """Attempts beyond the first that may still be made: each call saves up a share of one.

    When everything fails, a backend gets so much more than it would without retries, and not twice as much.
    """

    def __init__(self, policy: RetryPolicy) -> None:
        self._share = policy.budget_share
        self._most = float(policy.budget_reserve)
        self._left = self._most

    def save(self) -> None:
        """A call is made."""
        self._left = min(self._left + self._share, self._most)

    def spend(self) -> bool:
        """Whether one more attempt may be made, which is then counted."""
        if self._left < 1:
            return False
        self._left -= 1
        return True


def pause_before_retry(policy: RetryPolicy, call: Call, error: BackendError, attempt: int) -> float | None:
    """How long to wait after so many attempts, at random, in seconds; None where another one makes no sense."""
    if attempt >= policy.attempts_max or not isinstance(error, PASSING):
        return None
    if not call.is_safe and not (isinstance(error, BackendUnavailable) and error.is_unsent):
        return None
    if isinstance(error, BackendBusy) and error.retry_after_seconds is not None:
        asked = error.retry_after_seconds
        return None if asked > policy.pause_max_seconds else asked + _up_to(policy.pause_seconds)
    return _up_to(min(policy.pause_seconds * 2 ** (attempt - 1), policy.pause_max_seconds))


def _up_to(seconds: float) -> float:
    return random.uniform(0, seconds)  # noqa: S311 - no secret
