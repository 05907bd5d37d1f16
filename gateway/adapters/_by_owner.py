"""Lists by owner: read whole, page by page, with the owner of every row checked."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import product
from typing import Generic, TypeVar

import msgspec
import structlog

from gateway.adapters._api import Api, Filter, Row
from gateway.adapters._by_id import batches
from gateway.adapters._call import Answer
from gateway.adapters._parallel import AT_ONCE, in_parallel
from gateway.config import Batching
from gateway.errors import BackendContractBroken, BackendFilterIgnored, GatewayError, ListTooLong

log = structlog.get_logger()

R = TypeVar("R", bound=Row)


class Listing(msgspec.Struct, Generic[R], frozen=True):
    """A list that is asked for by owner: `parameter` is the filter's name, `owners_of` the owners a row echoes.

    `setting` names what to change where the backend ignores the filter.
    """

    path: str
    row: type[R]
    owners_of: Callable[[R], Sequence[str]]
    parameter: str
    setting: str


async def rows_by_owner(
    api: Api, listing: Listing[R], owners: Iterable[str], filters: Sequence[Filter] = ()
) -> dict[str, list[R] | GatewayError]:
    """All rows of each owner that pass the filters, each row once; an error stands for the owners of its own call.

    ListTooLong above `list_max_rows`; BackendFilterIgnored when a row belongs to nobody who was asked for.
    """
    chunks = batches(api, [owner for owner in dict.fromkeys(owners) if owner], api.profile.batch_owners)
    found: dict[str, list[R] | GatewayError] = {}
    for chunk, rows in zip(chunks, await in_parallel(chunks, partial(_read, api, listing, filters)), strict=True):
        for owner in chunk:
            found[owner] = rows if isinstance(rows, GatewayError) else _bounded(api, rows.get(owner, []))
    return found


async def _read(api: Api, listing: Listing[R], filters: Sequence[Filter], owners: Sequence[str]) -> dict[str, list[R]]:
    try:
        if api.profile.batch_ids is Batching.NONE and any(len(filter.values) > 1 for filter in filters):
            return await _one_value_each(api, listing, filters, owners)
        return await _all_rows(api, listing, owners, filters) or await _unless_literal(api, listing, filters, owners)
    except BackendFilterIgnored:
        if "," in owners[0]:  # goes alone, and was read as several: the rows are theirs, its own cannot be asked for
            return {}
        raise


async def _unless_literal(
    api: Api, listing: Listing[R], filters: Sequence[Filter], owners: Sequence[str]
) -> dict[str, list[R]]:
    """After an empty list: nothing, unless it was empty because several values were taken for one."""
    several = {filter.name for filter in filters if len(filter.values) > 1}
    if len(owners) > 1:
        several.add(listing.parameter)
    if several <= api.several_taken:
        return {}
    found = await _one_value_each(api, listing, filters, owners)
    if found:
        setting = api.setting("batch_owners" if listing.parameter in several else "batch_ids")
        log.warning("backend_batch_not_understood", backend=api.backend, path=listing.path, see=setting)
    return found


async def _one_value_each(
    api: Api, listing: Listing[R], filters: Sequence[Filter], owners: Sequence[str]
) -> dict[str, list[R]]:
    """The same rows, by calls in which each filter has one value; a row that several of them give comes once."""
    ways = product(*([Filter(filter.name, [value]) for value in filter.values] for filter in filters))
    calls = [(owner, way) for way in ways for owner in owners]
    parts = await in_parallel(calls, lambda call: _all_rows(api, listing, [call[0]], call[1]))
    found: dict[str, dict[str, R]] = {}
    for part in parts:
        if isinstance(part, GatewayError):
            raise part
        for owner, rows in part.items():
            found.setdefault(owner, {}).update((row.id, row) for row in rows)
    return {owner: [*rows.values()] for owner, rows in found.items()}


def _bounded(api: Api, rows: list[R]) -> list[R] | GatewayError:
    return too_long(api) if len(rows) > api.client.list_max_rows else rows


async def _all_rows(
    api: Api, listing: Listing[R], owners: Sequence[str], filters: Sequence[Filter]
) -> dict[str, list[R]]:
    """Pages until the list is known to end; the rows by those owners that have any.

    While pages are full and more are claimed, the next ones are read together: twice as many each time.
    """
    asked = [api.owned_by(listing.parameter, owners), *filters]
    limit, most = api.profile.limit_max, api.client.list_max_rows * len(owners)
    rows = _OwnedRows(api, listing, owners, asked)
    offset, at_once = 0, 1
    read = partial(_page, api, listing, asked, limit, len(owners))
    while True:
        starts = [offset + index * limit for index in range(at_once)]
        for start, page in zip(starts, await in_parallel(starts, read), strict=True):
            if start != offset:
                break  # the page before was cut short: this one left rows out
            if isinstance(page, GatewayError):
                raise page
            if not page.value:
                return rows.found()
            known = len(rows.ids)
            rows.add(page.value)
            offset += len(page.value)
            claimed = 0 if page.total is None else page.total - offset
            if _is_last(page, limit, offset):
                return rows.found()
            if len(rows.ids) == known:
                raise _repeats(api, listing.path)
            if len(rows.ids) > most:
                raise too_long(api)
        at_once = max(1, min(2 * at_once, AT_ONCE, -(-claimed // limit))) if offset == starts[-1] + limit else 1


async def _page(
    api: Api, listing: Listing[R], filters: Sequence[Filter], limit: int, batch: int, start: int
) -> Answer[list[R]]:
    return await api.page(listing.path, filters, listing.row, offset=start, limit=limit, batch=batch)


def _is_last(page: Answer[list[R]], limit: int, end: int) -> bool:
    """Whether the list ends at `end`, with this page: it is shorter than the limit, and nothing claims more.

    X-Total-Count may be wrong (of the whole collection, of the page), so it makes us go on and never stop. So does
    206, unless the page is the last of several (which are all parts of the list) by a count of just what was read.
    """
    rows = len(page.value or ())
    if rows >= limit or (page.total is not None and page.total > end):
        return False
    return not page.is_partial or (page.total == end and end > rows)


async def window(api: Api, path: str, row: type[R], filters: Sequence[Filter], *, offset: int, count: int) -> list[R]:
    """At most `count` rows of a list from `offset` on, in the backend's order; fewer only at the list's end."""
    rows: dict[str, R] = {}
    while len(rows) < count:
        limit = min(api.profile.limit_max, count - len(rows))
        page = await api.page(path, filters, row, offset=offset, limit=limit)
        if not page.value:
            break
        known = len(rows)
        rows.update((row.id, row) for row in page.value)
        offset += len(page.value)
        if _is_last(page, limit, offset):
            break
        if len(rows) == known:
            raise _repeats(api, path)
    return list(rows.values())[:count]


class _OwnedRows(Generic[R]):
    """Rows as they come, each once, by those of their owners who were asked for."""

    def __init__(self, api: Api, listing: Listing[R], owners: Sequence[str], filters: Sequence[Filter]) -> None:
        self._api = api
        self._filters = filters
        self._listing = listing
        self.by_owner: dict[str, list[R]] = {owner: [] for owner in owners}
        self.ids: set[str] = set()

    def found(self) -> dict[str, list[R]]:
        """What came, by owner; that anything came shows which filters take several values."""
        if self.ids:
            self._api.several_taken.update(filter.name for filter in self._filters if len(filter.values) > 1)
        return {owner: rows for owner, rows in self.by_owner.items() if rows}

    def add(self, rows: Sequence[R]) -> None:
        """A page; BackendFilterIgnored for a row that belongs to nobody who was asked for."""
        by_owner, ids, owners_of = self.by_owner, self.ids, self._listing.owners_of
        for row in rows:
            owners = owners_of(row)
            if len(owners) > 1:
                owners = [owner for owner in dict.fromkeys(owners) if owner in by_owner]
            if not owners or owners[0] not in by_owner:
                raise ignored(self._api, self._listing.parameter, self._listing.setting)
            if row.id in ids:
                continue
            ids.add(row.id)
            for owner in owners:
                by_owner[owner].append(row)


def ignored(api: Api, parameter: str, setting: str) -> BackendFilterIgnored:
    """The error for rows that nobody asked for."""
    message = (
        f"The {api.backend} backend answered with rows of others, so it ignores the filter '{parameter}': "
        f"set {setting} to the name of the filter that it takes."
    )
    return BackendFilterIgnored(api.backend, message)


def too_long(api: Api) -> ListTooLong:
    """The error for a list that is never cut silently."""
    most = api.client.list_max_rows
    message = (
        f"The {api.backend} backend has more than {most} rows for this list; raise limits.list_max_rows to read it."
    )
    return ListTooLong(api.backend, message)


def _repeats(api: Api, path: str) -> BackendContractBroken:
    message = f"The {api.backend} backend broke its contract on {path}: 'offset' gives the same page again."
    return BackendContractBroken(api.backend, message)
