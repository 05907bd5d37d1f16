"""What a resolver may use: who asks, the loaders of this request, the time, the request's id."""

from datetime import date

from gateway.domain.time import ROME, Clock
from gateway.domain.viewer import Viewer
from gateway.loaders import Loaders

__all__ = ["Clock", "Context"]


class Context:
    """One for each request; every attribute always exists."""

    __slots__ = ("clock", "loaders", "request_id", "viewer")

    def __init__(self, *, viewer: Viewer, loaders: Loaders, clock: Clock, request_id: str) -> None:
        self.viewer = viewer
        self.loaders = loaders
        self.clock = clock
        self.request_id = request_id

    @property
    def today(self) -> date:
        """The day in Europe/Rome, which due dates are counted in."""
        return self.clock().astimezone(ROME).date()
