"""Ten times what a backend can bear, and what is left of it afterwards."""

import asyncio
from pathlib import Path
from typing import NamedTuple

import pytest

from bench.overload import Load, Moment, chart, good_rate, offered
from tests.faults.stage import VICTIM, Stage

SCREEN = "{ viewer { company { invoices(first: 1) { nodes { number } } } } }"
BACKEND_AT_ONCE, BACKEND_MS = 2, 50
CAPACITY = BACKEND_AT_ONCE * 1000 / BACKEND_MS
"""Calls a second; each request makes one."""
CHART = Path(__file__).parents[2] / "docs" / "overload.svg"
MEGABYTE = 1024 * 1024


class Storm(NamedTuple):
    """The seconds before, during and after, and how many calls the backend got in all."""

    before: list[Moment]
    during: list[Moment]
    after: list[Moment]
    calls: int


def storm(stage: Stage, seconds: float) -> Storm:
    """What the backend can bear, ten times as much for so long, and a little less than it can bear."""
    with stage.gateway(more="[sharing]\nenabled = false") as gateway:
        stage.knobs(at_once=BACKEND_AT_ONCE, latency_ms=BACKEND_MS)
        stage.victim.forget_calls(VICTIM)
        token = stage.well.ready["tokens"]["user_admin"]
        load = Load(gateway.url, SCREEN, token, gateway.resident_bytes)
        before = asyncio.run(offered(load, CAPACITY, 6))
        during = asyncio.run(offered(load, 10 * CAPACITY, seconds))
        after = asyncio.run(offered(load, 0.8 * CAPACITY, 6))
        return Storm(before, during, after, stage.victim.calls(VICTIM))


def check(found: Storm) -> None:
    """Nearly as many answers as before, memory that does not grow, all well afterwards, and no call for nothing."""
    peak = good_rate(found.before)
    assert peak > 0.5 * CAPACITY
    assert good_rate(found.during) >= 0.8 * peak
    assert sum(moment.lost for moment in found.during) <= 0.01 * sum(moment.offered for moment in found.during)
    grown = max(moment.resident_bytes for moment in found.during) - found.before[-1].resident_bytes
    assert grown < 60 * MEGABYTE
    assert good_rate(found.after) >= 0.9 * 0.8 * CAPACITY
    answered = sum(moment.good for moment in found.before + found.during + found.after)
    assert found.calls <= 1.1 * answered + 50


def test_ten_times_too_much(stage: Stage) -> None:
    """What cannot be answered is refused early, and what can be is: the backend works for somebody all the time."""
    check(storm(stage, 10))


@pytest.mark.soak
def test_ten_times_too_much_for_a_minute(stage: Stage) -> None:
    """The same for longer; the picture goes into the documentation."""
    found = storm(stage, 60)
    CHART.write_text(chart([*found.before, *found.during, *found.after]), "utf-8")
    check(found)
