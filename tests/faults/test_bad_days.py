"""What is promised for each kind of bad day: docs/operations.md says it, and here it is kept."""

import re
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.command import wait_until
from tests.faults.stage import VICTIM, Gateway, Stage

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")

SCREEN = "{ viewer { company { name lines { nodes { number } } invoices { nodes { number } } } } }"
"""A part of each backend; what is asked of billing (the victim) are the invoices."""

BREAKER_CALLS = 20
"""`breaker.calls_min`: so many calls are seen before a share of failures counts; five in a row for a second do too."""

QUICK_RECOVERY = """
breaker = { open_seconds = 1 }
"""


class Fault(NamedTuple):
    """A bad day: the knobs that make it, the codes a client may get, and how long an answer may take at most."""

    name: str
    knobs: dict[str, Any]
    codes: set[str]
    seconds: float = 2.0
    is_seen: bool = True
    """Whether the breaker counts it: the backend gives no answer."""


FAULTS = [
    Fault("slow", {"latency_ms": 6_000}, {"BACKEND_TIMEOUT"}, seconds=4.0),
    Fault("hanging", {"hang": True}, {"BACKEND_TIMEOUT"}, seconds=4.0),
    Fault("resetting", {"reset": True}, {"BACKEND_UNAVAILABLE"}),
    Fault("truncating", {"truncated_body": True}, {"BACKEND_UNAVAILABLE"}),
    Fault("wrong JSON", {"wrong_json": True}, {"BACKEND_CONTRACT_BROKEN"}, is_seen=False),
    Fault("wrong shape", {"wrong_shape": True}, {"BACKEND_CONTRACT_BROKEN"}, is_seen=False),
    Fault("errors", {"error_rate": 1, "error_status": 500}, {"BACKEND_FAILED"}),
    Fault("503 storm", {"error_rate": 1, "error_status": 503}, {"BACKEND_BUSY"}),
]


def parts(gateway: Gateway) -> tuple[bool, bool, set[str], float]:
    """Whether the victim's part and all others are there, the codes, and how long it took."""
    answer = gateway.ask(SCREEN)
    assert answer.status == 200
    company = answer.company
    others = bool(company["name"]) and len(company["lines"]["nodes"]) > 0
    return company["invoices"] is not None, others, answer.codes, answer.seconds


def recovered(gateway: Gateway) -> None:
    """Until everything is there again, without anybody doing anything."""
    wait_until(lambda: parts(gateway)[:3] == (True, True, set()))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_rest_of_the_answer_stands(stage: Stage, fault: Fault) -> None:
    """Only the victim's part is missing, with a code that says why, in time; and all is well again by itself."""
    with stage.gateway(of_victim=QUICK_RECOVERY) as gateway:
        recovered(gateway)
        stage.knobs(**fault.knobs)
        has_part, has_others, codes, seconds = parts(gateway)
        assert (has_part, has_others, codes) == (False, True, fault.codes)
        assert seconds < fault.seconds
        stage.knobs()
        recovered(gateway)


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.is_seen], ids=lambda fault: fault.name)
def test_a_backend_that_gives_no_answers_is_left_alone(stage: Stage, fault: Fault) -> None:
    """After so many failures it gets no more calls for a while, and clients their answers without waiting for it."""
    settings = "timeout_seconds = 0.3\nbreaker = { open_seconds = 30 }"
    with stage.gateway(of_victim=settings) as gateway:
        recovered(gateway)
        stage.knobs(**fault.knobs)
        stage.victim.forget_calls(VICTIM)
        for _ in range(2 * BREAKER_CALLS):
            if "BACKEND_CIRCUIT_OPEN" in (answer := parts(gateway)[2]):
                break
        assert answer == {"BACKEND_CIRCUIT_OPEN"}
        made = stage.victim.calls(VICTIM)
        assert 5 <= made <= 2 * BREAKER_CALLS
        began = time.monotonic()
        for _ in range(20):
            assert parts(gateway)[:3] == (False, True, {"BACKEND_CIRCUIT_OPEN"})
        assert time.monotonic() - began < 20 * 0.3  # nobody waited for a timeout
        assert stage.victim.calls(VICTIM) == made
        wait_until(lambda: bool(gateway.events("backend_circuit_opened")))
        opened = gateway.events("backend_circuit_opened")
        assert [(event["backend"], event["api"]) for event in opened] == [(VICTIM, "customerBill")]


def test_down(stage: Stage) -> None:
    """A backend whose machine is gone, and comes back: nothing has to be done here."""
    with stage.gateway(of_victim=QUICK_RECOVERY) as gateway:
        recovered(gateway)
        stage.victim.kill()
        try:
            for _ in range(3):
                has_part, has_others, codes, seconds = parts(gateway)
                assert (has_part, has_others, codes) == (False, True, {"BACKEND_UNAVAILABLE"})
                assert seconds < 2
        finally:
            stage.victim.start()
        recovered(gateway)


def test_too_many_requests(stage: Stage) -> None:
    """A backend that asks for a minute's rest gets half of it at least, and the client is told how long."""
    with stage.gateway() as gateway:
        recovered(gateway)
        stage.knobs(error_rate=1, error_status=429, retry_after_seconds=60)
        stage.victim.forget_calls(VICTIM)
        assert parts(gateway)[:3] == (False, True, {"BACKEND_BUSY"})
        stage.knobs()
        for _ in range(10):
            answer = gateway.ask(SCREEN)
            assert answer.codes == {"BACKEND_CIRCUIT_OPEN"}
            (error,) = answer.body["errors"]
            assert 20 < error["extensions"]["retryAfterSeconds"] <= 30
        assert stage.victim.calls(VICTIM) == 1


def test_flapping(stage: Stage) -> None:
    """A backend that fails one call of twenty: a second attempt gets what most of the first ones did not."""
    with stage.gateway() as gateway:
        recovered(gateway)
        stage.knobs(error_rate=0.05, error_status=502)
        stage.victim.forget_calls(VICTIM)
        outcomes = [parts(gateway)[0] for _ in range(150)]
        calls = stage.victim.calls(VICTIM)
        tried_again = calls - len(outcomes)
        assert 5 <= tried_again <= 150 * 0.1 + 10
        assert outcomes.count(False) <= tried_again / 2


def test_a_storm_gets_no_more_than_a_tenth(stage: Stage) -> None:
    """Retries are paid from a budget: with the breaker out of the way, everything fails, and little is asked again."""
    with stage.gateway(of_victim="breaker = { calls_min = 10000 }") as gateway:
        recovered(gateway)
        stage.knobs(error_rate=1, error_status=503)
        stage.victim.forget_calls(VICTIM)
        for _ in range(100):
            assert parts(gateway)[0] is False
        assert stage.victim.calls(VICTIM) <= 100 * 1.1 + 10


def test_old_answers_stand_in(stage: Stage) -> None:
    """With the cache, what was read before shows while the backend is down."""
    with stage.gateway(cache=True) as gateway:
        recovered(gateway)
        before = gateway.ask(SCREEN).company["invoices"]
        stage.knobs(error_rate=1, error_status=500)
        assert gateway.ask(SCREEN.replace("number } } }", "number } } id }", 1)).company["invoices"] == before


def test_an_unknown_host(stage: Stage) -> None:
    """A name that the network does not know is unavailability like any other."""
    with stage.gateway("http://billing.invalid:1") as gateway:
        has_part, has_others, codes, seconds = parts(gateway)
        assert (has_part, has_others, codes) == (False, True, {"BACKEND_UNAVAILABLE"})
        assert seconds < 4


@pytest.mark.parametrize(
    "name",
    [*(fault.name for fault in FAULTS), "down", "429 with Retry-After", "flapping", "unknown host", "TLS", "overload"],
)
def test_every_promise_is_written_down(name: str) -> None:
    """An operator finds each of these days on the page."""
    section = PAGE.partition("## Faults")[2]
    assert re.search(rf"^\| {re.escape(name)} \|", section, re.MULTILINE), name
