"""A clock for exact values."""

from datetime import datetime

from gateway.simulator.clock import SimulatedClock


class StillClock(SimulatedClock):
    """Moves only when it is told to, so that dates are exact however long a test takes."""

    def __call__(self) -> datetime:
        """The time it was last moved to, in UTC."""
        return self.start + self._advanced
