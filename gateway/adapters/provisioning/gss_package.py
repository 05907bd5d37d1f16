"""Giga Smart Share packages, as bundles of products (TMF637)."""

from gateway.adapters._api import Api
from gateway.adapters._dialect import Dialect
from gateway.adapters._source import ById
from gateway.adapters._wire import phone_number
from gateway.adapters.provisioning.product import GSS_PACKAGE, PATH, Product, by_customer_and_kind
from gateway.domain.gss_package import GSS_PACKAGE_ORDER, GssPackage, GssPackageState
from gateway.domain.key import Key, Source
from gateway.domain.line import LineState

STATES = {
    LineState.PENDING: GssPackageState.PENDING,
    LineState.ACTIVE: GssPackageState.ACTIVE,
    LineState.SUSPENDED: GssPackageState.SUSPENDED,
    LineState.TERMINATING: GssPackageState.ACTIVE,  # data can be used until the end
    LineState.TERMINATED: GssPackageState.TERMINATED,
    LineState.CANCELLED: GssPackageState.TERMINATED,
    LineState.UNKNOWN: GssPackageState.UNKNOWN,
}


def gss_package_by_id(api: Api) -> Source[Key, GssPackage]:
    """One package under its id; None for a product that is no package."""
    return ById(api, PATH, Product, lambda row, key: gss_package(row, key.company_id, api.dialect))


def gss_packages_by_customer_id(api: Api) -> Source[Key, tuple[GssPackage, ...]]:
    """All packages of a customer, in any state."""
    return by_customer_and_kind(api, (GSS_PACKAGE,), gss_package, GSS_PACKAGE_ORDER)


def gss_package(row: Product, company_id: str, dialect: Dialect) -> GssPackage | None:
    """The package that a product is; None for another kind of product, and for one without a customer."""
    customer_id = row.customer_id(dialect)
    if customer_id is None or not row.is_a(GSS_PACKAGE, dialect):
        return None
    characteristics = row.characteristics(dialect)
    offering = row.product_offering
    return GssPackage(
        company_id=company_id,
        id=row.id,
        customer_id=customer_id,
        name=(offering.name if offering else None) or row.name or row.id,
        state=STATES[row.state(dialect)],
        activated_at=None if row.start_date is None else row.start_date.at,
        allowance=characteristics.volume("allowanceGb", "GB"),
        extra=characteristics.volume("extraGb", "GB"),
        contact_phone=phone_number(characteristics.text("referentMsisdn")),
        line_ids=row.related("bundles", dialect),
    )
