"""Sort keys: text that orders as the values it stands for."""

from datetime import UTC, datetime

NEVER = datetime.max.replace(tzinfo=UTC)
"""After every other time: what has none yet is the newest."""

BEGINNING = datetime.min.replace(tzinfo=UTC)


def timestamp(at: datetime) -> str:
    """The time since the calendar began, to the microsecond and always of one width."""
    since = at - BEGINNING
    return f"{since.days + 1:07}{since.seconds:05}{since.microseconds:06}"
