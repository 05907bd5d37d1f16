"""`python -m bench`: the gateway alone, in a minute or two: requests a second and what they cost."""

import argparse
import sys

from bench.contenders import OURS
from bench.cores import pin, split_cores
from bench.load import CONNECTIONS, NAMES, loads
from bench.report import summary
from bench.rounds import Plan, measure_rounds
from bench.surroundings import missing_tools, surroundings


def main() -> int:
    """Exit code 0 with the table, 1 when an answer is wrong, 2 when a tool is missing."""
    arguments = parse_arguments()
    if missing := missing_tools():
        print("\n".join(["The benchmark needs wrk, which makes the load, and Linux.", *missing]), file=sys.stderr)
        return 2
    cores = split_cores()
    pin(cores.others)
    plan = Plan(rounds=arguments.rounds, seconds=arguments.seconds, first_warm_seconds=2)
    where = "The gateway has one core, wrk and the backend another" if cores.server else "Nothing is pinned"
    print(f"{where}; {CONNECTIONS} connections; {plan.rounds} rounds of {plan.seconds} s.")
    try:
        with surroundings() as around:
            asked = [loads(around.world)[name] for name in arguments.load or ("Q1", "Q2", "Q3")]
            results = measure_rounds(around, OURS, asked, plan, cores, lambda line: print(line, flush=True))
    except RuntimeError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(f"\n{summary(results)}")
    return 0


def parse_arguments() -> argparse.Namespace:
    """What can be chosen on the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="how long each timed run takes")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--load", action="append", choices=NAMES, help="the first three if none")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
