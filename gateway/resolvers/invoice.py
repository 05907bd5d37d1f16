"""How an invoice's fields get their values."""

from collections.abc import Sequence

from gateway.context import Context
from gateway.domain.company import Company
from gateway.domain.invoice import Invoice, InvoiceFilter
from gateway.domain.page import FIRST_DEFAULT, CountedPage, Order
from gateway.errors import GatewayError
from gateway.resolvers.node import load_as
from gateway.resolvers.ownership import load_of_company

ORDER = Order[Invoice](
    name="invoices",
    sort_key=lambda invoice: invoice.issued_on.isoformat(),
    id=lambda invoice: invoice.id,
    descending=True,
)
"""By day of issue, newest first."""


async def invoice(context: Context, id: str) -> Invoice | GatewayError:
    """An invoice by its global id."""
    return await load_as(Invoice, id, context)


async def invoices(
    companies: Sequence[Company],
    context: Context,
    first: int = FIRST_DEFAULT,
    after: str | None = None,
    filter: InvoiceFilter | None = None,
) -> Sequence[CountedPage[Invoice] | GatewayError]:
    """A page of each company's invoices of the last 24 months that the filter accepts."""
    window = ORDER.window(first, after)
    whole = await load_of_company(companies, context.loaders.invoice.by_account_id, context, by_account=True)
    return window.pages(whole, (filter or InvoiceFilter()).accepts)


def is_overdue(invoices: Sequence[Invoice], context: Context) -> Sequence[bool]:
    """Whether something is left to pay after the due date, today in Europe/Rome."""
    return [invoice.is_overdue(context.today) for invoice in invoices]
