"""An invoice, as billing issued it."""

from datetime import date
from decimal import Decimal
from enum import Enum

import msgspec

from gateway.domain.company import CompanyAccounts
from gateway.domain.money import Money
from gateway.domain.page import Order

MONTHS_SHOWN = 24
"""How far back invoices go: they are those issued since the start of the same day so many months ago."""


class InvoiceKind(Enum):
    """What an invoice is for."""

    SERVICE = "SERVICE"
    DEVICE = "DEVICE"
    CREDIT_NOTE = "CREDIT_NOTE"
    UNKNOWN = "UNKNOWN"


class InvoiceState(Enum):
    """How far an invoice has come; overdue is not a state, it follows from the due date."""

    DRAFT = "DRAFT"
    ON_HOLD = "ON_HOLD"
    ISSUED = "ISSUED"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    PAID = "PAID"
    UNKNOWN = "UNKNOWN"


class Period(msgspec.Struct, frozen=True, gc=False):
    """Days from `start` to `end`, both included; Europe/Rome."""

    start: date
    end: date


class Invoice(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One invoice; amounts as billing gives them, dates in Europe/Rome."""

    company_id: str
    id: str
    account_id: str
    number: str
    kind: InvoiceKind
    state: InvoiceState
    issued_on: date
    due_on: date | None
    period: Period | None
    net: Money | None
    total: Money
    outstanding: Money | None

    def is_held_by(self, accounts: CompanyAccounts) -> bool:
        """Whether it is of one of the company's billing accounts."""
        return self.account_id in accounts.account_ids

    def is_overdue(self, today: date) -> bool:
        """Whether something is left to pay after the due date; never on credit notes and what is not issued or paid."""
        return (
            self.kind is not InvoiceKind.CREDIT_NOTE
            and self.state not in (InvoiceState.DRAFT, InvoiceState.ON_HOLD, InvoiceState.PAID)
            and self.due_on is not None
            and self.due_on < today
            and self.outstanding is not None
            and self.outstanding.amount > Decimal(0)
        )


INVOICE_ORDER = Order[Invoice](
    name="invoices",
    key=lambda invoice: (invoice.issued_on, invoice.id),
    text=date.isoformat,
    descending=True,
)
"""By day of issue, newest first."""


class InvoiceFilter(msgspec.Struct, frozen=True, gc=False):
    """Which invoices of a company: every condition that is given must hold."""

    kind: InvoiceKind | None = None
    states: tuple[InvoiceState, ...] | None = None

    def accepts(self, invoice: Invoice) -> bool:
        """Whether the invoice meets all conditions."""
        return (self.kind is None or invoice.kind is self.kind) and (
            self.states is None or invoice.state in self.states
        )
