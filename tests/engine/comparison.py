"""What an executor made of an operation, and how two outcomes may differ.

Data is the same to the order of keys, and so are errors, each known by message, path, locations, extensions and the
error behind it. Only where a null stands for an object or list whose part failed, the reference itself lets timing
decide which of the failures it reports: there, both report at least one, and none that could not have happened.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, TypeAlias

from graphql import DocumentNode, Executor, GraphQLError, GraphQLSchema

Position: TypeAlias = tuple[str | int, ...]

PATIENCE_SECONDS = 10


@dataclass(frozen=True)
class Outcome:
    """The end of an execution."""

    data: Any = None
    errors: Sequence[GraphQLError] = ()
    raised: str | None = None
    """The exception it ended with instead."""
    at_once: bool = True
    """Whether there was nothing to await."""
    running: int = 0
    """Tasks left, beside those the executor calls its background."""
    calls: Sequence[str] = ()
    """What resolvers were asked, where the resolvers keep that."""
    serial: Sequence[str] = ()
    """How root fields of a mutation began and ended."""


@dataclass(frozen=True)
class Case:
    """An operation on a graph, ready to be executed as often as wanted."""

    schema: GraphQLSchema
    document: DocumentNode
    variables: Mapping[str, Any] = field(default_factory=dict)
    root: Any = None
    context: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of `Executor.build`."""


async def outcome(executor_class: type[Executor[Any]], case: Case) -> Outcome:
    """How the executor ends; TimeoutError where it does not."""
    try:
        executor = executor_class.build(
            case.schema, case.document, case.root, case.context, dict(case.variables), **case.options
        )
        if isinstance(executor, list):
            return Outcome(errors=executor)
        result: Any = executor.execute_operation()
        at_once = not isawaitable(result)
        if not at_once:
            async with asyncio.timeout(PATIENCE_SECONDS):
                result = await result
    except TimeoutError:
        raise
    except Exception as error:
        return Outcome(raised=f"{type(error).__name__}: {error}")
    while executor.background_futures:
        await asyncio.wait(tuple(executor.background_futures))
    running = len(asyncio.all_tasks()) - 1
    return Outcome(result.data, result.errors or (), None, at_once, running)


def key_of(error: GraphQLError) -> tuple[Any, ...]:
    """Everything of an error that a client or a log can see."""
    return (
        error.message,
        tuple(error.path or ()),
        tuple((location.line, location.column) for location in error.locations or ()),
        repr(error.extensions),
        type(error.original_error).__name__,
    )


def nulled_position(data: Any, path: Sequence[str | int] | None) -> Position | None:
    """The null that stands where the path leads, or on the way there; None where there is no null."""
    if data is None:
        return ()
    for depth, step in enumerate(path or (), 1):
        try:
            data = data[step]
        except (LookupError, TypeError):
            return None
        if data is None:
            return tuple(path or ())[:depth]
    return None


def differences(expected: Outcome, actual: Outcome) -> list[str]:
    """In which ways the actual outcome is not what it may be; empty where it is."""
    found = [
        f"{name}: {getattr(expected, name)!r} became {getattr(actual, name)!r}"
        for name in ("raised", "serial")
        if getattr(expected, name) != getattr(actual, name)
    ]
    if repr(expected.data) != repr(actual.data):
        return [*found, f"data: {expected.data!r} became {actual.data!r}"]
    if actual.running:
        found.append(f"{actual.running} tasks were left running")
    found += _differing_errors(expected, actual)
    if not expected.errors and Counter(expected.calls) != Counter(actual.calls):
        missing, more = _both_ways(Counter(expected.calls), Counter(actual.calls))
        found.append(f"calls: not made {missing}, made beside {more}")
    return found


def _differing_errors(expected: Outcome, actual: Outcome) -> list[str]:
    found = []
    one, other = _by_null(expected), _by_null(actual)
    for position in sorted({*one, *other}, key=repr):
        here, there = one.get(position, []), other.get(position, [])
        missing, more = _both_ways(Counter(map(key_of, here)), Counter(map(key_of, there)))
        is_shared = position is not None and any(len(error.path or ()) > len(position) for error in [*here, *there])
        if not is_shared or not here or not there:
            found += [f"missing: {error}" for error in missing] + [f"added: {error}" for error in more]
    return found


def _by_null(outcome: Outcome) -> dict[Position | None, list[GraphQLError]]:
    """The errors at or under each null, and under None those that no null accounts for."""
    errors: dict[Position | None, list[GraphQLError]] = {}
    for error in outcome.errors:
        errors.setdefault(nulled_position(outcome.data, error.path), []).append(error)
    return errors


def _both_ways(one: Counter[Any], other: Counter[Any]) -> tuple[list[Any], list[Any]]:
    return list((one - other).elements()), list((other - one).elements())


async def impossible_errors(
    expected: Outcome, actual: Outcome, without_propagation: Callable[[], Awaitable[Outcome]]
) -> list[str]:
    """Errors of nulled positions that neither the reference reported nor an execution without propagation."""
    strangers = {key_of(error) for error in actual.errors} - {key_of(error) for error in expected.errors}
    if not strangers:
        return []
    possible = {key_of(error) for error in (await without_propagation()).errors}
    return [f"cannot happen: {error}" for error in sorted(strangers - possible, key=repr)]
