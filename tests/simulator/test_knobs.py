"""Misbehaviour on request: each knob does what it says, and nothing when it is off."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime

import aiohttp
import msgspec
import pytest

from gateway.simulator.backends import SimulatedBackends, simulated_backends
from gateway.simulator.clock import SimulatedClock
from gateway.simulator.faults import CANARY
from gateway.simulator.knobs import Knobs
from gateway.simulator.world import World
from tests.simulator.asked import (
    CUSTOMER,
    CUSTOMER_BILL,
    ORGANIZATION,
    PRODUCT,
    TROUBLE_TICKET,
    asked,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


def turn(backends: SimulatedBackends, knobs: Knobs) -> None:
    """Sets the CRM's knobs."""
    backends.faults["crm"].knobs = knobs


async def until(condition: Callable[[], bool]) -> None:
    """Waits for what comes about soon, though not at once."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come about")


@pytest.fixture
def organizations(backends: SimulatedBackends) -> str:
    """The URL of all organizations."""
    return f"{backends.crm}{ORGANIZATION}"


@pytest.fixture
def silence(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """The log, which must hold no error of the server's at the end."""
    caplog.set_level(logging.ERROR)
    return caplog


async def test_latency(backends: SimulatedBackends, client: aiohttp.ClientSession, organizations: str) -> None:
    """An answer comes after another that was asked for later without latency, and is the same."""
    well = await asked(client, organizations)
    turn(backends, Knobs(latency_ms=150, only=ORGANIZATION))
    late = asyncio.create_task(asked(client, organizations))
    await asked(client, f"{backends.crm}{CUSTOMER}")
    assert not late.done()
    assert (await late).body == well.body


async def test_error_rate_is_a_series_of_the_seed(
    backends: SimulatedBackends, client: aiohttp.ClientSession, organizations: str
) -> None:
    """About the part asked for fails, with the status asked for, and the same requests when it is set again."""

    async def series() -> list[int]:
        turn(backends, Knobs(error_rate=0.3, error_status=503))
        return [(await asked(client, organizations, ("limit", "1"))).status for _ in range(60)]

    first = await series()
    assert set(first) == {206, 503}
    assert 8 <= first.count(503) <= 30
    assert await series() == first


async def test_error_bodies(backends: SimulatedBackends, client: aiohttp.ClientSession, organizations: str) -> None:
    """Every request fails at a rate of 1; the code is a text, or a number as TM Forum's reference server has it."""
    expected = {"code": "418", "reason": "simulatedFault", "message": "simulatedFault", "status": "418"}
    turn(backends, Knobs(error_rate=1, error_status=418))
    assert (await asked(client, organizations)).json == expected
    turn(backends, Knobs(error_rate=1, error_status=418, numeric_error_codes=True))
    answer = await asked(client, organizations)
    assert (answer.status, answer.json) == (418, expected | {"code": 418})


async def test_numeric_codes_of_own_errors(
    backends: SimulatedBackends, client: aiohttp.ClientSession, organizations: str
) -> None:
    """A backend's own errors get numbers too."""
    turn(backends, Knobs(numeric_error_codes=True))
    assert (await asked(client, f"{organizations}/none")).json["code"] == 404


async def test_knobs_hold_for_later_requests(
    backends: SimulatedBackends, client: aiohttp.ClientSession, organizations: str
) -> None:
    """A request keeps the knobs that it met, whatever is set while it waits."""
    well = await asked(client, organizations)
    turn(backends, Knobs(latency_ms=100))
    waiting = asyncio.create_task(asked(client, organizations))
    await until(lambda: len(backends.faults["crm"].calls) == 2)
    turn(backends, Knobs(error_rate=1, wrong_json=True))
    assert (await asked(client, organizations)).status == 500
    assert not waiting.done()
    assert (await waiting).body == well.body


async def test_hang_ends_with_the_client(
    backends: SimulatedBackends,
    client: aiohttp.ClientSession,
    organizations: str,
    silence: pytest.LogCaptureFixture,
) -> None:
    """No answer comes, and nothing is left behind once the client has gone."""
    turn(backends, Knobs(hang=True))
    tasks_before = len(asyncio.all_tasks())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asked(client, organizations), 0.1)
    await until(lambda: len(asyncio.all_tasks()) <= tasks_before)
    assert silence.messages == []


async def test_hang_ends_with_the_server(silence: pytest.LogCaptureFixture) -> None:
    """A client that waits for ever loses its connection when the servers stop."""
    world = World(companies=1, lines_per_company=1, clock=SimulatedClock(datetime(2026, 11, 24, tzinfo=UTC)))
    async with aiohttp.ClientSession() as session:
        async with simulated_backends(world) as backends:
            turn(backends, Knobs(hang=True))
            waiting = asyncio.create_task(asked(session, f"{backends.crm}{ORGANIZATION}"))
            await until(lambda: len(backends.faults["crm"].calls) == 1)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await waiting
    assert silence.messages == []


async def test_latency_ends_with_the_server(silence: pytest.LogCaptureFixture) -> None:
    """A late answer is sent at once when the servers stop."""
    world = World(companies=1, lines_per_company=1, clock=SimulatedClock(datetime(2026, 11, 24, tzinfo=UTC)))
    async with aiohttp.ClientSession() as session:
        async with simulated_backends(world) as backends:
            turn(backends, Knobs(latency_ms=60_000))
            waiting = asyncio.create_task(asked(session, f"{backends.crm}{ORGANIZATION}"))
            await until(lambda: len(backends.faults["crm"].calls) == 1)
        assert (await waiting).status == 200
    assert silence.messages == []


async def test_reset(
    backends: SimulatedBackends,
    client: aiohttp.ClientSession,
    organizations: str,
    silence: pytest.LogCaptureFixture,
) -> None:
    """The connection ends without a byte."""
    turn(backends, Knobs(reset=True))
    with pytest.raises((aiohttp.ServerDisconnectedError, ConnectionResetError, aiohttp.ClientOSError)):
        await asked(client, organizations)
    assert silence.messages == []


@pytest.mark.parametrize("others", [{}, {"error_rate": 1}])
async def test_truncated_body(
    backends: SimulatedBackends,
    client: aiohttp.ClientSession,
    organizations: str,
    silence: pytest.LogCaptureFixture,
    others: dict[str, float],
) -> None:
    """The status comes, then half of the body that the header promises; errors are cut likewise."""
    turn(backends, Knobs(truncated_body=True, **others))  # type: ignore[arg-type] # numbers for numbers
    async with client.get(organizations) as response:
        assert response.status == (500 if others else 200)
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()
    assert silence.messages == []


async def test_wrong_json(backends: SimulatedBackends, client: aiohttp.ClientSession, organizations: str) -> None:
    """200 with a body that says it is JSON and is a page."""
    turn(backends, Knobs(wrong_json=True))
    answer = await asked(client, organizations)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(answer.body)


async def test_wrong_shape(backends: SimulatedBackends, client: aiohttp.ClientSession, organizations: str) -> None:
    """Ids are objects, all else is there."""
    well = (await asked(client, organizations)).json
    turn(backends, Knobs(wrong_shape=True))
    wrong = (await asked(client, organizations)).json
    assert [row["id"] for row in wrong] == [{"wrong": "shape"}] * len(well)
    assert [row["name"] for row in wrong] == [row["name"] for row in well]


async def test_ignored_filters(backends: SimulatedBackends, client: aiohttp.ClientSession, organizations: str) -> None:
    """Everything is answered page by page, whatever was asked for, and nothing is refused."""
    well = await asked(client, organizations, ("limit", "3"), ("offset", "1"))
    turn(backends, Knobs(ignored_filters=True))
    filters = [("id", "org-0009"), ("colour", "red"), ("sort", "-name"), ("fields", "name")]
    answer = await asked(client, organizations, *filters, ("limit", "3"), ("offset", "1"))
    assert (answer.status, answer.body) == (206, well.body)


@pytest.mark.parametrize(
    ("parameters", "count"),
    [
        ([("id", "org-0002,org-0003")], "14"),
        ([("id", "org-0002"), ("id", "org-0003")], "14"),
        ([("id", "org-0002")], "1"),
    ],
)
async def test_no_batch_ids(
    backends: SimulatedBackends,
    client: aiohttp.ClientSession,
    organizations: str,
    parameters: list[tuple[str, str]],
    count: str,
) -> None:
    """A filter of several values, by commas or repetition, has no effect; one of a single value has."""
    turn(backends, Knobs(no_batch_ids=True))
    answer = await asked(client, organizations, *parameters, ("fields", "id,name"))
    assert answer.headers["X-Total-Count"] == count
    assert set(answer.json[0]) == {"id", "href", "@type", "name"}


async def test_known_filters(backends: SimulatedBackends, client: aiohttp.ClientSession, organizations: str) -> None:
    """A filter that was taken away is refused, or has no effect where unknown ones are ignored; the others work on."""
    filters = [("status", "validated"), ("id", "org-0009"), ("fields", "name"), ("sort", "-id"), ("limit", "2")]
    turn(backends, Knobs(known_filters=("status",)))
    refused = await asked(client, organizations, *filters)
    assert (refused.status, refused.json["message"]) == (400, "organization has no filter 'id'; there are status.")
    turn(backends, Knobs(known_filters=("status",), unknown_filters_ignored=True))
    answer = await asked(client, organizations, *filters)
    assert (answer.ids, answer.headers["X-Total-Count"]) == (["org-0014", "org-0013"], "14")
    assert set(answer.json[0]) == {"id", "href", "@type", "name"}
    assert (await asked(client, organizations, ("status", "closed"))).json == []


async def test_unknown_filters_ignored(
    backends: SimulatedBackends, client: aiohttp.ClientSession, organizations: str
) -> None:
    """Only what a resource cannot be filtered by has no effect, comparisons included."""
    turn(backends, Knobs(unknown_filters_ignored=True))
    answer = await asked(client, organizations, ("id", "org-0009"), ("colour", "red"), ("billDate.gte", "2026-01-01"))
    assert answer.ids == ["org-0009"]


async def test_literal_commas(backends: SimulatedBackends, client: aiohttp.ClientSession, organizations: str) -> None:
    """Two ids are one that nobody has, repeated they are two; fields and order are still lists."""
    turn(backends, Knobs(literal_commas=True))
    assert (await asked(client, organizations, ("id", "org-0002,org-0003"))).json == []
    answer = await asked(
        client, organizations, ("id", "org-0002"), ("id", "org-0003"), ("fields", "name,status"), ("sort", "status,-id")
    )
    assert answer.ids == ["org-0003", "org-0002"]
    assert set(answer.json[0]) == {"id", "href", "@type", "name", "status"}


async def test_no_totals(backends: SimulatedBackends, client: aiohttp.ClientSession, organizations: str) -> None:
    """A part of a list looks like the whole of one."""
    turn(backends, Knobs(no_totals=True))
    answer = await asked(client, organizations, ("limit", "3"))
    assert (answer.status, len(answer.json), "X-Total-Count" in answer.headers) == (200, 3, False)


async def test_whole_totals(backends: SimulatedBackends, client: aiohttp.ClientSession, organizations: str) -> None:
    """One row of fourteen is partial content, however whole it is; a page of everything is not."""
    turn(backends, Knobs(whole_totals=True))
    answer = await asked(client, organizations, ("id", "org-0009"))
    assert (answer.ids, answer.status, answer.headers["X-Total-Count"]) == (["org-0009"], 206, "14")
    assert (await asked(client, organizations)).status == 200


async def test_unfiltered_next_link(
    backends: SimulatedBackends, client: aiohttp.ClientSession, organizations: str
) -> None:
    """A page that more rows follow links to them as the reference server does; the last one links nowhere."""
    turn(backends, Knobs(unfiltered_next_link=True))
    answer = await asked(client, organizations, ("status", "validated"), ("limit", "2"), ("offset", "2"))
    assert answer.headers["Link"] == f'<{ORGANIZATION}?offset=4?limit=2>; rel="next"'
    last = await asked(client, organizations, ("status", "validated"), ("offset", "12"))
    assert len(last.json) == 2
    assert "Link" not in last.headers


async def test_empty_list_as_404(
    backends: SimulatedBackends, client: aiohttp.ClientSession, organizations: str
) -> None:
    """Only a list without rows is 404."""
    turn(backends, Knobs(empty_list_as_404=True))
    assert (await asked(client, organizations, ("id", "none"))).status == 404
    assert (await asked(client, organizations, ("id", "org-0001"))).status == 200
    assert (await asked(client, organizations, ("offset", "1000"))).json == []


async def test_page_cap(backends: SimulatedBackends, client: aiohttp.ClientSession, organizations: str) -> None:
    """Pages are shorter than asked for, and the count tells."""
    turn(backends, Knobs(page_cap=4))
    answer = await asked(client, organizations, ("limit", "10"), ("offset", "2"))
    assert answer.ids == ["org-0003", "org-0004", "org-0005", "org-0006"]
    assert (answer.status, answer.headers["X-Total-Count"], answer.headers["X-Result-Count"]) == (206, "14", "4")
    assert len((await asked(client, organizations, ("limit", "3"))).json) == 3


async def test_v5_parties(backends: SimulatedBackends, client: aiohttp.ClientSession, served_world: World) -> None:
    """Parties and entities stand one level down, and are filtered by there; v4's filter has no effect."""
    url = f"{backends.crm}{TROUBLE_TICKET}"
    ticket = served_world.tables["troubleTicket"]["tkt-0001-1"]
    turn(backends, Knobs(v5_parties=True))
    row = (await asked(client, f"{url}/tkt-0001-1")).json
    for v4, v5 in zip(ticket["relatedParty"], row["relatedParty"], strict=True):
        inner = {name: value for name, value in v4.items() if name != "role"}
        assert v5 == {"role": v4["role"], "@type": "RelatedPartyRefOrPartyRoleRef", "partyOrPartyRole": inner}
    for v4, v5 in zip(ticket["relatedEntity"], row["relatedEntity"], strict=True):
        assert (v5["role"], v5["entity"]["id"]) == (v4["role"], v4["id"])
    total = len(served_world.tables["troubleTicket"])
    by_v5 = await asked(client, url, ("relatedParty.partyOrPartyRole.id", "cus-0001-1"))
    by_v4 = await asked(client, url, ("relatedParty.id", "cus-0001-1"))
    assert 0 < int(by_v5.headers["X-Total-Count"]) < total
    assert by_v4.headers["X-Total-Count"] == str(total)


async def test_v5_changes_parties_only(
    backends: SimulatedBackends, client: aiohttp.ClientSession, served_world: World
) -> None:
    """A line's address, SIM and options are references as before."""
    backends.faults["provisioning"].knobs = Knobs(v5_parties=True)
    row = (await asked(client, f"{backends.provisioning}{PRODUCT}/fix-0001-1")).json
    line = served_world.tables["product"]["fix-0001-1"]
    assert {name for name in line if row[name] != line[name]} == {"relatedParty"}


async def test_types_everywhere(
    backends: SimulatedBackends, client: aiohttp.ClientSession, served_world: World
) -> None:
    """References are called after what they refer to, other objects after their attribute; nothing else is new."""
    backends.faults["provisioning"].knobs = Knobs(types_everywhere=True)
    row = (await asked(client, f"{backends.provisioning}{PRODUCT}/fix-0001-1")).json
    line = served_world.tables["product"]["fix-0001-1"]
    assert row["relatedParty"] == [{**party, "@type": "CustomerRef"} for party in line["relatedParty"]]
    assert row["productSpecification"] == {**line["productSpecification"], "@type": "ProductSpecification"}
    assert row["@type"] == line["@type"]
    error = (await asked(client, f"{backends.provisioning}{PRODUCT}/none")).json
    assert (error["@type"], error["reason"]) == ("Error", "notFound")


async def test_flat_contact_media(
    backends: SimulatedBackends, client: aiohttp.ClientSession, served_world: World
) -> None:
    """What stood under `characteristic` stands beside the kind, and each medium has its type."""
    turn(backends, Knobs(flat_contact_media=True))
    flat = (await asked(client, f"{backends.crm}{ORGANIZATION}/org-0001")).json["contactMedium"]
    nested = served_world.tables["organization"]["org-0001"]["contactMedium"]
    assert [medium.pop("@type") for medium in flat] == [
        "EmailContactMedium",
        "EmailContactMedium",
        "PhoneContactMedium",
        "GeographicAddressContactMedium",
    ]
    assert flat == [{"contactType": medium["mediumType"], **medium["characteristic"]} for medium in nested]


async def test_html_errors(backends: SimulatedBackends, client: aiohttp.ClientSession, organizations: str) -> None:
    """A refusal and a failure are pages that say they are; an unknown id is JSON, and so is what is well."""
    turn(backends, Knobs(html_errors=True, numeric_error_codes=True))
    refused = await asked(client, organizations, ("limit", "abc"))
    assert (refused.status, refused.headers["Content-Type"]) == (400, "text/html")
    assert refused.body.startswith(b"<html>")
    unknown = await asked(client, f"{organizations}/none")
    assert (unknown.status, unknown.json["code"]) == (404, 404)
    assert (await asked(client, f"{organizations}/org-0001")).json["id"] == "org-0001"
    turn(backends, Knobs(html_errors=True, error_rate=1))
    assert (await asked(client, organizations)).headers["Content-Type"] == "text/html"


@pytest.mark.parametrize("path", [ORGANIZATION, f"{ORGANIZATION}/org-0001", f"{ORGANIZATION}/none", "/nowhere"])
async def test_canary(backends: SimulatedBackends, client: aiohttp.ClientSession, path: str) -> None:
    """Every document and every error holds the recognisable text, in fields that no contract knows."""
    turn(backends, Knobs(canary_secrets=True))
    body = (await asked(client, f"{backends.crm}{path}")).json
    for document in body if isinstance(body, list) else [body]:
        assert document["internalNote"] == CANARY
        assert document["x-secret"] == {"note": CANARY}


async def test_amounts_survive_rewriting(
    backends: SimulatedBackends, client: aiohttp.ClientSession, served_world: World
) -> None:
    """A document that a knob adds to keeps its amounts digit for digit."""
    backends.faults["billing"].knobs = Knobs(numeric_error_codes=True)
    path = f"{CUSTOMER_BILL}/bil-0001-1-202610-s"
    rewritten = await asked(client, f"{backends.billing}{path}")
    backends.faults["billing"].knobs = Knobs()
    assert rewritten.body == (await asked(client, f"{backends.billing}{path}")).body


async def test_only_one_api(backends: SimulatedBackends, client: aiohttp.ClientSession) -> None:
    """Knobs that are for one path leave the others, and the other backends, alone."""
    turn(backends, Knobs(error_rate=1, only=TROUBLE_TICKET))
    statuses = [
        (await asked(client, f"{url}{path}", ("limit", "1"))).status
        for url, path in (
            (backends.crm, TROUBLE_TICKET),
            (backends.crm, CUSTOMER),
            (backends.billing, CUSTOMER_BILL),
        )
    ]
    assert statuses == [500, 206, 206]


async def test_control_is_never_spoilt(backends: SimulatedBackends, client: aiohttp.ClientSession) -> None:
    """However badly a backend behaves, its control API answers."""
    turn(backends, Knobs(reset=True, error_rate=1, canary_secrets=True))
    answer = await asked(client, f"{backends.crm}/control/clock")
    assert (answer.status, set(answer.json)) == (200, {"now"})
