"""The load that wrk makes, and what it measures."""

import os
import statistics
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

CONNECTIONS = 32
REPORT = Path(__file__).parent / "report.lua"


class Run(msgspec.Struct, frozen=True):
    """What report.lua says of one run; times in microseconds, `failed` are lost connections and statuses above 399."""

    requests: int
    failed: int
    duration_us: int
    p50_us: int
    p99_us: int

    @property
    def requests_per_second(self) -> float:
        """The throughput."""
        return self.requests / self.duration_us * 1e6


class Measured(NamedTuple):
    """Several runs of one query."""

    runs: Sequence[Run]

    def row(self) -> list[str]:
        """Requests a second as minimum, median and maximum of the runs; the medians of their latencies, in ms."""
        rates = [run.requests_per_second for run in self.runs]
        p50 = statistics.median(run.p50_us for run in self.runs) / 1000
        p99 = statistics.median(run.p99_us for run in self.runs) / 1000
        throughput = [f"{rate:.0f}" for rate in (min(rates), statistics.median(rates), max(rates))]
        return [*throughput, f"{p50:.1f}", f"{p99:.1f}"]


def measured(url: str, body: Path, token: str, *, seconds: int, runs: int) -> Measured:
    """Several runs after a short one that does not count; RuntimeError when a request failed."""
    run_once(url, body, token, seconds=2)
    return Measured([run_once(url, body, token, seconds=seconds) for _ in range(runs)])


def run_once(url: str, body: Path, token: str, *, seconds: int) -> Run:
    """One run of wrk, with 32 connections in one thread; RuntimeError when a request failed, or none was answered."""
    command = ["wrk", "--threads=1", f"--connections={CONNECTIONS}", f"--duration={seconds}s", "--timeout=10s"]
    finished = subprocess.run(
        [*command, f"--script={REPORT}", url],
        env={**os.environ, "BENCH_BODY": str(body), "BENCH_TOKEN": token},
        capture_output=True,
        text=True,
        check=True,
    )
    run = msgspec.json.decode(finished.stdout.splitlines()[-1], type=Run)
    if not run.requests:
        raise RuntimeError(f"no request was answered within {seconds} s: let the runs take longer")
    if run.failed:
        raise RuntimeError(f"{run.failed} requests failed beside {run.requests} that did not:\n{finished.stdout}")
    return run
