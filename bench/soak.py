"""`python -m bench.soak`: ten minutes of everything at once, to see whether memory stays flat.

wrk goes over 200 companies with Q2 and Q3; beside it come documents that were never seen before, and requests that
fail: refused documents, foreign companies, bad tokens. Memory is that of the gateway's process, sampled; after a
warm-up its slope must be next to nothing.
"""

import argparse
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from statistics import linear_regression
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import msgspec

from bench.contenders import CACHE_WARM, OURS, SHARING_OFF
from bench.cores import pin, split_cores
from bench.load import Load, Run, loads, run_load
from bench.queries import Q1
from bench.server_process import ServerProcess
from bench.soak_result import GROWTH_MAX_PERCENT, KEPT, Soak
from bench.surroundings import Surroundings, missing_tools, surroundings
from gateway.domain import global_id

SAMPLE_SECONDS = 2.0
WARM_SHARE = 0.3
"""Of the whole: until then caches fill."""
LOAD_SECONDS = 10


class Sample(NamedTuple):
    """Resident memory at a time since the start."""

    seconds: float
    resident_bytes: int


def main() -> int:
    """Exit code 0 where memory stayed flat, 1 where not or where an answer was wrong, 2 when a tool is missing."""
    arguments = parse_arguments()
    if missing := missing_tools():
        print("\n".join(missing), file=sys.stderr)
        return 2
    cores = split_cores()
    pin(cores.others)
    contender = next(each for each in OURS if each.name == CACHE_WARM)
    if why := contender.missing():
        print(f"{contender.name}: {why}; without it, then.")
        contender = next(each for each in OURS if each.name == SHARING_OFF)
    try:
        with surroundings() as around, contender.running(around, cores.server) as server:
            samples, runs, others = soaked(around, server, arguments.minutes * 60)
    except RuntimeError as error:
        print(f"soak: {error}", file=sys.stderr)
        return 1
    return told(contender.name, samples, runs, others)


def parse_arguments() -> argparse.Namespace:
    """How long."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    return parser.parse_args()


def soaked(around: Surroundings, server: ServerProcess, seconds: float) -> tuple[list[Sample], list[Run], Counter[str]]:
    """Load from wrk in this thread; samples and everything odd from threads beside it."""
    samples: list[Sample] = []
    others: Counter[str] = Counter()
    failures: list[Exception] = []
    end, ended = time.monotonic() + seconds, threading.Event()

    def guarded(work: Callable[[], None]) -> None:
        try:
            while not ended.is_set():
                work()
        except Exception as error:
            failures.append(error)

    odd = OddRequests(around, server.url, others)
    began = time.monotonic()

    def sample() -> None:
        samples.append(Sample(time.monotonic() - began, server.resident_bytes()))
        ended.wait(SAMPLE_SECONDS)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in (sample, odd.ask)]
    for thread in threads:
        thread.start()
    try:
        runs = _rounds(around, server, end, failures)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    if failures:
        raise RuntimeError(str(failures[0]))
    return samples, runs, others


def _rounds(around: Surroundings, server: ServerProcess, end: float, failures: list[Exception]) -> list[Run]:
    known = loads(around.world)
    mixed: list[Load] = [known["Q2 of 200"], known["Q3 of 200"]]
    runs: list[Run] = []
    while time.monotonic() < end and not failures:
        load = mixed[len(runs) % len(mixed)]
        requests = load.write(around.directory, around.issuer)
        seconds = max(2, min(LOAD_SECONDS, round(end - time.monotonic())))
        runs.append(run_load(server.url, requests, seconds=seconds, bytes_min=load.bytes_min(around.world)))
        load.check(server.url, around.issuer, around.world)
    return runs


class OddRequests:
    """One of each kind in turn: what must not leave anything behind. Each has one right status."""

    def __init__(self, around: Surroundings, url: str, seen: Counter[str]) -> None:
        self._url = url
        self._seen = seen
        self._own, self._other = around.world.small[:2]
        self._token = around.issuer.token(self._own)
        self._number = 0

    def ask(self) -> None:
        """A document that is new, a foreign company, a document that is refused, a token that does not hold."""
        self._number += 1
        own, foreign = (global_id.encode("Company", each.id) for each in (self._own, self._other))
        new = f"{Q1.text}# {self._number}"
        self._post("a new document", 200, new, own)
        self._post("a foreign company", 200, new, foreign)
        self._post("an unknown field", 400, f"{{ company(id: $id) {{ nothing{self._number} }} }}", own)
        self._post("a syntax error", 400, f"{{ company{self._number}", own)
        self._post("a bad token", 401, Q1.text, own, token=f"{self._token[:-8]}AAAAAAAA")
        time.sleep(0.02)

    def _post(self, what: str, expected: int, query: str, id: str, *, token: str | None = None) -> None:
        body = json.dumps({"query": query, "variables": {"id": id}}).encode()
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/graphql-response+json",  # by which a refusal is no 200
            "Authorization": f"Bearer {token or self._token}",
        }
        try:
            with urlopen(Request(self._url, body, headers)) as response:
                status: int = response.status
        except HTTPError as error:
            status = error.code
        if status != expected:
            raise RuntimeError(f"{what} was answered with {status}, not {expected}")
        self._seen[what] += 1


def told(contender: str, samples: list[Sample], runs: list[Run], others: Counter[str]) -> int:
    """Prints the report; gives the exit code."""
    steady = [each for each in samples if each.seconds >= WARM_SHARE * samples[-1].seconds]
    if len(steady) < 3:
        print("soak: too short to tell anything", file=sys.stderr)
        return 1
    slope, base = linear_regression([each.seconds for each in steady], [each.resident_bytes for each in steady])
    first, last = (base + slope * each.seconds for each in (steady[0], steady[-1]))
    found = Soak(contender, samples[-1].seconds / 60, sum(run.requests for run in runs), first, last)
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_bytes(msgspec.json.encode(found))
    print(f"{contender}: {found.requests} requests over 200 companies in {found.minutes:.1f} minutes")
    print("beside them: " + ", ".join(f"{count} times {what}" for what, count in sorted(others.items())))
    print(_curve(samples))
    megabytes = f"{first / 1e6:.1f} MB to {last / 1e6:.1f} MB"
    print(f"resident memory, the line through the samples after {steady[0].seconds:.0f} s: {megabytes}")
    flat = "yes" if found.is_flat else "NO"
    print(f"{found.growth_percent:+.1f} %; flat (at most +{GROWTH_MAX_PERCENT:g} %): {flat}")
    return 0 if found.is_flat else 1


def _curve(samples: list[Sample]) -> str:
    """Ten of the samples, evenly spread."""
    step = max(1, len(samples) // 10)
    shown = (f"{each.seconds:.0f} s {each.resident_bytes / 1e6:.1f} MB" for each in samples[::step])
    return "; ".join(shown)


if __name__ == "__main__":
    sys.exit(main())
