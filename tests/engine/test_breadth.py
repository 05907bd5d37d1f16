"""Each field once for all its parents, and everything else of graphql-core as it is there."""

import asyncio
import time
from collections.abc import Callable, Sequence
from inspect import isawaitable
from typing import Any

import pytest
from graphql import (
    AbortController,
    Executor,
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    execute,
    execute_sync,
    parse,
)
from graphql.execution.aborted_graphql_execution_error import AbortedGraphQLExecutionError

from gateway.engine import Attribute, Batched, BreadthExecutor
from tests.engine.comparison import Case, differences, outcome
from tests.engine.pattern import Later

EXECUTORS = pytest.mark.parametrize("executor_class", [Executor, BreadthExecutor])

SDL = """
directive @experimental_disableErrorPropagation on QUERY
type Query { links(count: Int = 3): [Link!], link: Link, mustLink: Link!, text(a: [Int!] = [1]): String }
type Mutation { set(to: Int!): Int, fail(to: Int): Int!, link: Link }
type Link { next: Link, must: Link!, slow: Link, value: Int, number: Int!, text: String }
"""


def schema_with(**resolvers: Any) -> GraphQLSchema:
    """The graph above, with resolvers by `Type_field`."""
    schema = build_schema(SDL)
    for name, resolve in resolvers.items():
        type_name, field_name = name.split("_")
        schema.type_map[type_name].fields[field_name].resolve = resolve  # type: ignore[attr-defined]
    return schema


async def both(schema: GraphQLSchema, text: str, **more: Any) -> Any:
    """The data, after it was seen that both executors end alike."""
    case = Case(schema, parse(text), **more)
    expected = await outcome(Executor, case)
    actual = await outcome(BreadthExecutor, case)
    assert differences(expected, actual) == []
    if expected.at_once and not expected.errors:  # at a failure the reference does not wait for siblings
        assert actual.at_once
    return actual.data if actual.raised is None else actual.raised


class Asked:
    """Batched resolvers that say when they were asked, for how many parents, and when they answered."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.sizes: list[tuple[str, int]] = []

    def __call__(self, name: str, value: Callable[[Any], Any], turns: int = 0) -> Batched:
        """A resolver of that name that takes some turns of the loop."""

        async def many(parents: Sequence[Any], context: Any, **arguments: Any) -> Sequence[Any]:
            self.sizes.append((name, len(parents)))
            self.log.append(f"{name} asked")
            for _ in range(turns):
                await asyncio.sleep(0)
            self.log.append(f"{name} answered")
            return [value(parent) for parent in parents]

        return Batched(many)


# Breadth


async def test_one_call_for_each_level() -> None:
    """A batched field is asked once wherever it stands, for all objects there; of other lists' items too."""
    asked = Asked()
    schema = schema_with(
        Query_links=asked("links", lambda _: [1, 2, 3]),
        Link_next=asked("next", lambda parent: parent * 10),
        Link_value=asked("value", lambda parent: parent, turns=2),
    )
    text = "{ links { value next { value next { value } } } }"
    result = await execute(schema, parse(text), executor_class=BreadthExecutor)  # type: ignore[misc]
    assert result.errors is None
    assert result.data["links"][2] == {"value": 3, "next": {"value": 30, "next": {"value": 300}}}
    assert sorted(asked.sizes) == [("links", 1), ("next", 3), ("next", 3), ("value", 3), ("value", 3), ("value", 3)]


async def test_loads_of_one_turn() -> None:
    """Batched fields of one level are all asked in the same turn of the loop, so that their loads make one batch."""
    turn = 0
    turns: dict[str, list[int]] = {}

    def loading(name: str, value: Callable[[Any], Any]) -> Batched:
        async def many(parents: Sequence[Any], context: Any) -> Sequence[Any]:
            turns.setdefault(name, []).append(turn)
            await asyncio.sleep(0)
            return [value(parent) for parent in parents]

        return Batched(many)

    async def count() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    schema = schema_with(
        Query_links=Batched(lambda parents, context, count: [[1, 2]]),
        Link_next=loading("next", lambda parent: parent),
        Link_value=loading("value", lambda parent: parent),
        Link_text=loading("text", str),
    )
    counting = asyncio.ensure_future(count())
    await asyncio.sleep(0)
    text = "{ links { value next { text other: text value } text } }"
    result = await execute(schema, parse(text), executor_class=BreadthExecutor)  # type: ignore[misc]
    counting.cancel()
    assert result.errors is None
    first, second = sorted({turn for each in turns.values() for turn in each})
    assert turns == {"next": [first], "value": [first, second], "text": [first, second, second]}


async def test_a_slow_sibling_delays_nobody() -> None:
    """An edge that is there goes on to its next level while another one is waited for."""
    asked = Asked()
    schema = schema_with(
        Query_links=asked("links", lambda _: [1, 2]),
        Link_slow=asked("slow", lambda parent: parent, turns=50),
        Link_next=asked("next", lambda parent: parent),
        Link_value=asked("value", lambda parent: parent),
    )
    text = "{ links { slow { number: value } next { next { next { value } } } } }"
    await execute(schema, parse(text), executor_class=BreadthExecutor)  # type: ignore[misc]
    assert asked.log.index("value answered") < asked.log.index("slow answered")
    assert asked.sizes.count(("value", 2)) == 2


async def test_a_slow_parent_delays_the_level_of_its_own_field_only() -> None:
    """Ordinary async resolvers, one of them slow, hold up their own field and nothing beside it."""
    asked = Asked()

    async def slow(parent: int, info: Any) -> int:
        for _ in range(parent * 20):
            await asyncio.sleep(0)
        asked.log.append(f"slow of {parent}")
        return parent

    schema = schema_with(
        Query_links=asked("links", lambda _: [1, 2]),
        Link_slow=slow,
        Link_next=asked("next", lambda parent: parent),
        Link_value=asked("value", lambda parent: parent),
    )
    assert await both(schema, "{ links { slow { value } next { next { value } } } }")
    asked.log.clear()
    text = "{ links { slow { text } next { next { value } } } }"
    await execute(schema, parse(text), executor_class=BreadthExecutor)  # type: ignore[misc]
    assert asked.log.index("value answered") < asked.log.index("slow of 1") < asked.log.index("slow of 2")


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("answers", [[], [1], [1, 2, 3]])
async def test_a_batch_of_the_wrong_length(later: bool, answers: list[int]) -> None:
    """Too few or too many values are an error of each parent, never another parent's value."""

    async def many_later(parents: Sequence[Any], context: Any) -> Sequence[Any]:
        return answers

    schema = schema_with(
        Query_links=Batched(lambda parents, context, count: [[1, 2]]),
        Link_value=Batched(many_later if later else lambda parents, context: answers),
    )
    result = await outcome(BreadthExecutor, Case(schema, parse("{ links { value } }")))
    assert result.data == {"links": [{"value": None}, {"value": None}]}
    assert [error.path for error in result.errors] == [["links", 0, "value"], ["links", 1, "value"]]


async def test_values_of_a_batch() -> None:
    """Errors, nulls and awaitables among the values stand for their own parents."""

    def many(parents: Sequence[int], context: Any) -> Sequence[Any]:
        values = [1, None, ValueError("no"), "x"]
        return [values[parent] if parent < 4 else Later(parent, parent - 3) for parent in parents]

    schema = schema_with(Query_links=lambda *_, **__: range(6), Link_value=many, Link_number=many)
    for text in ("{ links { value } }", "{ links { number } }"):
        for name in ("value", "number"):
            field = schema.type_map["Link"].fields[name]  # type: ignore[attr-defined]
            field.resolve = Batched(many) if name in text else None
        assert "links" in await both(schema, text)


# Everything of the reference


def test_sync_stays_sync() -> None:
    """Without anything to wait for, and without a loop, there is a result and no awaitable."""
    schema = schema_with(
        Query_links=Batched(lambda parents, context, count: [[{"v": 1}]] * len(parents)),
        Link_value=Batched(lambda parents, context: [parent["v"] for parent in parents]),
        Link_text=lambda parent, info: str(parent),
        Link_number=Attribute("missing"),
    )
    document = parse("{ links { value text __typename next { value } } link { number } __schema { types { name } } }")
    result = execute(schema, document, {"link": {}}, executor_class=BreadthExecutor)
    assert not isawaitable(result)
    assert result == execute(schema, document, {"link": {}})
    assert result.errors
    assert execute_sync(schema, document, {"link": {}}, executor_class=BreadthExecutor) == result
    assert execute_sync(schema, document, {"link": {}}, executor_class=BreadthExecutor, check_sync=True) == result


@EXECUTORS
@pytest.mark.usefixtures("own_garbage")
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
async def test_sync_was_asked_for(executor_class: type[Executor[Any]]) -> None:
    """`execute_sync` refuses what waits."""
    schema = schema_with(Query_text=Batched(lambda parents, context, a: asyncio.sleep(0, ["x"])))
    with pytest.raises(RuntimeError, match="failed to complete synchronously"):
        execute_sync(schema, parse("{ text }"), executor_class=executor_class, check_sync=True)


@EXECUTORS
async def test_aborted_before(executor_class: type[Executor[Any]]) -> None:
    """What was aborted before it began raises the reason."""
    controller = AbortController()
    controller.abort(LookupError("gone"))
    schema = schema_with(Query_text=lambda *_, **__: pytest.fail("asked"))
    with pytest.raises(LookupError, match="gone"):
        execute(schema, parse("{ text }"), executor_class=executor_class, abort_signal=controller.signal)


HANGING = {"one each": False, "batched": True}


@EXECUTORS
@pytest.mark.parametrize("kind", HANGING)
@pytest.mark.parametrize(
    "text", ["{ links { slow { value } value } }", "{ link { must { slow { value } } } mustLink { slow { value } } }"]
)
async def test_aborted_in_mid_flight(executor_class: type[Executor[Any]], kind: str, text: str) -> None:
    """An abort ends hanging resolvers and the operation at once, and nothing is left running."""
    controller = AbortController()
    log: list[str] = []
    started = asyncio.Event()

    async def hang() -> Any:
        log.append("began")
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            log.append("ended")

    async def hang_one(parent: Any, info: Any) -> Any:
        return await hang()

    async def hang_many(parents: Sequence[Any], context: Any) -> Any:
        return await hang()

    schema = schema_with(
        Query_links=lambda *_, **__: [{}, {}],
        Query_link=lambda *_: {"must": {}},
        Query_mustLink=lambda *_: {},
        Link_slow=Batched(hang_many) if HANGING[kind] else hang_one,
    )
    running = asyncio.ensure_future(
        execute(schema, parse(text), executor_class=executor_class, abort_signal=controller.signal)  # type: ignore[arg-type]
    )
    await started.wait()
    await asyncio.sleep(0)
    controller.abort()
    async with asyncio.timeout(5):
        with pytest.raises(AbortedGraphQLExecutionError, match="aborted"):
            await running
    await _quiet()
    assert log.count("began") == log.count("ended") > 0
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("reason", [None, "a text", ValueError("an error")])
async def test_what_an_abort_says(reason: Any) -> None:
    """Message, reason and partial result are the reference's."""
    seen = []
    for executor_class in (Executor, BreadthExecutor):
        controller = AbortController()

        async def abort(parent: Any, info: Any, controller: AbortController = controller) -> str:
            controller.abort(reason)
            await asyncio.sleep(0)
            return "x"

        schema = schema_with(Query_link=lambda *_: {"value": 1}, Link_text=abort)
        with pytest.raises(AbortedGraphQLExecutionError) as raised:
            await execute(  # type: ignore[misc]
                schema, parse("{ link { value text } }"), executor_class=executor_class, abort_signal=controller.signal
            )
        partial: Any = raised.value.aborted_result
        partial = await partial if isawaitable(partial) else partial
        seen.append(
            (str(raised.value), repr(raised.value.reason), partial.data, [str(e) for e in partial.errors or ()])
        )
    assert seen[0] == seen[1]


async def test_aborted_between_mutations() -> None:
    """A mutation that was aborted begins no further root field."""
    for executor_class in (Executor, BreadthExecutor):
        controller = AbortController()
        log: list[int] = []

        async def change(_: Any, info: Any, to: int, controller: Any = controller, log: Any = log) -> int:
            log.append(to)
            if to == 2:
                controller.abort()
            await asyncio.sleep(0)
            return to

        schema = schema_with(Mutation_set=change)
        text = "mutation { a: set(to: 1) b: set(to: 2) c: set(to: 3) }"
        with pytest.raises(AbortedGraphQLExecutionError):
            await execute(schema, parse(text), executor_class=executor_class, abort_signal=controller.signal)  # type: ignore[misc]
        await _quiet()
        assert log == [1, 2]


async def _quiet() -> None:
    """Until nothing is left to do, or a second is over."""
    for _ in range(1000):
        if asyncio.all_tasks() == {asyncio.current_task()}:
            return
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize("turns", range(1, 7))
@pytest.mark.usefixtures("own_garbage")
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")  # cancelled before a first step
async def test_cancelled(batched: bool, turns: int) -> None:
    """Cancelling the awaiting task, in whatever turn, cancels every resolver and leaves no task."""
    log: list[str] = []

    async def wait(value: Any) -> Any:
        log.append("began")
        try:
            await asyncio.sleep(0)
            await asyncio.sleep(0 if value else 3600)
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            log.append("cancelled")
            raise
        log.append("ended")
        return value

    async def many(parents: Sequence[Any], context: Any) -> Sequence[Any]:
        return [await wait(1) for _ in parents]

    async def many_hanging(parents: Sequence[Any], context: Any) -> Any:
        return await wait(None)

    schema = schema_with(
        Query_links=lambda *_, **__: [{}, {}],
        Link_next=Batched(many) if batched else lambda *_: wait(1),
        Link_slow=Batched(many_hanging) if batched else lambda *_: wait(None),
    )
    text = parse("{ links { next { next { slow { value } next { value } } slow { value } } } }")
    running = asyncio.ensure_future(execute(schema, text, executor_class=BreadthExecutor))  # type: ignore[arg-type]
    for _ in range(turns):
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await _quiet()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert log.count("began") == log.count("ended") + log.count("cancelled")


@pytest.mark.parametrize("turns", range(5))
@pytest.mark.usefixtures("own_garbage")
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")  # the reference drops some
@pytest.mark.filterwarnings("ignore:Exception ignored in. <coroutine:pytest.PytestUnraisableExceptionWarning")
async def test_failures_at_several_levels(turns: int) -> None:
    """An object that fails while its own parent fails still leaves nothing running."""

    async def fail(parents: Sequence[Any], context: Any) -> Any:
        for _ in range(turns):
            await asyncio.sleep(0)
        raise ValueError("failed")

    async def slow(parent: Any, info: Any) -> Any:
        for _ in range(20):
            await asyncio.sleep(0)
        return 1

    schema = schema_with(
        Query_link=lambda *_: {},
        Link_number=Batched(fail),
        Link_must=lambda *_: {},
        Link_value=slow,
        Link_text=slow,
    )
    assert await both(
        schema, "{ link { number value text must { number value text must { number value text } } } }"
    ) == {"link": None}


async def test_defaults_of_execute() -> None:
    """Root value, default resolvers, middleware and the predicate of awaitables are taken from who executes."""

    class Box:
        def __init__(self, value: Any) -> None:
            self.value = value

        def __await__(self) -> Any:
            return self.value
            yield

    def field_resolver(parent: Any, info: Any, **arguments: Any) -> Any:
        return {"value": 7, "text": f"{info.path.as_list()} {arguments}", "number": 1}.get(info.field_name, {})

    def middleware(resolve: Any, parent: Any, info: Any, **arguments: Any) -> Any:
        value = resolve(parent, info, **arguments)
        return value + 1 if isinstance(value, int) else value

    schema = schema_with()
    text = "{ link { value next { value text number } } text(a: [1, 2]) links { value } }"
    root = {"link": {"value": 1, "next": {"value": None, "number": 3}}, "text": lambda info, a: str(a), "links": ({},)}
    assert await both(schema, text, root=root)
    assert await both(schema, "{ link { value text } text }", options={"field_resolver": field_resolver})
    assert await both(schema, text, root=root, options={"middleware": [middleware]})
    never = {"is_awaitable": lambda value: False}
    assert await both(schema, "{ link { value next { number } } }", root={"link": {"next": Box({})}}, options=never)
    boxes = {"is_awaitable": lambda value: isinstance(value, Box) or asyncio.iscoroutine(value)}
    assert await both(schema, "{ link { value } }", root={"link": Box({"value": Box(1)})}, options=boxes)


async def test_a_type_resolver() -> None:
    """Types are told by whoever executes where the schema does not say."""
    schema = build_schema(
        """interface A { a: Int } type B implements A { a: Int } type C implements A { a: Int c: Int }
        type Query { a: [A] }"""
    )
    root = {"a": [{"a": 1, "c": 2}, {"a": 3}, {"__typename": "B", "c": 1}]}
    text = "{ a { __typename a ... on C { c } } }"
    options = {"type_resolver": lambda value, info, abstract_type: "C" if "c" in value else "B"}
    assert (await both(schema, text, root=root, options=options))["a"][2] == {"__typename": "C", "a": None, "c": 1}
    assert await both(schema, text, root=root) == {"a": [None, None, {"__typename": "B", "a": None}]}


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("query A { link { value } } query B { text }", {"operation_name": "B"}),
        ("query A { link { value } } query B { text }", {"operation_name": "C"}),
        ("query A { link { value } } query B { text }", {}),
        ("fragment F on Query { text }", {}),
        ("subscription { text }", {}),
        ("query ($n: Int!) { text(a: [$n]) }", {}),
        ("{ text ...F } fragment F on Nowhere { text } fragment Unused on Nowhere { x }", {}),
        ("{ text nothing link { nothing value } }", {}),
        ("{ text ... on Nowhere { text } ... on Link { value } }", {}),
        ("{ text(a: {x: 1}) other: text(a: null) }", {}),
        ("query ($b: Boolean) { text @include(if: $b) }", {}),
        ("{ text @include }", {}),
        ("{ link { value @skip(if: 7) } text }", {}),
        ("query @experimental_disableErrorPropagation { mustLink { number must { number } } }", {}),
        ("{ mustLink { must { number } } text }", {}),
        ("mutation { set(to: 1) fail b: set(to: 2) }", {}),
        ("mutation { link { value } set(to: 1) }", {}),
        ("{ __typename link { __typename } __type(name: 7) { name } }", {}),
    ],
)
async def test_odd_documents(text: str, options: dict[str, Any]) -> None:
    """What nobody validated ends as in the reference: no such operation, unknown types and fields, bad arguments."""
    root = {"link": {"value": 1}, "text": "t", "mustLink": {"number": None, "must": {}}, "set": lambda info, to: to}
    await both(schema_with(), text, root=root, options=options)


async def test_scalars_see_no_awaitables() -> None:
    """A scalar that takes anything is still given what was awaited, wherever it came from."""
    anything = GraphQLScalarType("Anything", coerce_output_value=str)
    query = GraphQLObjectType(
        "Query", {name: GraphQLField(GraphQLList(anything)) for name in "ab"} | {"c": GraphQLField(anything)}
    )
    root = {
        "a": lambda info: [asyncio.sleep(0, 1), 2],
        "b": lambda info: asyncio.sleep(0, [3]),
        "c": lambda info: asyncio.sleep(0, 4),
    }
    assert await both(GraphQLSchema(query), "{ a b c }", root=root) == {"a": ["1", "2"], "b": ["3"], "c": "4"}


async def test_arguments_are_everyones_own() -> None:
    """A resolver that alters what was written in the document alters nobody else's, now or in a later execution."""

    def altering(parent: Any, info: Any, a: list[int]) -> str:
        a.append(len(a))
        return str(a)

    schema = schema_with(Query_text=altering, Query_links=lambda *_, **__: [1, 2])
    schema.type_map["Link"].fields["text"] = schema.type_map["Query"].fields["text"]  # type: ignore[attr-defined]
    for _ in range(2):
        data = await both(schema, "{ text(a: [5]) links { text(a: [7]) other: text(a: [7, 8]) } }")
        assert data["links"] == [{"text": "[7, 1]", "other": "[7, 8, 2]"}] * 2


@pytest.mark.parametrize("depth", [50, 100, 200, 400])
@pytest.mark.parametrize("kind", ["sync", "async", "batched"])
async def test_deep_documents(depth: int, kind: str) -> None:
    """As many levels as the reference takes are no trouble; what it cannot take is an error and no crash."""

    async def later(parent: Any, info: Any) -> Any:
        await asyncio.sleep(0)
        return {}

    async def many(parents: Sequence[Any], context: Any) -> Any:
        await asyncio.sleep(0)
        return [{} for _ in parents]

    resolvers = {"sync": lambda *_: {}, "async": later, "batched": Batched(many)}
    schema = schema_with(Query_link=lambda *_: {}, Link_next=resolvers[kind])
    spreads = "".join(f" fragment F{level} on Link {{ next {{ ...F{level + 1} }} }}" for level in range(depth))
    case = Case(schema, parse(f"{{ link {{ ...F0 }} }}{spreads} fragment F{depth} on Link {{ value __typename }}"))
    expected = await outcome(Executor, case)
    actual = await outcome(BreadthExecutor, case)
    if expected.errors or expected.raised:
        assert actual.raised is None or expected.raised
    else:
        assert differences(expected, actual) == []


@pytest.mark.parametrize("kind", ["nullable", "in non-null items"])
def test_many_errors_stay_linear(kind: str) -> None:
    """Ten times the rows, each with an error, take about ten times as long."""

    def fail(parent: Any, info: Any) -> Any:
        raise ValueError("failed")

    schema = schema_with(
        Query_links=lambda _, info, count: [{}] * count,
        Link_next=lambda *_: {},
        **{"Link_value" if kind == "nullable" else "Link_number": fail},
    )
    document = parse(
        "query ($n: Int) { links(count: $n) { next { %s } } }" % ("value" if kind == "nullable" else "number")
    )

    def seconds(count: int) -> float:
        best = 60.0
        for _ in range(3):
            begin = time.process_time()
            result = execute_sync(schema, document, variable_values={"n": count}, executor_class=BreadthExecutor)
            best = min(best, time.process_time() - begin)
            assert len(result.errors or ()) == count
        return best

    assert seconds(5_000) < 40 * seconds(500)
