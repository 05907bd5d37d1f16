"""docs/performance.md: what was measured, against what it is held, and how anyone can do it again."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median

from bench.contenders import BOUNDS, OURS, PEERS_OF_OURS, TWO_WORKERS
from bench.executor import Executor
from bench.rounds import Plan, Result, Results
from bench.soak_result import Soak
from bench.targets import MEGABYTE, Verdict, verdicts
from bench.versions import machine, versions

LOADS = ("Q1", "Q2", "Q3", "Q2 of 200", "Q3 of 200", "Q2 long")
HEAD = """# Performance

Written by `make bench-peers`; `bench/README.md` says what runs and how. Numbers of one machine: read the ratios.

![Requests a second of telco-gateway and its peers](performance.svg)
"""
PER_PROCESSOR = """The machine was not quiet: rates are for each second that the server had a processor,
which is about what it would do with one of its own.
"""
METHOD = Path(__file__).parent / "method.md"


def report(results: Results, executor: Executor | None, soak: Soak | None, plan: Plan) -> str:
    """The page."""
    names = [each.name for each in (*OURS, TWO_WORKERS, *PEERS_OF_OURS, *BOUNDS)]
    parts = [
        HEAD,
        PER_PROCESSOR if plan.per_processor else "",
        "## Requests a second\n",
        _table(results, names, LOADS, _rate),
        "\n## What it is to reach\n",
        _verdicts(verdicts(results, executor, soak)),
        _executor(executor),
        "\n## Backend calls for a request, alone and among 32\n",
        _table(results, names, LOADS, _calls),
        "\n## Latency, p50 and p99 in ms, with 32 clients who never pause\n",
        _table(results, names, LOADS, _latency),
        "\n## Processors and memory\n\nShares of one core in Q2 of 200, or in the last load a server took part in.\n",
        _processors(results, names),
        f"\nThe backend alone, on one core with wrk, gives {results.backend_rate:,.0f} answers of 50 lines a second.",
        _skipped(results),
        "\n## Versions\n",
        f"{machine()}.\n",
        "\n".join(f"* {name} {number}" for name, number in versions()),
        "\n" + METHOD.read_text().format(rounds=plan.rounds, seconds=plan.seconds),
    ]
    return "\n".join(part for part in parts if part)


def summary(results: Results) -> str:
    """Rates alone."""
    loads = [load for load in LOADS if any(each.load == load for each in results.results)]
    names = list(dict.fromkeys(each.contender for each in results.results))
    return _table(results, names, loads, _rate)


def verdict_table(results: Results, executor: Executor | None, soak: Soak | None) -> str:
    """The targets alone."""
    return _verdicts(verdicts(results, executor, soak))


def _table(results: Results, names: Iterable[str], loads: Sequence[str], cell: Callable[[Result], str]) -> str:
    rows = []
    for name in names:
        found = [results.find(name, load) for load in loads]
        if any(found):
            rows.append([name, *("" if each is None else cell(each) for each in found)])
    return _markdown(["", *loads], rows)


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _rate(result: Result) -> str:
    return f"**{result.rate:,.0f}** ({min(result.rates):,.0f} – {max(result.rates):,.0f})"


def _calls(result: Result) -> str:
    return f"{result.calls_alone:.3g}, {result.median_of(lambda each: each.calls):.2f}"


def _latency(result: Result) -> str:
    p50 = result.median_of(lambda each: each.run.p50_us) / 1000
    p99 = result.median_of(lambda each: each.run.p99_us) / 1000
    return f"{p50:.1f}, {p99:.1f}"


def _processors(results: Results, names: Iterable[str]) -> str:
    rows = []
    for name in names:
        mine = [each for each in results.results if each.contender == name]
        if mine:
            shown = next((each for each in mine if each.load == "Q2 of 200"), mine[-1])
            shares = (
                median(each.server_share for each in shown.measurements),
                median(each.backend_share for each in shown.measurements),
                median(each.wrk_share for each in shown.measurements),
            )
            memory = max(each.resident_bytes for each in mine) / MEGABYTE
            rows.append([name, *(f"{share:.0%}" for share in shares), f"{memory:.0f} MB"])
    return _markdown(["", "server", "backend", "wrk", "resident memory"], rows)


def _verdicts(found: Iterable[Verdict]) -> str:
    rows = [[each.what, each.bound, each.value, each.word] for each in found]
    return _markdown(["", "target", "measured", ""], rows)


def _executor(executor: Executor | None) -> str:
    if executor is None:
        return ""
    return (
        f"\nThe executor alone takes {executor.ours_us:.0f} µs for 50 lines with their SIMs, graphql-core's "
        f"{executor.reference_us:.0f} µs (`python -m bench.executor`). How memory grows, `make soak` tells.\n"
    )


def _skipped(results: Results) -> str:
    if not results.skipped:
        return ""
    return "\nNot measured: " + "; ".join(f"{name} ({why})" for name, why in results.skipped.items()) + "."
