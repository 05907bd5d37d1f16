"""What is known of a backend that did not answer a moment ago."""

from collections.abc import Iterable

from gateway.domain.time import Clock
from gateway.errors import BackendTimeout, BackendUnavailable

PAUSE_SECONDS = 5.0


class Trouble:
    """One for each backend: after a call that nobody answered, old answers are given without asking for a while.

    Each level of a query would else wait for its own timeout before it used what it has, and together they would
    take longer than the request may. Where there is no old answer the backend is asked all the same.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = 0.0

    @property
    def is_fresh(self) -> bool:
        """Whether the backend was silent less than PAUSE_SECONDS ago."""
        return self._clock().timestamp() < self._until

    def note(self, answers: Iterable[object]) -> None:
        """Looks at what came back of a call."""
        if any(isinstance(answer, BackendTimeout | BackendUnavailable) for answer in answers):
            self._until = self._clock().timestamp() + PAUSE_SECONDS
