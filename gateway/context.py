"""What a resolver may use: who asks, the loaders of this request, the time, the request's id."""

from datetime import date, datetime, time, timedelta

from gateway.domain.freshness import FRESHNESS
from gateway.domain.time import ROME, Clock
from gateway.domain.viewer import Viewer
from gateway.loaders import Loaders

__all__ = ["Clock", "Context"]


class Context:
    """One for each request; every attribute always exists."""

    __slots__ = ("_clock", "loaders", "request_id", "viewer")

    def __init__(self, *, viewer: Viewer, loaders: Loaders, clock: Clock, request_id: str) -> None:
        self.viewer = viewer
        self.loaders = loaders
        self._clock = clock
        self.request_id = request_id

    @property
    def today(self) -> date:
        """The day in Europe/Rome, which due dates are counted in."""
        today = self._clock().astimezone(ROME).date()
        freshness = FRESHNESS.get()
        if freshness is not None:
            freshness.note(datetime.combine(today + timedelta(days=1), time(), ROME).timestamp())
        return today
