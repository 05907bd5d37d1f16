"""Invoices, as customer bills (TMF678)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from gateway.adapters._api import Api, Filter
from gateway.adapters._by_owner import Listing
from gateway.adapters._dialect import Dialect
from gateway.adapters._source import ById, ByOwner
from gateway.adapters._wire import MoneyAmount, Ref, day
from gateway.domain.invoice import INVOICE_ORDER, MONTHS_SHOWN, Invoice, InvoiceKind, InvoiceState, Period
from gateway.domain.key import Key, Source
from gateway.domain.time import Clock, start_of_day_months_ago

PATH = "/customerBill"

STATES = {
    "new": InvoiceState.DRAFT,
    "validated": InvoiceState.DRAFT,
    "onhold": InvoiceState.ON_HOLD,
    "sent": InvoiceState.ISSUED,
    "partiallypaid": InvoiceState.PARTIALLY_PAID,
    "settled": InvoiceState.PAID,
}
SERVICE_CATEGORIES = ("normal", "last", "interim")


class BillingPeriod(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """From a moment to another; the end is the start of the first day after."""

    start_date_time: datetime | None = None
    end_date_time: datetime | None = None


class CustomerBill(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A customer bill as it comes."""

    id: str
    bill_date: datetime
    billing_account: Ref
    type: str | None = msgspec.field(name="@type", default=None)
    bill_no: str | None = None
    category: str | None = None
    state: str | None = None
    payment_due_date: datetime | None = None
    billing_period: BillingPeriod | None = None
    tax_excluded_amount: MoneyAmount | None = None
    tax_included_amount: MoneyAmount | None = None
    amount_due: MoneyAmount | None = None
    remaining_amount: MoneyAmount | None = None

    def __post_init__(self) -> None:
        if self.total is None:
            raise ValueError("Object has neither `taxIncludedAmount` nor `amountDue`")

    @property
    def total(self) -> MoneyAmount | None:
        """What the bill comes to; never None after decoding."""
        return self.tax_included_amount or self.amount_due


def invoice_by_id(api: Api) -> Source[Key, Invoice]:
    """One invoice under its id."""
    return ById(api, PATH, CustomerBill, invoice_reader(api.dialect))


def invoices_by_account_id(api: Api, clock: Clock) -> Source[Key, tuple[Invoice, ...]]:
    """The invoices of an account, issued since the start of the day 24 months ago in Europe/Rome."""
    read = invoice_reader(api.dialect)

    def since() -> datetime:
        return start_of_day_months_ago(clock(), MONTHS_SHOWN)

    def invoices(rows: list[CustomerBill], key: Key) -> tuple[Invoice, ...]:
        company_id, account_id = key
        first_day = since().date()
        made = [read(row, company_id) for row in rows if row.billing_account.id == account_id]
        recent = [invoice for invoice in made if invoice.issued_on >= first_day]
        api.log_dropped(PATH, len(rows) - len(made))
        api.log_dropped(PATH, len(made) - len(recent), "comparison_suffixes")
        return INVOICE_ORDER.ordered(recent)

    listing = Listing(
        path=PATH,
        row=CustomerBill,
        owners_of=lambda row: (row.billing_account.id,),
        parameter=api.profile.owner_parameter,
        setting=api.setting("owner_parameter"),
    )
    return ByOwner(api, listing, invoices, lambda: [Filter(api.comparison("billDate", "gte"), [since().isoformat()])])


def invoice_reader(dialect: Dialect) -> Callable[[CustomerBill, str], Invoice]:
    """Makes invoices of customer bills."""
    states = dialect.states(STATES, InvoiceState.UNKNOWN)
    credit_note, device_bill = dialect.name("credit note").casefold(), dialect.name("DeviceBill")

    def kind(row: CustomerBill) -> InvoiceKind:
        category = (row.category or "normal").strip().casefold()
        if category == credit_note:
            return InvoiceKind.CREDIT_NOTE
        if row.type == device_bill:
            return InvoiceKind.DEVICE
        return InvoiceKind.SERVICE if category in SERVICE_CATEGORIES else InvoiceKind.UNKNOWN

    def read(row: CustomerBill, company_id: str) -> Invoice:
        total = row.total
        assert total is not None  # noqa: S101 -- __post_init__ saw to it
        return Invoice(
            company_id=company_id,
            id=row.id,
            account_id=row.billing_account.id,
            number=row.bill_no or row.id,
            kind=kind(row),
            state=states[row.state],
            issued_on=day(row.bill_date),
            due_on=None if row.payment_due_date is None else day(row.payment_due_date),
            period=None if row.billing_period is None else _period(row.billing_period),
            net=None if row.tax_excluded_amount is None else row.tax_excluded_amount.money,
            total=total.money,
            outstanding=None if row.remaining_amount is None else row.remaining_amount.money,
        )

    return read


def _period(period: BillingPeriod) -> Period | None:
    """Both ends included; None where one is missing or they are inverted, as even official examples are."""
    if period.start_date_time is None or period.end_date_time is None:
        return None
    start, next_start = day(period.start_date_time), day(period.end_date_time)
    return Period(start, next_start - timedelta(days=1)) if start < next_start else None
