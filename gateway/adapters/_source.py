"""The shapes that most sources have: a record by its id, something made of an owner's rows, a customer's records."""

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from gateway.adapters._api import Api, Filter, Row
from gateway.adapters._by_id import rows_by_id
from gateway.adapters._by_owner import Listing, rows_by_owner
from gateway.adapters._wire import Parties, party_ids
from gateway.domain.key import Key
from gateway.domain.page import Order
from gateway.errors import GatewayError

K = TypeVar("K", bound=Key | str)
R = TypeVar("R", bound=Row)
V = TypeVar("V")


Reader = Callable[[R, str], V | None]
"""Makes a record of a row and the id of the company it is asked for; None of a row of another kind or without owner."""


class ById(Generic[K, R, V]):
    """A value made of the one row under each key's id, by `read`, which gives None for a row that does not fit."""

    def __init__(self, api: Api, path: str, row: type[R], read: "Reader[R, V]") -> None:
        self._api = api
        self._path = path
        self._row = row
        self._read = read

    async def get_many(self, keys: Sequence[K]) -> Sequence[V | GatewayError | None]:
        """Values in the order of `keys`; None where the backend has no such row, or one of another kind."""
        ids = list(map(backend_id, keys))
        rows = await rows_by_id(self._api, self._path, ids, self._row)
        read, unfit = self._read, 0
        values: list[V | GatewayError | None] = []
        for id, key in zip(ids, keys, strict=True):
            row = rows.get(id)
            if row is None or isinstance(row, GatewayError):
                values.append(row)
                continue
            value = read(row, key if isinstance(key, str) else key.company_id)
            values.append(value)
            unfit += value is None
        self._api.log_dropped(self._path, unfit)  # of another kind, or without an owner
        return values


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
    api: Api, path: str, row: type[C], read: Reader[C, D], order: Order[D], filters: Sequence[Filter] = ()
) -> ByOwner[Key, C, tuple[D, ...]]:
    """A customer's records in their order; those that only mention the customer in another role are not its own."""

    def own(rows: list[C], key: Key) -> tuple[D, ...]:
        company_id, customer_id = key
        records = [read(row, company_id) for row in rows]
        own = [record for record in records if record is not None and record.customer_id == customer_id]
        api.log_dropped(path, len(rows) - len(own))
        return order.ordered(own)

    listing = Listing(
        path=path,
        row=row,
        owners_of=_parties_of,
        parameter=api.profile.owner_parameter,
        setting=api.setting("owner_parameter"),
    )
    return ByOwner(api, listing, own, lambda: filters)


def _parties_of(row: CustomerRow) -> Sequence[str]:
    parties = row.related_party
    if parties is not None and len(parties) == 1:  # as nearly all rows have it, and rows are many
        id = parties[0].id
        if id is not None and parties[0].party_or_party_role is None:
            return (id,)
    return party_ids(parties)


def backend_id(key: Key | str) -> str:
    """The part of a key that the backend knows."""
    return key.id if isinstance(key, Key) else key
