"""What a soak found, and where it is kept, so that docs/performance.md can tell it."""

from pathlib import Path

import msgspec

KEPT = Path(__file__).parent.parent / ".bench" / "soak.json"
GROWTH_MAX_PERCENT = 2.0


class Soak(msgspec.Struct, frozen=True):
    """Resident memory by the line through the samples after the warm-up, from its beginning to its end."""

    contender: str
    minutes: float
    requests: int
    first_bytes: float
    last_bytes: float

    @property
    def growth_percent(self) -> float:
        """How much it grew; negative where it shrank."""
        return 100 * (self.last_bytes - self.first_bytes) / self.first_bytes

    @property
    def is_flat(self) -> bool:
        """Whether that is next to nothing."""
        return self.growth_percent <= GROWTH_MAX_PERCENT
