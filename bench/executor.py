"""`python -m bench.executor`: the engine without any I/O, beside graphql-core's executor on the same schema.

Also what a document costs that was never seen before, its plan included, beside parsing and validating it, and how
many requests of a load have a plan already. No measurement over HTTP can tell these apart.
"""

import argparse
import time
from collections.abc import Awaitable, Callable
from datetime import date
from statistics import median
from typing import Any

import msgspec
import uvloop
from graphql import ExecutionResult, GraphQLSchema, execute, parse, validate

from bench.at_once import answer_at_once
from bench.memory import MemoryBackend, administrator
from bench.queries import Q1, Q2, Q3, Query
from bench.world import Company, World
from gateway.admission import Admission
from gateway.cli.garbage import collect_rarely
from gateway.config import LimitSettings
from gateway.domain import global_id
from gateway.domain.viewer import Viewer
from gateway.engine import AdmittedOperation, Engine, Plan
from gateway.schema import build_graph

SMALL, LARGE, TINY = Company(1, 50), Company(2, 100, 24), Company(3, 1, 1)
REQUESTS_OF_A_LOAD = 30_000
RUNS_A_TURN = 20


class Executor(msgspec.Struct, frozen=True):
    """Times in microseconds, medians."""

    ours_us: float
    reference_us: float
    hit_percent: float
    cold_us: float
    parse_validate_us: float

    @property
    def speedup(self) -> float:
        """How many times the reference's time ours goes into."""
        return self.reference_us / self.ours_us

    @property
    def cold_ratio(self) -> float:
        """What a new document costs more than a known one, in parsings with validation."""
        return self.cold_us / self.parse_validate_us


class Subject:
    """One company, its administrator, and the door."""

    def __init__(self, world: World, company: Company) -> None:
        graph = build_graph()
        self.schema: GraphQLSchema = graph.schema
        self.admission = Admission(graph.schema, LimitSettings(), introspection=True, policy=graph.policy)
        self.engine = Engine()
        self.variables: dict[str, object] = {"id": global_id.encode("Company", company.id)}
        self.viewer: Viewer = administrator(company)
        self.backend = MemoryBackend(world, company)
        self.world, self.company = world, company

    def admitted(self, text: str) -> AdmittedOperation:
        """The operation, ready to run."""
        return self.admission.admit(text, None, self.variables, self.viewer)

    async def run(self, operation: AdmittedOperation) -> ExecutionResult:
        """As the gateway runs it."""
        result = self.engine.run(operation, self.backend.context(self.viewer))
        return result if isinstance(result, ExecutionResult) else await result

    async def require_answer(self, query: Query, result: ExecutionResult) -> None:
        """RuntimeError unless it is the whole answer."""
        if result.errors or {"data": result.data} != query.answer(self.world, self.company):
            raise RuntimeError(f"{query.name}: wrong answer: {str(result)[:600]}")


async def measure(world: World, repeats: int) -> Executor:
    """All of it; RuntimeError for a wrong answer."""
    cold_us, parse_validate_us = await _cold(Subject(world, TINY), Q3, repeats)
    hit_percent = _hit_percent(Subject(world, SMALL))
    ours_us, reference_us = await _executors(Subject(world, SMALL), Q2, repeats)  # the last: it changes the schema
    return Executor(ours_us, reference_us, hit_percent, cold_us, parse_validate_us)


async def _executors(subject: Subject, query: Query, repeats: int) -> tuple[float, float]:
    operation, document = subject.admitted(query.text), parse(query.text)

    async def ours() -> ExecutionResult:
        return await subject.run(operation)

    async def reference() -> ExecutionResult:
        context = subject.backend.context(subject.viewer)
        result: Any = execute(subject.schema, document, context_value=context, variable_values=subject.variables)
        answer: ExecutionResult = await result
        return answer

    await answer_at_once(subject.schema, ours)
    operation = AdmittedOperation(
        Plan(subject.schema, operation.plan.operation, operation.plan.fragments), operation.variables
    )
    for run in (ours, reference):
        await subject.require_answer(query, await run())
    times = await _interleaved([ours, reference], repeats)
    return times[0], times[1]


async def _cold(subject: Subject, query: Query, repeats: int) -> tuple[float, float]:
    """What admitting and running costs more for a text that is new; and parsing and validating a text alone."""
    texts = (f"{query.text}# {number}\n" for number in range(10 * repeats))

    async def new() -> None:
        await subject.run(subject.admitted(next(texts)))

    async def known() -> None:
        await subject.run(subject.admitted(query.text))

    async def parsed() -> None:
        validate(subject.schema, parse(next(texts)))

    first, again, alone = await _interleaved([new, known, parsed], repeats)
    return first - again, alone


async def _interleaved(runs: list[Callable[[], Awaitable[Any]]], repeats: int) -> list[float]:
    """The median time of each, in microseconds; in turns of several runs, as a server runs the same thing again."""
    times: list[list[float]] = [[] for _ in runs]
    turns = repeats // RUNS_A_TURN
    for turn in range(turns + turns // 10 + 1):
        for run, found in zip(runs, times, strict=True):
            began = time.perf_counter()
            for _ in range(RUNS_A_TURN):
                await run()
            if turn > turns // 10:  # the first ones warm up
                found.append((time.perf_counter() - began) / RUNS_A_TURN * 1e6)
    return [median(found) for found in times]


def _hit_percent(subject: Subject) -> float:
    """How many requests of a load, in percent, got a plan that was made for an earlier one."""
    texts = [query.text for query in (Q1, Q2, Q3)]
    made: dict[int, Plan] = {}
    for number in range(REQUESTS_OF_A_LOAD):
        plan = subject.admitted(texts[number % len(texts)]).plan
        made[id(plan)] = plan
    return 100 * (1 - len(made) / REQUESTS_OF_A_LOAD)


def main() -> None:
    """Prints what was measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.executor", description=__doc__)
    parser.add_argument("--repeats", type=int, default=1_000)
    parser.add_argument("--json", action="store_true", help="for another program")
    arguments = parser.parse_args()
    collect_rarely()  # as a process that serves does
    found = uvloop.run(measure(World(date.today()), arguments.repeats))  # noqa: DTZ011 -- the day here
    if arguments.json:
        print(msgspec.json.encode(found).decode())
        return
    print(f"50 lines with their SIMs: ours {found.ours_us:.0f} µs, graphql-core {found.reference_us:.0f} µs")
    print(f"  {found.speedup:.1f} times as fast")
    print(f"requests with a plan already: {found.hit_percent:.2f} %")
    print(f"a new document costs {found.cold_us:.0f} µs more, parsing and validating {found.parse_validate_us:.0f} µs")
    print(f"  {found.cold_ratio:.2f} times as much")


if __name__ == "__main__":
    main()
