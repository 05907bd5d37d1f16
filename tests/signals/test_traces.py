"""Traces: what a collector gets of a request, what a backend is told, and what neither ever learns."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from gateway.config import TracingSettings
from gateway.tracing import Trace, trace_of
from tests.command import COMMAND, NOTHING_BEHIND, PATIENCE_SECONDS
from tests.signals.collector import Collector, SeenSpan, collecting
from tests.signals.conftest import Start

REQUEST = "POST /graphql"
TRACE_ID, SPAN_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE_ID}-{SPAN_ID}-01"
NOT_RECORDED = f"00-{TRACE_ID}-{SPAN_ID}-00"
NEEDED = "this needs the packages for traces: pip install 'telco-gateway[tracing]'"
COMPANY = "query Company { viewer { company { name } } }"


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    """One that listens."""
    async with collecting() as started:
        yield started


def settings(collector: Collector, **changes: object) -> TracingSettings:
    """All traces, to that collector."""
    return msgspec.structs.replace(TracingSettings(otlp_url=collector.url, sample_ratio=1.0), **changes)


def below(spans: list[SeenSpan], above: SeenSpan) -> list[str]:
    """The names of the spans right below another, in order."""
    return sorted(span.name for span in spans if (span.trace, span.above) == (above.trace, above.id))


async def test_a_request_and_all_it_asked_for(start: Start, collector: Collector) -> None:
    """Admission and execution are below the request, the calls below the execution; the backend is told of its call."""
    async with start(settings(collector, headers={"x-key": "s3cret"}, service_name="gw")) as gateway:
        await gateway.query(COMPANY, traceparent=PARENT, tracestate="vendor=1", X_Request_ID="r-1")
        seen = dict(gateway.wire.seen)["org-0001"]
    (request,) = await collector.named(REQUEST)
    assert (request.kind, request.trace, request.above, request.failed) == ("server", TRACE_ID, SPAN_ID, False)
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": "/graphql",
        "http.response.status_code": "200",
        "graphql.operation.type": "query",
        "graphql.operation.name": "Company",
        "telco_gateway.request_id": "r-1",
    }
    assert below(collector.spans, request) == ["admission", "execution"]
    (execution,) = await collector.named("execution")
    assert below(collector.spans, execution) == ["GET /organization/{id}"]
    (call,) = await collector.named("GET /organization/{id}")
    assert call.kind == "client"
    assert call.attributes == {
        "peer.service": "crm",
        "http.request.method": "GET",
        "url.template": "/organization/{id}",
        "http.response.status_code": "200",
        "telco_gateway.keys": "1",
        "telco_gateway.rows": "1",
    }
    assert seen["traceparent"] == f"00-{TRACE_ID}-{call.id}-01"
    assert seen["tracestate"] == "vendor=1"
    assert 0 <= call.seconds <= execution.seconds <= request.seconds
    assert {headers["x-key"] for headers in collector.headers} == {"s3cret"}
    assert collector.services == {"gw"}


async def test_a_shared_call_is_linked_to_all_it_serves(start: Start, collector: Collector) -> None:
    """It is below the first request, and knows the other."""
    async with start(settings(collector)) as gateway:
        await gateway.knobs("crm", latency_ms=300)
        await asyncio.gather(
            gateway.query("query One { viewer { company { name } } }"),
            gateway.query("query Two { viewer { company { vatNumber } } }"),
        )
    (call,) = await collector.named("GET /organization/{id}")
    executions = {(span.trace, span.id) for span in await collector.named("execution", 2)}
    assert call.links | {(call.trace, call.above)} == executions
    assert len(call.links) == 1


async def test_an_answer_that_is_kept_has_its_span(start: Start, collector: Collector) -> None:
    """Of itself alone: nothing was admitted or run for it; it tells whose answer it was."""
    async with start(settings(collector)) as gateway:
        for number in range(3):
            await gateway.query(COMPANY, X_Request_ID=f"r-{number}")
    requests = await collector.named(REQUEST, 3)
    kept = next(span for span in requests if span.attributes["telco_gateway.request_id"] == "r-2")
    assert kept.attributes["telco_gateway.answered_by"] == "r-1"
    assert below(collector.spans, kept) == []
    assert len(await collector.named("execution", 2)) == 2


async def test_what_fails_is_said_to(start: Start, collector: Collector) -> None:
    """Each attempt by its code; the request, which is answered in part, is no failure and tells the codes."""
    async with start(settings(collector)) as gateway:
        await gateway.knobs("crm", error_rate=1.0)
        await gateway.query(COMPANY)
    calls = await collector.named("GET /organization/{id}", 2)
    assert [(call.failed, call.attributes["error.type"]) for call in calls] == [(True, "BACKEND_FAILED")] * 2
    assert [call.attributes.get("http.request.resend_count") for call in calls] == [None, "1"]
    (request,) = await collector.named(REQUEST)
    assert (request.failed, request.attributes["telco_gateway.error_codes"]) == (False, "BACKEND_FAILED")


async def test_nothing_of_anybodys_is_in_spans(start: Start, collector: Collector) -> None:
    """No company, number, name, token, literal or variable, in attributes or names."""
    async with start(settings(collector)) as gateway:
        number = "+393484751480"
        answer = await gateway.query(
            f'query Secrets {{ alias: line(number: "{number}") {{ number }} viewer {{ company {{ name }} }} }}'
        )
        name = answer["data"]["viewer"]["company"]["name"]
    await collector.named(REQUEST)
    told = json.dumps([[span.name, span.attributes] for span in collector.spans], default=str)
    for secret in (number, number[1:], name, "org-0001", "eyJ", "alias", "127.0.0.1"):
        assert secret not in told


async def test_what_the_client_does_not_record_is_not_recorded(start: Start, collector: Collector) -> None:
    """Nor what the ratio leaves out; the trace goes on to the backend all the same."""
    async with start(settings(collector)) as gateway:
        await gateway.query(COMPANY, traceparent=NOT_RECORDED)
        assert dict(gateway.wire.seen)["org-0001"]["traceparent"] == NOT_RECORDED
    async with start(settings(collector, sample_ratio=0.0)) as gateway:
        await gateway.query(COMPANY)
        assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-00", dict(gateway.wire.seen)["org-0001"]["traceparent"])
    assert collector.spans == []


async def test_without_tracing_a_trace_goes_through(start: Start) -> None:
    """The backend is told what the client said, unchanged; of nonsense, and of nothing, it hears nothing."""
    async with start() as gateway:
        await gateway.query(COMPANY, traceparent=PARENT, tracestate="vendor=1")
        seen = dict(gateway.wire.seen)["org-0001"]
        assert (seen["traceparent"], seen["tracestate"]) == (PARENT, "vendor=1")
    for given in ({}, {"traceparent": "nonsense"}):
        async with start() as gateway:
            await gateway.query(COMPANY, **given)
            assert not {"traceparent", "tracestate"} & dict(gateway.wire.seen)["org-0001"].keys()


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        (PARENT, PARENT),
        (f"cc-{TRACE_ID}-{SPAN_ID}-01-what-the-future-brings", f"cc-{TRACE_ID}-{SPAN_ID}-01"),
        (f"{PARENT}-more", None),
        (f"cc-{TRACE_ID}-{SPAN_ID}-01.more", None),
        (f"ff-{TRACE_ID}-{SPAN_ID}-01", None),
        (f"00-{'0' * 32}-{SPAN_ID}-01", None),
        (f"00-{TRACE_ID}-{'0' * 16}-01", None),
        (PARENT.upper(), None),
        (f"{PARENT}\r\nX: y", None),
        ("", None),
        (None, None),
    ],
)
def test_traceparent(parent: str | None, expected: str | None) -> None:
    """W3C's rules, by which what cannot be understood begins a new trace."""
    trace = trace_of(parent, "a=1")
    assert trace == (None if expected is None else Trace(expected, "a=1"))


@pytest.mark.parametrize("state", ["", "a=1\r\nX: y", "é=1", "a" * 513])
def test_tracestate_that_cannot_be_sent_is_left_out(state: str) -> None:
    """The trace itself goes on."""
    assert trace_of(PARENT, state) == Trace(PARENT, None)


async def test_a_collector_that_is_away_costs_no_answer(start: Start) -> None:
    """Neither a request nor the end waits for it."""
    away = TracingSettings(otlp_url="http://127.0.0.1:1/v1/traces", sample_ratio=1.0)
    async with asyncio.timeout(PATIENCE_SECONDS), start(away) as gateway:
        assert "errors" not in await gateway.query(COMPANY)


def test_missing_packages_are_named(tmp_path: Path) -> None:
    """An installation that cannot trace says in one line how to get one that can, whatever the number of workers."""
    file = tmp_path / "gateway.toml"
    without = "import sys; sys.modules |= dict.fromkeys(['opentelemetry'])"
    for workers in (1, 2):
        head = f'[tracing]\notlp_url = "http://127.0.0.1:1/v1/traces"\n[server]\nport = 0\nworkers = {workers}\n'
        file.write_text(head + NOTHING_BEHIND)
        result = subprocess.run(
            [sys.executable, "-c", f"{without}; {COMMAND[2]}", "serve", "--config", str(file)],
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr == f"telco-gateway: tracing.otlp_url: {NEEDED}\n"
