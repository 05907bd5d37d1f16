"""Which tickets a filter accepts."""

import pytest

from gateway.domain.ticket import Ticket, TicketFilter, TicketKind, TicketState

TICKET = Ticket(
    company_id="org-1",
    id="tkt-1",
    customer_id="cus-1",
    kind=TicketKind.COMMERCIAL,
    state=TicketState.ASSIGNED,
    subject=None,
    description=None,
    opened_at=None,
    updated_at=None,
    closed_at=None,
    line_id=None,
    invoice_id=None,
)


@pytest.mark.parametrize(
    ("filter", "accepted"),
    [
        (TicketFilter(), True),
        (TicketFilter(kind=TicketKind.COMMERCIAL), True),
        (TicketFilter(kind=TicketKind.IMEI_BLOCK), False),
        (TicketFilter(states=(TicketState.ASSIGNED,)), True),
        (TicketFilter(states=(TicketState.CLOSED,)), False),
        (TicketFilter(kind=TicketKind.COMMERCIAL, states=(TicketState.CLOSED,)), False),
    ],
)
def test_every_condition_that_is_given_must_hold(filter: TicketFilter, accepted: bool) -> None:
    """Kind and states narrow, each by itself and both together."""
    assert filter.accepts(TICKET) is accepted
