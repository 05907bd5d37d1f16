"""A billing backend that speaks no TM Forum, read by one module: answers, errors and costs beside TM Forum's."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from gateway.domain import global_id
from gateway.simulator.world import World
from tests.dialects.comparison import lost, shape_of
from tests.dialects.conftest import OPTIONS, signed_in
from tests.dialects.flat_server import flat_demo
from tests.dialects.reads import READS
from tests.journeys.journey import Answer, Journey, running

LISTS = {"invoices": "viewer.company.invoices", "two customers, three accounts": "company.invoices"}
UNKNOWN = "query($id: ID!) { company(id: $id) { id } }"


@pytest.fixture(scope="module")
def flat(world: World) -> Iterator[Journey]:
    """A demo on flat billing, which knows already which accounts the companies hold."""
    with signed_in(running(world, OPTIONS, flat_demo)) as journey:
        for read in READS.values():
            read.asked(journey)
        yield journey


@pytest.fixture(scope="module")
def plain(world: World) -> Iterator[Journey]:
    """The same on TM Forum's billing."""
    with signed_in(running(world, OPTIONS)) as journey:
        for read in READS.values():
            read.asked(journey)
        yield journey


@pytest.mark.parametrize("name", READS)
def test_the_answer_is_the_same(name: str, flat: Journey, plain_answers: dict[str, Answer]) -> None:
    """Value by value: kinds, days and exact amounts, unknown and foreign ids alike."""
    assert lost(plain_answers[name], READS[name].asked(flat)) == {}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lines", {"credit": 16}),
        ("packages", {"pools": 2, "credit": 4}),
        ("invoices", {"invoices": 1}),
        ("invoice", {"invoices": 1}),
        ("two customers, three accounts", {"invoices": 3}),
        ("foreign and unknown nodes", {"invoices": 2}),
    ],
)
def test_what_it_costs(name: str, expected: dict[str, int], flat: Journey) -> None:
    """One call for each key, since the system takes no several."""
    with flat.calls() as calls:
        READS[name].asked(flat)
    asked = Counter(resource for resource, _ in calls if resource in ("accounts", "invoices", "credit", "pools"))
    assert asked == expected


@pytest.mark.parametrize(
    "fault",
    [
        {"error_rate": 1.0},
        {"error_rate": 1.0, "error_status": 503},
        {"error_rate": 1.0, "error_status": 429},
        {"error_rate": 1.0, "error_status": 403},
        {"error_rate": 1.0, "error_status": 400, "html_errors": True},
        {"reset": True},
        {"truncated_body": True},
        {"wrong_json": True},
        {"ignored_filters": True},
    ],
    ids=str,
)
def test_a_fault_is_the_same_error(
    fault: dict[str, object], flat: Journey, plain: Journey, plain_answers: dict[str, Answer]
) -> None:
    """At the same places, with the same code; the rest of the screen stands."""
    for name in ("overview", "invoices", "invoice", "tickets"):
        found = []
        for journey, only in ((flat, "/flat"), (plain, "/tmf-api")):
            with journey.knobs("billing", **fault | {"only": only}):
                found.append(READS[name].asked(journey))
        flat_lost, plain_lost = (_places(plain_answers[name], answer) for answer in found)
        if "ignored_filters" in fault:  # credit is no list of the flat system, so it has no filter to ignore
            plain_lost = {place for place in plain_lost if not place[0].endswith("credit")}
        assert flat_lost == plain_lost, name
        shown = [
            {name: value for name, value in error["extensions"].items() if name != "requestId"}
            for error in found[0].body.get("errors", ())
        ]
        assert {error["backend"] for error in shown} <= {"billing"}


def _places(whole: Answer, odd: Answer) -> set[tuple[str, str]]:
    return {(shape_of(path), code) for path, code in lost(whole, odd).items()}


def test_a_stranger_s_row_never_shows(flat: Journey, plain_answers: dict[str, Answer]) -> None:
    """A list whose filter is ignored is an error, for one account and for three; single invoices are read on."""
    with flat.knobs("billing", ignored_filters=True, only="/flat"):
        for name, place in LISTS.items():
            answer = READS[name].asked(flat)
            assert _places(plain_answers[name], answer) == {(place, "BACKEND_FILTER_IGNORED")}
        assert READS["invoice"].asked(flat).data == plain_answers["invoice"].data


def test_a_hanging_backend_costs_its_deadline(world: World) -> None:
    """The call ends after the backend's own time, within that of the request."""
    options = msgspec.structs.replace(OPTIONS, timeout_seconds=1)
    with (
        signed_in(running(world, options, flat_demo)) as journey,
        journey.knobs("billing", hang=True, only="/flat"),
    ):
        answer = READS["invoices"].asked(journey)
    assert answer.body["data"]["viewer"]["company"]["invoices"] is None
    (error,) = answer.body["errors"]
    assert (error["extensions"]["code"], error["extensions"]["retryable"]) == ("BACKEND_TIMEOUT", True)


def test_it_says_which_accounts_a_company_holds_when_the_crm_cannot(
    world: World, plain_answers: dict[str, Answer]
) -> None:
    """A cold gateway without its CRM shows lines and invoices by what flat billing says."""
    with signed_in(running(world, OPTIONS, flat_demo)) as cold, cold.knobs("crm", error_rate=1.0):
        for name in ("lines", "invoices"):
            assert READS[name].asked(cold).data == plain_answers[name].data
        unknown = cold.query(UNKNOWN, "operator", id=global_id.encode("Company", "x"))
        assert unknown.codes == ["BACKEND_FAILED"]


def test_it_is_kept_and_shared_like_any_other(world: World, plain_answers: dict[str, Answer]) -> None:
    """Ten users at once cost one call, and those who come later none; with the backend down they read on."""
    options = msgspec.structs.replace(OPTIONS, cache=True)
    with signed_in(running(world, options, flat_demo)) as cold:
        READS["tickets"].asked(cold)  # the company's accounts are known
        with cold.knobs("billing", latency_ms=300, only="/flat"), cold.calls() as calls, ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _: READS["invoices"].asked(cold), range(10)))
        assert [resource for resource, _ in calls] == ["invoices"]
        with cold.knobs("billing", reset=True, only="/flat"), cold.calls() as calls:
            answers.append(READS["invoices"].asked(cold))
        assert calls == []
        assert all(answer.data == plain_answers["invoices"].data for answer in answers)
