"""F34: with one backend down the rest of the screen still loads, and the answer says what is missing."""

from collections.abc import Callable

import pytest

from gateway.simulator.world import World
from tests.journeys.journey import Journey

StartWorld = Callable[[Callable[[World], None]], Journey]

PARTS = {
    "billing": {"invoices"},
    "provisioning": {"lines", "gssPackages"},
    "crm": {"name", "vatNumber", "state", "tickets"},
}


@pytest.mark.parametrize("backend", PARTS)
@pytest.mark.parametrize("token", ["user_admin", "operator"])
@pytest.mark.parametrize("fault", [{"error_rate": 1.0}, {"reset": True}, {"truncated_body": True}])
def test_the_rest_answers(journey: Journey, backend: str, token: str, fault: dict[str, object]) -> None:
    """Only that backend's parts are null; each error names the backend and says whether to try again."""
    with journey.knobs(backend, **fault):
        answer = journey.operation("company_overview", token, id=journey.demo.company_id)
    assert answer.status == 200
    company = answer.body["data"]["company"]
    assert {name for name, value in company.items() if value is None} == PARTS[backend]
    for error in answer.body["errors"]:
        assert error["extensions"]["backend"] == backend
        assert error["extensions"]["code"].startswith("BACKEND_")
        assert error["extensions"]["retryable"] is True
        assert error["extensions"]["requestId"]


def test_a_cold_gateway_answers_without_the_crm(changed_world: StartWorld, journey: Journey) -> None:
    """Which accounts a company holds is asked of billing when the CRM cannot say."""
    cold = changed_world(lambda world: None)
    with cold.knobs("crm", error_rate=1.0):
        answer = cold.operation("company_overview", id=cold.demo.company_id)
    company = answer.body["data"]["company"]
    assert {name for name, value in company.items() if value is None} == PARTS["crm"]
    warm = journey.operation("company_overview", id=journey.demo.company_id).data["company"]
    assert company["lines"]["totalCount"] == warm["lines"]["totalCount"]


def test_a_hanging_backend_costs_its_deadline_only(journey: Journey) -> None:
    """The other parts are there; the late ones say BACKEND_TIMEOUT and that trying again may help."""
    with journey.knobs("crm", hang=True):
        answer = journey.query(
            "query($id: ID!) { company(id: $id) { name lines { totalCount } } }", id=journey.demo.company_id
        )
    assert answer.body["data"]["company"]["name"] is None
    assert answer.body["data"]["company"]["lines"]["totalCount"] > 0
    (error,) = answer.body["errors"]
    assert (error["extensions"]["code"], error["extensions"]["retryable"]) == ("BACKEND_TIMEOUT", True)
    assert error["path"] == ["company", "name"]
