"""What is asked of a server, and how wrk asks it."""

import json
import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import msgspec

from bench.issuer import Issuer
from bench.queries import Q1, Q2, Q2_500, Q3, Query
from bench.world import Company, World

CONNECTIONS = 32
SCRIPT = Path(__file__).parent / "load.lua"
CHECKED_COMPANIES = 3


class NothingAnswered(RuntimeError):
    """The run was too short for this server."""


class Load(NamedTuple):
    """One query, asked for one company again and again or for many in turn; `name` is unique."""

    name: str
    query: Query
    companies: Sequence[Company]
    connections: int = CONNECTIONS

    def write(self, directory: Path, issuer: Issuer) -> Path:
        """The file that load.lua reads: each company's request, with the token of its own user."""
        file = directory / f"{self.name.replace(' ', '-')}.requests"
        if not file.exists():
            lines = [f"{issuer.token(each)}\t{self.query.body(each).decode()}\n" for each in self.companies]
            file.write_text("".join(lines))
        return file

    def bytes_min(self, world: World) -> int:
        """The shortest right answer, written without any space."""
        answers = (self.query.answer(world, company) for company in self.companies)
        return min(len(json.dumps(answer, separators=(",", ":"))) for answer in answers)

    def check(self, url: str, issuer: Issuer, world: World) -> int:
        """Asks for a few companies, one by one, and gives how many; RuntimeError unless all is as it must be."""
        step = max(1, len(self.companies) // CHECKED_COMPANIES)
        checked = self.companies[::step][:CHECKED_COMPANIES]
        for company in checked:
            answer = ask(url, self.query.body(company), issuer.token(company))
            expected = self.query.answer(world, company)
            if answer != expected:
                raise RuntimeError(f"wrong answer for {company.id}: {difference(expected, answer)}")
        return len(checked)


def ask(url: str, body: bytes, token: str) -> object:
    """The parsed answer; RuntimeError for a status that is not 200."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    try:
        with urlopen(Request(url, body, headers)) as response:
            answer: object = json.load(response)
    except HTTPError as error:
        raise RuntimeError(f"{error.code} {error.read().decode()[:600]}") from None
    return answer


def difference(expected: object, found: object, path: str = "$") -> str:
    """Where two JSON values differ first; empty where they don't."""
    if isinstance(expected, dict) and isinstance(found, dict) and expected.keys() == found.keys():
        inner = (difference(expected[key], found[key], f"{path}.{key}") for key in expected)
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = enumerate(zip(expected, found, strict=True))
        inner = (difference(one, other, f"{path}[{index}]") for index, (one, other) in pairs)
    else:
        return "" if expected == found else f"{path} is {str(found)[:300]}, not {str(expected)[:300]}"
    return next(filter(None, inner), "")


NAMES = ("Q1", "Q2", "Q3", "Q1 of 200", "Q2 of 200", "Q3 of 200", "Q2 long")


def loads(world: World) -> dict[str, Load]:
    """All loads, by name."""
    all_loads = [
        Load("Q1", Q1, world.small[:1]),
        Load("Q2", Q2, world.small[:1]),
        Load("Q3", Q3, world.large[:1]),
        Load("Q1 of 200", Q1, world.small),
        Load("Q2 of 200", Q2, world.small),
        Load("Q3 of 200", Q3, world.large),
        Load("Q2 long", Q2_500, [world.largest], connections=8),  # 32 would wait for each other beyond timeouts
    ]
    return {load.name: load for load in all_loads}


class Run(msgspec.Struct, frozen=True):
    """What load.lua says of one run; `failed` are lost connections, statuses above 399 and answers seen to be wrong."""

    requests: int
    failed: int
    bytes: int
    duration_us: int
    p50_us: int
    p99_us: int

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.duration_us * 1e6


def run_load(
    url: str, requests: Path, *, seconds: int, bytes_min: int, looks: bool = False, connections: int = CONNECTIONS
) -> Run:
    """One run of wrk, in one thread; RuntimeError when an answer was not as it must be.

    With `looks`, each answer is looked at, which slows the load down; without, their status and mean length.
    """
    command = ["wrk", "--threads=1", f"--connections={connections}", f"--duration={seconds}s", "--timeout=10s"]
    environment = {**os.environ, "BENCH_REQUESTS": str(requests)}
    if looks:
        environment["BENCH_BYTES_MIN"] = str(bytes_min)
    finished = subprocess.run(
        [*command, f"--script={SCRIPT}", url], env=environment, capture_output=True, text=True, check=True
    )
    run = msgspec.json.decode(finished.stdout.splitlines()[-1], type=Run)
    if not run.requests:
        raise NothingAnswered(f"no request was answered within {seconds} s: let the runs take longer")
    if run.failed or run.bytes < bytes_min * run.requests:
        raise RuntimeError(f"{run.failed} of {run.requests} answers are wrong:\n{finished.stdout}")
    return run


def backend_rate(url: str, company: Company) -> float:
    """Answers a second of the backend itself, on one core with wrk as in every run: a company's lines."""
    target = f"{url}/tmf-api/productInventory/v4/product?relatedParty.id=cus-{company.key}&limit=1000"
    command = ["wrk", "--threads=1", f"--connections={CONNECTIONS}", "--duration=1s", target]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"Requests/sec:\s*([\d.]+)", finished.stdout)
    return float(found[1]) if found else 0.0
