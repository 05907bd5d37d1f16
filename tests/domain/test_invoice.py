"""When an invoice is overdue, and which a filter accepts."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from gateway.domain.invoice import Invoice, InvoiceFilter, InvoiceKind, InvoiceState
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
        ({"kind": InvoiceKind.CREDIT_NOTE}, date(2026, 11, 1), False),
        ({"kind": InvoiceKind.DEVICE}, date(2026, 11, 1), True),
        ({"state": InvoiceState.DRAFT}, date(2026, 11, 1), False),
        ({"state": InvoiceState.ON_HOLD}, date(2026, 11, 1), False),
        ({"state": InvoiceState.PAID}, date(2026, 11, 1), False),
        ({"state": InvoiceState.PARTIALLY_PAID}, date(2026, 11, 1), True),
        ({"state": InvoiceState.UNKNOWN}, date(2026, 11, 1), True),
    ],
)
def test_overdue_is_money_left_after_the_due_date(changes: dict[str, object], today: date, overdue: bool) -> None:
    """The due date itself is still in time; what nobody knows is not overdue."""
    assert msgspec.structs.replace(INVOICE, **changes).is_overdue(today) is overdue


@pytest.mark.parametrize(
    ("filter", "accepted"),
    [
        (InvoiceFilter(), True),
        (InvoiceFilter(kind=InvoiceKind.SERVICE), True),
        (InvoiceFilter(kind=InvoiceKind.DEVICE), False),
        (InvoiceFilter(states=(InvoiceState.ISSUED, InvoiceState.PAID)), True),
        (InvoiceFilter(states=(InvoiceState.PAID,)), False),
        (InvoiceFilter(kind=InvoiceKind.SERVICE, states=(InvoiceState.PAID,)), False),
    ],
)
def test_every_condition_that_is_given_must_hold(filter: InvoiceFilter, accepted: bool) -> None:
    """Kind and states narrow, each by itself and both together."""
    assert filter.accepts(INVOICE) is accepted
