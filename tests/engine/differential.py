"""One operation, one pattern, two executors."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    Executor,
    NameNode,
    OperationDefinitionNode,
    print_ast,
)

from gateway.engine import BreadthExecutor
from gateway.schema import build_graph
from tests.engine.comparison import Case, Outcome, differences, impossible_errors, outcome
from tests.engine.documents import Operation
from tests.engine.nasty import nasty_schema, root_of
from tests.engine.operations import hand_written, operations_of
from tests.engine.pattern import Pattern
from tests.engine.product import context_of


async def ended(executor_class: type[Executor[Any]], operation: Operation, seed: int, delays: int = 0) -> Outcome:
    """How an executor ends the operation, in a pattern."""
    pattern = Pattern(seed, delays)
    if operation.name.startswith("product"):
        case = Case(build_graph().schema, operation.document, operation.variables, context=context_of(pattern))
    else:
        root = root_of(pattern, operation.kind)
        case = Case(nasty_schema(pattern.variant), operation.document, operation.variables, root, pattern)
    found = await outcome(executor_class, case)
    return replace(found, calls=tuple(pattern.calls), serial=tuple(pattern.serial))


async def found_between(
    operation: Operation, seed: int, executor_class: type[Executor[Any]] = BreadthExecutor, delays: int = 0
) -> Sequence[str]:
    """In which ways the executor's outcome is none the reference could have had."""
    expected = await ended(Executor, operation, seed)
    actual = await ended(executor_class, operation, seed, delays)
    found = differences(expected, actual)
    if Pattern(seed).variant == "sync" and not actual.at_once and expected.at_once and operation.name[:7] != "product":
        found.append("nothing was to be awaited, but the answer is")
    if not found:
        lenient = replace(operation, document=without_propagation(operation.document))
        found += await impossible_errors(expected, actual, lambda: ended(Executor, lenient, seed))
    return found and [*found, *_report(operation, seed, expected, actual)]


def without_propagation(document: DocumentNode) -> DocumentNode:
    """The document, executed without errors that take their parents along; its nodes keep their locations."""
    directive = ConstDirectiveNode(name=NameNode(value="experimental_disableErrorPropagation"), arguments=())
    definitions = []
    for each in document.definitions:
        if isinstance(each, OperationDefinitionNode):
            each = OperationDefinitionNode(
                operation=each.operation,
                name=each.name,
                variable_definitions=each.variable_definitions,
                directives=(*(each.directives or ()), directive),
                selection_set=each.selection_set,
                loc=each.loc,
            )
        definitions.append(each)
    return DocumentNode(definitions=tuple(definitions), loc=document.loc)


def operation_named(name: str) -> Operation:
    """One of all operations, by the name a failure gives."""
    graph = name.partition(":")[0]
    operations = hand_written() if graph == "hand" else operations_of(graph)
    return next(operation for operation in operations if operation.name == name)


def _report(operation: Operation, seed: int, expected: Outcome, actual: Outcome) -> list[str]:
    return [
        f"operation {operation.name}, seed {seed}; again: pytest tests/engine/test_differential.py -k test_replay"
        f" --engine-operation '{operation.name}' --engine-seed {seed}",
        print_ast(operation.document),
        f"variables: {operation.variables!r}",
        *_shown("reference", expected),
        *_shown("breadth", actual),
    ]


def _shown(who: str, outcome: Outcome) -> list[str]:
    errors = [f"  {error.path} {error.message} {error.locations}" for error in outcome.errors]
    return [f"{who}: {outcome.data!r} {outcome.raised or ''}", *errors]
