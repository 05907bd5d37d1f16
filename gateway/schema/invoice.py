"""Invoices."""

from datetime import date

import strawberry

from gateway.domain import invoice as records
from gateway.domain.viewer import Scope
from gateway.fields import attribute, edge, enum_type, input_type, object_type
from gateway.resolvers import company as resolve_company
from gateway.resolvers import invoice as resolve
from gateway.schema.lazy import LazyCompany
from gateway.schema.money import Money
from gateway.schema.node import Node

InvoiceKind = records.InvoiceKind
enum_type(
    InvoiceKind,
    {
        InvoiceKind.SERVICE: "For lines and services.",
        InvoiceKind.DEVICE: "For devices: phones, fixed equipment.",
        InvoiceKind.CREDIT_NOTE: "Money given back.",
        InvoiceKind.UNKNOWN: "A kind the operator's system uses that this graph has no word for.",
    },
)

InvoiceState = records.InvoiceState
enum_type(
    InvoiceState,
    {
        InvoiceState.DRAFT: "Not issued yet.",
        InvoiceState.ON_HOLD: "Held back by the operator.",
        InvoiceState.ISSUED: "Sent, nothing paid yet.",
        InvoiceState.PARTIALLY_PAID: "Paid in part.",
        InvoiceState.PAID: "Paid in full.",
        InvoiceState.UNKNOWN: "A state the operator's system uses that this graph has no word for.",
    },
)


@object_type(records.Period)
class Period:
    """A range of days, both ends included."""

    start: date = attribute("The first day.")
    end: date = attribute("The last day.")


@object_type(records.Invoice, scope=Scope.INVOICE_READ)
class Invoice(Node):
    """An invoice, as a copy to consult: it is not valid for tax. The valid one goes through the state's exchange."""

    number: str = attribute("The number printed on it.")
    kind: InvoiceKind = attribute("What it is for.")
    state: InvoiceState = attribute("How far it has come. Overdue is not a state: see `isOverdue`.")
    issued_on: date = attribute("The day it was issued.")
    due_on: date | None = attribute("The last day to pay it in time.")
    period: Period | None = attribute("The days it charges for; null where it charges for no period.")
    net: Money | None = attribute("The amount before tax.")
    total: Money = attribute("The amount with tax.")
    outstanding: Money | None = attribute("What is left to pay; null where billing does not say.")
    is_overdue: bool = edge(resolve.is_overdue, "Whether something is left to pay after `dueOn`, as of today.")
    company: LazyCompany = edge(resolve_company.company_of, "The company it was sent to.", scope=Scope.COMPANY_READ)


@input_type(records.InvoiceFilter)
class InvoiceFilter:
    """Which invoices to return: every condition that is given must hold."""

    kind: InvoiceKind | None = strawberry.field(default=strawberry.UNSET, description="Invoices of this kind only.")
    states: list[InvoiceState] | None = strawberry.field(
        default=strawberry.UNSET, description="Invoices in one of these states."
    )
