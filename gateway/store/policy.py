"""For how long an answer is good."""

from collections.abc import Callable
from typing import Any

import msgspec

NEGATIVE_SECONDS = 3.0
"""What is unknown may be created the next moment."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Younger than `fresh_seconds` an answer is not asked for again; up to `stale_seconds` it stands in for an error.

    `fresh_seconds_of` says it where it depends on the value. `negative_seconds`: how long "there is none" is
    remembered. An answer that `survives_writes` may stand in for an error even if its company was written to since.
    """

    fresh_seconds: float
    stale_seconds: float
    negative_seconds: float = NEGATIVE_SECONDS
    survives_writes: bool = False
    fresh_seconds_of: Callable[[Any], float] | None = None

    def fresh_for(self, value: Any) -> float:
        """How long this value is news."""
        return self.fresh_seconds if self.fresh_seconds_of is None else self.fresh_seconds_of(value)
