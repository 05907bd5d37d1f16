"""How an invoice's fields get their values."""

from collections.abc import Sequence

from gateway.context import Context
from gateway.domain.company import Company
from gateway.domain.invoice import INVOICE_ORDER, Invoice, InvoiceFilter
from gateway.domain.page import FIRST_DEFAULT, CountedPage
from gateway.errors import GatewayError
from gateway.resolvers.node import load_as
from gateway.resolvers.ownership import load_of_company


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
    window = INVOICE_ORDER.window(first, after)
    loader = context.loaders.invoice.by_account_id
    whole = await load_of_company(companies, loader, INVOICE_ORDER, context, by_account=True)
    return window.pages(whole, filter.accepts if filter else None)


def is_overdue(invoices: Sequence[Invoice], context: Context) -> Sequence[bool]:
    """Whether something is left to pay after the due date, today in Europe/Rome."""
    return [invoice.is_overdue(context.today) for invoice in invoices]
