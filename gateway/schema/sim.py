"""SIM cards."""

from datetime import datetime

from gateway.domain import sim as records
from gateway.domain.viewer import Scope
from gateway.fields import attribute, edge, enum_type, object_type
from gateway.resolvers import company as resolve_company
from gateway.resolvers import sim as resolve
from gateway.schema.lazy import LazyCompany, LazyLine
from gateway.schema.node import Node

SimState = records.SimState
enum_type(
    SimState,
    {
        SimState.STANDBY: "Made ready, not in use yet.",
        SimState.RESERVED: "Set aside for a line.",
        SimState.ACTIVE: "In use.",
        SimState.SUSPENDED: "Blocked for now, for instance after a theft.",
        SimState.UNKNOWN: "A state the operator's system uses that this graph has no word for.",
    },
)


@object_type(records.SimCodes, scope=Scope.SIM_CODES_READ)
class SimCodes:
    """The codes that unlock a SIM. They are secret: show them on request, never store them."""

    pin: str | None = attribute("PIN: asked for when the phone starts.")
    puk: str | None = attribute("PUK: unlocks the SIM after three wrong PINs.")
    pin2: str | None = attribute("PIN2: guards special functions such as fixed dialling.")
    puk2: str | None = attribute("PUK2: unlocks after three wrong PIN2s.")


@object_type(records.Sim, scope=Scope.LINE_READ)
class Sim(Node):
    """A SIM card."""

    iccid: str = attribute("The number printed on the card, 19 or 20 digits.")
    state: SimState = attribute("Where the SIM is in its life.")
    activated_at: datetime | None = attribute("When it was put into use; null before.")
    line: LazyLine | None = edge(resolve.line, "The line it serves; null while it serves none.")
    codes: SimCodes | None = edge(
        resolve.codes,
        "PIN and PUK. Every read is recorded in the audit log.",
        scope=Scope.SIM_CODES_READ,
        audited=True,
    )
    company: LazyCompany = edge(resolve_company.company_of, "The company it belongs to.", scope=Scope.COMPANY_READ)
