"""Where an API is, and how a first few of its rows can be had."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from gateway.contract_kit.api import Api
from gateway.contract_kit.asking import Asked, Pair
from gateway.contract_kit.contract import Operation, Parameter
from gateway.contract_kit.filter_names import spellings

FIRST_ROWS = 10
SAMPLES_TRIED = 25
"""Ids that are asked for until one has rows: not every line has a bucket."""
PROMISE = "the list is there, as an array of objects"

Row = dict[str, Any]


class Listing(msgspec.Struct, frozen=True):
    """A list that gives rows: `query` is what it has to be asked with, `rows` the first of them as they came."""

    operation: Operation
    query: tuple[Pair, ...]
    rows: list[Row]


async def reached(api: Api, operation: Operation) -> Listing | None:
    """The list, once it gives an answer; None where it gives none, which is then a point."""
    where = f"GET {api.resource(operation)}"
    first = await api.rows(operation, *_first_page(operation))
    asked: Asked = first
    query: tuple[Pair, ...] = ()
    for attempt in (_elsewhere, _without_fields, _filtered):
        if asked.rows is None:
            asked, query = await attempt(api, operation, first) or (asked, query)
    if asked.rows is None:
        _say_why(api, operation, first)
        return None
    if asked.rows and _is_another_api(api, operation, asked.rows):
        names = " and ".join(api.item(operation).get("required", []))
        advice = f"see {api.setting_path('base_path')} and the backend's url"
        came = f"another API, whose rows have none of these, at {api.path(operation)}"
        api.fails(where, PROMISE, expected=f"rows with {names}", came=came, advice=advice)
        return None
    api.holds(where, PROMISE, "base_path")
    api.is_reached = True
    return Listing(operation, query, asked.rows)


def _first_page(operation: Operation) -> list[Pair]:
    offset = [Pair("offset", ["0"])] if operation.query("offset") else []
    return [*offset, Pair("limit", [str(FIRST_ROWS)])]


Found = tuple[Asked, tuple[Pair, ...]] | None


async def _elsewhere(api: Api, operation: Operation, first: Asked) -> Found:
    """The list below another base path that backends are known to have."""
    if first.status not in (404, 405, 301, 302, 308) and not (first.is_good and first.rows is None):
        return None
    for base_path in base_paths(api.profile.base_path):
        asked = await api.rows(operation, *_first_page(operation), base_path=base_path)
        if asked.rows is not None and not (asked.rows and _is_another_api(api, operation, asked.rows)):
            came = f"nothing at {api.path(operation)} ({first.said}); the list is at {api.path(operation, base_path)}"
            api.needs(f"GET {api.resource(operation)}", "the base path is TM Forum's", "base_path", base_path, came)
            api.learn(base_path=base_path)
            return asked, ()
    return None


async def _without_fields(api: Api, operation: Operation, first: Asked) -> Found:
    """The list asked without `fields`, for a backend that refuses it."""
    if not 400 <= first.status < 500 or first.status in (401, 403, 404, 429) or not api.profile.send_fields:
        return None
    asked = await api.without_fields(operation, *_first_page(operation))
    if asked.rows is None:
        return None
    where = f"GET {api.resource(operation)} ?fields"
    api.needs(where, "it takes `fields`", "send_fields", False, f"{first.said}; without `fields` it answers")
    api.learn(send_fields=False)
    return asked, ()


async def _filtered(api: Api, operation: Operation, first: Asked) -> Found:
    """The list of one owner, for a backend that gives none without a filter."""
    if not 400 <= first.status < 500 or first.status in (401, 403, 429):
        return None
    for parameter, name in _ways(api, operation):
        for id in api.samples.of_kind(parameter.identifies)[:SAMPLES_TRIED]:
            pair = Pair(name, [id])
            asked = await api.rows(operation, pair, *_first_page(operation))
            if asked.rows:
                _learn_name(api, operation, parameter, name, first)
                return asked, (pair,)
            if asked.rows is None and asked.status != 404:
                break  # it is the filter that is refused
    return None


def _learn_name(api: Api, operation: Operation, parameter: Parameter, name: str, first: Asked) -> None:
    current, setting = api.name_of(parameter.name), api.setting_of(parameter.name)
    if name != current and setting is not None:
        where = f"GET {api.resource(operation)} ?{parameter.name}"
        came = f"{first.said} without a filter, and with `{current}`; as `{name}` it works"
        api.needs(where, "the filter has this name", setting, name, came)
        api.rename(parameter.name, name)


def _ways(api: Api, operation: Operation) -> Iterator[tuple[Parameter, str]]:
    """Filters on ids, each under the names that backends have for it."""
    for parameter in operation.parameters:
        if parameter.place == "query" and parameter.identifies is not None:
            for name in [api.name_of(parameter.name), *spellings(parameter.name, api.profile.owner_role)]:
                yield parameter, name


def base_paths(given: str) -> list[str]:
    """Other base paths: of the next version, without `/tmf-api`, with or without `Management`, or none at all."""
    *prefix, name, version = given.strip("/").split("/")
    other = name.removesuffix("Management") if name.endswith("Management") else f"{name}Management"
    other_version = "v4" if version == "v5" else "v5"
    prefixes = [prefix, [] if prefix else ["tmf-api"]]
    paths = [
        "/" + "/".join([*before, called, numbered])
        for called in (name, other)
        for numbered in (version, other_version)
        for before in prefixes
    ]
    return [path for path in dict.fromkeys([*paths, ""]) if path != given]


def _is_another_api(api: Api, operation: Operation, rows: Sequence[Row]) -> bool:
    """Whether no row has any of the attributes that every record has, an id apart, which everything may have."""
    required = set(api.item(operation).get("required", []))
    telling = required - {"id"} or required
    return not any(telling & row.keys() for row in rows)


def _say_why(api: Api, operation: Operation, first: Asked) -> None:
    where = f"GET {api.resource(operation)}"
    came = f"{first.said}, at {api.path(operation)}"
    if first.status in (401, 403):
        advice = f"give this client access, or set backends.{api.backend}.auth"
    elif first.status == 404 or (first.is_good and first.rows is None) or 300 <= first.status < 400:
        advice = f"there is another API, or none: see {api.setting_path('base_path')} and the backend's url"
    elif first.status >= 500 or first.status == 429:
        advice = "see the backend's own log, then verify again"
    else:
        advice = "it may want a filter: name an id that it knows (--company, --customer, --account, --product, --sim)"
    api.fails(where, PROMISE, expected="200, a JSON array of objects", came=came, advice=advice)
