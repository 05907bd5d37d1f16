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
    found += _errors_outside_nulls(expected, actual)
    found += _errors_of_nulls(expected, actual)
    if not expected.errors and Counter(expected.calls) != Counter(actual.calls):
        missing, more = _both_ways(Counter(expected.calls), Counter(actual.calls))
        found.append(f"calls: not made {missing}, made beside {more}")
    return found


def _errors_outside_nulls(expected: Outcome, actual: Outcome) -> list[str]:
    def outside(outcome: Outcome) -> Counter[Any]:
        return Counter(key_of(error) for error in outcome.errors if not _is_explained(expected.data, error))

    missing, more = _both_ways(outside(expected), outside(actual))
    return [f"missing: {error}" for error in missing] + [f"added: {error}" for error in more]


def _is_explained(data: Any, error: GraphQLError) -> bool:
    """Whether the error belongs to a null further up than itself, or to the null of a whole answer."""
    position = nulled_position(data, error.path)
    return position is not None and len(position) < len(error.path or ())


def _errors_of_nulls(expected: Outcome, actual: Outcome) -> list[str]:
    def nulls(outcome: Outcome) -> set[Position]:
        positions = (nulled_position(expected.data, error.path) for error in outcome.errors)
        return {position for position in positions if position is not None}

    return [
        f"no error at or under {list(position)}" for position in sorted(nulls(expected) - nulls(actual), key=repr)
    ] + [f"an error at or under {list(position)}" for position in sorted(nulls(actual) - nulls(expected), key=repr)]


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
