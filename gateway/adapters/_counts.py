"""What became of the calls to one backend, in numbers: for metrics, and for what `/readyz` says of it."""

import time
from collections.abc import Callable, Iterable, Mapping

from gateway.adapters._breaker import FAILURES, BreakerState
from gateway.counting import KEYS, Histogram
from gateway.domain.dependency import DependencyState
from gateway.errors import BackendAccessDenied, BackendContractBroken, BackendRejected

OK = "OK"
"""The outcome of a call that gave what the contract allows; any other is the code of an error."""

SILENT = frozenset(kind.code() for kind in (*FAILURES, BackendAccessDenied))
"""Outcomes that say the backend gives nothing at the moment, whatever it is asked."""

ANSWERED = frozenset({OK, BackendRejected.code(), BackendContractBroken.code()})
"""Outcomes that say it answers. All others, of calls that were given up or never made, say nothing of it."""

FAILING_FROM = 3
"""Calls in a row that came to nothing: one alone may be an accident."""

LATELY_SECONDS = 60.0
"""What calls showed longer ago is no longer said."""


class ApiCounts:
    """Of one API; the second half is filled by its guard, which decides which calls are made."""

    __slots__ = (
        "batches",
        "breaker_state",
        "calls_at_once",
        "hedges",
        "outcomes",
        "refused",
        "retries",
        "retries_denied",
        "running",
        "waiting",
    )

    def __init__(self) -> None:
        self.outcomes: dict[str, Histogram] = {}
        """By outcome, how long calls took in seconds."""
        self.batches = Histogram(KEYS)
        """How many keys a call asked for."""
        self.breaker_state = BreakerState.CLOSED
        self.calls_at_once = 0
        """What it gets at the moment, by how it keeps up."""
        self.running = 0
        """Calls that are being made."""
        self.waiting = 0
        """Calls that wait for their turn."""
        self.retries = 0
        self.retries_denied = 0
        """Those that the budget did not allow."""
        self.hedges = 0
        self.refused = 0
        """Calls that were not made: the breaker was open, or too many waited."""


class CallCounts:
    """Of one backend; `on_read` is called before the numbers are read, to bring those up to date that are kept
    elsewhere."""

    def __init__(self, apis: Iterable[str], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.apis = {api: ApiCounts() for api in apis}
        self.on_read: Callable[[], None] | None = None
        self._monotonic = monotonic
        self._last_at: float | None = None
        self._silent_in_a_row = 0

    def count(self, api: str, outcome: str, seconds: float, batch: int) -> None:
        """One call that came to its end."""
        counts = self.apis[api]
        durations = counts.outcomes.get(outcome)
        if durations is None:
            durations = counts.outcomes[outcome] = Histogram()
        durations.add(seconds)
        counts.batches.add(batch)
        if outcome in ANSWERED:
            self._last_at, self._silent_in_a_row = self._monotonic(), 0
        elif outcome in SILENT:
            self._last_at = self._monotonic()
            self._silent_in_a_row += 1

    def read(self) -> Mapping[str, ApiCounts]:
        """The numbers by API, up to date."""
        if self.on_read is not None:
            self.on_read()
        return self.apis

    def state(self) -> DependencyState:
        """What the calls of the last minute show of the backend, which is not asked."""
        if any(each.breaker_state is BreakerState.OPEN for each in self.read().values()):
            return "failing"
        if self._last_at is None or self._monotonic() - self._last_at > LATELY_SECONDS:
            return "unknown"
        return "failing" if self._silent_in_a_row >= FAILING_FROM else "up"
