"""The page on onboarding shows what happens: its commands run, its output and its profile are what they give."""

import asyncio
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
import yaml

from gateway.config import Profile
from gateway.contract_kit.point import Outcome
from gateway.demo import SimulationOptions, simulate
from tests.contract_kit.test_command import Ended, run

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "onboard-a-backend.md").read_text("utf-8")
CRM = "http://127.0.0.1:9003"


def blocks(language: str) -> list[str]:
    """The code of that language, in its order."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def commands() -> Iterator[list[str]]:
    """The words of each command that speaks of the simulated CRM."""
    for block in blocks("sh"):
        yield from (shlex.split(line) for line in block.splitlines() if CRM in line)


async def test_the_run(tmp_path: Path) -> None:
    """The knobs are turned, the backend verified, and verified again under what was written: word for word."""
    curl, first, again = commands()
    async with simulate(SimulationOptions()) as simulation, aiohttp.ClientSession() as session:
        crm = simulation.backends.crm

        async def verified(command: list[str]) -> Ended:
            assert command[:2] == ["telco-gateway", "contracts"]
            return await run(*(word.replace(CRM, crm) for word in command[2:]), cwd=tmp_path)

        assert curl[:3] == ["curl", "-X", "PUT"]
        async with session.put(curl[3].replace(CRM, crm), data=curl[5]) as response:
            assert response.status == 200
        ended, ended_again = await verified(first), await verified(again)
    assert (ended.code, ended_again.code) == (1, 0)
    for block in blocks("text"):
        assert block in ended.output
    (profile,) = blocks("toml")
    assert (await asyncio.to_thread((tmp_path / "crm.toml").read_text, "utf-8")) == profile
    assert "Every point holds." in ended_again.output


def test_the_outcomes_are_all_explained() -> None:
    """Each outcome that a report can have is a row of the table."""
    explained = re.findall(r"^\| ([a-z ]+) \| .* \| \d \|$", PAGE, re.MULTILINE)
    assert sorted(explained) == sorted(outcome.value for outcome in Outcome)


CEILINGS = {"timeout_seconds", "calls_at_once", "calls_per_second", "hedge"}


def test_what_is_found_out_are_settings() -> None:
    """Every setting of a profile is either named as found out, or is one of those that cannot be, or says how much a
    backend is to bear, which is its team's to say."""
    (found,) = re.findall(r"^Found out, for each API: (.*?)\. Not to be", PAGE, re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"`(\w+)`", found))
    assert set(Profile.__struct_fields__) - named == {"batch_owners", "states"} | CEILINGS


@pytest.mark.parametrize("block", blocks("yaml"))
def test_the_ci_job_is_yaml(block: str) -> None:
    """The job can be read, and calls commands that exist."""
    job = yaml.safe_load(block)["contract"]["script"]
    assert job[0] == "pip install 'telco-gateway[contracts]'"
    assert job[1].startswith("telco-gateway contracts verify --config gateway.toml --junit ")
