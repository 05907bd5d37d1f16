"""Loaders of tickets."""

from typing import Protocol

from gateway.domain.key import Key, Source
from gateway.domain.ticket import Ticket
from gateway.loaders.loader import Loader


class TicketBackend(Protocol):
    """The CRM, as far as tickets go."""

    @property
    def ticket_by_id(self) -> Source[Key, Ticket]: ...

    @property
    def tickets_by_customer_id(self) -> Source[Key, tuple[Ticket, ...]]: ...


class TicketLoaders:
    """Tickets, by what they are asked for."""

    def __init__(self, crm: TicketBackend) -> None:
        self.by_id = Loader(crm.ticket_by_id)
        self.by_customer_id = Loader(crm.tickets_by_customer_id)
