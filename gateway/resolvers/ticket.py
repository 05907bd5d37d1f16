"""How a ticket's fields get their values."""

from collections.abc import Sequence

from gateway.context import Context
from gateway.domain.company import Company
from gateway.domain.invoice import Invoice
from gateway.domain.key import Key
from gateway.domain.line import Line
from gateway.domain.page import FIRST_DEFAULT, CountedPage
from gateway.domain.ticket import TICKET_ORDER, Ticket, TicketFilter
from gateway.errors import GatewayError
from gateway.resolvers.node import load_as
from gateway.resolvers.ownership import load_of_company, load_owned


async def ticket(context: Context, id: str) -> Ticket | GatewayError:
    """A ticket by its global id."""
    return await load_as(Ticket, id, context)


async def tickets(
    companies: Sequence[Company],
    context: Context,
    first: int = FIRST_DEFAULT,
    after: str | None = None,
    filter: TicketFilter | None = None,
) -> Sequence[CountedPage[Ticket] | GatewayError]:
    """A page of each company's tickets that the filter accepts."""
    window = TICKET_ORDER.window(first, after)
    whole = await load_of_company(companies, context.loaders.ticket.by_customer_id, TICKET_ORDER, context)
    return window.pages(whole, filter.accepts if filter else None)


async def line(tickets: Sequence[Ticket], context: Context) -> Sequence[Line | GatewayError | None]:
    """The line a ticket is about."""
    keys = [None if ticket.line_id is None else Key(ticket.company_id, ticket.line_id) for ticket in tickets]
    return await load_owned(keys, context.loaders.line.by_id, context)


async def invoice(tickets: Sequence[Ticket], context: Context) -> Sequence[Invoice | GatewayError | None]:
    """The invoice a ticket is about."""
    keys = [None if ticket.invoice_id is None else Key(ticket.company_id, ticket.invoice_id) for ticket in tickets]
    return await load_owned(keys, context.loaders.invoice.by_id, context)
