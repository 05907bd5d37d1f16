"""Billing over an invoicing system of flat JSON: amounts in cents, days as days, no TM Forum."""

from datetime import date
from decimal import Decimal
from functools import cached_property

import msgspec

from gateway.adapters.json_api import JsonApi, OneByOne
from gateway.domain.balance import Balance
from gateway.domain.company import CompanyAccounts
from gateway.domain.data_volume import DataVolume
from gateway.domain.gss_package import GssUsage
from gateway.domain.invoice import INVOICE_ORDER, MONTHS_SHOWN, Invoice, InvoiceKind, InvoiceState, Period
from gateway.domain.key import Key, Source
from gateway.domain.money import Money
from gateway.domain.time import start_of_day_months_ago

KINDS = {"S": InvoiceKind.SERVICE, "D": InvoiceKind.DEVICE, "C": InvoiceKind.CREDIT_NOTE}
STATES = {"open": InvoiceState.ISSUED, "part": InvoiceState.PARTIALLY_PAID, "paid": InvoiceState.PAID}
BYTES_PER_MB = 10**6


class FlatInvoice(msgspec.Struct, frozen=True, gc=False):
    """An invoice as it comes; `to` is the last day of its period."""

    no: str
    account: str
    printed: str
    kind: str
    status: str
    issued: date
    due: date
    cents: int
    net_cents: int
    open_cents: int
    since: date | None = None
    to: date | None = None


class FlatAccount(msgspec.Struct, frozen=True, gc=False):
    """An account as it comes, with the customer and the company it belongs to."""

    account: str
    customer: str
    company: str


class FlatCredit(msgspec.Struct, frozen=True, gc=False):
    """What a prepaid line has left."""

    line: str
    cents: int


class FlatPool(msgspec.Struct, frozen=True, gc=False):
    """A pool of data this month: what each line took from it, and what is left."""

    pool: str
    left_mb: int
    used_mb: dict[str, int]


class FlatBilling:
    """What the gateway asks of billing, by what it is asked for: named in `backends.billing.implementation`."""

    def __init__(self, api: JsonApi) -> None:
        self._api = api

    @cached_property
    def accounts_by_company_id(self) -> Source[str, CompanyAccounts]:
        """The accounts of a company, and the customers they belong to; None where it has none."""
        return OneByOne(self._accounts)

    async def _accounts(self, company_id: str) -> CompanyAccounts | None:
        rows = await self._api.rows(
            "/accounts", FlatAccount, company_id, parameter="company", echoed=lambda row: row.company
        )
        customers = dict.fromkeys(row.customer for row in rows)
        return CompanyAccounts(company_id, tuple(customers), tuple(row.account for row in rows)) if rows else None

    @cached_property
    def invoice_by_id(self) -> Source[Key, Invoice]:
        """One invoice."""
        return OneByOne(self._invoice)

    async def _invoice(self, key: Key) -> Invoice | None:
        row = await self._api.row("/invoices/{id}", FlatInvoice, key.id, echoed=lambda row: row.no)
        return None if row is None else _invoice(row, key.company_id)

    @cached_property
    def invoices_by_account_id(self) -> Source[Key, tuple[Invoice, ...]]:
        """An account's invoices of the last 24 months."""
        return OneByOne(self._invoices)

    async def _invoices(self, key: Key) -> tuple[Invoice, ...]:
        since = start_of_day_months_ago(self._api.clock(), MONTHS_SHOWN).date()
        query = {"since": since.isoformat()}
        rows = await self._api.rows(
            "/invoices", FlatInvoice, key.id, parameter="account", echoed=lambda row: row.account, query=query
        )
        return INVOICE_ORDER.ordered(_invoice(row, key.company_id) for row in rows if row.issued >= since)

    @cached_property
    def balance_by_product_id(self) -> Source[Key, Balance]:
        """The credit of a prepaid line; None where it has none."""
        return OneByOne(self._balance)

    async def _balance(self, key: Key) -> Balance | None:
        row = await self._api.row("/credit/{id}", FlatCredit, key.id, echoed=lambda row: row.line)
        return None if row is None else Balance(row.line, _euros(row.cents))

    @cached_property
    def gss_usage_by_package_id(self) -> Source[Key, GssUsage]:
        """What the lines of a package have used this month, and what is left."""
        return OneByOne(self._usage)

    async def _usage(self, key: Key) -> GssUsage | None:
        row = await self._api.row("/pools/{id}", FlatPool, key.id, echoed=lambda row: row.pool)
        if row is None:
            return None
        return GssUsage({line: _volume(mb) for line, mb in row.used_mb.items()}, _volume(row.left_mb))


def _invoice(row: FlatInvoice, company_id: str) -> Invoice:
    """The record; its account is the row's own, never the one that was asked for: by that it is checked."""
    return Invoice(
        company_id=company_id,
        id=row.no,
        account_id=row.account,
        number=row.printed,
        kind=KINDS.get(row.kind, InvoiceKind.UNKNOWN),
        state=STATES.get(row.status, InvoiceState.UNKNOWN),
        issued_on=row.issued,
        due_on=row.due,
        period=None if row.since is None or row.to is None else Period(row.since, row.to),
        net=_euros(row.net_cents),
        total=_euros(row.cents),
        outstanding=_euros(row.open_cents),
    )


def _euros(cents: int) -> Money:
    return Money(Decimal(cents).scaleb(-2), "EUR")


def _volume(megabytes: int) -> DataVolume:
    return DataVolume(megabytes * BYTES_PER_MB)
