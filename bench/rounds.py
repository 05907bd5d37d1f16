"""Rounds over all contenders, interleaved, so that whatever the machine does meanwhile happens to all of them."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from math import ceil
from pathlib import Path
from statistics import median

import msgspec

from bench.contenders import Contender
from bench.cores import Cores
from bench.load import Load, NothingAnswered, Run, backend_rate, run_load
from bench.server_process import ServerProcess
from bench.surroundings import Surroundings, processor_seconds_of_children

TURNS_MIN = 4
"""How many times each connection is to be answered in a timed run, which is made longer for a slow server."""
SLOW_SECONDS = 10
"""But no longer than this."""
WARM_TURNS = 4
"""How many times each company is asked for in a warm-up of a server that is measured warm."""
WARM_SECONDS_MAX = 16


class Measurement(msgspec.Struct, frozen=True):
    """One timed run; shares of a processor are of one core, `calls` are backend calls for each request under load."""

    run: Run
    calls: float
    server_share: float
    backend_share: float
    wrk_share: float


class Result(msgspec.Struct):
    """What one contender did in one load: a measurement for each round, and its calls for a request alone."""

    contender: str
    load: str
    calls_alone: float
    measurements: list[Measurement] = []
    resident_bytes: int = 0

    @property
    def rates(self) -> list[float]:
        """Requests a second, of each round."""
        return [each.run.rate for each in self.measurements]

    @property
    def rate(self) -> float:
        """Their median."""
        return median(self.rates)

    def median_of(self, value: Callable[[Measurement], float]) -> float:
        """The median over the rounds."""
        return median(value(each) for each in self.measurements)


class Plan(msgspec.Struct, frozen=True):
    """How long everything takes."""

    rounds: int = 3
    seconds: int = 3
    warm_seconds: int = 1
    first_warm_seconds: int = 2
    per_processor: bool = False
    """Whether rates are told for each second that the server had a processor."""


class Results(msgspec.Struct):
    """All results, in the order they were first measured, and who could not be measured."""

    results: list[Result] = []
    skipped: dict[str, str] = {}
    backend_rate: float = 0.0
    """What the backend answers a second when wrk asks for 50 lines and nothing else runs."""

    def per_processor(self) -> "Results":
        """The same for each second that the server had a processor: what to read on a machine that is not quiet."""
        return msgspec.structs.replace(self, results=[_per_processor(each) for each in self.results])

    def find(self, contender: str, load: str) -> Result | None:
        """The result of a contender in a load; None where it was not measured."""
        found = (each for each in self.results if each.contender == contender and each.load == load)
        return next(found, None)


def _per_processor(result: Result) -> Result:
    def scaled(measurement: Measurement) -> Measurement:
        duration = round(measurement.run.duration_us * measurement.server_share)
        return msgspec.structs.replace(measurement, run=msgspec.structs.replace(measurement.run, duration_us=duration))

    return msgspec.structs.replace(result, measurements=[scaled(each) for each in result.measurements])


def measure_rounds(
    around: Surroundings,
    contenders: Sequence[Contender],
    loads: Sequence[Load],
    plan: Plan,
    cores: Cores,
    say: Callable[[str], None],
) -> Results:
    """Every contender under every load, all of them started at once and asked in turn."""
    results = Results(backend_rate=backend_rate(around.backend.url, around.world.small[0]))
    say(f"the backend alone: {results.backend_rate:,.0f} answers a second")
    with ExitStack() as stack:
        servers: dict[Contender, ServerProcess] = {}
        for contender in contenders:
            if why := contender.missing():
                results.skipped[contender.name] = why
                say(f"skipped: {contender.name}: {why}")
                continue
            on = cores.all if contender.scenario and contender.scenario.workers > 1 else cores.server
            servers[contender] = stack.enter_context(contender.running(around, on))
        for round_number in range(plan.rounds):
            for load in loads:
                for contender, server in servers.items():
                    if contender.answers(load.name):
                        result = _result(results, around, contender, load, server)
                        warm = plan.warm_seconds if round_number else plan.first_warm_seconds
                        measurement = _measure(around, contender, load, server, warm, plan.seconds)
                        result.measurements.append(measurement)
                        result.resident_bytes = max(result.resident_bytes, server.resident_bytes())
                        say(_line(round_number, result, measurement))
    return results


def _result(results: Results, around: Surroundings, contender: Contender, load: Load, server: ServerProcess) -> Result:
    found = results.find(contender.name, load.name)
    if found is None:
        _check(around, contender, load, server)  # what is remembered for long is remembered from here on
        around.reset_calls()
        asked = _check(around, contender, load, server)
        found = Result(contender.name, load.name, around.calls() / asked if asked else 0.0)
        results.results.append(found)
    return found


def _measure(
    around: Surroundings, contender: Contender, load: Load, server: ServerProcess, warm: int, seconds: int
) -> Measurement:
    """Answers compared, a run in which every answer is looked at, the timed run, and answers compared once more."""
    requests, bytes_min = load.write(around.directory, around.issuer), _bytes_min(around, contender, load)
    try:
        _check(around, contender, load, server)
        warmed = _warmed(server.url, requests, warm, bytes_min, load.connections)
        while (
            contender.keeps_answers and warmed.requests < WARM_TURNS * len(load.companies) and warm < WARM_SECONDS_MAX
        ):
            warm *= 2  # in one run, or it would come to the first companies alone
            warmed = _warmed(server.url, requests, warm, bytes_min, load.connections)
        seconds = max(seconds, min(SLOW_SECONDS, ceil(load.connections * TURNS_MIN / warmed.rate)))
        around.reset_calls()
        before = _processor_seconds(server, around)
        run = run_load(server.url, requests, seconds=seconds, bytes_min=bytes_min, connections=load.connections)
        after = _processor_seconds(server, around)
        calls = around.calls() / (run.requests + load.connections / 2)  # those cut off at the end are half done
        _check(around, contender, load, server)
    except RuntimeError as error:
        raise RuntimeError(f"{contender.name}, {load.name}: {error}") from None
    elapsed, *used = (end - begin for begin, end in zip(before, after, strict=True))
    server_share, backend_share, wrk_share = (each / elapsed for each in used)
    return Measurement(run, calls, server_share, backend_share, wrk_share)


def _warmed(url: str, requests: Path, seconds: int, bytes_min: int, connections: int) -> Run:
    """A run in which every answer is looked at; longer where a server does not give the first one in time."""
    while True:
        try:
            return run_load(url, requests, seconds=seconds, bytes_min=bytes_min, looks=True, connections=connections)
        except NothingAnswered:
            if seconds > SLOW_SECONDS:
                raise
            seconds *= 2


def _check(around: Surroundings, contender: Contender, load: Load, server: ServerProcess) -> int:
    """Constant bytes are no answer to anything: they are not compared."""
    if "--constant" in contender.command:
        return 0
    return load.check(server.url, around.issuer, around.world)


def _bytes_min(around: Surroundings, contender: Contender, load: Load) -> int:
    return 0 if "--constant" in contender.command else load.bytes_min(around.world)


def _processor_seconds(server: ServerProcess, around: Surroundings) -> tuple[float, float, float, float]:
    return (
        time.perf_counter(),
        server.cpu_seconds(),
        around.backend.cpu_seconds(),
        processor_seconds_of_children(),
    )


def _line(round_number: int, result: Result, measurement: Measurement) -> str:
    shares = (measurement.server_share, measurement.backend_share, measurement.wrk_share)
    server, backend, wrk = (f"{share:.0%}" for share in shares)
    return (
        f"round {round_number + 1}  {result.load:<10} {result.contender:<42} {measurement.run.rate:>8.0f}/s"
        f"  calls {measurement.calls:.2f} (alone {result.calls_alone:.0f})"
        f"  processors: server {server}, backend {backend}, wrk {wrk}"
    )
