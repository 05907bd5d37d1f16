"""Sort keys: text that orders as the values it stands for."""

from datetime import UTC, datetime

LAST = "~"
"""After every timestamp: what has none yet is the newest."""


def timestamp(at: datetime | None) -> str:
    """UTC, to the microsecond, always of one width; within a day of the calendar's ends the offset is left out."""
    if at is None:
        return LAST
    try:
        return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    except OverflowError:
        return at.replace(tzinfo=None).isoformat(timespec="microseconds")
