"""Running an operation, by graphql-core's own executor."""

import asyncio
from collections.abc import Iterable
from inspect import isawaitable
from typing import Any

from graphql import (
    ExecutionResult,
    Executor,
    default_field_resolver,
    default_type_resolver,
    execute_root_selection_set,
)
from graphql.execution.collect_fields import FragmentDetails

from gateway.engine.operation import AdmittedOperation


async def run(operation: AdmittedOperation, context: object) -> ExecutionResult:
    """The operation's data and the errors of its fields; `context` reaches every resolver as `info.context`.

    Cancelling it cancels the resolvers that are under way. However it ends, nothing of it is left running.
    TypeError for anything that was not admitted.
    """
    if not isinstance(operation, AdmittedOperation):
        raise TypeError(f"Only an AdmittedOperation runs, not {type(operation).__name__}: Admission.admit makes one.")
    executor = _executor(operation, context)
    result = execute_root_selection_set(executor)
    try:
        return await result if isawaitable(result) else result
    finally:
        await _end(executor.background_futures)


def _executor(operation: AdmittedOperation, context: object) -> Executor[None]:
    # `execute` would coerce the variables a second time and choose the operation again; what it does after that
    # is to build this object.
    return Executor(
        schema=operation.schema,
        fragment_definitions=operation.fragments,
        fragments={name: FragmentDetails(fragment) for name, fragment in operation.fragments.items()},
        root_value=None,
        context_value=context,
        operation=operation.operation,
        variable_values=operation.variables,
        field_resolver=default_field_resolver,
        type_resolver=default_type_resolver,
        subscribe_field_resolver=default_field_resolver,
    )


async def _end(leftovers: Iterable[asyncio.Future[Any]]) -> None:
    """Cancels the siblings of a field that failed and took its parent along: nobody will read them."""
    leftovers = tuple(leftovers)
    if not leftovers:
        return
    # A task that is cancelled before its first step never looks at its coroutine, which Python then complains about.
    await asyncio.sleep(0)
    for future in leftovers:
        future.cancel()
    await asyncio.gather(*leftovers, return_exceptions=True)
