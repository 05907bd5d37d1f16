"""Giga Smart Share packages, as bundles of products (TMF637)."""

from gateway.adapters._api import Api
from gateway.adapters._dialect import Dialect
from gateway.adapters._source import ById, Reader
from gateway.adapters._wire import moment, phone_number
from gateway.adapters.provisioning.product import GSS_PACKAGE, PATH, Product, by_customer_and_kind, product_states
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
    return ById(api, PATH, Product, gss_package_reader(api.dialect))


def gss_packages_by_customer_id(api: Api) -> Source[Key, tuple[GssPackage, ...]]:
    """All packages of a customer, in any state."""
    return by_customer_and_kind(api, (GSS_PACKAGE,), gss_package_reader(api.dialect), GSS_PACKAGE_ORDER)


def gss_package_reader(dialect: Dialect) -> Reader[Product, GssPackage]:
    """Makes packages of products; of another kind of product, and of one without a customer, None."""
    kind, bundles, states = dialect.name(GSS_PACKAGE), dialect.name("bundles"), product_states(dialect)

    def read(row: Product, company_id: str) -> GssPackage | None:
        customer_id = dialect.owner_id(row.related_party)
        if customer_id is None or not row.is_a(kind):
            return None
        characteristics = dialect.characteristics(row.product_characteristic)
        return GssPackage(
            company_id=company_id,
            id=row.id,
            customer_id=customer_id,
            name=row.offering_name or row.name or row.id,
            state=STATES[states[row.status]],
            activated_at=None if row.start_date is None else moment(row.start_date),
            allowance=characteristics.volume("allowanceGb", "GB"),
            extra=characteristics.volume("extraGb", "GB"),
            contact_phone=phone_number(characteristics.text("referentMsisdn")),
            line_ids=tuple(
                relationship.product.id
                for relationship in row.product_relationship or ()
                if relationship.relationship_type == bundles and relationship.product is not None
            ),
        )

    return read
