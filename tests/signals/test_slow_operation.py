"""The line that a slow operation leaves."""

import asyncio
import json
from typing import Any

import structlog

from gateway.log import redacted
from tests.signals.conftest import Start

SLOW = """query Slow($first: Int = 5) {
  viewer { company { secretly: name lines(first: $first) { nodes { number ... on MobileLine { sim { iccid } } } } } }
  again: viewer { role }
}"""


def slow_lines(logs: list[Any]) -> list[Any]:
    """Of all lines, those of slow operations."""
    return [entry for entry in logs if entry["event"] == "slow_operation"]


async def test_a_slow_operation_tells_its_plan(start: Start) -> None:
    """Its fields by level in the schema's words, its calls with their keys; no alias, variable or literal."""
    async with start(slow_operation_seconds=0.2) as gateway:
        await gateway.knobs("provisioning", latency_ms=250)
        with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
            await gateway.query(SLOW, X_Request_ID="r-1")
            await gateway.query("{ viewer { role } }")
    (line,) = slow_lines(logs)
    assert 0.2 <= line.pop("seconds") < 20
    longest = {call["call"]: call.pop("longest_seconds") for call in line["backend_calls"]}
    assert longest["provisioning GET /product"] >= 0.25
    assert line == {
        "event": "slow_operation",
        "log_level": "warning",
        "request_id": "r-1",
        "operation": "Slow",
        "operation_type": "query",
        "levels": [
            "Query.viewer",
            "Viewer.company Viewer.role",
            "Company.name Company.lines",
            "LineConnection.nodes",
            "FixedLine.number MobileLine.number MobileLine.sim",
            "Sim.iccid",
        ],
        "backend_calls": [
            {"call": "crm GET /organization/{id}", "calls": 1, "keys": 1},
            {"call": "crm GET /customer", "calls": 1, "keys": 1},
            {"call": "provisioning GET /product", "calls": 1, "keys": 1},
            {"call": "provisioning GET /resource", "calls": 1, "keys": 4},
        ],
    }
    assert "secretly" not in json.dumps(line)


async def test_who_shares_a_call_has_it_in_its_plan(start: Start) -> None:
    """Each of two requests tells of the one call that both waited for."""
    async with start(slow_operation_seconds=0.2) as gateway:
        await gateway.knobs("crm", latency_ms=250)
        with structlog.testing.capture_logs() as logs:
            await asyncio.gather(
                gateway.query("query One { viewer { company { name } } }"),
                gateway.query("query Two { viewer { company { vatNumber } } }"),
            )
    lines = {line["operation"]: line["backend_calls"] for line in slow_lines(logs)}
    assert lines.keys() == {"One", "Two"}
    assert [[call["call"] for call in calls] for calls in lines.values()] == [["crm GET /organization/{id}"]] * 2


async def test_what_is_given_up_tells_its_plan_too(start: Start) -> None:
    """An operation that is cut off by its deadline is the slowest of all."""
    async with start(slow_operation_seconds=0.2) as gateway:
        await gateway.knobs("crm", hang=True)
        with structlog.testing.capture_logs() as logs:
            await gateway.query("query Hangs { viewer { company { name } } }")
    (line,) = slow_lines(logs)
    assert line["operation"] == "Hangs"
    assert line["levels"][:2] == ["Query.viewer", "Viewer.company"]


def test_the_line_is_written_as_it_is() -> None:
    """Nothing in it looks like a secret to the log, which would mask it."""
    call = {"call": "crm GET /organization/{id}", "calls": 1, "keys": 1, "longest_seconds": 0.25}
    line = {"event": "slow_operation", "levels": ["Query.viewer"], "backend_calls": [call]}
    assert redacted(None, "warning", {**line}) == line
