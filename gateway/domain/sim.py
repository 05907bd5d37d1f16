"""A SIM card, and the codes that unlock it."""

from datetime import datetime
from enum import Enum

import msgspec

from gateway.domain.company import CompanyAccounts


class SimState(Enum):
    """Where a SIM is in its life."""

    STANDBY = "STANDBY"
    RESERVED = "RESERVED"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    UNKNOWN = "UNKNOWN"


class Sim(msgspec.Struct, frozen=True, gc=False):
    """A SIM card; `iccid` is the number printed on it, 19 or 20 digits."""

    company_id: str
    id: str
    customer_id: str
    iccid: str
    state: SimState
    activated_at: datetime | None

    def is_held_by(self, accounts: CompanyAccounts) -> bool:
        """Whether one of the company's customers has it."""
        return self.customer_id in accounts.customer_ids


class SimCodes(msgspec.Struct, frozen=True, gc=False):
    """Secret: never cached, never logged, every read audited."""

    company_id: str
    customer_id: str
    pin: str | None
    puk: str | None
    pin2: str | None
    puk2: str | None

    def is_held_by(self, accounts: CompanyAccounts) -> bool:
        """Whether one of the company's customers has it."""
        return self.customer_id in accounts.customer_ids

    def __repr__(self) -> str:
        return "SimCodes(<secret>)"
