"""Sort keys."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.sort_key import NEVER, timestamp

zones = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
moments = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=zones)  # noqa: DTZ001 - zones are drawn


@given(moments, moments)
def test_keys_order_as_moments_do(one: datetime, other: datetime) -> None:
    """Whatever their offsets and years; what has no time yet comes after all."""
    assert (timestamp(one) < timestamp(other)) == (one < other)
    assert timestamp(one) < timestamp(NEVER)


def test_the_calendar_s_ends_are_keys_too() -> None:
    """A backend's 0001-01-01 or 9999-12-31 costs no list."""
    rome = timezone(timedelta(hours=1))
    assert timestamp(datetime(1, 1, 1, tzinfo=rome)) < timestamp(datetime(1, 1, 3, tzinfo=UTC))
    assert timestamp(datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-1)))) > timestamp(
        datetime(9999, 1, 1, tzinfo=UTC)
    )
