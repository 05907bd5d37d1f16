"""Sort keys: text that orders as the values it stands for."""

from datetime import UTC, datetime

LAST = "~"
"""After every timestamp: what has none yet is the newest."""


def timestamp(at: datetime | None) -> str:
    """UTC, to the microsecond, always of one width."""
    return LAST if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
