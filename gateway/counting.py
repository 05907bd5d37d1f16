"""What is counted while requests run: plain numbers that a scrape reads, so that counting costs next to nothing."""

from bisect import bisect_left
from collections.abc import Sequence

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bounds for times: from an answer that is kept to the longest that anything here may take."""

KEYS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
"""Bounds for how many keys are asked for at once."""


class Histogram:
    """How many values were at most each bound, and their sum; `counts` has one place more, for what is above all."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        """One more value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def include(self, other: "Histogram") -> None:
        """Also the values of another one with the same bounds."""
        self.counts = [ours + theirs for ours, theirs in zip(self.counts, other.counts, strict=True)]
        self.sum += other.sum

    @property
    def count(self) -> int:
        """How many values there were."""
        return sum(self.counts)
