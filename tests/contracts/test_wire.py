"""Everything that goes over the wire while the whole graph is read is in the contracts."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

import msgspec
import pytest

from gateway.app import gateway
from gateway.config import (
    BackendSettings,
    BackendsSettings,
    CacheSettings,
    IdentitySettings,
    RedisSettings,
    ServerSettings,
    Settings,
)
from gateway.demo import Demo, DemoOptions, simulate, world_of
from gateway.domain import global_id
from gateway.simulator.world import World
from tests.contracts.contract import BACKENDS, contract, operations, resolved
from tests.contracts.traffic import answer_errors, request_errors
from tests.contracts.witness import Witness
from tests.journeys.journey import Journey, running
from tests.journeys.test_isolation import Walk, everything

OPTIONS = DemoOptions(port=0, companies=14, lines_per_company=20, cache=False)
BILL = "/tmf-api/customerBillManagement/v4/customerBill"


class Witnessed(NamedTuple):
    """A demo whose backends are asked under observation."""

    journey: Journey
    witness: Witness


@pytest.fixture(scope="module")
def witnessed() -> Iterator[Witnessed]:
    """The gateway before simulated backends, a witness before each, and nothing that is kept between requests."""
    witness = Witness()

    @asynccontextmanager
    async def start(_world: World, options: DemoOptions) -> AsyncIterator[Demo]:
        async with AsyncExitStack() as stack:
            simulation = await stack.enter_async_context(simulate(options))
            real = msgspec.structs.asdict(simulation.backends)
            urls = {name: await stack.enter_async_context(witness.before(name, url)) for name, url in real.items()}
            backends = {name: BackendSettings(url=url, timeout_seconds=10) for name, url in urls.items()}
            settings = Settings(
                backends=BackendsSettings(**backends),
                identity=IdentitySettings(issuer="urn:telco-simulator", jwks_url=f"{real['crm']}/oauth2/jwks"),
                redis=RedisSettings(cache_url="redis://127.0.0.1:1/0"),
                cache=CacheSettings(enabled=False),
                server=ServerSettings(port=0),
            )
            url = await stack.enter_async_context(gateway(settings))
            yield Demo(**{name: getattr(simulation, name) for name in simulation.__struct_fields__}, url=url, redis="")

    with running(world_of(OPTIONS), OPTIONS, start) as journey:
        read_all(journey)
        yield Witnessed(journey, witness)


def read_all(journey: Journey) -> None:
    """Each path of the graph, each published operation for each named company, searches, and ids that nobody has."""
    with journey.knobs("crm", only="/tmf-api/customerManagement", error_rate=1):  # then billing tells the accounts
        lines = "query($id: ID!) { company(id: $id) { lines { totalCount } } }"
        assert journey.query(lines, "operator", id=global_id.encode("Company", "org-0005")).data
    everything(journey, "user_admin", Walk())
    for company in journey.world.scenarios.values():
        assert journey.operation("company_overview", "operator", id=global_id.encode("Company", company)).data
    search = "query($filter: CompanyFilter) { companies(first: 5, filter: $filter) { nodes { name vatNumber state } } }"
    found = journey.query(search, "operator").data["companies"]["nodes"][0]
    for value in (None, {"name": found["name"]}, {"vatNumber": found["vatNumber"]}):
        assert journey.query(search, "operator", filter=value).data["companies"]["nodes"]
    nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    bills = [row["id"] for row in journey.world.rows("customerBill") if row["billingAccount"]["id"] == "acc-0001-1"]
    invoices = [global_id.encode("Invoice", "org-0001", id) for id in bills[-3:]]
    assert len(journey.query(nodes, ids=invoices).data["nodes"]) == 3
    tickets = [row["id"] for row in journey.world.rows("troubleTicket") if row["id"].startswith("tkt-0001-")]
    assert journey.query(nodes, ids=[global_id.encode("Ticket", "org-0001", id) for id in tickets[:2]]).data
    companies = [global_id.encode("Company", company) for company in ("org-0001", "org-0002")]
    names = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Company { name } } }"
    assert len(journey.query(names, "operator", ids=companies).data["nodes"]) == 2
    one, two, three = (_number_of(journey.world, f"lin-000{company}-0001") for company in (1, 2, 4))
    assert journey.query("query($a: PhoneNumber!) { line(number: $a) { id } }", "operator", a=three).data
    both = "query($a: PhoneNumber!, $b: PhoneNumber!) { a: line(number: $a) { id } b: line(number: $b) { id } }"
    assert journey.query(both, "operator", a=one, b=two).data
    for kind in ("Line", "Sim", "Invoice", "GssPackage", "Ticket"):
        unknown = global_id.encode(kind, "org-0001", "none")
        assert journey.query("query($id: ID!) { node(id: $id) { id } }", id=unknown).codes == ["NOT_FOUND"]
    assert journey.query('{ line(number: "+393999999999") { id } }').codes == ["NOT_FOUND"]


def _number_of(world: World, line_id: str) -> str:
    line = world.row("product", line_id)
    assert line is not None
    return str(next(resource["value"] for resource in line["realizingResource"] if "value" in resource))


def test_nothing_is_beyond_the_contracts(witnessed: Witnessed) -> None:
    """Every request and every answer, each parameter and each body, is what its contract describes."""
    assert witnessed.witness.errors == []
    assert len(witnessed.witness.seen) > 300


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_contracts_are_all_used(witnessed: Witnessed, backend: str) -> None:
    """Every operation and every parameter of a query is sent when the whole graph is read: none is for nothing."""
    seen = [seen for seen in witnessed.witness.seen if seen.backend == backend]
    sent = {(each.method, each.path, name) for each in seen for name in ("", *each.parameters)}
    document = contract(backend)
    described = {(method, path, "") for path, method, _ in operations(document)}
    for path, method, operation in operations(document):
        parameters = [resolved(document, node) for node in operation.get("parameters", [])]
        described |= {(method, path, each["name"]) for each in parameters if each["in"] == "query"}
    assert sent == described


def test_statuses_that_were_met(witnessed: Witnessed) -> None:
    """The reading meets whole lists, pages of longer ones, tasks, ids that do not exist and a backend that fails."""
    assert {each.status for each in witnessed.witness.seen} == {200, 201, 206, 404, 500}


def test_the_witness_can_find_something() -> None:
    """What no contract has is told: a path, a parameter, a value, a body, a status, an attribute."""
    assert request_errors("billing", "GET", f"{BILL}s", "") == [
        "billing: GET /tmf-api/customerBillManagement/v4/… is not in the contract"
    ]
    assert request_errors("billing", "GET", BILL, "colour=red") == [f"billing: GET {BILL} has no parameter colour"]
    assert request_errors("billing", "GET", BILL, "limit=500") == [
        f"billing: GET {BILL} limit: 500 is greater than the maximum of 100"
    ]
    assert request_errors("billing", "GET", BILL, "fields=id") != []
    assert request_errors("billing", "GET", f"{BILL}/a%2Fb", "", b"{}") == [f"billing: GET {BILL}/{{id}} has no body"]
    assert answer_errors("billing", "GET", BILL, 418, b"[]") == [f"billing: GET {BILL} 418 is not in the contract"]
    assert answer_errors("billing", "GET", BILL, 200, b"[]") == []
    assert answer_errors("billing", "GET", BILL, 200, b'[{"id": 1}]') != []
