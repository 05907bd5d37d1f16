"""Pages: how many rows a page may have, and whether `offset` counts rows."""

from gateway.contract_kit.api import Api
from gateway.contract_kit.asking import Asked, Pair
from gateway.contract_kit.listing import Listing, Row

SMALLER = (50, 25, 20, 10)
"""Pages that are tried where the longest one is refused."""

PROMISE = "a page has as many rows as `limit` says"


async def read_pages(api: Api, listing: Listing) -> list[Row]:
    """The first rows of a list, by which the highest `limit` is known."""
    operation = listing.operation
    where, promise = f"GET {api.resource(operation)} ?limit", PROMISE
    most = api.profile.limit_max
    asked = await page_of(api, listing, 0, most)
    for limit in SMALLER:
        if asked.rows is None and 400 <= asked.status < 500 and limit < most:
            refused, asked = asked, await page_of(api, listing, 0, limit)
            if asked.rows is not None:
                api.needs(where, promise, "limit_max", limit, f"{refused.said} for limit={most}")
                api.learn(limit_max=limit)
                most = limit
    if asked.rows is None:
        came = f"{asked.said} for limit={most}, though limit={len(listing.rows)} or more is answered"
        api.fails(where, promise, expected="200 or 206", came=came, advice="fix the backend")
        return listing.rows
    if len(asked.rows) > most:
        came = f"{len(asked.rows)} rows for limit={most}"
        api.fails(where, promise, expected=f"at most {most} rows", came=came, advice="fix the backend")
        return asked.rows
    if 0 < len(asked.rows) < most:
        return await _after_a_short_page(api, listing, asked, asked.rows, most)
    _say_full(api, listing, asked.rows)
    return asked.rows


async def _after_a_short_page(api: Api, listing: Listing, first: Asked, rows: list[Row], most: int) -> list[Row]:
    """After a page shorter than its limit: the list has ended, or pages are capped in silence.

    `offset` is asked for even where the contract has none: a cap would cut batches of ids as well.
    """
    where, promise = f"GET {api.resource(listing.operation)} ?limit", PROMISE
    offset, limit = Pair("offset", [str(len(rows))]), Pair("limit", [str(most)])
    following = (await api.rows(listing.operation, *listing.query, offset, limit)).rows or []
    is_end = not following or _ids(following) <= _ids(rows)
    if is_end and (listing.operation.query("offset") or not _claims_more(first, 0)):
        api.holds(where, promise, "limit_max")
        if _claims_more(first, 0):
            _say_claims(api, listing, len(rows))
        return rows
    came = f"{len(rows)} rows for limit={most}, and there are more"
    api.needs(where, promise, "limit_max", len(rows), came, expected=f"{most} rows")
    api.learn(limit_max=len(rows))
    return rows if is_end else [*rows, *following]


def _say_full(api: Api, listing: Listing, rows: list[Row]) -> None:
    where, promise = f"GET {api.resource(listing.operation)} ?limit", PROMISE
    if rows:
        api.holds(where, promise, "limit_max")
    else:
        api.not_tried(where, promise, "the list has no rows")


def _say_claims(api: Api, listing: Listing, rows: int) -> None:
    api.tolerates(
        f"GET {api.resource(listing.operation)} X-Total-Count",
        "it counts the rows that match",
        expected=f"{rows}, and 200 for a whole list",
        came="a higher number, or 206",
        advice="costs one call more for each list; the gateway never ends a list by it",
    )


def _claims_more(asked: Asked, offset: int) -> bool:
    end = offset + len(asked.rows or ())
    return asked.status == 206 or (asked.total is not None and asked.total > end)


async def check_offset(api: Api, listing: Listing, rows: list[Row]) -> None:
    """`offset` is a number of rows: one that is ignored shows the first page for ever, one of pages leaves rows out."""
    operation = listing.operation
    if not operation.query("offset"):
        return
    where, promise = f"GET {api.resource(operation)} ?offset", "it skips rows, not pages"
    if len(rows) < 3:
        api.not_tried(where, promise, f"needs 3 rows, the list has {len(rows)}")
        return
    asked = await page_of(api, listing, 1, 2)
    expected = [row.get("id") for row in rows[1:3]]
    came = [row.get("id") for row in asked.rows or ()]
    if came == expected:
        api.holds(where, promise)
        return
    if came and came[0] == rows[0].get("id"):
        said = "the first rows once more: it is ignored"
    elif came and came[0] in (row.get("id") for row in rows[2:3]):
        said = "what follows two rows: it counts pages"
    else:
        said = "other rows: the order changes from call to call" if came else asked.said
    api.fails(
        where,
        promise,
        expected="the second and third row",
        came=f"{said}, for offset=1",
        advice="fix the backend: lists would be cut",
    )


async def page_of(api: Api, listing: Listing, offset: int, limit: int) -> Asked:
    """One page of a list."""
    start = [Pair("offset", [str(offset)])] if listing.operation.query("offset") else []
    return await api.rows(listing.operation, *listing.query, *start, Pair("limit", [str(limit)]))


def _ids(rows: list[Row]) -> set[str]:
    return {str(row.get("id")) for row in rows}
