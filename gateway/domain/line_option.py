"""An option on a line: an offer added to its plan."""

from datetime import datetime

import msgspec

from gateway.domain.company import CompanyAccounts
from gateway.domain.line import LineState


class LineOption(msgspec.Struct, frozen=True, gc=False):
    """An offer that was added to a line."""

    company_id: str
    id: str
    customer_id: str
    name: str
    state: LineState
    activated_at: datetime | None

    def is_held_by(self, accounts: CompanyAccounts) -> bool:
        """Whether one of the company's customers has it."""
        return self.customer_id in accounts.customer_ids
