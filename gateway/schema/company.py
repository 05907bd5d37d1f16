"""Companies: the business customers."""

from typing import Annotated

import strawberry

from gateway.domain import company as records
from gateway.domain.viewer import Scope
from gateway.fields import attribute, edge, edge_with_arguments, enum_type, input_type, object_type
from gateway.resolvers import company as resolve
from gateway.resolvers import gss_package as resolve_gss_package
from gateway.resolvers import invoice as resolve_invoice
from gateway.resolvers import line as resolve_line
from gateway.resolvers import ticket as resolve_ticket
from gateway.schema.connection import FIRST_DEFAULT, NOT_GIVEN, After, Connection, Edge, First, PageInfo
from gateway.schema.gss_package import GssPackage
from gateway.schema.invoice import Invoice, InvoiceFilter
from gateway.schema.line import Line, LineFilter
from gateway.schema.node import Node
from gateway.schema.ticket import Ticket, TicketFilter

CompanyState = records.CompanyState
enum_type(
    CompanyState,
    {
        CompanyState.ACTIVE: "A customer.",
        CompanyState.INACTIVE: "Not a customer yet, or no longer.",
        CompanyState.UNKNOWN: "A state the operator's system uses that this graph has no word for.",
    },
)


@object_type(records.Company, scope=Scope.COMPANY_READ)
class Company(Node):
    """A business customer: the legal person, with all its customer and billing accounts.

    Name and VAT number come from the CRM and are null, with an error beside, while it does not answer; the lists
    come from their own systems and answer without it.
    """

    name: str | None = edge(resolve.name, "The legal name.")
    trading_name: str | None = edge(resolve.trading_name, "The name it trades under, where it has another.")
    vat_number: str | None = edge(resolve.vat_number, "The VAT number (P.IVA), 11 digits.")
    state: CompanyState | None = edge(resolve.state, "Where the company stands with the operator.")

    @edge_with_arguments(resolve_line.lines, scope=Scope.LINE_READ)
    def lines(
        self,
        first: First = FIRST_DEFAULT,
        after: After = NOT_GIVEN,
        filter: Annotated[
            LineFilter | None, strawberry.argument(description="Which lines to return; all when left out.")
        ] = NOT_GIVEN,
    ) -> Connection[Line] | None:
        """The company's lines by activation, oldest first; those not active yet come last."""

    @edge_with_arguments(resolve_invoice.invoices, scope=Scope.INVOICE_READ)
    def invoices(
        self,
        first: First = FIRST_DEFAULT,
        after: After = NOT_GIVEN,
        filter: Annotated[
            InvoiceFilter | None, strawberry.argument(description="Which invoices to return; all when left out.")
        ] = NOT_GIVEN,
    ) -> Connection[Invoice] | None:
        """The invoices issued in the last 24 months, newest first."""

    @edge_with_arguments(resolve_gss_package.gss_packages, scope=Scope.PACKAGE_READ)
    def gss_packages(self, first: First = FIRST_DEFAULT, after: After = NOT_GIVEN) -> Connection[GssPackage] | None:
        """The company's Giga Smart Share packages by activation, oldest first."""

    @edge_with_arguments(resolve_ticket.tickets, scope=Scope.TICKET_READ)
    def tickets(
        self,
        first: First = FIRST_DEFAULT,
        after: After = NOT_GIVEN,
        filter: Annotated[
            TicketFilter | None, strawberry.argument(description="Which tickets to return; all when left out.")
        ] = NOT_GIVEN,
    ) -> Connection[Ticket] | None:
        """The company's tickets, newest first."""


@object_type()
class CompanyConnection:
    """One page of a search. Only the page itself is read, so nobody counts the whole."""

    nodes: list[Company] = attribute("The companies of this page.")
    edges: list[Edge[Company]] = attribute("The companies of this page, each with its cursor.")
    page_info: PageInfo = attribute("Where this page stands in the search.")


@input_type(records.CompanyFilter)
class CompanyFilter:
    """Which companies to return: every condition that is given must hold."""

    vat_number: str | None = strawberry.field(
        default=strawberry.UNSET, description="The whole VAT number (P.IVA), 11 digits."
    )
    name: str | None = strawberry.field(default=strawberry.UNSET, description="The whole legal name.")
