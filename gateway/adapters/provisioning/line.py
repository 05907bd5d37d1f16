"""Mobile and fixed lines, as products (TMF637)."""

from collections.abc import Callable, Iterable

from gateway.adapters._api import Api
from gateway.adapters._by_owner import Listing
from gateway.adapters._source import ById, ByOwner
from gateway.adapters._wire import RealizingResource, first, kind_of, phone_number
from gateway.adapters.provisioning.product import (
    FIXED_LINE,
    MOBILE_LINE,
    PATH,
    Product,
    by_customer_and_kind,
)
from gateway.config import Profile
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
    return ById(api, PATH, Product, lambda row, key: line(row, key.company_id, api.profile))


def lines_by_customer_id(api: Api) -> Source[Key, tuple[Line, ...]]:
    """All lines of a customer, of both kinds and in any state."""
    return by_customer_and_kind(api, (MOBILE_LINE, FIXED_LINE), line, LINE_ORDER)


def line_by_sim_id(api: Api) -> Source[Key, Line]:
    """The line that a SIM serves; of several, the one in use."""

    def current(rows: list[Product], key: Key) -> Line | None:
        return _current(line(row, key.company_id, api.profile) for row in rows)

    return ByOwner(api, _by_resource(api, "realizingResource.id", lambda resource: resource.id), current)


def line_by_number(api: Api) -> Source[str, CustomerLine]:
    """Which line has a number (E.164); of several, the one in use."""

    def current(rows: list[Product], number: str) -> CustomerLine | None:
        found = _current(line(row, "", api.profile) for row in rows)  # whose company it is, the customer tells later
        return None if found is None else CustomerLine(found.customer_id, found.id)

    return ByOwner(api, _by_resource(api, "realizingResource.value", lambda resource: resource.value), current)


def _by_resource(api: Api, filter: str, part: Callable[[RealizingResource], str | None]) -> Listing[Product]:
    return Listing(
        path=PATH,
        row=Product,
        owners_of=lambda row: [value for resource in row.realizing_resource or () if (value := part(resource))],
        parameter=api.profile.name(filter),
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


def line(row: Product, company_id: str, profile: Profile) -> Line | None:
    """The line that a product is; None for another kind of product, and for one without a customer."""
    customer_id = row.customer_id(profile)
    if customer_id is None:
        return None
    if row.is_a(MOBILE_LINE, profile):
        return _mobile(row, company_id, customer_id, profile)
    return _fixed(row, company_id, customer_id, profile) if row.is_a(FIXED_LINE, profile) else None


def _mobile(row: Product, company_id: str, customer_id: str, profile: Profile) -> MobileLine:
    payment_type = row.characteristics(profile).text("paymentType")
    return MobileLine(
        company_id=company_id,
        id=row.id,
        customer_id=customer_id,
        number=_number(row, profile),
        state=row.state(profile),
        plan=_plan(row),
        activated_at=None if row.start_date is None else row.start_date.at,
        option_ids=row.related("bundles", profile),
        payment_type=kind_of(payment_type, PAYMENT_TYPES, PaymentType.UNKNOWN, profile),
        sim_id=first(resource.id for resource in _resources(row, SIM_TYPES)),
        gss_package_id=first(row.related("bundledBy", profile)),
    )


def _fixed(row: Product, company_id: str, customer_id: str, profile: Profile) -> FixedLine:
    role = profile.name("installationAddress")
    return FixedLine(
        company_id=company_id,
        id=row.id,
        customer_id=customer_id,
        number=_number(row, profile),
        state=row.state(profile),
        plan=_plan(row),
        activated_at=None if row.start_date is None else row.start_date.at,
        option_ids=row.related("bundles", profile),
        address=first(place.name for place in row.place or () if place.role in (role, None)),
    )


def _plan(row: Product) -> TariffPlan | None:
    offering = row.product_offering
    return None if offering is None or offering.name is None else TariffPlan(offering.name)


def _number(row: Product, profile: Profile) -> str | None:
    logical = first(resource.value for resource in _resources(row, NUMBER_TYPES))
    return phone_number(logical or row.characteristics(profile).text("msisdn"))


def _resources(row: Product, types: tuple[str, ...]) -> list[RealizingResource]:
    return [resource for resource in row.realizing_resource or () if resource.referred_type in types]
