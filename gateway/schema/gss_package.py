"""Giga Smart Share packages."""

from datetime import datetime

from gateway.domain import gss_package as records
from gateway.domain.viewer import Scope
from gateway.fields import attribute, edge, edge_with_arguments, enum_type, object_type
from gateway.resolvers import company as resolve_company
from gateway.resolvers import gss_package as resolve
from gateway.schema.connection import FIRST_DEFAULT, NOT_GIVEN, After, Connection, First
from gateway.schema.data_volume import DataVolume
from gateway.schema.lazy import LazyCompany, LazyGssPackageMember, LazyMobileLine
from gateway.schema.node import Node
from gateway.schema.scalars import PHONE_MASK, PhoneNumber

GssPackageState = records.GssPackageState
enum_type(
    GssPackageState,
    {
        GssPackageState.PENDING: "Ordered, not active yet.",
        GssPackageState.ACTIVE: "In use.",
        GssPackageState.SUSPENDED: "Blocked for now.",
        GssPackageState.TERMINATED: "Ended.",
        GssPackageState.UNKNOWN: "A state the operator's system uses that this graph has no word for.",
    },
)


@object_type(records.GssPackage, scope=Scope.PACKAGE_READ)
class GssPackage(Node):
    """A Giga Smart Share package: data that the SIMs of several lines share."""

    name: str = attribute("The package's commercial name.")
    state: GssPackageState = attribute("Where the package is in its life.")
    activated_at: datetime | None = attribute("When it became active; null before.")
    allowance: DataVolume | None = attribute("Its data for each month.")
    extra: DataVolume | None = attribute("Data added to this month's.")
    contact_phone: PhoneNumber | None = attribute("Who is told when the data runs low.", mask=PHONE_MASK)
    sim_count: int = edge(resolve.sim_count, "How many SIMs share it.")
    remaining: DataVolume | None = edge(resolve.remaining, "The data left in this month, as billing counts it.")
    company: LazyCompany = edge(resolve_company.company_of, "The company that holds it.", scope=Scope.COMPANY_READ)

    @edge_with_arguments(resolve.members)
    def members(
        self, first: First = FIRST_DEFAULT, after: After = NOT_GIVEN
    ) -> Connection[LazyGssPackageMember] | None:
        """The lines whose SIMs share it, in a fixed order that does not change with use."""


@object_type(records.GssMember, scope=Scope.PACKAGE_READ)
class GssPackageMember:
    """One SIM's part in a package; its line leads to the SIM and to the credit left."""

    line: LazyMobileLine | None = edge(resolve.line, "The line the SIM serves.", scope=Scope.LINE_READ)
    data_used: DataVolume | None = edge(resolve.data_used, "What it used of the package in this month.")
