"""Mobile and fixed lines."""

from datetime import datetime

import strawberry

from gateway.domain import line as records
from gateway.domain import line_option as option_records
from gateway.domain.viewer import Scope
from gateway.fields import attribute, edge, enum_type, input_type, interface_type, object_type
from gateway.resolvers import company as resolve_company
from gateway.resolvers import line as resolve
from gateway.schema.lazy import LazyCompany, LazyGssPackage, LazySim
from gateway.schema.money import Money
from gateway.schema.node import Node
from gateway.schema.scalars import PHONE_MASK, PhoneNumber

LineKind = records.LineKind
enum_type(LineKind, {LineKind.MOBILE: "A mobile line, with a SIM.", LineKind.FIXED: "A fixed line, at an address."})

LineState = records.LineState
enum_type(
    LineState,
    {
        LineState.PENDING: "Ordered, not active yet.",
        LineState.ACTIVE: "In use.",
        LineState.SUSPENDED: "Blocked for now.",
        LineState.TERMINATING: "About to end.",
        LineState.TERMINATED: "Ended.",
        LineState.CANCELLED: "Given up before it was active.",
        LineState.UNKNOWN: "A state the operator's system uses that this graph has no word for.",
    },
)

PaymentType = records.PaymentType
enum_type(
    PaymentType,
    {
        PaymentType.PREPAID: "Paid before use, from the line's credit.",
        PaymentType.POSTPAID: "Paid after use, on the invoice.",
        PaymentType.UNKNOWN: "The operator's system does not say.",
    },
)


@object_type(records.TariffPlan)
class TariffPlan:
    """The offer a line is on."""

    name: str = attribute("The plan's commercial name.")


@object_type(option_records.LineOption, scope=Scope.LINE_READ)
class LineOption:
    """An offer added to a line's plan."""

    name: str = attribute("The option's commercial name.")
    state: LineState = attribute("Where the option is in its life, in the words used for lines.")
    activated_at: datetime | None = attribute("When it became active; null before.")


@interface_type(scope=Scope.LINE_READ)
class Line(Node):
    """What a company calls and connects with: a mobile or a fixed line."""

    number: PhoneNumber | None = attribute("The line's number; null while it has none.", mask=PHONE_MASK)
    kind: LineKind = edge(resolve.kind, "Mobile or fixed.")
    state: LineState = attribute("Where the line is in its life.")
    plan: TariffPlan | None = attribute("The offer the line is on.")
    activated_at: datetime | None = attribute("When it became active; null before.")
    options: list[LineOption] | None = edge(resolve.options, "The options added to its plan, oldest first.")
    company: LazyCompany = edge(resolve_company.company_of, "The company that holds it.", scope=Scope.COMPANY_READ)


@object_type(records.MobileLine, scope=Scope.LINE_READ)
class MobileLine(Line):
    """A mobile line."""

    payment_type: PaymentType = attribute("Whether it is paid before or after use.")
    credit: Money | None = edge(resolve.credit, "The credit left on a prepaid line; null on a postpaid one.")
    sim: LazySim | None = edge(resolve.sim, "The SIM in use; null while there is none.")
    gss_package: LazyGssPackage | None = edge(
        resolve.gss_package, "The data package that the line shares; null without one.", scope=Scope.PACKAGE_READ
    )


@object_type(records.FixedLine, scope=Scope.LINE_READ)
class FixedLine(Line):
    """A fixed line."""

    address: str | None = attribute("Where it is installed.")


@input_type(records.LineFilter)
class LineFilter:
    """Which lines to return: every condition that is given must hold."""

    number: PhoneNumber | None = strawberry.field(
        default=strawberry.UNSET, description="The whole number; lines with another are left out."
    )
    plan: str | None = strawberry.field(
        default=strawberry.UNSET, description="Any part of the plan's name, in upper or lower case."
    )
    kind: LineKind | None = strawberry.field(default=strawberry.UNSET, description="Mobile or fixed lines only.")
    states: list[LineState] | None = strawberry.field(
        default=strawberry.UNSET, description="Lines in one of these states."
    )
