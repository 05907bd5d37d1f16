"""Until when what a request has read is news: loaders tell it to whoever wants to keep what was made of it."""

from contextvars import ContextVar
from math import inf


class Freshness:
    """The earliest end, in seconds since 1970, of all that was read: infinite before that, 0 where it is not known."""

    __slots__ = ("until",)

    def __init__(self) -> None:
        self.until = inf

    def note(self, until: float) -> None:
        """Something was read that is news until then."""
        self.until = min(self.until, until)


FRESHNESS: ContextVar[Freshness | None] = ContextVar("FRESHNESS", default=None)
"""Set where an answer may be kept; None elsewhere, where nobody has to find out."""
