"""The kit against the simulated backends: they keep their contracts, and each of their habits gives a profile."""

import copy
import re
from typing import Any

import pytest

from gateway.config import API_DEFAULTS, profiles_of
from gateway.contract_kit.contract import Contract, published_contract
from gateway.contract_kit.point import Outcome
from gateway.contract_kit.report_text import profiles, text_report
from gateway.contract_kit.toml import profile_toml
from gateway.simulator.backends import SimulatedBackends
from tests.contract_kit.conftest import NAMES, points, profile, turn, verify
from tests.contracts.contract import contract

pytestmark = pytest.mark.asyncio(loop_scope="module")

WITH_OWNERS = ("customer", "troubleTicket", "productInventory", "customerBill", "account", "prepayBalance")
LISTS = (*WITH_OWNERS, "party", "resourceInventory")
WITH_IDS = ("customer", "party", "troubleTicket", "productInventory", "resourceInventory", "customerBill")


async def test_every_point_holds(backends: SimulatedBackends) -> None:
    """The simulated backends keep their contracts by the default profile; only what writes was not tried."""
    found = await verify(backends)
    assert found.exit_code == 0
    assert points(found, Outcome.FAILS, Outcome.SETTING, Outcome.TOLERATED) == []
    assert [point.where for point in points(found, Outcome.NOT_TRIED)] == ["PATCH /troubleTicket/{id}"]
    assert profile(found) == {}
    assert profiles(found) == "# Every profile is the default: nothing has to be set.\n"
    assert "Every point holds." in text_report(found)


async def test_every_word_of_the_contracts_is_a_point(backends: SimulatedBackends) -> None:
    """Each operation and each parameter of its query is a place where something holds."""
    found = await verify(backends)
    places = {(point.backend, point.where.replace("?sort=name", "?sort")) for point in points(found, Outcome.HOLDS)}
    for backend in NAMES:
        for operation in published_contract(backend).operations:
            base_path = API_DEFAULTS[backend][operation.api]["base_path"]
            where = f"{operation.method} {operation.path.removeprefix(base_path)}"
            assert (backend, where) in places
            for parameter in operation.parameters if operation.is_list else ():
                assert (backend, f"{where} ?{parameter.name}") in places


async def test_a_parameter_that_is_new_in_a_contract(backends: SimulatedBackends) -> None:
    """What a contract says more is checked without new code: filters that the simulated CRM has, and one it has not."""
    document = copy.deepcopy(contract("crm"))
    parameters = document["paths"]["/tmf-api/troubleTicket/v4/troubleTicket"]["get"]["parameters"]
    parameters += [
        {"name": name, "in": "query", "schema": {"type": "string"}} for name in ("status", "name", "creationDate.lte")
    ]
    found = await verify({"crm": backends.crm}, contracts={"crm": Contract(document, "crm.yaml")})
    held = {point.where for point in points(found, Outcome.HOLDS)}
    assert {"GET /troubleTicket ?status", "GET /troubleTicket ?creationDate.lte"} <= held
    (missing,) = points(found, Outcome.FAILS)
    assert (missing.where, missing.came) == ("GET /troubleTicket ?name", "it is refused (400, a JSON object)")


async def test_calls_are_counted_and_read_only(backends: SimulatedBackends) -> None:
    """What the report says that was asked is what the backends were asked, and nothing of it changes anything."""
    found = await verify(backends)
    calls = [call for faults in backends.faults.values() for call in faults.calls]
    assert found.calls == len(calls) < 110
    posts = {call.path for call in calls if call.method != "GET"}
    assert posts == {"/tmf-api/usageConsumption/v4/queryUsageConsumption"}


async def test_a_backend_without_patch_is_not_blamed(backends: SimulatedBackends) -> None:
    """The gateway sends none yet: what could not be tried is no failure."""
    found = await verify({"crm": backends.crm}, samples={"ticket": "tkt-0001-1"}, may_write=True)
    assert (found.exit_code, points(found, Outcome.FAILS)) == (0, [])
    (patch,) = points(found, Outcome.NOT_TRIED)
    assert (patch.where, patch.came[:3] if patch.came else patch.advice[:3]) == ("PATCH /troubleTicket/{id}", "405")


async def test_codes_are_not_asked_for(backends: SimulatedBackends) -> None:
    """PIN and PUK stay where they are: no request for SIMs goes out that would bring them."""
    await verify(backends)
    asked = [call.query for call in backends.faults["provisioning"].calls if "/resource" in call.path]
    assert len(asked) > 5
    assert all("fields=" in query and "resourceCharacteristic" not in query for query in asked)


async def test_each_backend_alone(backends: SimulatedBackends) -> None:
    """Each backend shows by itself what it is asked for: another one is not needed."""
    for name in NAMES:
        found = await verify({name: getattr(backends, name)})
        assert (found.exit_code, profile(found)) == (0, {}), name
        assert {point.promise for point in points(found, Outcome.NOT_TRIED)} <= {"a PATCH changes what it says"}, name


@pytest.mark.parametrize(
    ("knobs", "expected"),
    [
        ({"no_batch_ids": True}, {api: {"batch_ids": "none"} for api in WITH_IDS}),
        ({"empty_list_as_404": True}, {api: {"empty_list_as_404": True} for api in LISTS}),
        ({"page_cap": 7}, {api: {"limit_max": 7} for api in LISTS}),
        (
            {"v5_parties": True},
            {api: {"version": "v5"} for api in ("troubleTicket", "productInventory", "resourceInventory", "account")},
        ),
        ({"numeric_error_codes": True}, {}),
        ({"canary_secrets": True}, {}),
        ({"ignored_filters": True}, {api: {"batch_ids": "none"} for api in WITH_IDS}),
    ],
)
async def test_the_profile_of_a_habit(
    backends: SimulatedBackends, knobs: dict[str, Any], expected: dict[str, dict[str, object]]
) -> None:
    """Each habit is found, for the APIs that have it, and nothing else is set; the gateway takes what is written."""
    turn(backends, **knobs)
    found = await verify(backends)
    assert profile(found) == expected
    for result in found.backends:
        profiles_of(result.backend, result.profile)


@pytest.mark.parametrize(
    "knobs", [{"no_batch_ids": True}, {"empty_list_as_404": True}, {"page_cap": 7}, {"v5_parties": True}]
)
async def test_by_its_profile_all_holds(backends: SimulatedBackends, knobs: dict[str, Any]) -> None:
    """Verified once more under the profile that was found, nothing is left to do, and the profile is the same."""
    turn(backends, **knobs)
    first = await verify(backends)
    assert first.exit_code == 1
    again = await verify(backends, {result.backend: result.profile for result in first.backends})
    assert again.exit_code == 0
    assert [result.profile for result in again.backends] == [result.profile for result in first.backends]
    by_setting = [point.advice for point in points(again, Outcome.HOLDS) if point.advice]
    assert all(re.fullmatch(r"by backends\.\w+\.apis\.\w+\.\w+", advice) for advice in by_setting)


async def test_ignored_filters(backends: SimulatedBackends) -> None:
    """Filters without effect are failures that name the setting and the consequence; what only costs is tolerated."""
    turn(backends, ignored_filters=True)
    found = await verify(backends)
    failed = points(found, Outcome.FAILS)
    assert {point.api for point in failed} == {*WITH_OWNERS, "party"}
    assert {point.came for point in failed if "sort" not in point.where} == {"rows of others came: it is ignored"}
    (bills,) = [point for point in failed if point.api == "customerBill"]
    assert bills.advice == (
        "fix the backend, or set backends.billing.apis.customerBill.owner_parameter to the name that it has there; "
        "until then the gateway refuses the list"
    )
    tolerated = {(point.api, point.where) for point in points(found, Outcome.TOLERATED)}
    assert ("customerBill", "GET /customerBill ?billDate.gte") in tolerated
    assert ("resourceInventory", "GET /resource ?fields") in tolerated


async def test_error_bodies_do_no_harm(backends: SimulatedBackends) -> None:
    """A numeric code in an error's body is told, and fails nobody's CI."""
    turn(backends, numeric_error_codes=True)
    found = await verify(backends)
    tolerated = points(found, Outcome.TOLERATED)
    assert {point.promise for point in tolerated} == {"the error has TMF630's body: `code`"}
    assert {(point.expected, point.came) for point in tolerated} == {("string", "number")}
    assert found.exit_code == 0


async def test_shapes_are_said_by_path_and_type(backends: SimulatedBackends) -> None:
    """An attribute of another type is named with the type it should have and the rows that have it."""
    turn(backends, wrong_shape=True)
    found = await verify({"crm": backends.crm})
    wrong = {(point.promise, point.expected, point.came) for point in points(found, Outcome.FAILS)}
    assert ("`engagedParty.id` is as described", "string", "object, in 15 of 15 rows") in wrong
    assert profile(found) == {}
    assert found.exit_code == 1


@pytest.mark.parametrize(
    ("knobs", "reason"),
    [
        ({"wrong_json": True}, "none of its APIs can be read: 206, an HTML page, at /tmf-api/customerManagement/v4"),
        ({"error_rate": 1}, "none of its APIs can be read: 500, a JSON object, at /tmf-api/customerManagement/v4"),
        ({"error_rate": 1, "error_status": 401}, "none of its APIs can be read: 401, a JSON object"),
        ({"reset": True}, "The crm backend closed the connection without an answer. (http://127.0.0.1:"),
        ({"hang": True}, "The crm backend did not answer in time. (http://127.0.0.1:"),
    ],
)
async def test_a_backend_that_cannot_be_verified(
    backends: SimulatedBackends, knobs: dict[str, Any], reason: str
) -> None:
    """It says why in one sentence, and counts as 2: nothing is known."""
    turn(backends, **knobs)
    found = await verify({"crm": backends.crm}, timeout_seconds=0.3)
    assert found.backends[0].reason.startswith(reason)
    assert found.exit_code == 2
    assert f"NOT VERIFIED: {reason[:20]}" in text_report(found)


async def test_chance_failures_change_nothing(backends: SimulatedBackends) -> None:
    """A backend that fails now and then is asked again, and gets no profile for it."""
    turn(backends, error_rate=0.1)
    found = await verify({"crm": backends.crm})
    assert (found.exit_code, profile(found)) == (0, {})
    assert found.calls == len(backends.faults["crm"].calls)


async def test_the_number_of_calls_is_bounded(backends: SimulatedBackends) -> None:
    """With too few calls allowed it stops, says so, and keeps what it knows."""
    found = await verify({"crm": backends.crm}, calls_max=10)
    assert len(backends.faults["crm"].calls) == found.calls == 10
    assert found.backends[0].reason == "all of 10 calls were made before the end; allow more with --calls"
    assert found.exit_code == 2
    assert points(found, Outcome.HOLDS)


async def test_several_habits_at_once(backends: SimulatedBackends) -> None:
    """Habits of one backend add up to one profile, as TOML in the order of the APIs."""
    turn(backends, page_cap=7, v5_parties=True, no_batch_ids=True, empty_list_as_404=True)
    found = await verify({"crm": backends.crm})
    assert profile_toml("crm", found.backends[0].profile) == (
        "[backends.crm.apis.customer]\n"
        "limit_max = 7\n"
        'batch_ids = "none"\n'
        "empty_list_as_404 = true\n\n"
        "[backends.crm.apis.party]\n"
        "limit_max = 7\n"
        'batch_ids = "none"\n'
        "empty_list_as_404 = true\n\n"
        "[backends.crm.apis.troubleTicket]\n"
        "limit_max = 7\n"
        'version = "v5"\n'
        'batch_ids = "none"\n'
        "empty_list_as_404 = true"
    )
