"""One list of reads, answered alike whichever dialect the backends speak; what it costs is exact."""

from collections import Counter, defaultdict

import msgspec
import pytest

from gateway.simulator.dialects import DIALECTS
from gateway.simulator.world import World
from tests.dialects.comparison import lost, shape_of
from tests.dialects.conftest import OPTIONS, Spoken, signed_in
from tests.dialects.expected_calls import CALLS
from tests.dialects.reads import READS
from tests.journeys.journey import Answer, running

LOST: dict[str, dict[str, set[str]]] = {
    "unknown_filters": {
        "overview": {"company.lines", "company.gssPackages", "company.invoices", "company.tickets"},
        "lines": {"viewer.company.lines"},
        "line": {"line"},
        "packages": {"viewer.company.gssPackages"},
        "invoices": {"viewer.company.invoices"},
        "invoice filter": {"viewer.company.devices", "viewer.company.open"},
        "tickets": {"viewer.company.tickets"},
        "nodes": {"nodes.credit", "nodes.line"},
        "two thousand lines": {"company.lines"},
        "no lines": {"company.lines", "company.gssPackages"},
        "two customers, three accounts": {"company.lines", "company.invoices", "company.tickets"},
        "all line states": {"company.lines"},
    }
}
"""What cannot be had of a backend that knows no owners: lists, and what is found by another thing's id."""


@pytest.mark.parametrize("name", READS)
def test_the_answer_is_the_same(name: str, dialect: str, spoken: Spoken, plain_answers: dict[str, Answer]) -> None:
    """Value by value what a plain backend's is; where a filter is ignored, an error that names the setting, never
    another company's row and never an empty list."""
    answer = READS[name].asked(spoken.journey)
    missing = lost(plain_answers[name], answer)
    assert {shape_of(path) for path in missing} == LOST.get(dialect, {}).get(name, set())
    assert set(missing.values()) <= {"BACKEND_FILTER_IGNORED"}
    for error in answer.body.get("errors", ()):
        assert error["extensions"]["code"] == "NOT_FOUND" or ": set backends." in error["message"]


@pytest.mark.parametrize("name", READS)
def test_what_it_costs(name: str, dialect: str, spoken: Spoken) -> None:
    """So many calls for each resource: one for each level on a plain backend, more where a dialect makes it so."""
    with spoken.journey.calls() as calls:
        READS[name].asked(spoken.journey)
    assert _counted(calls, by_ids=READS[name].is_racing) == CALLS[name].get(dialect, CALLS[name]["plain"])


def _counted(calls: list[tuple[str, str]], *, by_ids: bool) -> dict[str, int]:
    """Calls by resource; `by_ids` counts different ids where they are what was asked for."""
    ids: dict[str, set[str]] = defaultdict(set)
    asked: Counter[str] = Counter()
    for resource, query in calls:
        if by_ids and query.startswith("id="):
            ids[f"{resource} by id"].update(query.removeprefix("id=").split("&")[0].split(","))
        else:
            asked[resource] += 1
    return asked | Counter({name: len(found) for name, found in ids.items()})


def test_every_read_has_something_to_lose(plain_answers: dict[str, Answer]) -> None:
    """On a plain backend each one finds something, and only unknown ids are not found."""
    assert plain_answers.keys() == READS.keys() == CALLS.keys()
    for name, answer in plain_answers.items():
        assert answer.status == 200, name
        codes = ["NOT_FOUND"] * 10 if name == "foreign and unknown nodes" else []
        assert (answer.codes, bool(answer.body["data"])) == (codes, True), name


def test_the_directory_of_accounts(dialect: str, spoken: Spoken) -> None:
    """Five companies are read, for one call each to the CRM; one more to see the end where the count tells nothing."""
    assert spoken.directory_calls == {"customer": 10 if dialect == "reference_server" else 5}


@pytest.mark.parametrize("token", ["user_admin", "operator"])
def test_nobody_knows_an_owner(world: World, token: str) -> None:
    """Where no backend can say which accounts a company holds, nothing of it is shown, and the error says why."""
    options = msgspec.structs.replace(OPTIONS, dialect="unknown_filters")
    ignorant = msgspec.to_builtins(DIALECTS["unknown_filters"].knobs) | {"known_filters": []}
    with (
        signed_in(running(world, options)) as journey,
        journey.knobs("crm", **ignorant),
        journey.knobs("billing", **ignorant),
    ):
        answer = READS["overview"]._replace(token=token).asked(journey)
    assert set(answer.codes) == {"BACKEND_FILTER_IGNORED"}
    company = answer.body["data"]["company"]
    if token == "operator":
        assert company is None
    else:
        assert {name for name, value in company.items() if value is None} == {
            "lines",
            "gssPackages",
            "invoices",
            "tickets",
        }
