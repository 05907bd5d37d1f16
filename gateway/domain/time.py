"""What time it is, and where days begin."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

ROME = ZoneInfo("Europe/Rome")
"""The zone that days are counted in."""

Clock = Callable[[], datetime]
"""Gives the time, aware."""
