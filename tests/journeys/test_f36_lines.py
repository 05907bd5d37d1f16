"""F36: lines and SIMs: the list, the search, the filters, the detail."""

from typing import Any

import pytest

from gateway.domain import global_id
from tests.journeys.journey import Journey

LIST = """
query($first: Int! = 1000, $after: String, $filter: LineFilter) {
  viewer { company { lines(first: $first, after: $after, filter: $filter) {
    totalCount pageInfo { hasNextPage endCursor } nodes { id number kind state plan { name } activatedAt }
  } } }
}
"""

DETAIL = """
query($number: PhoneNumber!) {
  line(number: $number) {
    id number company { id }
    ... on MobileLine {
      paymentType credit { amount currency } options { name state }
      sim { iccid line { id } codes { pin puk pin2 puk2 } }
    }
  }
}
"""


def lines(journey: Journey, **variables: Any) -> dict[str, object]:
    """The connection of the own company's lines."""
    connection: dict[str, object] = journey.query(LIST, **variables).data["viewer"]["company"]["lines"]
    return connection


def nodes(journey: Journey, **variables: Any) -> list[dict[str, object]]:
    """The lines a query lists."""
    found: list[dict[str, object]] = lines(journey, **variables)["nodes"]  # type: ignore[assignment]
    return found


def test_pages_follow_each_other_to_the_end(journey: Journey) -> None:
    """Seven at a time, every line comes once, in the order of the whole list."""
    whole = nodes(journey)
    paged: list[dict[str, object]] = []
    after = None
    while True:
        page = lines(journey, first=7, after=after)
        paged += page["nodes"]  # type: ignore[arg-type]
        info: dict[str, object] = page["pageInfo"]  # type: ignore[assignment]
        if not info["hasNextPage"]:
            break
        after = info["endCursor"]
    assert paged == whole
    assert len({line["id"] for line in whole}) == len(whole) == lines(journey)["totalCount"]
    activated = [str(line["activatedAt"] or "~") for line in whole]
    assert len(set(activated)) > 1


def test_search_by_number_by_plan_and_by_both(journey: Journey) -> None:
    """A number in any usual spelling, a part of the plan in any case, and both at once."""
    whole = nodes(journey)
    line = next(line for line in whole if line["kind"] == "MOBILE")
    number, plan = str(line["number"]), str(line["plan"]["name"])  # type: ignore[index]
    spelt = f"{number[3:6]} {number[6:9]} {number[9:]}"
    assert nodes(journey, filter={"number": spelt}) == [line]
    by_plan = nodes(journey, filter={"plan": plan.upper()[1:-1]})
    assert line in by_plan
    assert all(plan.casefold()[1:-1] in str(found["plan"]["name"]).casefold() for found in by_plan)  # type: ignore[index]
    assert nodes(journey, filter={"number": number, "plan": plan}) == [line]
    assert nodes(journey, filter={"number": number, "plan": "no such plan"}) == []


@pytest.mark.parametrize("filter", [{"kind": "FIXED"}, {"kind": "MOBILE"}, {"states": ["PENDING"]}, {"states": []}])
def test_filters_by_kind_and_state(journey: Journey, filter: dict[str, object]) -> None:
    """A filter keeps exactly the lines that meet it, and the count is the filtered list's."""
    expected = [
        line
        for line in nodes(journey)
        if filter.get("kind") in (None, line["kind"]) and line["state"] in filter.get("states", [line["state"]])  # type: ignore[operator]
    ]
    found = lines(journey, filter=filter)
    assert found["nodes"] == expected
    assert found["totalCount"] == len(expected)


def test_the_detail_of_a_line_with_its_codes(journey: Journey) -> None:
    """A User Admin and a Telco Manager read plan, SIM, options, credit, PIN and PUK as the backends hold them."""
    product = next(
        row
        for row in journey.world.rows("product")
        if row["id"].startswith("lin-0001-")
        and {"name": "paymentType", "value": "prepaid"} in row["productCharacteristic"]
    )
    sim_id, number = product["realizingResource"][0]["id"], product["realizingResource"][1]["value"]
    resource = journey.world.row("resource", sim_id)
    bucket = next(row for row in journey.world.rows("bucket") if row["product"][0]["id"] == product["id"])
    assert resource is not None
    codes = {item["name"]: item["value"] for item in resource["resourceCharacteristic"]}
    for token in ("user_admin", "telco_manager"):
        line = journey.query(DETAIL, token, number=number).data["line"]
        assert line["credit"] == {"amount": f"{bucket['remainingValue']['amount']:.2f}", "currency": "EUR"}
        assert line["sim"]["iccid"] == resource["serialNumber"]
        assert line["sim"]["line"]["id"] == line["id"]
        assert line["company"]["id"] == journey.demo.company_id
        assert line["sim"]["codes"] == {
            "pin": codes["PIN1"],
            "puk": codes["PUK1"],
            "pin2": codes["PIN2"],
            "puk2": codes["PUK2"],
        }


def test_an_operator_never_reads_pin_and_puk(journey: Journey) -> None:
    """The whole request is refused before any backend is asked, and the message names field and scope."""
    product = next(row for row in journey.world.rows("product") if row["id"].startswith("lin-0001-"))
    with journey.calls() as calls:
        answer = journey.query(DETAIL, "operator", number=product["realizingResource"][1]["value"])
    assert (answer.status, answer.codes) == (403, ["FORBIDDEN"])
    assert "sim-codes:read" in answer.body["errors"][0]["message"]
    assert calls == []


def test_a_company_of_two_thousand_lines_is_read_whole(journey: Journey) -> None:
    """Every backend page is followed; the order of the graph is the gateway's own."""
    company = journey.world.scenarios["two_thousand_lines"]
    answer = journey.query(
        "query($id: ID!) { company(id: $id) { lines(first: 1000) { totalCount nodes { id } } } }",
        "operator",
        id=global_id.encode("Company", company),
    )
    found = answer.data["company"]["lines"]
    assert found["totalCount"] == 2000
    assert len({line["id"] for line in found["nodes"]}) == 1000


def test_a_company_without_lines_has_an_empty_list(journey: Journey) -> None:
    """Nothing is an answer: no error, a count of zero."""
    company = global_id.encode("Company", journey.world.scenarios["no_lines"])
    answer = journey.query(
        "query($id: ID!) { company(id: $id) { lines { totalCount nodes { id } } } }", "operator", id=company
    )
    assert answer.data["company"]["lines"] == {"totalCount": 0, "nodes": []}
