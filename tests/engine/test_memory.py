"""What requests leave behind: nothing that waits for the garbage collector, and plans within bounds."""

import asyncio
import gc
import itertools
import weakref
from collections.abc import Sequence
from typing import Any, cast

import pytest
from graphql import ExecutionResult, GraphQLSchema, build_schema, get_variable_values, parse
from graphql.execution.collect_fields import FragmentDetails

from gateway.engine import AdmittedOperation, Batched, Engine, Plan
from gateway.engine.plan import FIELDS_KEPT
from tests.engine.garbage import left_by

SHARED = ValueError("of several requests")


class Context:
    """All that a request reads hangs on it."""


def make_schema() -> GraphQLSchema:
    """A graph with a field for each way to end."""
    schema = build_schema(
        """
        type Query {
          now: Int later: Int error: Int errorLater: Int raised: Int raisedLater: Int fatal: Int! self: Query
        }
        """
    )
    assert schema.query_type is not None

    def answers(value: Any, *, waits: bool = False) -> Batched:
        async def many(parents: Sequence[Any], context: Context) -> list[Any]:
            await asyncio.sleep(0)
            return now(parents, context)

        def now(parents: Sequence[Any], context: Context) -> list[Any]:
            if value is KeyError:
                raise KeyError("raised")
            return [value] * len(parents)

        return Batched(many if waits else now)

    ways = {
        "now": answers(1),
        "later": answers(1, waits=True),
        "error": answers(SHARED),
        "errorLater": answers(SHARED, waits=True),
        "raised": answers(KeyError),
        "raisedLater": answers(KeyError, waits=True),
        "fatal": answers(None, waits=True),
        "self": answers({}, waits=True),
    }
    for name, resolve in ways.items():
        schema.query_type.fields[name].resolve = resolve
    return schema


@pytest.mark.parametrize(
    "fields",
    ["now", "later", "error", "errorLater", "raised", "raisedLater", "fatal", "later raisedLater self { error fatal }"],
)
async def test_a_request_is_gone_when_it_ends(fields: str) -> None:
    """With the collector off its context is freed with the answer, whatever failed; a shared error keeps no trace."""
    schema = make_schema()
    (operation,) = parse(f"{{ {fields} }}").definitions
    admitted = AdmittedOperation(
        Plan(schema, operation, {}),  # type: ignore[arg-type]
        get_variable_values(schema, (), {}),  # type: ignore[arg-type]
    )
    gc.disable()
    try:
        context = Context()
        gone = weakref.ref(context)
        result = Engine().run(admitted, context)
        answer: Any = result if not hasattr(result, "__await__") else await result
        for error in answer.errors or ():
            error.__traceback__ = error.original_error.__traceback__ = None  # as whoever writes the answer does
            del error
        del result, answer, context
        await asyncio.sleep(0)
        assert gone() is None
    finally:
        gc.enable()
    assert SHARED.__traceback__ is None


@pytest.mark.parametrize(
    "text",
    [
        "{ now self { later self { now error } } }",
        "query ($a: Boolean = true) { self @include(if: $a) { ...Below @skip(if: $a) now } }"
        " fragment Below on Query { self { now } }",
    ],
)
async def test_a_plan_is_gone_with_its_document(text: str) -> None:
    """Its variants and their fields, which lead to what is below them, hold each other in one direction only."""
    schema, engine = make_schema(), Engine()
    operation, *fragments = cast("list[Any]", parse(text).definitions)

    async def run(_: int) -> None:
        plan = Plan(schema, operation, {each.name.value: FragmentDetails(each) for each in fragments})
        for given in ({}, {"a": False}):
            variables: Any = get_variable_values(schema, operation.variable_definitions or (), given)
            result = engine.run(AdmittedOperation(plan, variables), Context())
            if not isinstance(result, ExecutionResult):
                await result

    assert await left_by(run) < 1


def test_combinations_of_conditions_are_kept_within_bounds() -> None:
    """Sixty-four combinations of an operation of two hundred fields are planned, and those of two are kept."""
    schema = make_schema()
    names = "abcdef"
    fields = " ".join(f"f{number}: now @skip(if: ${names[number % 6]})" for number in range(200))
    text = f"query ({' '.join(f'${name}: Boolean!' for name in names)}) {{ {fields} kept: now }}"
    operation: Any = parse(text).definitions[0]
    plan = Plan(schema, operation, {})
    engine = Engine()
    for values in itertools.product([False, True], repeat=6):
        given = dict(zip(names, values, strict=True))
        variables: Any = get_variable_values(schema, operation.variable_definitions, given)
        result: Any = engine.run(AdmittedOperation(plan, variables), Context())
        assert len(result.data) == 1 + sum(not values[number % 6] for number in range(200))
    kept = sum(variant.fields_planned for variant in plan._variants.values())
    assert kept <= max(FIELDS_KEPT, 2 * 201)


@pytest.mark.parametrize("fields", ["self { now }", "self { now } later"])
async def test_a_cancelled_request_is_gone(fields: str) -> None:
    """Its client left while it waited: nothing of it is kept by the error that went through it."""
    schema, engine = make_schema(), Engine()
    (operation,) = parse(f"{{ {fields} }}").definitions
    plan = Plan(schema, operation, {})  # type: ignore[arg-type]
    variables: Any = get_variable_values(schema, (), {})

    async def cancelled(_: int) -> None:
        result: Any = engine.run(AdmittedOperation(plan, variables), Context())
        task = asyncio.ensure_future(result)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert await left_by(cancelled) < 1
