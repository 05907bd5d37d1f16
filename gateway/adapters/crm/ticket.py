"""Trouble tickets (TMF621)."""

from datetime import datetime

import msgspec

from gateway.adapters._api import Api
from gateway.adapters._dialect import Dialect
from gateway.adapters._source import ById, Reader, by_customer
from gateway.adapters._wire import Parties, RelatedEntity, first, moment
from gateway.domain.key import Key, Source
from gateway.domain.ticket import TICKET_ORDER, Ticket, TicketKind, TicketState

PATH = "/troubleTicket"

STATES = {
    "acknowledged": TicketState.ASSIGNED,
    "inprogress": TicketState.IN_PROGRESS,
    "pending": TicketState.IN_PROGRESS,
    "held": TicketState.IN_PROGRESS,
    "closed": TicketState.CLOSED,
    "resolved": TicketState.CLOSED,
    "rejected": TicketState.CLOSED,
    "cancelled": TicketState.CLOSED,
}
KINDS = {
    "simReplacement": TicketKind.SIM_REPLACEMENT,
    "imeiBlock": TicketKind.IMEI_BLOCK,
    "administrative": TicketKind.ADMINISTRATIVE,
    "commercial": TicketKind.COMMERCIAL,
}


class TroubleTicket(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A trouble ticket as it comes."""

    id: str
    ticket_type: str | None = None
    name: str | None = None
    description: str | None = None
    status: str | None = None
    creation_date: datetime | None = None
    last_update: datetime | None = None
    resolution_date: datetime | None = None
    related_party: Parties = None
    related_entity: tuple[RelatedEntity, ...] | None = None


def ticket_by_id(api: Api) -> Source[Key, Ticket]:
    """One ticket under its id."""
    return ById(api, PATH, TroubleTicket, ticket_reader(api.dialect))


def tickets_by_customer_id(api: Api) -> Source[Key, tuple[Ticket, ...]]:
    """All tickets of a customer, in any state."""
    return by_customer(api, PATH, TroubleTicket, ticket_reader(api.dialect), TICKET_ORDER)


def ticket_reader(dialect: Dialect) -> Reader[TroubleTicket, Ticket]:
    """Makes tickets of trouble tickets; of one without a customer, None."""
    kinds, states = dialect.kinds(KINDS, TicketKind.UNKNOWN), dialect.states(STATES, TicketState.UNKNOWN)
    line_role, invoice_role = dialect.name("impactedLine"), dialect.name("disputedBill")

    def read(row: TroubleTicket, company_id: str) -> Ticket | None:
        customer_id = dialect.owner_id(row.related_party)
        if customer_id is None:
            return None
        return Ticket(
            company_id=company_id,
            id=row.id,
            customer_id=customer_id,
            kind=kinds[row.ticket_type],
            state=states[row.status],
            subject=row.name,
            description=row.description,
            opened_at=None if row.creation_date is None else moment(row.creation_date),
            updated_at=None if row.last_update is None else moment(row.last_update),
            closed_at=None if row.resolution_date is None else moment(row.resolution_date),
            line_id=_entity_id(row, line_role),
            invoice_id=_entity_id(row, invoice_role),
        )

    return read


def _entity_id(row: TroubleTicket, role: str) -> str | None:
    return first(entity.entity_id for entity in row.related_entity or () if entity.role == role)
