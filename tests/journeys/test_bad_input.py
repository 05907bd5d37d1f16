"""Bad input: a stable code and what to change; never a 500, never a Python error text."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from gateway.domain import global_id
from tests.journeys.journey import Journey

CASES: dict[str, tuple[str, dict[str, Any], int, str, str]] = {
    "unknown field": ("{ nothing }", {}, 400, "GRAPHQL_VALIDATION_FAILED", "nothing"),
    "syntax": ("{ viewer {", {}, 400, "GRAPHQL_PARSE_FAILED", "Expected"),
    "id of nothing": ('{ node(id: "x") { id } }', {}, 200, "INVALID_GLOBAL_ID", "'x' is not an id of this graph"),
    "id of another type": (
        "query($id: ID!) { invoice(id: $id) { id } }",
        {"id": "@company"},
        200,
        "INVALID_GLOBAL_ID",
        "type Company",
    ),
    "cursor": (
        '{ viewer { company { lines(after: "Incorrect padding") { totalCount } } } }',
        {},
        200,
        "INVALID_CURSOR",
        "`after`",
    ),
    "too many": (
        "{ viewer { company { lines(first: 100000) { totalCount } } } }",
        {},
        200,
        "INVALID_ARGUMENT",
        "between 0 and 1000",
    ),
    "negative": ("{ viewer { company { lines(first: -1) { totalCount } } } }", {}, 200, "INVALID_ARGUMENT", "it is -1"),
    "too many ids": (
        "query($ids: [ID!]!) { nodes(ids: $ids) { id } }",
        {"ids": ["x"] * 101},
        200,
        "INVALID_ARGUMENT",
        "at most 100",
    ),
    "phone": ('{ line(number: "abc") { id } }', {}, 400, "GRAPHQL_VALIDATION_FAILED", "PhoneNumber"),
    "phone variable": (
        "query($n: PhoneNumber!) { line(number: $n) { id } }",
        {"n": 12},
        400,
        "INVALID_VARIABLES",
        "PhoneNumber",
    ),
    "missing variable": ("query($id: ID!) { node(id: $id) { id } }", {}, 400, "INVALID_VARIABLES", "$id"),
    "enum": (
        "{ viewer { company { lines(filter: {kind: SATELLITE}) { totalCount } } } }",
        {},
        400,
        "GRAPHQL_VALIDATION_FAILED",
        "LineKind",
    ),
    "two operations": (
        "query a { viewer { role } } query b { viewer { role } }",
        {},
        400,
        "BAD_REQUEST",
        "operationName",
    ),
    "empty": ("", {}, 400, "BAD_REQUEST", "query"),
    "deep": (
        "{ viewer { company " + "{ lines { nodes { company " * 6 + "{ id }" + " } } }" * 6 + " } }",
        {},
        400,
        "DOCUMENT_TOO_DEEP",
        "15",
    ),
    "long": ("{ " + "viewer { role } " * 1000 + "}", {}, 400, "DOCUMENT_TOO_LARGE", "2000"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_error_names_what_to_change(journey: Journey, case: str) -> None:
    """Status, code and message of each kind of mistake."""
    document, variables, status, code, words = CASES[case]
    given = {name: journey.demo.company_id if value == "@company" else value for name, value in variables.items()}
    answer = journey.query(document, **given)
    assert (answer.status, answer.codes[:1]) == (status, [code]), answer
    assert words in answer.body["errors"][0]["message"]
    assert answer.body["errors"][0]["extensions"]["requestId"]
    assert not any(word in json.dumps(answer.body) for word in ("Traceback", "object at 0x", "NoneType", "line 1, in"))


def test_a_bad_filter_of_a_pushed_down_list_is_refused_too(journey: Journey) -> None:
    """The operators' search has limits and cursors of its own."""
    answer = journey.query("{ companies(first: 1001) { nodes { id } } }", "operator")
    assert answer.codes == ["INVALID_ARGUMENT"]
    answer = journey.query('{ companies(after: "WyJsaW5lcyIsIjEiLCIyIl0") { nodes { id } } }', "operator")
    assert answer.codes == ["INVALID_CURSOR"]


@pytest.mark.parametrize("token", [None, "x", "a.b.c", "Bearer"])
def test_without_a_good_token_nothing_is_answered(journey: Journey, token: str | None) -> None:
    """No token and a broken one are both 401, with a code that is the same and words that differ."""
    answer = journey.query("{ viewer { role } }", token)
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])


def test_malformed_json_is_the_client_s_mistake(journey: Journey) -> None:
    """The body is named, not the parser."""
    request = urllib.request.Request(
        f"{journey.demo.url}/graphql",
        data=b'{"query": ',
        headers={"Content-Type": "application/json", "Accept": "application/graphql-response+json"},
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=5)
    with caught.value as answer:
        assert answer.code == 400
        assert json.loads(answer.read())["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_an_operator_s_unknown_company_is_not_found(journey: Journey) -> None:
    """Even who may see every company sees only those there are."""
    answer = journey.query(
        "query($id: ID!) { company(id: $id) { id } }", "operator", id=global_id.encode("Company", "org-9999")
    )
    assert (answer.body["data"], answer.codes) == ({"company": None}, ["NOT_FOUND"])


def test_a_customer_cannot_search_companies(journey: Journey) -> None:
    """The fleet is the operator's."""
    answer = journey.query("{ companies { nodes { id } } }")
    assert (answer.status, answer.codes) == (403, ["FORBIDDEN"])
