"""The engine runs what was admitted, and leaves nothing running."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from graphql import (
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    VariableValues,
    get_variable_values,
    parse,
)
from graphql.execution.collect_fields import FragmentDetails

from gateway.engine import AdmittedOperation, Engine, Plan


class Work:
    """What resolvers did: the texts they coerced, and how their waiting began and ended."""

    def __init__(self) -> None:
        self.coerced: list[object] = []
        self.log: list[str] = []
        self.started = asyncio.Event()

    async def wait(self, name: str) -> str:
        """Waits for ever, unless cancelled."""
        self.log.append(f"{name} started")
        self.started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            self.log.append(f"{name} cancelled")
            raise
        return name


def make_schema(work: Work) -> GraphQLSchema:
    """A graph with a field for each way to end."""

    def coerce(value: object) -> object:
        work.coerced.append(value)
        return value

    text = GraphQLScalarType("Text", parse_value=coerce)

    async def change(_: object, info: Any, name: str) -> str:
        work.log.append(f"{name} started")
        await asyncio.sleep(0)
        work.log.append(f"{name} ended")
        return name

    async def fail(*_: object) -> None:
        await asyncio.sleep(0)
        raise GraphQLError("failed")

    def fail_at_once(*_: object) -> None:
        raise GraphQLError("failed at once")

    def waiting(name: str) -> Callable[..., Any]:
        return lambda *_: work.wait(name)

    named = GraphQLInterfaceType("Named", {"name": GraphQLField(GraphQLString)}, resolve_type=lambda *_: "Thing")
    thing = GraphQLObjectType(
        "Thing",
        {
            "name": GraphQLField(GraphQLString, resolve=lambda source, _: source),
            "slow": GraphQLField(GraphQLString, resolve=waiting("slow")),
            "slower": GraphQLField(GraphQLString, resolve=waiting("slower")),
            "broken": GraphQLField(GraphQLNonNull(GraphQLString), resolve=fail),
            "brokenAtOnce": GraphQLField(GraphQLNonNull(GraphQLString), resolve=fail_at_once),
        },
        [named],
    )
    query = GraphQLObjectType(
        "Query",
        {
            "thing": GraphQLField(thing, resolve=lambda *_: "one"),
            "things": GraphQLField(GraphQLList(named), resolve=lambda *_: ["a", "b"]),
            "context": GraphQLField(GraphQLString, resolve=lambda _, info: info.context),
            "echo": GraphQLField(GraphQLString, {"text": GraphQLArgument(text)}, resolve=lambda _, info, text: text),
        },
    )
    mutation = GraphQLObjectType(
        "Mutation", {"change": GraphQLField(GraphQLString, {"name": GraphQLArgument(GraphQLString)}, resolve=change)}
    )
    return GraphQLSchema(query, mutation, types=[thing])


Run = Callable[[Any, object], Awaitable[ExecutionResult]]


@pytest.fixture(params=["breadth", "reference"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs an operation to its end, by each of the executors."""
    engine = Engine(reference=request.param == "reference")

    async def to_the_end(operation: Any, context: object) -> ExecutionResult:
        result = engine.run(operation, context)
        return result if isinstance(result, ExecutionResult) else await result

    return to_the_end


@pytest.fixture
def work() -> Work:
    """What resolvers do."""
    return Work()


@pytest.fixture
def admitted(work: Work) -> Callable[..., AdmittedOperation]:
    """Makes operations by hand; this layer is below the door."""
    schema = make_schema(work)

    def admit(text: str, **given: object) -> AdmittedOperation:
        document = parse(text)
        (operation,) = (each for each in document.definitions if isinstance(each, OperationDefinitionNode))
        fragments = {
            each.name.value: FragmentDetails(each)
            for each in document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        values = get_variable_values(schema, operation.variable_definitions or (), given)
        assert isinstance(values, VariableValues)
        return AdmittedOperation(Plan(schema, operation, fragments), values)

    return admit


@pytest.mark.parametrize("other", ["{ context }", parse("{ context }"), None, {"query": "{ context }"}])
async def test_nothing_else_runs(run: Run, other: Any) -> None:
    """Neither a text nor a parsed document runs: only what the door made."""
    with pytest.raises(TypeError, match=r"Only an AdmittedOperation runs, not \w+: Admission.admit makes one"):
        await run(other, None)


async def test_data(run: Run, admitted: Callable[..., AdmittedOperation]) -> None:
    """Fragments, interfaces and the context work as in graphql-core."""
    operation = admitted("query Q { context ...F } fragment F on Query { things { name ... on Thing { n: name } } }")
    result = await run(operation, "the context")
    assert (result.data, result.errors) == (
        {"context": "the context", "things": [{"name": "a", "n": "a"}, {"name": "b", "n": "b"}]},
        None,
    )
    assert (operation.operation_name, operation.kind) == ("Q", "query")


async def test_variables_are_coerced_once(run: Run, admitted: Callable[..., AdmittedOperation], work: Work) -> None:
    """Values that were coerced at the door are used as they are."""
    result = await run(admitted("query ($t: Text) { a: echo(text: $t) b: echo(text: $t) }", t="x"), None)
    assert result.data == {"a": "x", "b": "x"}
    assert work.coerced == ["x"]


async def test_mutations_run_one_after_the_other(
    run: Run, admitted: Callable[..., AdmittedOperation], work: Work
) -> None:
    """The second root field begins when the first has ended."""
    operation = admitted('mutation { a: change(name: "a") b: change(name: "b") }')
    assert (operation.operation_name, operation.kind) == (None, "mutation")
    result = await run(operation, None)
    assert result.data == {"a": "a", "b": "b"}
    assert work.log == ["a started", "a ended", "b started", "b ended"]


async def test_cancelling(run: Run, admitted: Callable[..., AdmittedOperation], work: Work) -> None:
    """Whoever cancels the run cancels every resolver under way, and the run ends after they have ended."""
    running = asyncio.ensure_future(run(admitted("{ thing { slow slower } other: thing { slow } }"), None))
    await work.started.wait()
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert sorted(work.log) == sorted(
        ["slow started", "slower started", "slow started", "slow cancelled", "slower cancelled", "slow cancelled"]
    )
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("broken", ["broken", "brokenAtOnce"])
async def test_siblings_of_a_failure(
    run: Run, admitted: Callable[..., AdmittedOperation], work: Work, broken: str
) -> None:
    """When a field takes its parent along, the parent's other fields stop: the answer waits for nobody."""
    result = await run(admitted(f"{{ thing {{ slow slower {broken} }} }}"), None)
    assert result.data == {"thing": None}
    assert [error.path for error in result.errors or ()] == [["thing", broken]]
    assert len([line for line in work.log if line.endswith("started")]) == len(
        [line for line in work.log if line.endswith("cancelled")]
    )
    assert asyncio.all_tasks() == {asyncio.current_task()}
