"""How a backend is left alone on its bad days: policies as frozen values, each a table of its settings."""

from typing import Annotated

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Share = Annotated[float, Meta(ge=0, le=1)]


class RetryPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a call that failed is tried again: only reads, and what never left the gateway."""

    attempts_max: Annotated[int, Meta(ge=1, le=5)] = 2
    """Of one call, the first included."""
    pause_seconds: Seconds = 0.05
    """The longest pause before the second attempt; it doubles with each further one, and is drawn at random below."""
    pause_max_seconds: Seconds = 1.0
    """The longest of all, which a backend's own Retry-After may ask for too."""
    budget_share: Share = 0.1
    """Attempts beyond the first, as a share of all calls."""
    budget_reserve: Annotated[int, Meta(ge=0, le=10_000)] = 10
    """How many of them may be saved up, so that a backend that is asked little is asked again at all."""


class BreakerPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When an API that fails is asked nothing for a while."""

    failed_share: Annotated[float, Meta(gt=0, le=1)] = 0.5
    """Of the calls in the window, from where on it opens."""
    calls_min: Annotated[int, Meta(ge=1, le=10_000)] = 20
    """Fewer calls than these say nothing."""
    window_seconds: Seconds = 10.0
    open_seconds: Seconds = 5.0
    """Then one call finds out whether it is well again."""
