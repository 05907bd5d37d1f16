"""What may be done with the answers of each source: how long each is kept, and whether requests share it."""

from collections.abc import Callable
from typing import Any

import msgspec

from gateway.domain.balance import Balance
from gateway.domain.company import CompanyAccounts, CompanyProfile
from gateway.domain.gss_package import GssPackage
from gateway.domain.invoice import Invoice, InvoiceState
from gateway.domain.key import company_id_of
from gateway.domain.line import FixedLine, MobileLine
from gateway.domain.line_option import LineOption
from gateway.domain.sim import Sim
from gateway.domain.ticket import Ticket
from gateway.store.policy import Policy

MINUTE = 60.0
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def _itself(key: str) -> str:
    return key


def _nobody(_key: object) -> None:
    return None


def _invoice_seconds(invoice: Invoice) -> float:
    """A paid invoice changes no more."""
    return HOUR if invoice.state is InvoiceState.PAID else 5 * MINUTE


def _invoices_seconds(invoices: tuple[Invoice, ...]) -> float:
    """A list is as fresh as the row that needs it most; the next invoice comes some time."""
    return min(map(_invoice_seconds, invoices), default=5 * MINUTE)


COMPANY_ACCOUNTS = Policy(fresh_seconds=HOUR, stale_seconds=7 * DAY, negative_seconds=0, survives_writes=True)
COMPANY_PROFILE = Policy(fresh_seconds=10 * MINUTE, stale_seconds=DAY)
LINE = Policy(fresh_seconds=MINUTE, stale_seconds=10 * MINUTE)
LINE_OPTION = LINE
GSS_PACKAGE = LINE
SIM = Policy(fresh_seconds=5 * MINUTE, stale_seconds=HOUR)
INVOICE = Policy(fresh_seconds=HOUR, stale_seconds=DAY, fresh_seconds_of=_invoice_seconds)
INVOICES = Policy(fresh_seconds=HOUR, stale_seconds=DAY, fresh_seconds_of=_invoices_seconds)
BALANCE = Policy(fresh_seconds=15, stale_seconds=MINUTE)
TICKET = Policy(fresh_seconds=15, stale_seconds=5 * MINUTE)


class Rule(msgspec.Struct, frozen=True):
    """For one source: the policy of its answers and what they are, both None where nothing is ever kept.

    `company_id_of` gives a key's company, None for a key that names none.
    """

    policy: Policy | None = None
    record: Any = None
    is_shared: bool = True
    company_id_of: Callable[[Any], str | None] = company_id_of


ACCOUNTS = Rule(COMPANY_ACCOUNTS, CompanyAccounts, company_id_of=_itself)

RULES: dict[str, Rule] = {
    "profile_by_company_id": Rule(COMPANY_PROFILE, CompanyProfile, company_id_of=_itself),
    "company_id_by_customer_id": Rule(company_id_of=_nobody),
    "companies_by_search": Rule(company_id_of=_nobody),
    "ticket_by_id": Rule(TICKET, Ticket),
    "tickets_by_customer_id": Rule(TICKET, tuple[Ticket, ...]),
    "invoice_by_id": Rule(INVOICE, Invoice),
    "invoices_by_account_id": Rule(INVOICES, tuple[Invoice, ...]),
    "balance_by_product_id": Rule(BALANCE, Balance),
    "gss_usage_by_package_id": Rule(),
    "line_by_id": Rule(LINE, MobileLine | FixedLine),
    "lines_by_customer_id": Rule(LINE, tuple[MobileLine | FixedLine, ...]),
    "line_by_sim_id": Rule(LINE, MobileLine | FixedLine),
    "line_by_number": Rule(company_id_of=_nobody),
    "option_by_id": Rule(LINE_OPTION, LineOption),
    "gss_package_by_id": Rule(GSS_PACKAGE, GssPackage),
    "gss_packages_by_customer_id": Rule(GSS_PACKAGE, tuple[GssPackage, ...]),
    "sim_by_id": Rule(SIM, Sim),
    "sim_codes_by_id": Rule(is_shared=False),
}
"""By the name that a backend has for the source. A source without a row stops the start: see `store.kept`."""
