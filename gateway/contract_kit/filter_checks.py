"""Filters: each is asked for a value that exists and for one that does not; every row of the answer is looked at."""

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any

from gateway.contract_kit.api import NOBODY, Api
from gateway.contract_kit.asking import Asked, Pair
from gateway.contract_kit.contract import Parameter
from gateway.contract_kit.filter_names import spellings
from gateway.contract_kit.listing import Listing, Row
from gateway.contract_kit.shape import as_read, values_at

VALUE_MAX_LENGTH = 500


class Verdict(Enum):
    """What a filter did."""

    HONOURED = "honoured"
    IGNORED = "rows of others came: it is ignored"
    EMPTY = "no row came, though there is one"
    REFUSED = "it is refused"


async def check_filter(api: Api, listing: Listing, rows: list[Row], parameter: Parameter) -> None:
    """A filter on an attribute: `rows` are as the gateway reads them."""
    where, promise = _place(api, listing, parameter.name), "the list has only rows with this value"
    values = _values(api, rows, parameter)
    setting = api.setting_of(parameter.name)
    if not values:
        _say_no_value(api, where, promise, parameter, rows)
        return
    current = api.name_of(parameter.name)
    others = spellings(parameter.name, api.profile.owner_role) if setting else []
    said = ""
    for name in [current, *(each for each in others if each != current)]:
        verdict, words = await _verdict(api, listing, parameter.name, name, values[0])
        said = said or words
        if verdict is Verdict.HONOURED:
            break
    if verdict is not Verdict.HONOURED:
        api.fails(
            where, promise, expected="the rows with the value asked for", came=said, advice=_no_filter(api, setting)
        )
        return
    if name == current:
        api.holds(where, promise, setting)
    elif setting is not None:
        api.needs(where, promise, setting, name, f"{said}; as `{name}` it works")
        api.rename(parameter.name, name)
    if parameter.is_array:
        await _check_several(api, listing, parameter, values[0])
    if setting == "owner_parameter":
        await _look_at_several_owners(api, listing, parameter, rows, values)


def _values(api: Api, rows: list[Row], parameter: Parameter) -> list[str]:
    """Values to ask for: of those in rows the one named by the user, then those of known records, of few rows first.

    Where no row is there to tell, the one that was named and those known from other lists.
    """
    named, known = api.samples.named(parameter.identifies), set(api.samples.of_kind(parameter.identifies))
    counts = Counter(value for row in rows for value in dict.fromkeys(_owners_or_values(api, row, parameter.name)))
    seen = sorted(
        counts, key=lambda value: (value != named, value not in known, counts[value] == len(rows), counts[value])
    )
    found = seen if rows else api.samples.of_kind(parameter.identifies)
    values = [value for value in found if "," not in value and len(value) <= VALUE_MAX_LENGTH]
    return [value for value in values if not parameter.words or value in parameter.words]


def _owners_or_values(api: Api, row: Row, path: str) -> Iterator[str]:
    """The values at a path; of parties with roles only those of the one that owns the record."""
    head, _, tail = path.partition(".")
    parties = row.get(head)
    if api.setting_of(path) == "owner_parameter" and isinstance(parties, list):
        role = api.profile.owner_role.casefold()
        own = [each for each in parties if isinstance(each, dict) and str(each.get("role", "")).casefold() == role]
        yield from _texts(own or parties, tail)
    else:
        yield from _texts(row, path)


def _say_no_value(api: Api, where: str, promise: str, parameter: Parameter, rows: list[Row]) -> None:
    kind = parameter.identifies
    if rows and parameter.words and any(True for row in rows for _ in values_at(row, parameter.name)):
        expected = f"{', '.join(parameter.words)} among {len(rows)} rows"
        setting = api.setting_path(f"names.{parameter.words[0]}")
        api.fails(
            where,
            promise,
            expected=expected,
            came="other words only",
            advice=f"set {setting} and the like to your words",
        )
        return
    reason = f"no row has `{parameter.name}`" if rows else "the list has no rows"
    api.not_tried(where, promise, f"{reason}; name one with --{kind}" if kind in NAMED_BY_OPTION else reason)


NAMED_BY_OPTION = ("company", "customer", "account", "product", "sim", "ticket")
"""Kinds of records of which one can be named on the command line."""


def _no_filter(api: Api, setting: str | None) -> str:
    if setting is None:
        return "fix the backend"
    path = api.setting_path(setting)
    return f"fix the backend, or set {path} to the name that it has there; until then the gateway refuses the list"


async def _verdict(api: Api, listing: Listing, attribute: str, name: str, value: str) -> tuple[Verdict, str]:
    """What a filter did, and that in words."""
    asked = await filtered(api, listing, attribute, Pair(name, [value]))
    if asked.rows == [] or asked.status == 404:
        return Verdict.EMPTY, Verdict.EMPTY.value
    if asked.rows is None:
        return Verdict.REFUSED, f"{Verdict.REFUSED.value} ({asked.said})"
    if all(value in _texts(as_read(row), attribute) for row in asked.rows):
        stranger = await filtered(api, listing, attribute, Pair(name, [NOBODY]))
        api.see_empty(stranger)
        if not stranger.rows:
            return Verdict.HONOURED, ""
    return Verdict.IGNORED, Verdict.IGNORED.value


async def _check_several(api: Api, listing: Listing, parameter: Parameter, value: str) -> None:
    """A filter on any of several values, as the gateway sends it: one that exists, and one that does not."""
    where, promise = _place(api, listing, parameter.name), "several values are alternatives"
    pair = Pair(api.name_of(parameter.name), [NOBODY, value], api.profile.batch_ids.value == "repeat")
    asked = await filtered(api, listing, parameter.name, pair)
    if not asked.rows:
        came = Verdict.EMPTY.value if asked.rows == [] or asked.status == 404 else asked.said
        advice = "fix the backend: the gateway sends two kinds of lines, and two spellings of a VAT number"
        api.fails(where, promise, expected="the rows with one of two values", came=came, advice=advice)
    elif all(value in _texts(as_read(row), parameter.name) for row in asked.rows):
        api.holds(where, promise)
    else:
        advice = "the gateway leaves the others out, at the cost of reading them"
        api.tolerates(where, promise, expected="rows with one of them", came=Verdict.IGNORED.value, advice=advice)


async def _look_at_several_owners(
    api: Api, listing: Listing, parameter: Parameter, rows: list[Row], values: Sequence[str]
) -> None:
    """Lists of several owners in one call are no part of the contract, but save calls where they work."""
    owners = [value for value in values if any(value in _texts(row, parameter.name) for row in rows)][:2]
    if len(owners) < 2 or api.profile.batch_owners.value != "none" or listing.query:
        return
    asked = await filtered(api, listing, parameter.name, Pair(api.profile.owner_parameter, owners))
    found = [set(_texts(as_read(row), parameter.name)) & set(owners) for row in asked.rows or ()]
    if found and all(found) and set().union(*found) == set(owners):
        api.hint(
            _place(api, listing, parameter.name),
            "several owners in one call",
            f'{api.setting_path("batch_owners")} = "comma" saves calls',
        )


async def filtered(api: Api, listing: Listing, attribute: str, pair: Pair) -> Asked:
    """The list by one filter on an attribute, beside those without which this backend gives none."""
    same = {attribute, *spellings(attribute, api.profile.owner_role)}
    others = [other for other in listing.query if other.name not in same]
    return await api.rows(listing.operation, pair, *others, *_page(api, listing))


def _texts(value: Any, path: str) -> list[str]:
    """What can be asked for at a path: text, or a number as it is written."""
    return [str(found) for found in values_at(value, path) if isinstance(found, str | int)]


def _page(api: Api, listing: Listing) -> list[Pair]:
    offset = [Pair("offset", ["0"])] if listing.operation.query("offset") else []
    return [*offset, Pair("limit", [str(api.profile.limit_max)])]


def _place(api: Api, listing: Listing, parameter: str) -> str:
    return f"GET {api.resource(listing.operation)} ?{parameter}"
