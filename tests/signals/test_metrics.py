"""What Prometheus reads of one process: exact numbers, few names, and nothing of anybody's."""

import asyncio
import re

import aiohttp

from gateway.http.request_counts import NAMES_MAX
from gateway.metrics.series import ALL, ANSWERS
from tests.signals.conftest import Start
from tests.signals.scrape import parsed

OVERVIEW = "query Overview { viewer { company { name lines(first: 2) { totalCount nodes { number } } } } }"

CODES = "query Codes { viewer { company { lines { nodes { ... on MobileLine { sim { codes { pin } } } } } } } }"


async def test_each_request_is_counted(start: Start) -> None:
    """By type, name and outcome, once each; what is refused before it is known has no name."""
    async with start() as gateway:
        for _ in range(3):
            assert "errors" not in await gateway.query(OVERVIEW)
        await gateway.query("{ viewer { role } }")
        await gateway.query("query Nonsense { nonsense }")
        await gateway.query("{ __typename }", token="not.a.token")
        await gateway.knobs("billing", error_rate=1.0)
        await gateway.query("query Bills { viewer { company { invoices { totalCount } } } }")
        metrics = await gateway.metrics()
    requests = {
        tuple(labels[name] for name in ("operation_type", "operation", "outcome")): value
        for labels, value in metrics.samples["telco_gateway_requests_total"]
    }
    assert requests == {
        ("query", "Overview", "ok"): 3,
        ("query", "unnamed", "ok"): 1,
        ("query", "Bills", "partial"): 1,
        ("none", "none", "refused"): 2,
    }
    assert metrics.value("request_duration_seconds_count", operation="Overview") == 3
    assert 0 < metrics.value("request_duration_seconds_sum", operation="Overview") < 60


async def test_calls_are_counted_where_they_are_made(start: Start) -> None:
    """By API and outcome, with how many keys each asked for; a repeated question makes none."""
    async with start() as gateway:
        for _ in range(3):
            await gateway.query(OVERVIEW)
        metrics = await gateway.metrics()
    calls = {
        (labels["backend"], labels["api"], labels["outcome"]): value
        for labels, value in metrics.samples["telco_gateway_backend_call_duration_seconds_count"]
    }
    assert calls == {
        ("crm", "customer", "OK"): 1,
        ("crm", "party", "OK"): 1,
        ("provisioning", "productInventory", "OK"): 1,
    }
    assert metrics.value("backend_call_keys_sum", api="productInventory") == 1
    # The third was kept: an answer is when it is asked for again, and the first two were made.
    assert {how: metrics.value("answers_total", how=how) for how in ("made", "joined", "kept")} == {
        "made": 2,
        "joined": 0,
        "kept": 1,
    }
    assert [metrics.value("documents_total", result=result) for result in ("miss", "hit")] == [1, 1]
    assert metrics.value("documents_kept") == 1
    assert metrics.value("cache_keys_total", source="profile_by_company_id", result="miss") == 1
    assert metrics.value("cache_keys_total", source="profile_by_company_id", result="process") == 1
    assert metrics.value("sharing_calls_total", source="profile_by_company_id") == 1
    assert metrics.value("connections") >= 1


async def test_what_nobody_may_share_is_no_shared_answer(start: Start) -> None:
    """A question for PIN and PUK is a request as any, and is not among the answers, as their help says."""
    async with start() as gateway:
        for question in ("query Name { viewer { company { name } } }", CODES):
            assert "errors" not in await gateway.query(question)
        metrics = await gateway.metrics()
    assert sum(metrics.values("requests_total")) == 2
    assert sum(metrics.values("answers_total")) == 1
    assert "none with PIN or PUK" in ANSWERS.help


async def test_what_requests_share_is_counted(start: Start) -> None:
    """Of two that ask the same at the same time, one joins; of two that ask for the same records, the keys."""
    async with start() as gateway:
        await gateway.knobs("crm", latency_ms=300)
        names = ["query One { viewer { company { name } } }", "query Two { viewer { company { vatNumber } } }"]
        await asyncio.gather(*(gateway.query(name) for name in [*names, names[0]]))
        metrics = await gateway.metrics()
    assert metrics.value("answers_total", how="joined") == 1
    assert metrics.value("sharing_keys_joined_total", source="profile_by_company_id") == 1
    assert metrics.value("sharing_calls_merged_total", source="profile_by_company_id") == 1
    assert metrics.value("backend_call_duration_seconds_count", api="party") == 1


async def test_operations_names_are_few(start: Start) -> None:
    """A client that makes up a name for each request fills no more than the places there are; strangers take none."""
    async with start() as gateway:
        await gateway.query("query Stranger { __typename }", token="")
        for number in range(NAMES_MAX + 5):
            await gateway.query(f"query Made{number} {{ viewer {{ role }} }}")
        metrics = await gateway.metrics()
    names = {labels["operation"] for labels, _ in metrics.samples["telco_gateway_requests_total"]}
    assert names == {"other", *(f"Made{number}" for number in range(NAMES_MAX))}
    assert metrics.value("requests_total", operation="other") == 6


async def test_every_series_is_rendered(start: Start) -> None:
    """With the labels and of the kind that it is declared with, and its worker's number."""
    async with start() as gateway:
        await gateway.query(OVERVIEW)
        metrics = await gateway.metrics()
    assert len({series.name for series in ALL}) == len(ALL)
    for series in ALL:
        name = f"{series.name}_count" if series.kind == "histogram" else series.name
        assert metrics.labels(name) == {"worker", *series.labels}, name
        assert metrics.kinds[series.name.removesuffix("_total")] == series.kind
    assert set(metrics.kinds) == {series.name.removesuffix("_total") for series in ALL}
    assert metrics.value("worker_up", worker="0") == 1


async def test_what_becomes_of_a_backend_shows(start: Start) -> None:
    """Three calls in a row that fail make it `failing`, to Prometheus and on /readyz, which stays ready."""
    async with start() as gateway:
        assert (await gateway.ready())[1]["dependencies"]["crm"] == "unknown"
        await gateway.knobs("crm", error_rate=1.0, error_status=503)
        for number in range(3):
            await gateway.query(f"query Down{number} {{ viewer {{ company {{ name }} }} }}")
        status, body = await gateway.ready()
        metrics = await gateway.metrics()
    assert (status, body["status"]) == (200, "ready")
    assert body["dependencies"] == {
        "billing": "unknown",
        "provisioning": "unknown",
        "crm": "failing",
        "identity": "up",
        "redis": "failing",
    }
    assert metrics.value("dependency_state", dependency="crm", state="failing") == 1
    assert metrics.value("dependency_state", dependency="crm", state="up") == 0
    assert metrics.value("backend_call_duration_seconds_count", api="party", outcome="BACKEND_BUSY") == 6
    assert metrics.value("backend_retries_total", api="party") == 3
    assert metrics.value("backend_breaker_state", api="party", state="closed") == 1
    assert metrics.value("backend_calls_at_once", backend="crm", api="party") < 10  # it said that it is busy
    assert metrics.value("backend_calls_at_once", backend="crm", api="customer") == 10


async def test_an_open_breaker_shows(start: Start) -> None:
    """With the calls that were not made, and on /readyz, while nothing is asked any more."""
    async with start() as gateway:
        await gateway.knobs("crm", error_rate=1.0, error_status=500)
        for number in range(20):
            await gateway.query(f"query Down{number} {{ viewer {{ company {{ name }} }} }}")
        _, body = await gateway.ready()
        metrics = await gateway.metrics()
    assert body["dependencies"]["crm"] == "failing"
    assert metrics.value("backend_breaker_state", api="party", state="open") == 1
    assert metrics.value("backend_breaker_state", api="customer", state="closed") == 1
    assert metrics.value("backend_calls_refused_total", api="party") >= 1
    assert metrics.value("backend_calls_running", api="party") == 0


async def test_nothing_else_is_there(start: Start, http_client: aiohttp.ClientSession) -> None:
    """The port answers for /metrics alone, and the graph's own port does not."""
    async with start() as gateway:
        async with http_client.get(f"{gateway.url}/metrics") as response:
            assert response.status == 404
        for path, method, status in [("/", "GET", 404), ("/metrics", "POST", 405)]:
            base = gateway.metrics_url.removesuffix("/metrics")
            async with http_client.request(method, f"{base}{path}") as response:
                assert response.status == status


async def test_nothing_of_anybodys_is_in_it(start: Start, http_client: aiohttp.ClientSession) -> None:
    """No company, number, token or address."""
    async with start() as gateway:
        answer = await gateway.query(OVERVIEW)
        async with http_client.get(gateway.metrics_url) as response:
            text = await response.text()
    company = answer["data"]["viewer"]["company"]
    for secret in (company["name"], company["lines"]["nodes"][0]["number"], "org-0001", "127.0.0.1", "eyJ"):
        assert secret not in text
    assert parsed(text)
    assert not re.search(r"NaN|Inf\b(?!\"\})", text)
