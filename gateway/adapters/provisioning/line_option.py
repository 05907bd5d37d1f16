"""Options of lines, as products (TMF637)."""

from gateway.adapters._api import Api
from gateway.adapters._dialect import Dialect
from gateway.adapters._source import ById
from gateway.adapters.provisioning.product import LINE_OPTION, PATH, Product
from gateway.domain.key import Key, Source
from gateway.domain.line_option import LineOption


def option_by_id(api: Api) -> Source[Key, LineOption]:
    """One option under its id; None for a product that is no option."""
    return ById(api, PATH, Product, lambda row, key: option(row, key.company_id, api.dialect))


def option(row: Product, company_id: str, dialect: Dialect) -> LineOption | None:
    """The option that a product is; None for another kind of product, and for one without a customer."""
    customer_id = row.customer_id(dialect)
    if customer_id is None or not row.is_a(LINE_OPTION, dialect):
        return None
    offering = row.product_offering
    return LineOption(
        company_id=company_id,
        id=row.id,
        customer_id=customer_id,
        name=(offering.name if offering else None) or row.name or row.id,
        state=row.state(dialect),
        activated_at=None if row.start_date is None else row.start_date.at,
    )
