"""Records by id: several at once, one, and one that does not exist."""

import unicodedata
from collections.abc import Sequence
from typing import Any

from gateway.contract_kit.api import NOBODY, Api
from gateway.contract_kit.asking import Asked, Pair
from gateway.contract_kit.contract import Json, Operation
from gateway.contract_kit.listing import Listing, Row
from gateway.contract_kit.shape import as_read

FEWER = (50, 20, 10)
URL_MAX_LENGTH = 2_000
"""Of ids in one call, as the gateway bounds it."""


def ids_of(rows: list[Row]) -> list[str]:
    """Ids that can be asked for in batches."""
    ids = [row.get("id") for row in rows]
    return list(dict.fromkeys(id for id in ids if isinstance(id, str) and id and "," not in id))


async def check_batches(api: Api, listing: Listing, rows: list[Row]) -> None:
    """Several ids in one call: with commas, by repetition, or not at all."""
    if listing.operation.query("id") is None:
        return
    where, promise = f"GET {api.resource(listing.operation)} ?id", "any of several ids, and no other record"
    ids = ids_of(rows)
    if len(ids) < 3:
        api.not_tried(where, promise, f"needs 3 records, the list has {len(ids)}")
        return
    configured = api.profile.batch_ids.value
    if configured == "none":
        api.holds(where, promise, "batch_ids")
        return
    if api.empty_status is None:
        api.see_empty(await _batch(api, listing, [NOBODY, f"{NOBODY}-either"], is_repeated=configured == "repeat"))
    said = ""
    for batching in (configured, *(each for each in ("comma", "repeat") if each != configured)):
        asked = await _batch(api, listing, [ids[0], NOBODY, ids[1]], is_repeated=batching == "repeat")
        if _ids(asked) == {ids[0], ids[1]}:
            if batching == configured:
                api.holds(where, promise, "batch_ids")
            else:
                api.needs(where, promise, "batch_ids", batching, f"{said}; the name repeated works")
                api.learn(batch_ids=batching)
            await _check_batch_max(api, listing, ids)
            return
        said = said or _said(asked, ids)
    api.needs(where, promise, "batch_ids", "none", said, expected="the two records that exist, of three ids")
    api.learn(batch_ids="none")


async def _check_batch_max(api: Api, listing: Listing, ids: Sequence[str]) -> None:
    where, promise = f"GET {api.resource(listing.operation)} ?id", "as many ids as `limit` allows"
    is_repeated = api.profile.batch_ids.value == "repeat"
    most = min(api.profile.batch_max, api.profile.limit_max, len(ids))
    while most > 3 and sum(map(len, ids[:most])) > URL_MAX_LENGTH:
        most -= 1
    said = ""
    for count in (most, *(each for each in FEWER if each < most)):
        asked = await _batch(api, listing, ids[:count], is_repeated=is_repeated)
        if _ids(asked) == set(ids[:count]):
            if count == most:
                api.holds(where, promise, "batch_max", came=f"{count} ids")
            else:
                api.needs(where, promise, "batch_max", count, said)
                api.learn(batch_max=count)
            return
        said = said or (
            f"{len(asked.rows)} of {count} records" if asked.rows is not None else f"{asked.said} for {count} ids"
        )
    api.fails(
        where, promise, expected=f"{most} records", came=said, advice=f"set {api.setting_path('batch_max')} lower"
    )


async def check_record(api: Api, operation: Operation, rows: list[Row] | None) -> None:
    """One record under its id has the shape of the contract, and is the one that was asked for."""
    where, promise = f"GET {api.resource(operation)}", "the record with this id, as described"
    if rows is None:
        api.not_tried(where, promise, "its list could not be read")
        return
    kind = api.item(operation).get("properties", {}).get("id", {}).get("x-identifies")
    ids = ids_of(rows)
    named = api.samples.named(kind)
    ids = [*([named] if named else []), *ids]
    if not ids:
        api.not_tried(where, promise, "no id is known")
    else:
        asked = await api.record(operation, ids[0])
        document = as_read(asked.document)
        if asked.status == 404 and ids[0] == named:
            came, expected = f"{asked.said}, for the id of --{kind}", "200, a JSON object"
            advice = f"name another --{kind}: most likely there is none with this id; if there is, fix the backend"
            api.fails(where, promise, expected=expected, came=came, advice=advice)
        elif not asked.is_good or not isinstance(document, dict):
            api.fails(where, promise, expected="200, a JSON object", came=asked.said, advice="fix the backend")
        elif document.get("id") != ids[0]:
            api.fails(
                where,
                promise,
                expected="the id that was asked for",
                came="another id",
                advice="fix the backend: it is left out",
            )
        else:
            api.check_document(operation, where, "the record with this id, as described", asked.document)
    await _check_unknown(api, operation)


async def _check_unknown(api: Api, operation: Operation) -> None:
    where, promise = f"GET {api.resource(operation)} 404", "an id that does not exist is 404"
    asked = await api.record(operation, NOBODY)
    if asked.status != 404:
        advice = "fix the backend: clients get an error or a stranger's record in place of null"
        api.fails(where, promise, expected="404", came=asked.said, advice=advice)
        return
    api.holds(where, promise)
    if "404" in operation.answers:
        check_error(api, where, operation.answers["404"], asked)


def check_error(api: Api, where: str, schema: Json, asked: Asked) -> None:
    """The body of an error; the gateway goes by the status, so whatever it is does no harm."""
    promise, advice = "the error has TMF630's body", "the gateway goes by the status; people who debug would like it"
    if not isinstance(asked.document, dict):
        api.tolerates(where, promise, expected="a JSON object with code and reason", came=asked.kind, advice=advice)
        return
    deviations = api.shape(schema).deviations(asked.document)
    for deviation in deviations:
        said = f"{promise}: `{deviation.path}`"
        api.tolerates(where, said, expected=deviation.expected, came=deviation.came, advice=advice)
    if not deviations:
        api.holds(where, promise)


def check_empty(api: Api, operation: Operation) -> None:
    """What an empty list is, as other checks have seen it."""
    where, promise = f"GET {api.resource(operation)} 200", "a list without rows is an empty array"
    if api.empty_status is None:
        api.not_tried(where, promise, "no list was empty")
    elif api.empty_status == 404 and not api.profile.empty_list_as_404:
        api.needs(where, promise, "empty_list_as_404", True, "404", expected="200, []")
        api.learn(empty_list_as_404=True)
    else:
        api.holds(where, promise, "empty_list_as_404")


async def check_sort(api: Api, listing: Listing) -> None:
    """Rows in the order asked for, by the alphabet of whoever sorts."""
    parameter = listing.operation.query("sort")
    if parameter is None:
        return
    for attribute in parameter.words:
        where, promise = f"GET {api.resource(listing.operation)} ?sort={attribute}", f"rows come by `{attribute}`"
        rest = [Pair("offset", ["0"]), Pair("limit", [str(api.profile.limit_max)])]
        asked = await api.rows(listing.operation, Pair("sort", [attribute]), *listing.query, *rest)
        values = [str(row[attribute]) for row in asked.rows or () if row.get(attribute) is not None]
        if asked.rows is None:
            api.fails(where, promise, expected="200", came=asked.said, advice="fix the backend")
        elif len(set(values)) < 2:
            api.not_tried(where, promise, f"fewer than two rows have `{attribute}`")
        elif any(values == sorted(values, key=key) for key in ALPHABETS):
            api.holds(where, promise)
        else:
            api.fails(
                where,
                promise,
                expected="one order",
                came="another: it is ignored",
                advice="fix the backend: pages follow no order",
            )


def _letters(text: str) -> str:
    return "".join(character for character in _plain(text) if character.isalnum())


def _plain(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(each))


ALPHABETS: tuple[Any, ...] = (str, str.casefold, _plain, _letters)
"""By code points, without case, without accents, by letters alone."""


async def _batch(api: Api, listing: Listing, ids: Sequence[str], *, is_repeated: bool) -> Asked:
    return await api.rows(listing.operation, Pair("id", ids, is_repeated), Pair("limit", [str(len(ids))]))


def _ids(asked: Asked) -> set[str]:
    return {str(row.get("id")) for row in asked.rows or ()}


def _said(asked: Asked, ids: Sequence[str]) -> str:
    if asked.rows is None:
        return asked.said
    if not asked.rows:
        return "no record: it was taken for one id"
    return "one of two records" if _ids(asked) < set(ids[:2]) else "others, or more: the filter is ignored"
