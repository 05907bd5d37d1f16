"""The shapes that most sources have: a record by its id, something made of an owner's rows, a customer's records."""

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from gateway.adapters._api import Api, Filter, Row
from gateway.adapters._by_id import rows_by_id
from gateway.adapters._by_owner import Listing, rows_by_owner
from gateway.adapters._dialect import Dialect
from gateway.adapters._wire import Parties, party_ids
from gateway.domain.key import Key
from gateway.domain.page import Order
from gateway.errors import GatewayError

K = TypeVar("K", bound=Key | str)
R = TypeVar("R", bound=Row)
V = TypeVar("V")


class ById(Generic[K, R, V]):
    """A value made of the one row under each key's id; `value_of` gives None for a row that does not fit."""

    def __init__(self, api: Api, path: str, row: type[R], value_of: Callable[[R, K], V | None]) -> None:
        self._api = api
        self._path = path
        self._row = row
        self._value_of = value_of

    async def get_many(self, keys: Sequence[K]) -> Sequence[V | GatewayError | None]:
        """Values in the order of `keys`; None where the backend has no such row, or one of another kind."""
        rows = await rows_by_id(self._api, self._path, map(backend_id, keys), self._row)
        values = [self._value(rows.get(backend_id(key)), key) for key in keys]
        unfit = sum(value is None and backend_id(key) in rows for key, value in zip(keys, values, strict=True))
        self._api.log_dropped(self._path, unfit)  # of another kind, or without an owner
        return values

    def _value(self, row: R | GatewayError | None, key: K) -> V | GatewayError | None:
        return row if row is None or isinstance(row, GatewayError) else self._value_of(row, key)


class ByOwner(Generic[K, R, V]):
    """A value made of all the rows that name each key's id as their owner."""

    def __init__(
        self,
        api: Api,
        listing: Listing[R],
        value_of: Callable[[list[R], K], V | None],
        filters: Callable[[], Sequence[Filter]] = tuple,
    ) -> None:
        self._api = api
        self._listing = listing
        self._value_of = value_of
        self._filters = filters

    async def get_many(self, keys: Sequence[K]) -> Sequence[V | GatewayError | None]:
        """Values in the order of `keys`."""
        rows = await rows_by_owner(self._api, self._listing, map(backend_id, keys), self._filters())
        return [self._value(rows.get(backend_id(key), []), key) for key in keys]

    def _value(self, rows: list[R] | GatewayError, key: K) -> V | GatewayError | None:
        return rows if isinstance(rows, GatewayError) else self._value_of(rows, key)


class CustomerRow(Row, Protocol):
    """A record as it comes that names the parties it belongs to."""

    @property
    def related_party(self) -> Parties: ...


class CustomerRecord(Protocol):
    """A record of a customer."""

    @property
    def customer_id(self) -> str: ...


C = TypeVar("C", bound=CustomerRow)
D = TypeVar("D", bound=CustomerRecord)


def by_customer(
    api: Api,
    path: str,
    row: type[C],
    record_of: Callable[[C, str, Dialect], D | None],
    order: Order[D],
    filters: Sequence[Filter] = (),
) -> ByOwner[Key, C, tuple[D, ...]]:
    """A customer's records in their order; those that only mention the customer in another role are not its own."""

    def own(rows: list[C], key: Key) -> tuple[D, ...]:
        return records(
            api,
            path,
            rows,
            lambda row: record_of(row, key.company_id, api.dialect),
            lambda record: record.customer_id == key.id,
            order,
        )

    listing = Listing(
        path=path,
        row=row,
        owners_of=lambda row: party_ids(row.related_party),
        parameter=api.profile.owner_parameter,
        setting=api.setting("owner_parameter"),
    )
    return ByOwner(api, listing, own, lambda: filters)


def backend_id(key: Key | str) -> str:
    """The part of a key that the backend knows."""
    return key.id if isinstance(key, Key) else key


def records(
    api: Api,
    path: str,
    rows: Sequence[R],
    record_of: Callable[[R], V | None],
    is_own: Callable[[V], bool],
    order: Order[V],
) -> tuple[V, ...]:
    """The records made of an owner's rows, in their order; those of another kind, or that only mention the owner, are
    dropped."""
    own = order.ordered(record for row in rows if (record := record_of(row)) is not None and is_own(record))
    api.log_dropped(path, len(rows) - len(own))
    return own
