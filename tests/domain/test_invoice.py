"""When an invoice is overdue."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from gateway.domain.invoice import Invoice, InvoiceKind, InvoiceState
from gateway.domain.money import Money

INVOICE = Invoice(
    company_id="org-1",
    id="bil-1",
    account_id="acc-1",
    number="1",
    kind=InvoiceKind.SERVICE,
    state=InvoiceState.ISSUED,
    issued_on=date(2026, 10, 1),
    due_on=date(2026, 10, 31),
    period=None,
    net=None,
    total=Money(Decimal("12.20"), "EUR"),
    outstanding=Money(Decimal("0.01"), "EUR"),
)


@pytest.mark.parametrize(
    ("changes", "today", "overdue"),
    [
        ({}, date(2026, 10, 31), False),
        ({}, date(2026, 11, 1), True),
        ({"outstanding": Money(Decimal(0), "EUR")}, date(2026, 11, 1), False),
        ({"outstanding": None}, date(2026, 11, 1), False),
        ({"due_on": None}, date(2026, 11, 1), False),
    ],
)
def test_overdue_is_money_left_after_the_due_date(changes: dict[str, object], today: date, overdue: bool) -> None:
    """The due date itself is still in time; what nobody knows is not overdue."""
    assert msgspec.structs.replace(INVOICE, **changes).is_overdue(today) is overdue
