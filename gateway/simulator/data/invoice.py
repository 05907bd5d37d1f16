"""Invoices (TMF678 customer bills): one for each account and month, some for devices, some credit notes."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

import msgspec

from gateway.simulator.data.company import ROME, Company, Contract, Resource, midnight
from gateway.simulator.data.offers import DEVICE_MODELS

CUSTOMER_BILL = "/tmf-api/customerBillManagement/v4"
MONTHS = 30
VAT_RATE = Decimal("0.22")
CENTS = Decimal("0.01")
NOTHING = Decimal("0.00")
DAYS_TO_PAY = 30
LAST_ISSUE_DAY = 5
# Average monthly price of a line with what is used outside its plan, in EUR; of an account without lines: its fee.
LINE_PRICE, ACCOUNT_FEE = Decimal("12.40"), Decimal("3.00")
# How many months ago the invoice was issued that was never paid.
OVERDUE_MONTHS_AGO = 3
# How many months lie between two device invoices, and when the last one was.
DEVICE_EVERY_MONTHS, DEVICE_MONTHS_AGO = 7, 2
CREDIT_NOTE_MONTHS_AGO = 5


class Month(msgspec.Struct, frozen=True, order=True):
    """A month of the calendar."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> "Month":
        """The month a day is in."""
        return cls(day.year, day.month)

    @property
    def first_day(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    def back(self, months: int) -> "Month":
        """The month so many months before; after it for a negative number."""
        year, index = divmod(self.year * 12 + self.number - 1 - months, 12)
        return Month(year, index + 1)


class Amounts(msgspec.Struct, frozen=True):
    """What an invoice comes to, in EUR: net, with VAT, and what of it is still to be paid."""

    net: Decimal
    total: Decimal
    remaining: Decimal


def with_vat(net: Decimal) -> Decimal:
    """A net amount with 22 % VAT, the tax rounded to the cent."""
    return net + (net * VAT_RATE).quantize(CENTS, ROUND_HALF_UP)


def issue_date(company: Company, month: Month) -> date:
    """The day on which the company's invoices of a month are issued: always the same, one of the 1st to the 5th.

    So the next invoice comes as soon as the last one is overdue, and only what was forgotten stays unpaid.
    """
    return month.first_day.replace(day=1 + company.number % LAST_ISSUE_DAY)


def months_issued(company: Company, first: date, last: date) -> Iterator[Month]:
    """The months whose issue date is after `first` and not after `last`."""
    month = Month.of(first)
    while month.first_day <= last:
        if first < issue_date(company, month) <= last:
            yield month
        month = month.back(-1)


def invoices(company: Company, line_counts: dict[str, int]) -> Iterator[Resource]:
    """The invoices of the last 30 months, oldest first; `line_counts` has the number of lines of each account."""
    latest = Month.of(company.today)
    if issue_date(company, latest) > company.today:
        latest = latest.back(1)
    for months_ago in reversed(range(MONTHS)):
        month = latest.back(months_ago)
        for contract in company.contracts:
            yield service_invoice(company, contract, month, line_counts[contract.account_id], months_ago)
        yield from _other_invoices(company, month, months_ago)


def service_invoice(company: Company, contract: Contract, month: Month, line_count: int, months_ago: int) -> Resource:
    """An account's invoice issued in a month, for the month before; `months_ago` tells what has become of it."""
    # Not for secrets; drawn for itself, because later months are added while the world runs.
    draw = Random(f"{company.seed}/{contract.account_id}/{month}")  # noqa: S311
    usual = ACCOUNT_FEE + LINE_PRICE * line_count
    net = (usual * draw.randint(90, 118) / 100).quantize(CENTS, ROUND_HALF_UP)
    state, amounts = _fate(company, net, months_ago, is_part_paid=draw.random() < 1 / 4)
    document = _invoice(company, contract, month, "s", state, amounts)
    document["billingPeriod"] = {
        "startDateTime": midnight(month.back(1).first_day),
        "endDateTime": midnight(month.first_day),
    }
    return document


def _fate(company: Company, net: Decimal, months_ago: int, *, is_part_paid: bool) -> tuple[str, Amounts]:
    total = with_vat(net)
    is_forgotten = months_ago == OVERDUE_MONTHS_AGO and has_overdue_invoice(company)
    if months_ago > 0 and not is_forgotten:
        return "settled", Amounts(net, total, NOTHING)
    if is_part_paid and not is_forgotten:
        return "partiallyPaid", Amounts(net, total, total - (total / 3).quantize(CENTS))
    return "sent", Amounts(net, total, total)


def has_overdue_invoice(company: Company) -> bool:
    """Whether the company has left an invoice unpaid: its plan says so, or one in four has."""
    wanted = company.plan.has_overdue_invoice
    return company.number % 4 == 0 if wanted is None else wanted


def _other_invoices(company: Company, month: Month, months_ago: int) -> Iterator[Resource]:
    contract = company.contracts[0]
    if _has_device_invoices(company) and months_ago % DEVICE_EVERY_MONTHS == DEVICE_MONTHS_AGO:
        net = company.draw.choice(DEVICE_MODELS).price * company.draw.randint(1, 4)
        device_bill = _invoice(
            company, contract, month, "d", "settled", Amounts(net, with_vat(net), NOTHING), run_type="offCycle"
        )
        yield {**device_bill, "@type": "DeviceBill", "@baseType": "CustomerBill"}
    if _has_credit_note(company) and months_ago == CREDIT_NOTE_MONTHS_AGO:
        net = Decimal(company.draw.randint(500, 9_000)) / 100
        yield _invoice(
            company,
            contract,
            month,
            "c",
            "settled",
            Amounts(net.quantize(CENTS), with_vat(net.quantize(CENTS)), NOTHING),
            category="credit note",
            run_type="offCycle",
        )


def _has_device_invoices(company: Company) -> bool:
    wanted = company.plan.has_device_invoices
    return company.line_count > 1 and company.number % 3 == 0 if wanted is None else wanted


def _has_credit_note(company: Company) -> bool:
    return company.plan.has_credit_note or company.number % 5 == 0


def _invoice(
    company: Company,
    contract: Contract,
    month: Month,
    kind: str,
    state: str,
    amounts: Amounts,
    *,
    category: str = "normal",
    run_type: str = "onCycle",
) -> Resource:
    issued_on = issue_date(company, month)
    bill_id = f"bil-{contract.account_id.removeprefix('acc-')}-{month.year}{month.number:02d}-{kind}"
    return {
        "id": bill_id,
        "href": f"{CUSTOMER_BILL}/customerBill/{bill_id}",
        "billNo": company.serials.bill_number(),
        "billDate": midnight(issued_on),
        "category": category,
        "runType": run_type,
        "state": state,
        "paymentDueDate": midnight(issued_on + timedelta(days=DAYS_TO_PAY)),
        "taxExcludedAmount": euros(amounts.net),
        "taxIncludedAmount": euros(amounts.total),
        "amountDue": euros(amounts.total),
        "remainingAmount": euros(amounts.remaining),
        "billingAccount": contract.account_reference,
        "relatedParty": [contract.customer_reference],
        "@type": "CustomerBill",
    }


def euros(amount: Decimal) -> Resource:
    """A TMF Money."""
    return {"unit": "EUR", "value": amount}


def issued_at(document: Resource) -> datetime:
    """When an invoice was sent: in the morning of its date, in UTC."""
    issued_on = datetime.fromisoformat(document["billDate"]).date()
    return datetime.combine(issued_on, time(8), ROME).astimezone(UTC)
