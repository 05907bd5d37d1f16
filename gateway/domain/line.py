"""A mobile or fixed line: what a company subscribes to and calls with."""

from datetime import datetime
from enum import Enum

import msgspec

from gateway.domain.company import CompanyAccounts
from gateway.domain.page import Order
from gateway.domain.sort_key import NEVER, timestamp


class LineKind(Enum):
    """The two kinds of line."""

    MOBILE = "MOBILE"
    FIXED = "FIXED"


class LineState(Enum):
    """Where a line is in its life."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    TERMINATING = "TERMINATING"
    TERMINATED = "TERMINATED"
    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"


class PaymentType(Enum):
    """How a mobile line pays: before (from its credit) or after (on the invoice)."""

    PREPAID = "PREPAID"
    POSTPAID = "POSTPAID"
    UNKNOWN = "UNKNOWN"


class TariffPlan(msgspec.Struct, frozen=True, gc=False):
    """The offer a line is on."""

    name: str


class Line(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What mobile and fixed lines share; `number` is E.164, None while the line has none yet."""

    company_id: str
    id: str
    customer_id: str
    number: str | None
    state: LineState
    plan: TariffPlan | None
    activated_at: datetime | None
    option_ids: tuple[str, ...]

    def is_held_by(self, accounts: CompanyAccounts) -> bool:
        """Whether one of the company's customers has it."""
        return self.customer_id in accounts.customer_ids


class MobileLine(Line, frozen=True, gc=False, kw_only=True, tag=True):
    """A mobile subscription with its SIM; `gss_package_id` where the line shares a data package."""

    payment_type: PaymentType
    sim_id: str | None
    gss_package_id: str | None


class FixedLine(Line, frozen=True, gc=False, kw_only=True, tag=True):
    """A fixed line; `address` is where it is installed."""

    address: str | None


LINE_ORDER = Order[Line](name="lines", key=lambda line: (line.activated_at or NEVER, line.id), text=timestamp)
"""By activation, oldest first; never by number, which a cursor would show to those who see it masked."""


class CustomerLine(msgspec.Struct, frozen=True, gc=False):
    """Which line has a number, and which customer holds it."""

    customer_id: str
    line_id: str


class LineFilter(msgspec.Struct, frozen=True, gc=False):
    """Which lines of a company: every condition that is given must hold.

    `number` matches the whole number, `plan` any part of the plan's name in any case.
    """

    number: str | None = None
    plan: str | None = None
    kind: LineKind | None = None
    states: tuple[LineState, ...] | None = None

    def accepts(self, line: Line) -> bool:
        """Whether the line meets all conditions."""
        return (
            (self.number is None or line.number == self.number)
            and (self.plan is None or (line.plan is not None and self.plan.casefold() in line.plan.name.casefold()))
            and (self.kind is None or isinstance(line, CLASS_OF_KIND[self.kind]))
            and (self.states is None or line.state in self.states)
        )


CLASS_OF_KIND: dict[LineKind, type[Line]] = {LineKind.MOBILE: MobileLine, LineKind.FIXED: FixedLine}
