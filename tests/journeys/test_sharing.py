"""What one request learns, the next ones need not ask: exact numbers of backend calls, through the whole gateway."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gateway.demo import OTHER_COMPANY_ID, DemoOptions, world_of
from gateway.domain import global_id
from tests.journeys.journey import Answer, Journey, end_of, running

OPTIONS = DemoOptions(port=0, companies=4, lines_per_company=50)
LINES = "{ viewer { company { lines(first: 5) { nodes { number ... on MobileLine { sim { iccid } } } } } } }"
CODES = "query Codes($n: PhoneNumber!) { line(number: $n) { ... on MobileLine { sim { codes { pin } } } } }"
TICKETS = "{ viewer { company { tickets { totalCount } } } }"
OWN_NAME = "query OwnName { viewer { company { name } } }"


@pytest.fixture
def cold() -> Iterator[Journey]:
    """A demo that nobody has asked anything yet."""
    with running(world_of(OPTIONS), OPTIONS) as started:
        yield started


def test_the_second_screen_costs_what_is_never_kept(cold: Journey) -> None:
    """The first one asks every backend, the second one billing alone, for the usage of the packages."""
    first = cold.operation("company_overview", id=cold.demo.company_id)
    with cold.calls() as calls:
        second = cold.operation("company_overview", id=cold.demo.company_id)
    assert first.data == second.data
    assert [resource for resource, _ in calls] == ["queryUsageConsumption"]


def test_what_one_user_read_another_company_s_does_not_see(cold: Journey) -> None:
    """Warm for one company, closed to the other: nothing, and no backend is asked."""
    query = "query($id: ID!) { company(id: $id) { name lines { totalCount } } }"
    assert cold.query(query, id=cold.demo.company_id).data["company"]["name"]
    with cold.calls() as calls:
        other = cold.query(query, "other_company_admin", id=cold.demo.company_id)
    assert (other.body["data"]["company"], other.codes) == (None, ["NOT_FOUND"])
    assert calls == []


def test_requests_at_the_same_time_share_their_calls(cold: Journey) -> None:
    """Ten users open the same page of a slow backend: one call for each of its levels."""
    cold.query(TICKETS)  # signing keys and accounts are known
    with cold.knobs("provisioning", latency_ms=300), cold.calls() as calls, ThreadPoolExecutor(10) as users:
        answers = list(users.map(lambda _: cold.query(LINES).data, range(10)))
    assert answers == answers[:1] * 10
    assert sorted(resource for resource, _ in calls) == ["product", "resource"]


def test_with_a_backend_down_what_was_read_before_still_shows(cold: Journey) -> None:
    """Without an error, while it is fresh and some time after."""
    before = cold.operation("company_overview", id=cold.demo.company_id).data["company"]
    with cold.knobs("crm", error_rate=1.0), cold.knobs("provisioning", hang=True):
        after = cold.operation("company_overview", id=cold.demo.company_id).data["company"]
    assert after == before


def _number(journey: Journey) -> str:
    """The number of a line of the first company."""
    number: str = next(
        resource["value"]
        for row in journey.world.rows("product")
        if row["id"].startswith("lin-0001-")
        for resource in row["realizingResource"]
        if "value" in resource
    )
    return number


def test_codes_are_read_anew_each_time(cold: Journey) -> None:
    """Nothing secret is kept: each request reads them from the backend."""
    number = _number(cold)
    first = cold.query(CODES, n=number).data
    with cold.calls() as calls:
        assert cold.query(CODES, n=number).data == first
    assert sorted(resource for resource, _ in calls) == ["product", "resource"]


def _events_of(log_file: Path, before: int, operation: str, requests: int) -> tuple[list[Any], list[Any]]:
    """What was logged since: the lines of so many requests of an operation, in their order, and all other lines."""
    for _ in range(500):
        whole, _, _ = log_file.read_bytes()[before:].decode().rpartition("\n")
        events = [json.loads(line) for line in whole.splitlines()]
        lines = [event for event in events if event["event"] == "request" and event["operation"] == operation]
        if len(lines) == requests:
            return lines, [event for event in events if event not in lines]
        time.sleep(0.01)
    raise AssertionError(f"{len(lines)} lines for {requests} requests")


def test_identical_requests_at_the_same_time_share_one_answer(cold: Journey, log_file: Path) -> None:
    """One of ten is worked out, as the log tells of the others; all read the same."""
    cold.query(TICKETS)  # signing keys and accounts are known
    before = end_of(log_file)
    with cold.knobs("provisioning", latency_ms=700), ThreadPoolExecutor(10) as users:
        answers = list(users.map(lambda _: cold.query(f"query Page {LINES}"), range(10)))
    lines, others = _events_of(log_file, before, "Page", 10)
    assert [answer.data for answer in answers] == [answers[0].data] * 10
    assert len(answers[0].data["viewer"]["company"]["lines"]["nodes"]) == 5
    (made,) = [line for line in lines if "answered_by" not in line]
    assert [line["answered_by"] for line in lines if line is not made] == [made["request_id"]] * 9
    assert len({line["request_id"] for line in lines}) == 10
    calls = [event for event in others if event["event"] == "backend_call"]
    assert {event["request_id"] for event in calls} == {made["request_id"]}


def test_codes_are_read_for_each_request_alone(cold: Journey, log_file: Path) -> None:
    """At the same time and the same bytes: each leaves an audit line with its own id, and has an answer of its own."""
    number = _number(cold)
    users = ["user_admin", "telco_manager"] * 3
    before = end_of(log_file)

    def read(user: str) -> Answer:
        return cold.query(CODES, user, n=number)

    with cold.knobs("provisioning", latency_ms=300), ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(read, users))
    assert [answer.data for answer in answers] == [answers[0].data] * 6
    assert answers[0].data["line"]["sim"]["codes"]["pin"]
    lines, others = _events_of(log_file, before, "Codes", 6)
    assert [line for line in lines if "answered_by" in line] == []
    audits = [event for event in others if event["event"] == "sim_codes_read"]
    assert sorted((event["request_id"], event["role"]) for event in audits) == sorted(
        (line["request_id"], line["role"]) for line in lines
    )
    assert sorted(event["role"] for event in audits) == ["TELCO_MANAGER"] * 3 + ["USER_ADMIN"] * 3


def test_what_is_asked_again_is_kept_as_a_whole(cold: Journey, log_file: Path) -> None:
    """The second answer is given from then on; no backend hears of it, and it says the same."""
    before = end_of(log_file)
    answers = [cold.query(f"query Page {LINES}").data for _ in range(3)]
    with cold.calls() as calls:
        answers.append(cold.query(f"query Page {LINES}").data)
    assert answers == [answers[0]] * 4
    assert calls == []
    lines, _ = _events_of(log_file, before, "Page", 4)
    second = lines[1]["request_id"]
    assert [line.get("answered_by") for line in lines] == [None, None, second, second]


def test_what_is_never_kept_keeps_the_whole_answer_from_being_kept(cold: Journey, log_file: Path) -> None:
    """Usage of the packages is asked of billing each time, whatever stands beside it."""
    usage = "query Usage { viewer { company { name gssPackages { nodes { remaining { bytes } } } } } }"
    before = end_of(log_file)
    for _ in range(3):
        assert cold.query(usage).data["viewer"]["company"]["gssPackages"]["nodes"]
    with cold.calls() as calls:
        cold.query(usage)
    assert {resource for resource, _ in calls} == {"queryUsageConsumption"}
    lines, _ = _events_of(log_file, before, "Usage", 4)
    assert [line for line in lines if "answered_by" in line] == []


def test_the_same_bytes_of_another_company_s_user_read_its_own_data(cold: Journey, log_file: Path) -> None:
    """While the answer to the first one is kept, and it stays the first one's."""
    by_id = "query($id: ID!) { company(id: $id) { name } }"
    ids = cold.demo.company_id, global_id.encode("Company", OTHER_COMPANY_ID)
    own, other = (cold.query(by_id, "operator", id=id).data["company"]["name"] for id in ids)
    before = end_of(log_file)
    users = ["user_admin"] * 3 + ["other_company_admin", "user_admin", "telco_manager"]
    names = [cold.query(OWN_NAME, user).data["viewer"]["company"]["name"] for user in users]
    assert own != other
    assert names == [own, own, own, other, own, own]
    lines, _ = _events_of(log_file, before, "OwnName", 6)
    kept = lines[1]["request_id"]
    assert [line.get("answered_by") for line in lines] == [None, None, kept, None, kept, None]
