"""Verifies backends by their contracts: every operation, parameter and schema of a contract is a point to check."""

import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

from gateway.config import BackendSettings, profiles_of
from gateway.contract_kit.api import Api
from gateway.contract_kit.asking import Asker, Budget, CallsSpent
from gateway.contract_kit.comparison_checks import check_comparison
from gateway.contract_kit.contract import BACKENDS, Contract, Operation, published_contract
from gateway.contract_kit.filter_checks import check_filter
from gateway.contract_kit.filter_names import COMPARISONS
from gateway.contract_kit.listing import Listing, Row, reached
from gateway.contract_kit.page_checks import check_offset, read_pages
from gateway.contract_kit.point import BackendResult, Outcome, Verification
from gateway.contract_kit.record_checks import check_batches, check_empty, check_record, check_sort
from gateway.contract_kit.row_checks import check_fields, check_rows, check_version
from gateway.contract_kit.sample import Samples
from gateway.contract_kit.shape import as_read
from gateway.contract_kit.task_checks import check_refusal, check_task
from gateway.contract_kit.word_checks import check_owners, check_words
from gateway.contract_kit.write_checks import check_patch
from gateway.errors import BackendAccessDenied, BackendBusy, BackendError, BackendTimeout

CALLS_MAX = 500
CONTROLS = ("id", "offset", "limit", "fields", "sort")
"""Parameters that are no filters on an attribute."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What to verify: the backends by name, the ids that were named by kind, and how far to go.

    `contracts` stand in the place of those that this version was built with. `warn` is told what cannot wait for the
    result, which a cancellation leaves nobody with: that a record which was changed could not be put back.
    """

    backends: Mapping[str, BackendSettings]
    samples: Mapping[str, str] = {}
    may_write: bool = False
    calls_max: int = CALLS_MAX
    contracts: Mapping[str, Contract] = {}
    warn: Callable[[str], None] = lambda _: None


async def verified(wish: Wish) -> Verification:
    """What holds and what does not. One call at a time, at most `calls_max` of them.

    ConfigurationError for a wrong setting; whatever a backend does is part of the result.
    """
    budget, samples = Budget(wish.calls_max), Samples(wish.samples)
    began = time.monotonic()
    results = [await _verified_backend(name, wish, budget, samples) for name in BACKENDS if name in wish.backends]
    seconds = time.monotonic() - began
    return Verification(backends=tuple(results), calls=budget.made, calls_max=budget.most, seconds=seconds)


async def _verified_backend(name: str, wish: Wish, budget: Budget, samples: Samples) -> BackendResult:
    contract, settings = wish.contracts.get(name) or published_contract(name), wish.backends[name]
    profiles_of(name, settings.apis)  # a wrong setting is said before anything is asked
    apis: list[Api] = []
    reason = ""
    try:
        async with Asker(name, settings, budget) as asker:
            for key in contract.apis:
                api = Api(contract, name, key, settings.apis.get(key, {}), asker, samples)
                apis.append(api)
                try:
                    await _verify(api, wish)
                except BackendError as error:
                    if not asker.answered or isinstance(error, BackendAccessDenied | BackendBusy):
                        raise
                    api.breaks_off(error.message)
    except CallsSpent:
        reason = f"all of {budget.most} calls were made before the end; allow more with --calls"
    except BackendError as error:
        longer = "; allow more with --timeout" if isinstance(error, BackendTimeout) else ""
        reason = f"{error.message} ({settings.url}){longer}"
    points = tuple(point for api in apis for point in api.points)
    return BackendResult(
        backend=name,
        url=settings.url,
        version=contract.version,
        points=points,
        profile={api.key: found for api in apis if (found := differences(name, api))},
        reason=reason or _nothing_known(apis),
    )


def _nothing_known(apis: Sequence[Api]) -> str:
    """Why a backend counts as not verified though it answered."""
    lists = [api for api in apis if any(operation.is_list for operation in api.operations)]
    if not any(api.is_reached for api in lists):
        first = next(point for api in lists for point in api.points if point.outcome is Outcome.FAILS)
        return f"none of its APIs can be read: {first.came}; {first.advice}"
    return "" if any(api.has_rows for api in lists) else "it has no data at all, so there is nothing to verify it by"


async def _verify(api: Api, wish: Wish) -> None:
    """Every operation of one API, lists first: they show which records there are."""
    lists: dict[str, list[Row] | None] = {}
    operations = sorted(api.operations, key=lambda operation: not operation.is_list)
    for operation in operations:
        if operation.is_list:
            lists[operation.path] = await _verify_list(api, operation)
        elif operation.is_record:
            await check_record(api, operation, lists.get(operation.path.removesuffix("/{id}")))
            await check_patch(api, operation, may_write=wish.may_write, warn=wish.warn)
        else:
            await check_task(api, operation)
            await check_refusal(api, operation)


async def _verify_list(api: Api, operation: Operation) -> list[Row] | None:
    """What the list gave; None where it could not be read."""
    listing = await reached(api, operation)
    if listing is None:
        return None
    rows = await read_pages(api, listing)
    check_version(api, operation, rows)
    rows = await check_fields(api, listing, rows)
    check_rows(api, operation, rows)
    check_words(api, operation, rows)
    check_owners(api, operation, rows)
    await check_offset(api, listing, rows)
    await _check_filters(api, listing, rows)
    await check_batches(api, listing, rows)
    await check_sort(api, listing)
    check_empty(api, operation)
    return rows


async def _check_filters(api: Api, listing: Listing, rows: list[Row]) -> None:
    """Every parameter of the list's query that has no check of its own: a filter on an attribute."""
    read = [as_read(row) for row in rows]
    for parameter in listing.operation.parameters:
        if parameter.place == "query" and parameter.name not in CONTROLS:
            attribute, _, suffix = parameter.name.rpartition(".")
            if suffix in COMPARISONS:
                await check_comparison(api, listing, read, attribute, suffix)
            else:
                await check_filter(api, listing, read, parameter)


def differences(backend: str, api: Api) -> dict[str, object]:
    """The settings of an API that are not its default, those that were given and those found out."""
    plain = msgspec.structs.asdict(profiles_of(backend, {})[api.key])
    return {name: value for name, value in api.settings.items() if not _is_default(plain[name], value)}


def _is_default(default: object, value: object) -> bool:
    if isinstance(default, dict) and isinstance(value, Mapping):
        return all(default.get(name) == inner for name, inner in value.items())
    return bool(msgspec.to_builtins(default) == msgspec.to_builtins(value))
