"""`python -m bench.compare`: the gateway beside its peers; writes docs/performance.md and docs/performance.svg."""

import argparse
import subprocess
import sys
from pathlib import Path

import msgspec

from bench.chart import chart
from bench.contenders import EVERYBODY
from bench.cores import Cores, pin, pinned, split_cores
from bench.executor import Executor
from bench.load import NAMES, loads
from bench.report import LOADS, report, summary, verdict_table
from bench.rounds import Plan, Results, measure_rounds
from bench.soak_result import KEPT as SOAK
from bench.soak_result import Soak
from bench.subset import require_subset
from bench.surroundings import missing_tools, surroundings

DOCS = Path(__file__).parent.parent / "docs"
KEPT = Path(__file__).parent.parent / ".bench" / "results.json"


class Kept(msgspec.Struct):
    """A run as it is kept, so that the page can be written again without measuring."""

    plan: Plan
    results: Results
    executor: Executor | None


def main() -> int:
    """Exit code 0 with the page, 1 when an answer is wrong, 2 when a tool is missing."""
    arguments = parse_arguments()
    if arguments.rewrite:
        kept = msgspec.json.decode(KEPT.read_bytes(), type=Kept)
        plan = msgspec.structs.replace(kept.plan, per_processor=arguments.per_processor)
        write(msgspec.structs.replace(kept, plan=plan), arguments)
        return 0
    if missing := missing_tools():
        print("\n".join(["The comparison needs wrk, and Linux for what it measures of processes.", *missing]))
        return 2
    cores = split_cores()
    pin(cores.others)
    try:
        kept = measured(arguments, cores)
    except RuntimeError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_bytes(msgspec.json.encode(kept))
    write(kept, arguments)
    return 0


def parse_arguments() -> argparse.Namespace:
    """What can be chosen on the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    parser.add_argument("--rounds", type=int, default=Plan().rounds)
    parser.add_argument("--seconds", type=int, default=Plan().seconds, help="how long each timed run takes")
    parser.add_argument("--only", action="append", default=[], help="part of a name; others are left out")
    parser.add_argument("--load", action="append", choices=NAMES, help=f"if none: {', '.join(LOADS)}")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where the page and the picture go")
    parser.add_argument(
        "--per-processor", action="store_true", help="for each second the server had a processor, on a noisy machine"
    )
    parser.add_argument("--rewrite", action="store_true", help="write the page again from the last run's numbers")
    return parser.parse_args()


def measured(arguments: argparse.Namespace, cores: Cores) -> Kept:
    """Everything is started, measured and ended."""
    require_subset()
    plan = Plan(rounds=arguments.rounds, seconds=arguments.seconds, per_processor=arguments.per_processor)
    chosen = [each for each in EVERYBODY if not arguments.only or any(part in each.name for part in arguments.only)]
    executor = executor_alone(cores)
    with surroundings() as around:
        known = loads(around.world)
        asked = [known[name] for name in arguments.load or LOADS]
        results = measure_rounds(around, chosen, asked, plan, cores, lambda line: print(line, flush=True))
    return Kept(plan, results, executor)


def executor_alone(cores: Cores) -> Executor:
    """In a process of its own, on the core of servers."""
    with pinned(cores.server):
        command = [sys.executable, "-m", "bench.executor", "--json"]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise RuntimeError(f"the executor alone failed:\n{finished.stderr[-2000:]}")
    return msgspec.json.decode(finished.stdout, type=Executor)


def write(kept: Kept, arguments: argparse.Namespace) -> None:
    """The page and the picture."""
    docs: Path = arguments.docs
    results = kept.results.per_processor() if kept.plan.per_processor else kept.results
    soak = msgspec.json.decode(SOAK.read_bytes(), type=Soak) if SOAK.exists() else None
    docs.mkdir(exist_ok=True)
    (docs / "performance.md").write_text(report(results, kept.executor, soak, kept.plan))
    (docs / "performance.svg").write_text(chart(results))
    print(f"\n{summary(results)}\n\n{verdict_table(results, kept.executor, soak)}")


if __name__ == "__main__":
    sys.exit(main())
