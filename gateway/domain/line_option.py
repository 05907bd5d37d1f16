"""An option on a line: an offer added to its plan."""

from datetime import datetime

import msgspec

from gateway.domain.line import LineState


class LineOption(msgspec.Struct, frozen=True):
    """An offer that was added to a line."""

    company_id: str
    id: str
    customer_id: str
    name: str
    state: LineState
    activated_at: datetime | None
