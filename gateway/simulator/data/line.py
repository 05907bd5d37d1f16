"""Mobile and fixed lines: products, each with the number and the SIM that realize it."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from gateway.simulator.data.company import Company, Contract, Resource, days_before
from gateway.simulator.data.names import person
from gateway.simulator.data.offers import FIXED_PLANS, POSTPAID_PLANS, PREPAID_PLANS
from gateway.simulator.data.places import street_address
from gateway.simulator.data.product import product, related_product

# Every third mobile line is prepaid.
PREPAID_EVERY = 3
# States of a number that is not given out yet, or was given back.
WITHOUT_NUMBER = ("created", "cancelled", "aborted", "aborted ")
WITHOUT_SIM = ("cancelled", "aborted", "aborted ")
# What the last mobile lines of a company with many of them are in; the others are active.
LAST_STATES = ("suspended", "suspended", "pendingTerminate", "terminated")
MANY_LINES = 12
LINES_PER_FIXED_LINE = 25


class MobileLine(msgspec.Struct, frozen=True, kw_only=True):
    """A mobile line before it is written down; `number` and `sim_id` None where the line has none."""

    id: str
    key: str
    status: str
    is_prepaid: bool
    number: str | None
    sim_id: str | None
    contract: Contract


def fixed_line_count(company: Company) -> int:
    """How many of the company's lines are fixed: up to two for a small one, then one in 25."""
    if company.plan.line_states:
        return 0
    return max(min(2, company.line_count // 3), company.line_count // LINES_PER_FIXED_LINE)


def mobile_lines(company: Company) -> tuple[MobileLine, ...]:
    """The company's mobile lines, those that are not active last."""
    mobile_count = company.line_count - fixed_line_count(company)
    last = LAST_STATES if mobile_count >= MANY_LINES else ()
    states = company.plan.line_states or ("active",) * (mobile_count - len(last)) + last
    return tuple(_mobile_line(company, index, status) for index, status in enumerate(states))


def _mobile_line(company: Company, index: int, status: str) -> MobileLine:
    key = f"{company.key}-{index + 1:04d}"
    return MobileLine(
        id=f"lin-{key}",
        key=key,
        status=status,
        is_prepaid=index % PREPAID_EVERY == 1,
        number=None if status in WITHOUT_NUMBER else company.serials.mobile_number(),
        sim_id=None if status in WITHOUT_SIM else f"sim-{key}",
        contract=company.contract(index),
    )


def mobile_line(company: Company, line: MobileLine, option_ids: list[str], package_id: str | None) -> Resource:
    """The line's product."""
    draw = company.draw
    ordered_at = days_before(company, draw.randint(400, 1_500), draw.randint(8, 18))
    ended_at = days_before(company, draw.randint(10, 90)) if line.status == "terminated" else None
    document = product(
        line.id,
        "MobileLine",
        name=f"Linea mobile {person(draw).full_name}",
        offer=draw.choice(PREPAID_PLANS if line.is_prepaid else POSTPAID_PLANS),
        status=line.status,
        contract=line.contract,
        ordered_at=ordered_at,
        started_at=ordered_at + timedelta(days=2),
        ended_at=ended_at,
    )
    document["productCharacteristic"] = [{"name": "paymentType", "value": "prepaid" if line.is_prepaid else "postpaid"}]
    document["realizingResource"] = list(_realizing_resources(line))
    document["productRelationship"] = [related_product("bundles", option_id) for option_id in option_ids]
    if package_id is not None:
        document["productRelationship"].append(related_product("bundledBy", package_id))
    return document


def _realizing_resources(line: MobileLine) -> Iterator[Resource]:
    if line.sim_id is not None:
        yield {"id": line.sim_id, "@referredType": "PhysicalResource"}
    if line.number is not None:
        yield {"id": f"num-{line.key}", "value": line.number, "@referredType": "LogicalResource"}


def fixed_lines(company: Company) -> Iterator[Resource]:
    """The company's fixed lines; where there is more than one, or the plan asks for it, the last is being activated."""
    line_count = fixed_line_count(company)
    for index in range(line_count):
        is_last = index == line_count - 1
        in_activation = is_last and (line_count > 1 or company.plan.is_order_started)
        yield _fixed_line(company, index, "pendingActive" if in_activation else "active")


def _fixed_line(company: Company, index: int, status: str) -> Resource:
    key = f"{company.key}-{index + 1}"
    address = street_address(company.city, company.draw)
    ordered_at = days_before(company, 12 if status == "pendingActive" else company.draw.randint(400, 2_000))
    document = product(
        f"fix-{key}",
        "FixedLine",
        name=f"Linea fissa {address}",
        offer=company.draw.choice(FIXED_PLANS),
        status=status,
        contract=company.contract(index),
        ordered_at=ordered_at,
        started_at=ordered_at + timedelta(days=20),
    )
    number = company.serials.fixed_number(company.city.area_code)
    document["realizingResource"] = [{"id": f"num-{key}-f", "value": number, "@referredType": "LogicalResource"}]
    document["place"] = [
        {
            "id": f"adr-{key}",
            "name": address,
            "role": "installationAddress",
            "@referredType": "GeographicAddress",
        }
    ]
    return document
