"""What lines use: a pure function of seed, line and day, never stored, so that any period is a sum of days."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache
from hashlib import blake2b
from zoneinfo import ZoneInfo

import msgspec

ROME = ZoneInfo("Europe/Rome")
BYTES_PER_GB = 10**9
SECONDS_PER_DAY = 86_400
DAYS_PER_MONTH = 30

# Business lines rest at weekends: percent of a line's daily measure, Monday first.
WEEKDAY_PERCENT = (110, 115, 120, 115, 110, 55, 45)
# A line's own measure of data for a day, in MB, before the weekday: from a light user to a heavy one.
LIGHTEST_MB, HEAVIEST_MB = 40, 640
# A day's draw moves between half and one and a half times the measure.
LOWEST_DRAW_PERCENT, HIGHEST_DRAW_PERCENT = 50, 150

CENTS = Decimal("0.01")


class DailyUsage(msgspec.Struct, frozen=True):
    """What one line used on one day of Europe/Rome: data in bytes, voice in seconds, a number of SMS."""

    data_bytes: int
    voice_seconds: int
    sms_count: int


def daily_usage(seed: int, line_id: str, day: date) -> DailyUsage:
    """What the line used on that whole day."""
    draws = blake2b(f"{seed}/{line_id}/{day.toordinal()}".encode(), digest_size=8).digest()
    weekday_percent = WEEKDAY_PERCENT[day.weekday()]
    span = HIGHEST_DRAW_PERCENT - LOWEST_DRAW_PERCENT
    draw_ten_thousandths = (LOWEST_DRAW_PERCENT * 65_536 + span * int.from_bytes(draws[:2])) * weekday_percent // 65_536
    return DailyUsage(
        data_bytes=typical_daily_bytes(seed, line_id) * draw_ten_thousandths // 10_000,
        voice_seconds=int.from_bytes(draws[2:4]) % 4_200 * weekday_percent // 100,
        sms_count=draws[4] % 7 * weekday_percent // 100,
    )


@lru_cache(maxsize=65_536)
def typical_daily_bytes(seed: int, line_id: str) -> int:
    """A line's own measure: the bytes of an average day."""
    draw = int.from_bytes(blake2b(f"{seed}/{line_id}".encode(), digest_size=4).digest())
    return (LIGHTEST_MB + draw % (HEAVIEST_MB - LIGHTEST_MB)) * 10**6


def days(first: date, end: date) -> Iterator[date]:
    """The days from `first` up to, not including, `end`."""
    for offset in range((end - first).days):
        yield first + timedelta(days=offset)


@lru_cache(maxsize=16_384)
def data_of_whole_days(seed: int, line_id: str, first: date, end: date) -> int:
    """Bytes the line used from `first` up to, not including, `end`."""
    return sum(daily_usage(seed, line_id, day).data_bytes for day in days(first, end))


def data_of_month(seed: int, line_id: str, now: datetime) -> int:
    """Bytes used since the current month began in Europe/Rome; of today, the part of the day that has passed."""
    today = now.astimezone(ROME).date()
    whole_days = data_of_whole_days(seed, line_id, today.replace(day=1), today)
    midnight = datetime.combine(today, time(), ROME)
    seconds = min(now.timestamp() - midnight.timestamp(), SECONDS_PER_DAY)
    return whole_days + daily_usage(seed, line_id, today).data_bytes * int(seconds) // SECONDS_PER_DAY


def typical_month_gb(seed: int, line_ids: list[str]) -> Decimal:
    """GB that these lines use together in an average month."""
    return Decimal(sum(typical_daily_bytes(seed, line_id) for line_id in line_ids) * DAYS_PER_MONTH) / BYTES_PER_GB


def month_gb_by_line(seed: int, line_ids: list[str], pool_gb: Decimal, now: datetime) -> dict[str, Decimal]:
    """GB of a shared pool that each line has used this month, in hundredths.

    A pool that is used up serves nobody: beyond its size the lines' shares shrink in proportion.
    """
    used = {line_id: data_of_month(seed, line_id, now) for line_id in line_ids}
    if sum(used.values()) > pool_gb * BYTES_PER_GB:
        return shares(used, pool_gb)
    return {line_id: _hundredths(Decimal(used_bytes) / BYTES_PER_GB) for line_id, used_bytes in used.items()}


def month_gb_at_level(
    seed: int, line_ids: list[str], pool_gb: Decimal, level: Decimal, now: datetime
) -> dict[str, Decimal]:
    """As `month_gb_by_line` for a pool that always stands at `level` (0.99 is 99 %) of its size, to the hundredth.

    The lines share it as they used data in the 30 days before today, which no day of the month makes zero.
    """
    today = now.astimezone(ROME).date()
    first = today - timedelta(days=DAYS_PER_MONTH)
    weights = {line_id: data_of_whole_days(seed, line_id, first, today) for line_id in line_ids}
    return shares(weights, pool_gb * level)


def shares(weights: dict[str, int], amount: Decimal) -> dict[str, Decimal]:
    """`amount` in hundredths, parted as the weights are; the last gets what rounding left: the sum is exact."""
    total = sum(weights.values())
    parts = {key: _hundredths(amount * weight / total) for key, weight in weights.items()}
    last = next(reversed(parts))
    parts[last] += _hundredths(amount) - sum(parts.values())
    return parts


def _hundredths(amount: Decimal) -> Decimal:
    return amount.quantize(CENTS, ROUND_DOWN)
