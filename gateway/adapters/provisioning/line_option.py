"""Options of lines, as products (TMF637)."""

from gateway.adapters._api import Api
from gateway.adapters._dialect import Dialect
from gateway.adapters._source import ById, Reader
from gateway.adapters._wire import moment
from gateway.adapters.provisioning.product import LINE_OPTION, PATH, Product, product_states
from gateway.domain.key import Key, Source
from gateway.domain.line_option import LineOption


def option_by_id(api: Api) -> Source[Key, LineOption]:
    """One option under its id; None for a product that is no option."""
    return ById(api, PATH, Product, option_reader(api.dialect))


def option_reader(dialect: Dialect) -> Reader[Product, LineOption]:
    """Makes options of products; of another kind of product, and of one without a customer, None."""
    kind, states = dialect.name(LINE_OPTION), product_states(dialect)

    def read(row: Product, company_id: str) -> LineOption | None:
        customer_id = dialect.owner_id(row.related_party)
        if customer_id is None or not row.is_a(kind):
            return None
        return LineOption(
            company_id=company_id,
            id=row.id,
            customer_id=customer_id,
            name=row.offering_name or row.name or row.id,
            state=states[row.status],
            activated_at=None if row.start_date is None else moment(row.start_date),
        )

    return read
