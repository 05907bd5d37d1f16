"""Running an admitted operation, breadth-first or, to compare, by graphql-core's own executor."""

from collections.abc import Awaitable
from typing import Any

from graphql import ExecutionResult, Executor, default_field_resolver, default_type_resolver

from gateway.engine.executor import BreadthExecutor
from gateway.engine.operation import AdmittedOperation
from gateway.engine.waiting import ended

Result = ExecutionResult | Awaitable[ExecutionResult]


class Engine:
    """Runs operations: breadth-first, unless `reference` asks for graphql-core's own executor, for diagnosis."""

    def __init__(self, *, reference: bool = False) -> None:
        self._executor_class: type[Executor[None]] = Executor if reference else BreadthExecutor

    def run(self, operation: AdmittedOperation, context: object) -> Result:
        """The operation's data and the errors of its fields; an awaitable of them where anything has to be waited for.

        `context` reaches every resolver. Cancelling the awaitable cancels the resolvers that are under way; however it
        ends, nothing of it is left running. TypeError for anything that was not admitted.
        """
        if not isinstance(operation, AdmittedOperation):
            raise TypeError(
                f"Only an AdmittedOperation runs, not {type(operation).__name__}: Admission.admit makes one."
            )
        executor = self._executor(operation, context)
        result: Any = executor.execute_operation()
        if isinstance(result, ExecutionResult) and not executor.background_futures:
            return result
        return _to_its_end(executor, result)

    def _executor(self, operation: AdmittedOperation, context: object) -> Executor[None]:
        # `execute` would coerce the variables a second time and choose the operation again; what it does after that
        # is to build this object.
        plan = operation.plan
        executor = self._executor_class(
            schema=plan.schema,
            fragment_definitions=plan.fragment_definitions,
            fragments=plan.fragments,
            root_value=None,
            context_value=context,
            operation=plan.operation,
            variable_values=operation.variables,
            field_resolver=default_field_resolver,
            type_resolver=default_type_resolver,
            subscribe_field_resolver=default_field_resolver,
        )
        if isinstance(executor, BreadthExecutor):
            executor.plan = plan
        return executor


async def _to_its_end(executor: Executor[None], result: ExecutionResult | Awaitable[Any]) -> ExecutionResult:
    """The result; siblings of a field that failed and took its parent along are cancelled: nobody will read them."""
    try:
        return result if isinstance(result, ExecutionResult) else await result
    finally:
        await ended(tuple(executor.background_futures))
