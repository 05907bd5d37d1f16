"""Mobile and fixed lines, as products (TMF637)."""

from collections.abc import Callable, Iterable, Sequence

from gateway.adapters._api import Api
from gateway.adapters._by_owner import Listing
from gateway.adapters._dialect import Dialect
from gateway.adapters._source import ById, ByOwner, Reader
from gateway.adapters._wire import RealizingResource, first, moment, phone_number, text_of
from gateway.adapters.provisioning.product import (
    FIXED_LINE,
    MOBILE_LINE,
    PATH,
    Product,
    ProductRelationship,
    by_customer_and_kind,
    product_states,
)
from gateway.domain.key import Key, Source
from gateway.domain.line import (
    LINE_ORDER,
    CustomerLine,
    FixedLine,
    Line,
    LineState,
    MobileLine,
    PaymentType,
    TariffPlan,
)

PAYMENT_TYPES = {"prepaid": PaymentType.PREPAID, "postpaid": PaymentType.POSTPAID}
ENDED = (LineState.TERMINATED, LineState.CANCELLED)
NUMBER_TYPES = ("LogicalResource",)
SIM_TYPES = ("PhysicalResource", "Sim")


def line_by_id(api: Api) -> Source[Key, Line]:
    """One line under its id; None for a product that is no line."""
    return ById(api, PATH, Product, line_reader(api.dialect))


def lines_by_customer_id(api: Api) -> Source[Key, tuple[Line, ...]]:
    """All lines of a customer, of both kinds and in any state."""
    return by_customer_and_kind(api, (MOBILE_LINE, FIXED_LINE), line_reader(api.dialect), LINE_ORDER)


def line_by_sim_id(api: Api) -> Source[Key, Line]:
    """The line that a SIM serves; of several, the one in use."""
    read = line_reader(api.dialect)

    def current(rows: list[Product], key: Key) -> Line | None:
        return _current(read(row, key.company_id) for row in rows)

    return ByOwner(api, _by_resource(api, "realizingResource.id", lambda resource: resource.id), current)


def line_by_number(api: Api) -> Source[str, CustomerLine]:
    """Which line has a number (E.164); of several, the one in use."""
    read = line_reader(api.dialect)

    def current(rows: list[Product], number: str) -> CustomerLine | None:
        found = _current(read(row, "") for row in rows)  # whose company it is, the customer tells later
        return None if found is None else CustomerLine(found.customer_id, found.id)

    return ByOwner(api, _by_resource(api, "realizingResource.value", lambda resource: resource.value), current)


def _by_resource(api: Api, filter: str, part: Callable[[RealizingResource], str | None]) -> Listing[Product]:
    return Listing(
        path=PATH,
        row=Product,
        owners_of=lambda row: [value for resource in row.realizing_resource or () if (value := part(resource))],
        parameter=api.dialect.name(filter),
        setting=api.setting(f'names."{filter}"'),
    )


def _current(lines: Iterable[Line | None]) -> Line | None:
    """The line that has not ended, and of those the one activated last; numbers and SIMs are given out again."""
    known = [line for line in lines if line is not None]
    return max(
        known,
        key=lambda line: (
            line.state not in ENDED,
            line.activated_at.timestamp() if line.activated_at else 0.0,
            line.id,
        ),
        default=None,
    )


def line_reader(dialect: Dialect) -> Reader[Product, Line]:
    """Makes lines of products; what it needs of the dialect is looked up once, for lists are long."""
    mobile, fixed = dialect.name(MOBILE_LINE), dialect.name(FIXED_LINE)
    address_role = dialect.name("installationAddress")
    states, payment_types = product_states(dialect), dialect.json_kinds(PAYMENT_TYPES, PaymentType.UNKNOWN)
    related, owner_id = _relations_reader(dialect), dialect.owner_id
    payment_type, msisdn = dialect.characteristic("paymentType"), dialect.characteristic("msisdn")

    def read(row: Product, company_id: str) -> Line | None:
        kind = None if row.product_specification is None else row.product_specification.name
        if kind not in (mobile, fixed):
            return None
        customer_id = owner_id(row.related_party)
        if customer_id is None:
            return None
        sim_id, number = _realized(row)
        if not number:
            json = msisdn(row.product_characteristic)
            number = None if json is None else text_of(json)
        number = phone_number(number)
        option_ids, package_id = related(row.product_relationship) if row.product_relationship else ((), None)
        offering = row.product_offering
        plan = None if offering is None or offering.name is None else TariffPlan(offering.name)
        activated_at = None if row.start_date is None else moment(row.start_date)
        if kind == mobile:
            return MobileLine(
                company_id=company_id,
                id=row.id,
                customer_id=customer_id,
                number=number,
                state=states[row.status],
                plan=plan,
                activated_at=activated_at,
                option_ids=option_ids,
                payment_type=payment_types[payment_type(row.product_characteristic)],
                sim_id=sim_id,
                gss_package_id=package_id,
            )
        return FixedLine(
            company_id=company_id,
            id=row.id,
            customer_id=customer_id,
            number=number,
            state=states[row.status],
            plan=plan,
            activated_at=activated_at,
            option_ids=option_ids,
            address=first(place.name for place in row.place or () if place.role in (address_role, None)),
        )

    return read


def _relations_reader(
    dialect: Dialect,
) -> Callable[[Sequence[ProductRelationship]], tuple[tuple[str, ...], str | None]]:
    """Finds the ids of the options that a line bundles, and of the first package that bundles it."""
    bundles, bundled_by = dialect.name("bundles"), dialect.name("bundledBy")

    def related(relationships: Sequence[ProductRelationship]) -> tuple[tuple[str, ...], str | None]:
        option_ids: list[str] = []
        package_id: str | None = None
        for relationship in relationships:
            if relationship.product is None:
                continue
            if relationship.relationship_type == bundles:
                option_ids.append(relationship.product.id)
            elif relationship.relationship_type == bundled_by and package_id is None:
                package_id = relationship.product.id
        return tuple(option_ids), package_id

    return related


def _realized(row: Product) -> tuple[str | None, str | None]:
    """The id of the first SIM and the first number that make the line work."""
    sim_id: str | None = None
    number: str | None = None
    for resource in row.realizing_resource or ():
        if resource.referred_type in NUMBER_TYPES:
            number = number or resource.value
        elif sim_id is None and resource.referred_type in SIM_TYPES:
            sim_id = resource.id
    return sim_id, number
