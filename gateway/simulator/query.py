"""TMF630 queries over a world's documents: filters, order, projection, pages."""

import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from gateway.simulator.usage import ROME
from gateway.simulator.world import Resource, World

LIMIT_DEFAULT = LIMIT_MAX = 100
"""Rows of a page when `limit` is not given, and at most: a higher `limit` is capped in silence, as real systems do."""

CONTROLS = ("fields", "sort", "offset", "limit")
"""Parameters that are no filters."""

FILTERS: dict[str, tuple[str, ...]] = {
    "organization": ("id", "name", "tradingName", "status", "organizationIdentification.identificationId"),
    "customer": ("id", "name", "status", "engagedParty.id"),
    "billingAccount": ("id", "name", "state", "relatedParty.id"),
    "customerBill": ("id", "billNo", "billDate", "category", "state", "billingAccount.id", "relatedParty.id"),
    "bucket": ("id", "usageType", "status", "product.id", "relatedParty.id"),
    "product": (
        "id",
        "status",
        "startDate",
        "productSpecification.name",
        "productOffering.id",
        "relatedParty.id",
        "realizingResource.id",
        "realizingResource.value",
    ),
    "resource": ("id", "category", "resourceStatus", "serialNumber", "relatedParty.id"),
    "productOrder": ("id", "state", "orderDate", "relatedParty.id"),
    "troubleTicket": ("id", "status", "ticketType", "creationDate", "relatedParty.id"),
}
"""What each resource can be filtered by; anything else is a mistake that is answered with 400."""

Comparison = Callable[[datetime, datetime], bool]

COMPARISONS: dict[str, Comparison] = {
    "gte": operator.ge,
    "gt": operator.gt,
    "lte": operator.le,
    "lt": operator.lt,
}
"""What may follow the name of a date, with a dot."""


class BadQuery(Exception):
    """A parameter that this resource does not take, or a value it cannot have."""


class Condition(msgspec.Struct, frozen=True):
    """One attribute and the values of which it equals any, or the moments of which it is before or after any."""

    path: str
    values: tuple[str, ...]
    compare: Comparison | None = None


class Query(msgspec.Struct, frozen=True):
    """A list request, read."""

    conditions: tuple[Condition, ...]
    fields: tuple[str, ...]
    sort: tuple[str, ...]
    offset: int
    limit: int


def read_query(resource: str, parameters: Iterable[tuple[str, str]], *, literal_commas: bool = False) -> Query:
    """The query that a resource's parameters ask; BadQuery names a parameter that cannot be.

    With `literal_commas` a filter's value is taken as it is, commas and all.
    """
    given: dict[str, list[str]] = defaultdict(list)
    for name, value in parameters:
        given[name] += [value] if literal_commas and name not in CONTROLS else value.split(",")
    return Query(
        conditions=tuple(
            _condition(resource, name, tuple(values)) for name, values in given.items() if name not in CONTROLS
        ),
        fields=tuple(given.get("fields", ())),
        sort=tuple(given.get("sort", ())),
        offset=_whole_number("offset", given, 0),
        limit=min(_whole_number("limit", given, LIMIT_DEFAULT), LIMIT_MAX),
    )


def filtered_path(name: str) -> tuple[str, Comparison | None]:
    """The attribute that a filter's name means, and how it is compared where that is not by equality."""
    path, _, suffix = name.rpartition(".")
    compare = COMPARISONS.get(suffix) if path.endswith("Date") else None
    return (name if compare is None and suffix != "eq" else path), compare


def _condition(resource: str, name: str, values: tuple[str, ...]) -> Condition:
    path, compare = filtered_path(name)
    if path not in FILTERS[resource]:
        raise BadQuery(f"{resource} has no filter '{name[:80]}'; there are {', '.join(FILTERS[resource])}.")
    if compare is not None and not all(_is_time(value) for value in values):
        raise BadQuery(f"'{name}' is a date-time such as 2026-10-01T00:00:00Z; a + in it is sent as %2B.")
    return Condition(path, values, compare)


def _whole_number(name: str, given: dict[str, list[str]], default: int) -> int:
    if name not in given:
        return default
    (text, *others) = given[name]
    if others or not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise BadQuery(f"'{name}' is a whole number from 0 to 999999999.")
    return int(text)


class Documents:
    """A world's documents, found by attribute through indexes that are made once for each state of the world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._revision = -1
        self._indexes: dict[tuple[str, str], dict[str, list[str]]] = {}

    def select(self, resource: str, query: Query) -> list[Resource]:
        """All documents that meet the query's conditions, in its order; pages and projection are the caller's."""
        found = list(self._matching(resource, query.conditions))
        for name in reversed(query.sort):
            path = name.lstrip("-+")
            found.sort(key=lambda row: _sort_key(row, path), reverse=name.startswith("-"))
        return found

    def _matching(self, resource: str, conditions: Sequence[Condition]) -> Iterable[Resource]:
        exact = [self._ids(resource, condition) for condition in conditions if condition.compare is None]
        rows = self._rows(resource, exact) if exact else self._world.rows(resource)
        for condition in conditions:
            if condition.compare is not None:
                bounds = [_time(value) for value in condition.values]
                rows = [row for row in rows if _meets(row, condition.path, condition.compare, bounds)]
        return rows

    def _ids(self, resource: str, condition: Condition) -> dict[str, None]:
        index = self._index(resource, condition.path)
        return dict.fromkeys(id for value in condition.values for id in index.get(value, ()))

    def _rows(self, resource: str, sets: list[dict[str, None]]) -> Iterator[Resource]:
        """The rows whose ids are in all sets; only the smallest set is gone through."""
        for id in min(sets, key=len):
            row = self._world.row(resource, id) if all(id in ids for ids in sets) else None
            if row is not None:
                yield row

    def _index(self, resource: str, path: str) -> dict[str, list[str]]:
        if self._revision != self._world.revision:
            self._indexes.clear()
            self._revision = self._world.revision
        index = self._indexes.get((resource, path))
        if index is None:
            index = self._indexes[resource, path] = defaultdict(list)
            # The table itself: what `rows` computes for now is never filtered by.
            for id, row in self._world.tables[resource].items():
                for value in values_at(row, path):
                    index[str(value)].append(id)
        return index


def values_at(document: Any, path: str) -> Iterator[Any]:
    """Every value an attribute path leads to; lists are entered, so `relatedParty.id` gives each party's id."""
    name, _, rest = path.partition(".")
    for item in document if isinstance(document, list) else [document]:
        value = item.get(name) if isinstance(item, dict) else None
        if value is None:
            continue
        if rest:
            yield from values_at(value, rest)
        else:
            yield from value if isinstance(value, list) else [value]


def _meets(row: Resource, path: str, compare: Comparison, bounds: Sequence[datetime]) -> bool:
    return any(compare(_time(value), bound) for value in values_at(row, path) for bound in bounds)


def _is_time(text: str) -> bool:
    try:
        _time(text)
    except ValueError:
        return False
    return True


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=ROME)


def _sort_key(row: Resource, path: str) -> tuple[bool, Decimal, str]:
    """Numbers in their order, then texts in theirs; documents without the attribute last, or first if descending."""
    value = next(values_at(row, path), None)
    if isinstance(value, int | Decimal):
        return False, Decimal(value), ""
    return value is None, Decimal("Infinity"), str(value)


def projected(row: Resource, fields: Sequence[str]) -> Resource:
    """The first-level attributes asked for; id, href and @type always come."""
    if not fields:
        return row
    kept = {"id", "href", "@type", *fields}
    return {name: value for name, value in row.items() if name in kept}
