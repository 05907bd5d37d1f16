"""A Giga Smart Share package: data shared by the SIMs of several lines."""

from datetime import datetime
from enum import Enum

import msgspec

from gateway.domain.company import CompanyAccounts
from gateway.domain.data_volume import DataVolume
from gateway.domain.page import Order
from gateway.domain.sort_key import NEVER, timestamp


class GssPackageState(Enum):
    """Where a package is in its life."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    TERMINATED = "TERMINATED"
    UNKNOWN = "UNKNOWN"


class GssPackage(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A package of shared data; `allowance` is its monthly size, `extra` what was added to it."""

    company_id: str
    id: str
    customer_id: str
    name: str
    state: GssPackageState
    activated_at: datetime | None
    allowance: DataVolume | None
    extra: DataVolume | None
    contact_phone: str | None
    line_ids: tuple[str, ...]

    def is_held_by(self, accounts: CompanyAccounts) -> bool:
        """Whether one of the company's customers has it."""
        return self.customer_id in accounts.customer_ids


class GssMember(msgspec.Struct, frozen=True, gc=False):
    """One line's place in a package."""

    company_id: str
    package_id: str
    line_id: str


GSS_PACKAGE_ORDER = Order[GssPackage](
    name="gssPackages",
    key=lambda package: (package.activated_at or NEVER, package.id),
    text=timestamp,
)
"""By activation, oldest first."""

GSS_MEMBER_ORDER = Order[GssMember](name="gssMembers", key=lambda member: ("", member.line_id), text=str)
"""By the line's id, which never changes."""


class GssUsage(msgspec.Struct, frozen=True, gc=False):
    """Data used in the current period by each member of a package, by line id, and what the pool has left."""

    used_by_line_id: dict[str, DataVolume]
    remaining: DataVolume | None
