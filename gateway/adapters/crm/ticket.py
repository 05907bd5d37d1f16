"""Trouble tickets (TMF621)."""

import msgspec

from gateway.adapters._api import Api
from gateway.adapters._dialect import Dialect
from gateway.adapters._source import ById, by_customer
from gateway.adapters._wire import Parties, RelatedEntity, Timestamp, first
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


class TroubleTicket(msgspec.Struct, frozen=True, rename="camel"):
    """A trouble ticket as it comes."""

    id: str
    ticket_type: str | None = None
    name: str | None = None
    description: str | None = None
    status: str | None = None
    creation_date: Timestamp | None = None
    last_update: Timestamp | None = None
    resolution_date: Timestamp | None = None
    related_party: Parties = None
    related_entity: tuple[RelatedEntity, ...] | None = None


def ticket_by_id(api: Api) -> Source[Key, Ticket]:
    """One ticket under its id."""
    return ById(api, PATH, TroubleTicket, lambda row, key: ticket(row, key.company_id, api.dialect))


def tickets_by_customer_id(api: Api) -> Source[Key, tuple[Ticket, ...]]:
    """All tickets of a customer, in any state."""
    return by_customer(api, PATH, TroubleTicket, ticket, TICKET_ORDER)


def ticket(row: TroubleTicket, company_id: str, dialect: Dialect) -> Ticket | None:
    """The ticket as ours; None for one without a customer."""
    customer_id = dialect.owner_id(row.related_party)
    if customer_id is None:
        return None
    return Ticket(
        company_id=company_id,
        id=row.id,
        customer_id=customer_id,
        kind=dialect.kind(row.ticket_type, KINDS, TicketKind.UNKNOWN),
        state=dialect.state(row.status, STATES, TicketState.UNKNOWN),
        subject=row.name,
        description=row.description,
        opened_at=None if row.creation_date is None else row.creation_date.at,
        updated_at=None if row.last_update is None else row.last_update.at,
        closed_at=None if row.resolution_date is None else row.resolution_date.at,
        line_id=_entity_id(row, "impactedLine", dialect),
        invoice_id=_entity_id(row, "disputedBill", dialect),
    )


def _entity_id(row: TroubleTicket, role: str, dialect: Dialect) -> str | None:
    theirs = dialect.name(role)
    return first(entity.entity_id for entity in row.related_entity or () if entity.role == theirs)
