"""Where queries begin."""

from typing import Annotated

import strawberry

from gateway.domain.viewer import Scope
from gateway.fields import object_type, root
from gateway.resolvers import company as resolve_company
from gateway.resolvers import invoice as resolve_invoice
from gateway.resolvers import line as resolve_line
from gateway.resolvers import node as resolve_node
from gateway.resolvers import ticket as resolve_ticket
from gateway.resolvers import viewer as resolve_viewer
from gateway.schema.company import Company, CompanyConnection, CompanyFilter
from gateway.schema.connection import FIRST_DEFAULT, NOT_GIVEN, After, First
from gateway.schema.invoice import Invoice
from gateway.schema.line import Line
from gateway.schema.node import Node
from gateway.schema.scalars import PhoneNumber
from gateway.schema.ticket import Ticket
from gateway.schema.viewer import Viewer


@object_type()
class Query:
    """Everything that can be read. What is unknown, or another company's, is null with the error `NOT_FOUND`."""

    @root(resolve_viewer.viewer)
    def viewer(self) -> Viewer:
        """Whoever the token speaks for, and their company."""

    @root(resolve_company.company, scope=Scope.COMPANY_READ)
    def company(
        self, id: Annotated[strawberry.ID, strawberry.argument(description="The company's global id.")]
    ) -> Company | None:
        """A company."""

    @root(resolve_company.companies, scope=Scope.FLEET_READ)
    def companies(
        self,
        first: First = FIRST_DEFAULT,
        after: After = NOT_GIVEN,
        filter: Annotated[
            CompanyFilter | None, strawberry.argument(description="Which companies to return; all when left out.")
        ] = NOT_GIVEN,
    ) -> CompanyConnection | None:
        """All companies, by name: for operators. A company that is added meanwhile may shift the pages after it."""

    @root(resolve_line.line, scope=Scope.LINE_READ)
    def line(
        self, number: Annotated[PhoneNumber, strawberry.argument(description="The line's whole number.")]
    ) -> Line | None:
        """The line that has a number."""

    @root(resolve_invoice.invoice, scope=Scope.INVOICE_READ)
    def invoice(
        self, id: Annotated[strawberry.ID, strawberry.argument(description="The invoice's global id.")]
    ) -> Invoice | None:
        """An invoice."""

    @root(resolve_ticket.ticket, scope=Scope.TICKET_READ)
    def ticket(
        self, id: Annotated[strawberry.ID, strawberry.argument(description="The ticket's global id.")]
    ) -> Ticket | None:
        """A ticket."""

    @root(resolve_node.node)
    def node(self, id: Annotated[strawberry.ID, strawberry.argument(description="Any global id.")]) -> Node | None:
        """Whatever has this id."""

    @root(resolve_node.nodes)
    def nodes(
        self, ids: Annotated[list[strawberry.ID], strawberry.argument(description="Up to 100 global ids.")]
    ) -> list[Node | None] | None:
        """Whatever has these ids, in their order; an id that cannot be answered is null with an error of its own."""
