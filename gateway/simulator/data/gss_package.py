"""Giga Smart Share packages: bundles of mobile lines that share data."""

from decimal import Decimal

import msgspec

from gateway.simulator.data.company import Company, Contract, Resource, days_before
from gateway.simulator.data.line import MobileLine
from gateway.simulator.data.offers import smallest_package_for
from gateway.simulator.data.product import product, related_product
from gateway.simulator.usage import typical_month_gb

FEWEST_LINES, LINES_FOR_TWO, LINES_PER_PACKAGE = 4, 12, 100
# Packages take turns at these sizes.
MEMBER_COUNTS = (8, 5)
# What a package is larger than its lines' usual use, so that a busy month does not use it up.
HEADROOM = Decimal("1.2")
# GB added to every second package.
EXTRA_GB = Decimal(20)


class GssPackage(msgspec.Struct, frozen=True, kw_only=True):
    """A package before it is written down: the lines that share it, all active."""

    id: str
    key: str
    members: tuple[MobileLine, ...]

    @property
    def line_ids(self) -> list[str]:
        """Its lines' ids."""
        return [line.id for line in self.members]

    @property
    def contract(self) -> Contract:
        """The package is on its first line's bill."""
        return self.members[0].contract


def gss_packages(company: Company, lines: tuple[MobileLine, ...]) -> tuple[GssPackage, ...]:
    """The company's packages: its first lines share them, 8 and 5 at a time, a third of them at most."""
    free = [line for line in lines if line.status == "active"] if not company.plan.line_states else []
    packages: list[GssPackage] = []
    for index in range(_package_count(company, len(free))):
        count = min(MEMBER_COUNTS[index % len(MEMBER_COUNTS)], max(2, len(lines) // 3))
        members, free = free[:count], free[count:]
        number = index + 1
        packages.append(
            GssPackage(id=f"gss-{company.key}-{number}", key=f"{company.key}-{number}", members=tuple(members))
        )
    return tuple(packages)


def _package_count(company: Company, active_lines: int) -> int:
    if company.plan.package_level is not None:
        return 1
    if active_lines < LINES_FOR_TWO:
        return int(active_lines >= FEWEST_LINES)
    return max(2, active_lines // LINES_PER_PACKAGE)


def gss_package(company: Company, package: GssPackage, index: int) -> Resource:
    """The package's product; its size is the smallest with room for what its lines usually use."""
    size = smallest_package_for(HEADROOM * typical_month_gb(company.seed, package.line_ids))
    has_extra = index % 2 == 0 and company.plan.package_level is None
    activated_at = days_before(company, company.draw.randint(60, 180))
    document = product(
        package.id,
        "GssPackage",
        name=f"{size.offer.name} n. {index + 1}",
        offer=size.offer,
        status="active",
        contract=package.contract,
        ordered_at=activated_at,
        started_at=activated_at,
    )
    document["isBundle"] = True
    document["productCharacteristic"] = [
        {"name": "allowanceGb", "value": size.allowance_gb},
        {"name": "extraGb", "value": EXTRA_GB if has_extra else Decimal(0)},
        {"name": "referentMsisdn", "value": package.members[0].number},
    ]
    document["productRelationship"] = [related_product("bundles", line.id) for line in package.members]
    return document
