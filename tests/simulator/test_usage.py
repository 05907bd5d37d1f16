"""What lines use, as a pure function of seed, line and day."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from gateway.simulator.usage import (
    DailyUsage,
    daily_usage,
    data_of_month,
    data_of_whole_days,
    month_gb_at_level,
    month_gb_by_line,
    shares,
    typical_daily_bytes,
)

ROME = ZoneInfo("Europe/Rome")
LINES = [f"lin-0001-{number:04d}" for number in range(1, 9)]


def test_usage_of_a_day_never_changes() -> None:
    """The same seed, line and day give the same usage in every process and release."""
    assert daily_usage(1, "lin-0001-0001", date(2026, 11, 23)) == DailyUsage(
        data_bytes=102_668_100, voice_seconds=111, sms_count=3
    )


def test_seed_line_and_day_all_matter() -> None:
    """Another seed, another line and another day give another usage."""
    day = date(2026, 11, 23)
    usages = {
        daily_usage(1, "lin-0001-0001", day),
        daily_usage(2, "lin-0001-0001", day),
        daily_usage(1, "lin-0001-0002", day),
        daily_usage(1, "lin-0001-0001", day + timedelta(days=7)),
    }
    assert len(usages) == 4


def test_period_is_the_sum_of_its_days() -> None:
    """A month's data is the sum of its days; the end does not belong to the period."""
    days = [date(2026, 10, 1) + timedelta(days=offset) for offset in range(31)]
    expected = sum(daily_usage(1, LINES[0], day).data_bytes for day in days)
    assert data_of_whole_days(1, LINES[0], date(2026, 10, 1), date(2026, 11, 1)) == expected
    assert data_of_whole_days(1, LINES[0], date(2026, 10, 1), date(2026, 10, 1)) == 0


def test_day_stays_near_the_line_s_measure() -> None:
    """A day's data is between 22 % and 180 % of the line's own measure, weekends included."""
    measure = typical_daily_bytes(1, LINES[0])
    for offset in range(200):
        used = daily_usage(1, LINES[0], date(2026, 1, 1) + timedelta(days=offset)).data_bytes
        assert measure * 22 // 100 <= used <= measure * 180 // 100


def test_month_begins_at_midnight_in_rome() -> None:
    """Nothing is used of the new month while it is still the old one in Rome, and UTC's midnight means nothing."""
    midnight = datetime(2026, 7, 1, tzinfo=ROME).astimezone(UTC)
    assert data_of_month(1, LINES[0], midnight) == 0
    last_second_of_june = data_of_month(1, LINES[0], midnight - timedelta(seconds=1))
    whole_june = data_of_whole_days(1, LINES[0], date(2026, 6, 1), date(2026, 7, 1))
    assert whole_june * 0.999 < last_second_of_june < whole_june


def test_today_counts_as_far_as_it_has_passed() -> None:
    """At noon half of the day's data is used."""
    noon = datetime(2026, 11, 1, 12, tzinfo=ROME)
    assert data_of_month(1, LINES[0], noon) == daily_usage(1, LINES[0], date(2026, 11, 1)).data_bytes // 2


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_usage_grows_through_the_change_of_the_clocks(day: date) -> None:
    """On days of 23 and 25 hours the data used never shrinks."""
    start = datetime(day.year, day.month, day.day, tzinfo=ROME).astimezone(UTC)
    used = [data_of_month(1, LINES[0], start + timedelta(minutes=20 * step)) for step in range(26 * 3)]
    assert used == sorted(used)


def test_pool_is_never_exceeded() -> None:
    """Where lines want more than the pool has, their parts shrink and add up to exactly the pool."""
    used = month_gb_by_line(1, LINES, Decimal(3), datetime(2026, 11, 24, 9, tzinfo=UTC))
    assert sum(used.values()) == Decimal("3.00")
    assert list(used) == LINES
    assert all(amount > 0 for amount in used.values())


def test_level_is_exact_on_every_day() -> None:
    """A pool at 99 % is at 99.00 % at any time of the month, its first second included."""
    for day in range(1, 32):
        now = datetime(2026, 12, day, tzinfo=ROME)
        used = month_gb_at_level(1, LINES, Decimal(50), Decimal("0.99"), now)
        assert sum(used.values()) == Decimal("49.50")


def test_shares_are_exact() -> None:
    """Parts are rounded down to hundredths and the last one takes what is left."""
    assert shares({"a": 1, "b": 1, "c": 1}, Decimal(10)) == {
        "a": Decimal("3.33"),
        "b": Decimal("3.33"),
        "c": Decimal("3.34"),
    }
