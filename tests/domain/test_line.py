"""Filters of lines."""

from datetime import UTC, datetime

import pytest

from gateway.domain.line import FixedLine, Line, LineFilter, LineKind, LineState, MobileLine, PaymentType, TariffPlan

MOBILE = MobileLine(
    company_id="org-1",
    id="lin-1",
    customer_id="cus-1",
    number="+393451234567",
    state=LineState.ACTIVE,
    plan=TariffPlan("Impresa Più 100"),
    activated_at=datetime(2026, 1, 1, tzinfo=UTC),
    option_ids=(),
    payment_type=PaymentType.PREPAID,
    sim_id=None,
    gss_package_id=None,
)
FIXED = FixedLine(
    company_id="org-1",
    id="fix-1",
    customer_id="cus-1",
    number=None,
    state=LineState.PENDING,
    plan=None,
    activated_at=None,
    option_ids=(),
    address=None,
)


@pytest.mark.parametrize(
    ("filter", "accepted"),
    [
        (LineFilter(), [MOBILE, FIXED]),
        (LineFilter(number="+393451234567"), [MOBILE]),
        (LineFilter(number="+39345"), []),
        (LineFilter(plan="PIÙ"), [MOBILE]),
        (LineFilter(kind=LineKind.FIXED), [FIXED]),
        (LineFilter(states=(LineState.PENDING, LineState.ACTIVE)), [MOBILE, FIXED]),
        (LineFilter(states=()), []),
        (LineFilter(plan="più", kind=LineKind.FIXED), []),
    ],
)
def test_every_condition_that_is_given_must_hold(filter: LineFilter, accepted: list[Line]) -> None:
    """The number matches whole, the plan in part and in any case; nothing given accepts all."""
    assert [line for line in (MOBILE, FIXED) if filter.accepts(line)] == accepted
