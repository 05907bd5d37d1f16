"""The simulated backends keep the contracts that real ones are asked to keep."""

import asyncio
import sys
from pathlib import Path

import aiohttp
import pytest

from gateway.simulator.backends import SimulatedBackends
from gateway.simulator.knobs import Knobs
from gateway.simulator.world import World
from tests.contracts.contract import BACKENDS, CONTRACTS, contract, operations, resolved, validation_errors
from tests.simulator.asked import USAGE, asked

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def checked(contract_file: Path, url: str, directory: Path, *options: str) -> tuple[int, str]:
    """Runs schemathesis, which makes requests up by a contract: its exit status and what it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run", str(contract_file), "--url", url, "--mode", "positive"),
        *("--no-color", "--seed", "1", "--max-examples", "10", "--phases", "examples,coverage,fuzzing"),
        *("--generation-database", "none", *options),
        cwd=directory,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


@pytest.mark.parametrize("backend", BACKENDS)
async def test_generated_requests(backends: SimulatedBackends, tmp_path: Path, backend: str) -> None:
    """Whatever a contract allows to ask is answered with a status, headers and a body that it describes."""
    status, output = await checked(CONTRACTS / f"{backend}.yaml", getattr(backends, backend), tmp_path)
    assert status == 0, output
    count = len(list(operations(contract(backend))))
    assert f"Tested: {count}\n" in output
    assert len(backends.faults[backend].calls) > 10 * count


async def test_the_check_can_fail(backends: SimulatedBackends, tmp_path: Path) -> None:
    """A backend whose ids are objects does not pass it."""
    backends.faults["crm"].knobs = Knobs(wrong_shape=True)
    status, output = await checked(CONTRACTS / "crm.yaml", backends.crm, tmp_path, "--max-failures", "1")
    assert status == 1
    assert "Response violates schema" in output


@pytest.mark.parametrize("backend", BACKENDS)
async def test_every_document(
    backends: SimulatedBackends, client: aiohttp.ClientSession, served_world: World, backend: str
) -> None:
    """Every row of every list, over all pages, fits the contract's schema."""
    document = contract(backend)
    for path, method, operation in operations(document):
        if method != "GET" or path.endswith("}"):
            continue
        table = served_world.tables[path.rpartition("/")[2]]
        rows = []
        for offset in range(0, len(table), 100):
            page = await asked(client, f"{getattr(backends, backend)}{path}", ("offset", str(offset)))
            assert str(page.status) in operation["responses"]
            rows += page.json
        schema = resolved(document, operation["responses"]["200"])["content"]["application/json"]["schema"]
        assert len(rows) == len(table)
        assert validation_errors(document, schema, rows) == [], path


@pytest.mark.parametrize("backend", BACKENDS)
async def test_refusals(backends: SimulatedBackends, client: aiohttp.ClientSession, backend: str) -> None:
    """What is refused, because of a filter or an id that does not exist, has the error body of the contract."""
    document = contract(backend)
    for path, method, operation in operations(document):
        if method != "GET":
            continue
        status, target = (404, path.format(id="none")) if path.endswith("}") else (400, f"{path}?colour=red")
        answer = await asked(client, f"{getattr(backends, backend)}{target}")
        assert answer.status == status
        schema = resolved(document, operation["responses"][str(status)])["content"]["application/json"]["schema"]
        assert validation_errors(document, schema, answer.json) == [], path


async def test_usage_of_every_package(
    backends: SimulatedBackends, client: aiohttp.ClientSession, served_world: World
) -> None:
    """The usage of all packages at once fits the contract's schema."""
    products = served_world.tables["product"].values()
    ids = [row["id"] for row in products if row["productSpecification"]["name"] == "GssPackage"]
    body = {"searchCriteria": {"product": [{"id": id} for id in ids]}}
    answer = await asked(client, f"{backends.billing}{USAGE}", method="POST", json=body)
    document = contract("billing")
    schema = document["paths"][USAGE]["post"]["responses"]["201"]["content"]["application/json"]["schema"]
    assert len(answer.json["usageConsumption"]) == len(ids)
    assert validation_errors(document, schema, answer.json) == []
