"""Tickets."""

from datetime import datetime

import strawberry

from gateway.domain import ticket as records
from gateway.domain.viewer import Scope
from gateway.fields import attribute, edge, enum_type, input_type, object_type
from gateway.resolvers import company as resolve_company
from gateway.resolvers import ticket as resolve
from gateway.schema.lazy import LazyCompany, LazyInvoice, LazyLine
from gateway.schema.node import Node

TicketKind = records.TicketKind
enum_type(
    TicketKind,
    {
        TicketKind.SIM_REPLACEMENT: "Replace a SIM after theft or loss.",
        TicketKind.IMEI_BLOCK: "Block a device by its IMEI.",
        TicketKind.ADMINISTRATIVE: "About invoices and contracts.",
        TicketKind.COMMERCIAL: "About offers and deliveries.",
        TicketKind.UNKNOWN: "A kind the operator's system uses that this graph has no word for.",
    },
)

TicketState = records.TicketState
enum_type(
    TicketState,
    {
        TicketState.ASSIGNED: "Taken in; somebody will work on it.",
        TicketState.IN_PROGRESS: "Being worked on.",
        TicketState.CLOSED: "Done, or refused.",
        TicketState.UNKNOWN: "A state the operator's system uses that this graph has no word for.",
    },
)


@object_type(records.Ticket, scope=Scope.TICKET_READ)
class Ticket(Node):
    """A fault or request that a company reported."""

    kind: TicketKind = attribute("What it asks for.")
    state: TicketState = attribute("How far it has come.")
    subject: str | None = attribute("What it is about, in a few words.")
    description: str | None = attribute("What was reported.")
    opened_at: datetime | None = attribute("When it was reported.")
    updated_at: datetime | None = attribute("When it last changed.")
    closed_at: datetime | None = attribute("When it was closed; null before.")
    line: LazyLine | None = edge(
        resolve.line, "The line it is about; null where it is about none.", scope=Scope.LINE_READ
    )
    invoice: LazyInvoice | None = edge(
        resolve.invoice, "The invoice it is about; null where it is about none.", scope=Scope.INVOICE_READ
    )
    company: LazyCompany = edge(resolve_company.company_of, "The company that reported it.", scope=Scope.COMPANY_READ)


@input_type(records.TicketFilter)
class TicketFilter:
    """Which tickets to return: every condition that is given must hold."""

    states: list[TicketState] | None = strawberry.field(
        default=strawberry.UNSET, description="Tickets in one of these states."
    )
    kind: TicketKind | None = strawberry.field(default=strawberry.UNSET, description="Tickets of this kind only.")
