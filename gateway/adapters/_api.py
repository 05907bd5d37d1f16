"""One API of one backend: single reads, pages and posts, in its profile's dialect of TMF630."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from types import GenericAlias
from typing import Any, NamedTuple, Protocol, TypeVar
from urllib.parse import quote

import msgspec
import structlog

from gateway.adapters._call import Answer, Call
from gateway.adapters._client import BackendClient
from gateway.adapters._decoding import WireDecoder
from gateway.adapters._dialect import Dialect
from gateway.config import Batching

log = structlog.get_logger()

UNASKABLE = frozenset({"", ".", ".."})
"""Ids that cannot be part of a path: an empty one is the list, and dots climb in the tree."""
ID_MAX_LENGTH = 1_000

PLAIN = re.compile(r"[\w.~,-]*", re.ASCII)
"""What needs no percent-encoding, and the comma between values."""


class Row(Protocol):
    """A record as it comes, under the backend's own id."""

    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=Row)
T = TypeVar("T")


class Filter(NamedTuple):
    """A filter's name and the values that it accepts, any of them: joined by commas, or the name repeated for each."""

    name: str
    values: Sequence[str]
    is_repeated: bool = False


class Api:
    """What an entity's file needs of its API; `key` is its name in `[backends.<backend>.apis]`."""

    def __init__(self, client: BackendClient, key: str) -> None:
        self.client = client
        self.key = key
        self.profile = client.profiles[key]
        self.dialect = Dialect(self.profile)
        self.backend = client.name
        self.several_taken: set[str] = set()
        """Filters that were seen to take several values: an empty list of theirs needs no second look."""

    def setting(self, name: str) -> str:
        """The path of one of this API's settings, for messages."""
        return f"backends.{self.backend}.apis.{self.key}.{name}"

    async def get(self, path: str, id: str, row: type[T]) -> T | None:
        """The record at `path`/`id`; None where the backend has none (404)."""
        target = f"{path}/{quote(id, safe='')}{self._query(row, [])}"
        call = Call(path=f"{path}/{{id}}", target=target, none_on_404=True)
        return (await self.client.call(self.key, call, decoder(row))).value

    async def page(
        self,
        path: str,
        filters: Iterable[Filter],
        row: type[T],
        *,
        limit: int,
        offset: int | None = None,
        batch: int = 1,
    ) -> Answer[list[T]]:
        """One page of `path`, at most `limit` rows that pass all filters; `value` is None for an empty one."""
        pairs = [pair for filter in filters for pair in _pairs(filter)]
        pairs += [] if offset is None else [("offset", str(offset))]
        target = f"{path}{self._query(row, [*pairs, ('limit', str(limit))])}"
        call = Call(path=path, target=target, batch=batch, none_on_404=self.profile.empty_list_as_404)
        return await self.client.call(self.key, call, rows_decoder(row))

    async def post(self, path: str, body: msgspec.Struct, answer: type[T], *, batch: int = 1) -> T:
        """What the backend answers to a task resource that asks and changes nothing."""
        call = Call(method="POST", path=path, target=path, body=msgspec.json.encode(body), batch=batch)
        value = (await self.client.call(self.key, call, decoder(answer))).value
        if value is None:
            raise RuntimeError("only a call that allows it gives nothing on 404")
        return value

    def any_of(self, name: str, values: Sequence[str]) -> Filter:
        """A filter on several ids or words, as this backend takes them."""
        return Filter(name, values, self.profile.batch_ids is Batching.REPEAT)

    def owned_by(self, name: str, owners: Sequence[str]) -> Filter:
        """A filter on the owners of a list, as this backend takes them."""
        return Filter(name, owners, self.profile.batch_owners is Batching.REPEAT)

    def comparison(self, attribute: str, operator: str) -> str:
        """A filter's name with its operator, `billDate.gte`, in this backend's spelling."""
        return f"{attribute}{self.profile.comparison_suffixes.get(operator, f'.{operator}')}"

    def log_dropped(self, path: str, rows: int, setting: str | None = None) -> None:
        """Tells the log that so many rows were not used, and the setting that may be why."""
        if rows:
            see = {} if setting is None else {"see": self.setting(setting)}
            log.warning("backend_rows_dropped", backend=self.backend, path=path, rows=rows, **see)

    def _query(self, row: Any, pairs: list[tuple[str, str]]) -> str:
        fields = [("fields", fields_of(row))] if self.profile.send_fields else []
        query = "&".join(f"{name}={value}" for name, value in [*pairs, *fields])
        return f"?{query}" if query else ""


def _pairs(filter: Filter) -> list[tuple[str, str]]:
    name = quote(filter.name, safe="")
    if filter.is_repeated:
        return [(name, quote(value, safe="")) for value in filter.values]
    joined = ",".join(filter.values)
    if PLAIN.fullmatch(joined) and joined.count(",") == len(filter.values) - 1:  # nearly always, and a hundred at once
        return [(name, joined)]
    return [(name, ",".join(quote(value, safe="") for value in filter.values))]


@cache
def fields_of(row: Any) -> str:
    """The value of `fields`: the Struct is the projection."""
    return ",".join(quote(field.encode_name, safe="") for field in msgspec.structs.fields(row))


@cache
def _decoder(annotation: Any) -> WireDecoder[Any]:
    return WireDecoder(annotation)


def decoder(row: type[T]) -> WireDecoder[T]:
    """Reads one record."""
    annotation: Any = row
    return _decoder(annotation)


def rows_decoder(row: type[T]) -> WireDecoder[list[T]]:
    """Reads an array of records; one that is unreadable breaks the whole answer."""
    return _decoder(GenericAlias(list, (row,)))
