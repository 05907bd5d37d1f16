"""What time it is, and where days begin."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

ROME = ZoneInfo("Europe/Rome")
"""The zone that days are counted in."""

Clock = Callable[[], datetime]
"""Gives the time, aware."""


def start_of_day_months_ago(now: datetime, months: int) -> datetime:
    """The start of the same day of an earlier month in Europe/Rome, or of that month's last day."""
    today = now.astimezone(ROME).date()
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    first_of_next = datetime(year + (month + 1) // 12, (month + 1) % 12 + 1, 1, tzinfo=ROME).date()
    last = first_of_next - timedelta(days=1)
    return datetime.combine(last.replace(day=min(today.day, last.day)), time(), tzinfo=ROME)
