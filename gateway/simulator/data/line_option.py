"""Options of mobile lines: products that rely on the line."""

from collections.abc import Iterator

from gateway.simulator.data.company import Company, Resource, days_before
from gateway.simulator.data.line import MobileLine
from gateway.simulator.data.offers import LINE_OPTIONS
from gateway.simulator.data.product import product, related_product

# How many options the lines have, in turns: most have none.
OPTIONS_IN_TURN = (2, 0, 1, 0, 0, 3, 0, 0, 1, 0)


def option_count(line: MobileLine, index: int) -> int:
    """How many options the index-th line of a company has."""
    return OPTIONS_IN_TURN[index % len(OPTIONS_IN_TURN)] if line.status in ("active", "suspended") else 0


def line_options(company: Company, line: MobileLine, count: int) -> Iterator[Resource]:
    """So many different options of the line."""
    for number, offer in enumerate(company.draw.sample(LINE_OPTIONS, count), start=1):
        activated_at = days_before(company, company.draw.randint(5, 180))
        document = product(
            f"opt-{line.key}-{number}",
            "LineOption",
            name=offer.name,
            offer=offer,
            status="active",
            contract=line.contract,
            ordered_at=activated_at,
            started_at=activated_at,
        )
        document["productRelationship"] = [related_product("reliesOn", line.id)]
        yield document
