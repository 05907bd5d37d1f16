"""The simulator's page says what is true: its tables are the code's, and its examples work as they are written."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import aiohttp
import msgspec
import pytest

from gateway.simulator.backends import SimulatedBackends
from gateway.simulator.dialects import DIALECTS, Dialect
from gateway.simulator.identity_routes import CLIENTS, SECRET
from gateway.simulator.knobs import ALL_WELL, Knobs
from gateway.simulator.scenarios import SCENARIOS
from gateway.simulator.world import World

PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text("utf-8")


class Example(NamedTuple):
    """A curl command of the page."""

    method: str
    url: str
    body: str | None


def table(heading: str) -> list[list[str]]:
    """The cells of the rows of a section's table, without its head."""
    _, _, section = PAGE.partition(f"\n## {heading}\n")
    rows = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[1:]]


def examples() -> Iterator[Example]:
    """Every curl command, as curl understands it: with a body it is a POST, several bodies are joined as a form."""
    for line in re.findall(r"^curl .*$", PAGE, re.MULTILINE):
        words = iter(shlex.split(line, comments=True)[1:])
        method, url, bodies = None, "", []
        for word in words:
            match word:
                case "-X":
                    method = next(words)
                case "-d":
                    bodies.append(next(words))
                case _:
                    url = word
        yield Example(method or ("POST" if bodies else "GET"), url, "&".join(bodies) or None)


def test_the_companies_are_the_scenarios(served_world: World) -> None:
    """Names, ids and sentences of all named companies, in their order, and nothing else."""
    assert table("Companies") == [
        [f"`{it.name}`", f"`{served_world.scenarios[it.name]}`", it.description] for it in SCENARIOS
    ]


def test_the_knobs_are_all_there() -> None:
    """Every knob, in its order, with its value when it is off."""
    off = {name: msgspec.json.encode(value).decode() for name, value in msgspec.structs.asdict(ALL_WELL).items()}
    assert [row[:2] for row in table("Breaking things")] == [[f"`{name}`", f"`{value}`"] for name, value in off.items()]
    assert list(off) == list(Knobs.__struct_fields__)


def _knobs(dialect: Dialect) -> dict[str, object]:
    """A dialect's knobs, but for where they hold: it is the same of all."""
    return {name: value for name, value in msgspec.structs.asdict(dialect.knobs).items() if name != "only"}


def test_the_dialects_are_all_there() -> None:
    """Every dialect, with its sentence, the knobs that it sets and the profile that reads it."""
    off = msgspec.structs.asdict(ALL_WELL)

    def said(settings: Mapping[str, object]) -> str:
        return ", ".join(f"`{name} = {msgspec.json.encode(value).decode()}`" for name, value in settings.items())

    assert table("Dialects") == [
        [
            f"`{it.name}`",
            it.description,
            said({name: value for name, value in _knobs(it).items() if value != off[name]}) or "none",
            said(it.profile) or "none",
        ]
        for it in DIALECTS.values()
    ]


def test_the_clients_are_all_there() -> None:
    """Every client of the token endpoint, and the secret."""
    _, _, tokens = PAGE.partition("\n## Tokens\n")
    assert {name for name in (*CLIENTS, SECRET) if f"`{name}`" not in tokens.partition("\n## ")[0]} == set()


@pytest.mark.asyncio(loop_scope="module")
async def test_the_examples_work(backends: SimulatedBackends, client: aiohttp.ClientSession) -> None:
    """Each command, one after the other, succeeds and finds something; in the end no knob is left."""
    commands = list(examples())
    assert len(commands) == len(re.findall(r"\bcurl ", PAGE))
    ports = {"9001": backends.billing, "9002": backends.provisioning, "9003": backends.crm}
    for command in commands:
        address = re.sub(r"^http://127\.0\.0\.1:(\d+)", lambda match: ports[match[1]], command.url)
        async with client.request(command.method, address, data=command.body) as response:
            body = await response.read()
            assert response.status in (200, 201, 206), (command, body)
            assert body != b"[]", command
    assert backends.faults["crm"].knobs == ALL_WELL
