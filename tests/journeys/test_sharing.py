"""What one request learns, the next ones need not ask: exact numbers of backend calls, through the whole gateway."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.demo import DemoOptions, world_of
from tests.journeys.journey import Journey, running

OPTIONS = DemoOptions(port=0, companies=4, lines_per_company=50)
LINES = "{ viewer { company { lines(first: 5) { nodes { number ... on MobileLine { sim { iccid } } } } } } }"
CODES = "query($n: PhoneNumber!) { line(number: $n) { ... on MobileLine { sim { codes { pin } } } } }"
TICKETS = "{ viewer { company { tickets { totalCount } } } }"


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


def test_codes_are_read_anew_each_time(cold: Journey) -> None:
    """Nothing secret is kept: each request reads them from the backend."""
    number = next(
        resource["value"]
        for row in cold.world.rows("product")
        if row["id"].startswith("lin-0001-")
        for resource in row["realizingResource"]
        if "value" in resource
    )
    first = cold.query(CODES, n=number).data
    with cold.calls() as calls:
        assert cold.query(CODES, n=number).data == first
    assert sorted(resource for resource, _ in calls) == ["product", "resource"]
