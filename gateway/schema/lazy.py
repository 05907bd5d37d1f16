"""Types that refer to each other in a circle, by name."""

from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

if TYPE_CHECKING:
    from gateway.schema.company import Company
    from gateway.schema.gss_package import GssPackage, GssPackageMember
    from gateway.schema.invoice import Invoice
    from gateway.schema.line import Line, MobileLine
    from gateway.schema.sim import Sim

LazyCompany: TypeAlias = Annotated["Company", strawberry.lazy("gateway.schema.company")]
LazyGssPackage: TypeAlias = Annotated["GssPackage", strawberry.lazy("gateway.schema.gss_package")]
LazyGssPackageMember: TypeAlias = Annotated["GssPackageMember", strawberry.lazy("gateway.schema.gss_package")]
LazyInvoice: TypeAlias = Annotated["Invoice", strawberry.lazy("gateway.schema.invoice")]
LazyLine: TypeAlias = Annotated["Line", strawberry.lazy("gateway.schema.line")]
LazyMobileLine: TypeAlias = Annotated["MobileLine", strawberry.lazy("gateway.schema.line")]
LazySim: TypeAlias = Annotated["Sim", strawberry.lazy("gateway.schema.sim")]
