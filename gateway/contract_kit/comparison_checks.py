"""Comparisons of date-times, `billDate.gte`: each is asked for a bound that few rows are beyond."""

import operator
from collections.abc import Callable
from datetime import datetime

from gateway.contract_kit.api import Api
from gateway.contract_kit.asking import Pair
from gateway.contract_kit.filter_checks import Verdict, filtered
from gateway.contract_kit.filter_names import COMPARISONS
from gateway.contract_kit.listing import Listing, Row
from gateway.contract_kit.shape import as_read, values_at
from gateway.domain.time import ROME

HOLDS_FOR: dict[str, Callable[[datetime, datetime], bool]] = {
    "gte": operator.ge,
    "gt": operator.gt,
    "lte": operator.le,
    "lt": operator.lt,
}
BOUND_AT = {"gte": -1, "gt": -2, "lte": 0, "lt": 1}
"""Of the moments there are, in order, the one to compare with: few rows are so, and at least one."""


async def check_comparison(api: Api, listing: Listing, rows: list[Row], attribute: str, comparison: str) -> None:
    """A filter on a date-time with an operator, in whichever spelling the backend has."""
    where = f"GET {api.resource(listing.operation)} ?{attribute}.{comparison}"
    promise = f"the list has only rows whose `{attribute}` is so"
    moments = sorted({at for row in rows for at in _moments(row, attribute)})
    if len(moments) < 2:
        api.not_tried(where, promise, f"needs rows of two different `{attribute}`")
        return
    compare, bound = HOLDS_FOR[comparison], moments[BOUND_AT[comparison]]
    current = api.profile.comparison_suffixes.get(comparison, f".{comparison}")
    said = ""
    for suffix in [current, *(each for each in COMPARISONS[comparison] if each != current)]:
        asked = await filtered(api, listing, attribute, Pair(f"{attribute}{suffix}", [bound.isoformat()]))
        found = [at for row in asked.rows or () for at in _moments(as_read(row), attribute)]
        if found and all(compare(at, bound) for at in found):
            if suffix == current:
                api.holds(where, promise, "comparison_suffixes")
            else:
                api.needs(
                    where,
                    promise,
                    "comparison_suffixes",
                    {comparison: suffix},
                    f"{said}; as `{attribute}{suffix}` it works",
                )
                api.learn(comparison_suffixes={**_suffixes(api), comparison: suffix})
            return
        verdict = Verdict.IGNORED if found else Verdict.EMPTY
        said = said or (Verdict.REFUSED.value if asked.rows is None and asked.status != 404 else verdict.value)
    is_refused = said != Verdict.IGNORED.value
    if is_refused:
        path = api.setting_path("comparison_suffixes")
        api.fails(where, promise, expected="the rows from then on", came=said, advice=f"fix the backend, or set {path}")
    else:
        advice = "the gateway leaves out the others, at the cost of reading them"
        api.tolerates(where, promise, expected="the rows from then on", came=said, advice=advice)


def _suffixes(api: Api) -> dict[str, str]:
    given = api.settings.get("comparison_suffixes", {})
    return dict(given)


def _moments(row: Row, attribute: str) -> list[datetime]:
    found = []
    for value in values_at(row, attribute):
        try:
            at = datetime.fromisoformat(str(value))
        except ValueError:
            continue
        found.append(at if at.tzinfo else at.replace(tzinfo=ROME))
    return found
