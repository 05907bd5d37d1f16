"""A request or a fault that a company reported."""

from datetime import datetime
from enum import Enum

import msgspec

from gateway.domain.company import CompanyAccounts
from gateway.domain.page import Order
from gateway.domain.sort_key import NEVER, timestamp


class TicketKind(Enum):
    """What a ticket asks for."""

    SIM_REPLACEMENT = "SIM_REPLACEMENT"
    IMEI_BLOCK = "IMEI_BLOCK"
    ADMINISTRATIVE = "ADMINISTRATIVE"
    COMMERCIAL = "COMMERCIAL"
    UNKNOWN = "UNKNOWN"


class TicketState(Enum):
    """How far a ticket has come, as the customer sees it."""

    ASSIGNED = "ASSIGNED"
    IN_PROGRESS = "IN_PROGRESS"
    CLOSED = "CLOSED"
    UNKNOWN = "UNKNOWN"


class Ticket(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A ticket; `line_id` and `invoice_id` where it concerns one."""

    company_id: str
    id: str
    customer_id: str
    kind: TicketKind
    state: TicketState
    subject: str | None
    description: str | None
    opened_at: datetime | None
    updated_at: datetime | None
    closed_at: datetime | None
    line_id: str | None
    invoice_id: str | None

    def is_held_by(self, accounts: CompanyAccounts) -> bool:
        """Whether one of the company's customers has it."""
        return self.customer_id in accounts.customer_ids


TICKET_ORDER = Order[Ticket](
    name="tickets",
    key=lambda ticket: (ticket.opened_at or NEVER, ticket.id),
    text=timestamp,
    descending=True,
)
"""By opening, newest first."""


class TicketFilter(msgspec.Struct, frozen=True, gc=False):
    """Which tickets of a company: every condition that is given must hold."""

    states: tuple[TicketState, ...] | None = None
    kind: TicketKind | None = None

    def accepts(self, ticket: Ticket) -> bool:
        """Whether the ticket meets all conditions."""
        return (self.states is None or ticket.state in self.states) and (self.kind is None or ticket.kind == self.kind)
