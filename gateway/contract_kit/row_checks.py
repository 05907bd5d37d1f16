"""Rows: whether they have what was asked for, as the contract describes it."""

from gateway.contract_kit.api import Api
from gateway.contract_kit.asking import Pair
from gateway.contract_kit.contract import Operation
from gateway.contract_kit.listing import FIRST_ROWS, Listing, Row
from gateway.contract_kit.page_checks import page_of
from gateway.contract_kit.shape import has_v5_references


async def check_fields(api: Api, listing: Listing, rows: list[Row]) -> list[Row]:
    """`fields` gives what is asked for; rows that lack something because of it are asked again without."""
    operation = listing.operation
    sent = api.fields(operation)
    if not sent or not api.profile.send_fields or not rows:
        return rows
    where, promise = f"GET {api.resource(operation)} ?fields", "rows have the attributes that were asked for"
    asked = set(sent[0].values)
    codes = api.secrets(operation)
    # Rows without `fields` would have the codes in them, which are nobody's business here.
    bare = [] if codes else await _bare(api, listing)
    lost = _lost(rows, bare, asked)
    if lost:
        api.needs(where, promise, "send_fields", False, f"no {', '.join(lost)}, which come without `fields`")
        api.learn(send_fields=False)
        again = await page_of(api, listing, 0, api.profile.limit_max)
        return rows if again.rows is None else again.rows
    more = _names(rows) - asked
    if more & codes:
        came = f"{', '.join(sorted(more & codes))} in rows that were not to have it"
        advice = "the gateway drops it; better not to send it"
        api.tolerates(where, promise, expected="no codes", came=came, advice=advice)
    elif more and more >= _names(bare) - asked:
        came = f"{len(asked) + len(more)} of them: it is ignored"
        advice = "answers are longer than need be"
        api.tolerates(where, promise, expected=f"{len(asked)} attributes", came=came, advice=advice)
    else:
        api.holds(where, promise, "send_fields")
    return rows


async def _bare(api: Api, listing: Listing) -> list[Row]:
    limit = Pair("limit", [str(min(FIRST_ROWS, api.profile.limit_max))])
    return (await api.without_fields(listing.operation, *listing.query, limit)).rows or []


def _names(rows: list[Row]) -> set[str]:
    """The attributes of rows, without those that come always."""
    return {name for row in rows for name in row if not name.startswith("@")} - {"id", "href"}


def _lost(rows: list[Row], bare: list[Row], asked: set[str]) -> list[str]:
    """The attributes that were asked for, and that rows have only where nothing is asked for."""
    by_id = {row["id"]: row for row in rows if isinstance(row.get("id"), str)}
    pairs = [(by_id[row["id"]], row) for row in bare if isinstance(row.get("id"), str) and row["id"] in by_id]
    return sorted({name for with_fields, without in pairs for name in asked & (without.keys() - with_fields.keys())})


def check_rows(api: Api, operation: Operation, rows: list[Row]) -> None:
    """Every row has the shape that the contract describes."""
    where = f"GET {api.resource(operation)} 200"
    if not rows:
        api.not_tried(where, "every row fits its schema", "the list has no rows: verify again once there are some")
        return
    api.has_rows = True
    found = api.shape(api.item(operation)).deviations_of_rows(rows)
    for deviation, count in sorted(found.items()):
        api.fails(
            where,
            f"`{deviation.path}` is as described",
            expected=deviation.expected,
            came=f"{deviation.came}, in {count} of {len(rows)} rows",
            advice="fix the backend: the whole answer is refused (BACKEND_CONTRACT_BROKEN) or the row left out",
        )
    if not found:
        api.holds(where, "every row fits its schema", came=f"{len(rows)} rows")


def check_version(api: Api, operation: Operation, rows: list[Row]) -> None:
    """v5 nests references: then owners are asked for by another name."""
    if has_v5_references(rows) and api.profile.version == "v4":
        where = f"GET {api.resource(operation)} 200"
        api.needs(where, "references are those of v4", "version", "v5", "references nested one level down, as in v5")
        api.learn(version="v5")
