"""How the fields of a Giga Smart Share package and of its members get their values."""

from collections.abc import Sequence

from gateway.context import Context
from gateway.domain.company import Company
from gateway.domain.data_volume import DataVolume
from gateway.domain.gss_package import GSS_MEMBER_ORDER, GSS_PACKAGE_ORDER, GssMember, GssPackage, GssUsage
from gateway.domain.key import Key
from gateway.domain.line import MobileLine
from gateway.domain.page import FIRST_DEFAULT, CountedPage
from gateway.errors import GatewayError
from gateway.resolvers.ownership import load_of_company, load_owned


async def gss_packages(
    companies: Sequence[Company], context: Context, first: int = FIRST_DEFAULT, after: str | None = None
) -> Sequence[CountedPage[GssPackage] | GatewayError]:
    """A page of each company's packages."""
    window = GSS_PACKAGE_ORDER.window(first, after)
    whole = await load_of_company(companies, context.loaders.gss_package.by_customer_id, GSS_PACKAGE_ORDER, context)
    return window.pages(whole)


def sim_count(packages: Sequence[GssPackage], context: Context) -> Sequence[int]:
    """How many SIMs share each package."""
    return [len(package.line_ids) for package in packages]


def members(
    packages: Sequence[GssPackage], context: Context, first: int = FIRST_DEFAULT, after: str | None = None
) -> Sequence[CountedPage[GssMember]]:
    """A page of each package's members."""
    window = GSS_MEMBER_ORDER.window(first, after)
    return [
        window.page([GssMember(package.company_id, package.id, line_id) for line_id in sorted(package.line_ids)])
        for package in packages
    ]


async def remaining(packages: Sequence[GssPackage], context: Context) -> Sequence[DataVolume | GatewayError | None]:
    """What each package has left in this period."""
    usages = await context.loaders.gss_package.usage_by_package_id.load_many(
        [Key(package.company_id, package.id) for package in packages]
    )
    return [usage.remaining if isinstance(usage, GssUsage) else usage for usage in usages]


async def data_used(members: Sequence[GssMember], context: Context) -> Sequence[DataVolume | GatewayError | None]:
    """What each member has used in this period; None where billing counts nothing for it."""
    usages = await context.loaders.gss_package.usage_by_package_id.load_many(
        [Key(member.company_id, member.package_id) for member in members]
    )
    return [
        usage.used_by_line_id.get(member.line_id) if isinstance(usage, GssUsage) else usage
        for member, usage in zip(members, usages, strict=True)
    ]


async def line(members: Sequence[GssMember], context: Context) -> Sequence[MobileLine | GatewayError | None]:
    """The line each member is; None for one that is not a mobile line of the company."""
    keys = [Key(member.company_id, member.line_id) for member in members]
    lines = await load_owned(keys, context.loaders.line.by_id, context)
    return [line if isinstance(line, MobileLine | GatewayError) else None for line in lines]
