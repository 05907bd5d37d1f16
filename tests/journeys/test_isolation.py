"""Nobody reaches another company's data, by any root, edge, `node` or filter.

The queries are generated from the schema, so a field that somebody adds is walked without a word here.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)

from gateway.domain import global_id
from gateway.domain.viewer import OWN_COMPANY, SCOPES_OF_ROLE, Role, Scope
from gateway.schema import build_graph
from gateway.simulator.world import World
from tests.journeys.journey import Journey

GRAPH = build_graph()
SCHEMA = GRAPH.schema
OPERATOR = SCOPES_OF_ROLE[Role.OPERATOR]
DEPTH = 5
PLUMBING = {"edges", "cursor", "pageInfo", "startCursor", "endCursor"}

OWN, OTHER = "0001", "0002"


def selection(
    output_type: GraphQLOutputType, depth: int, walked: set[tuple[str, str]], scopes: frozenset[Scope] = OWN_COMPANY
) -> str:
    """Every field of a type that the scopes allow, and of what it leads to; "" where nothing can be selected."""
    named = get_named_type(output_type)
    types = SCHEMA.get_possible_types(named) if is_abstract_type(named) else [named]  # type: ignore[arg-type]
    parts = []
    for concrete in types:
        fields = "".join(_field(concrete, name, depth, walked, scopes) for name in concrete.fields)  # type: ignore[union-attr]
        if fields:
            parts.append(f"... on {concrete.name} {{ {fields} }}")
    return f"{{ __typename {' '.join(parts)} }}" if parts else ""


def _field(
    parent: GraphQLObjectType | GraphQLInterfaceType,
    name: str,
    depth: int,
    walked: set[tuple[str, str]],
    scopes: frozenset[Scope],
) -> str:
    field = parent.fields[name]
    if name in PLUMBING or not GRAPH.policy.scopes(parent.name, name) <= scopes:
        return ""
    arguments = "(first: 100)" if "first" in field.args else ""
    alias = f"{parent.name}_{name}: "  # two kinds of one interface may differ in a field's type
    if is_leaf_type(get_named_type(field.type)):
        walked.add((parent.name, name))
        return f"{alias}{name} "
    below = selection(field.type, depth - 1, walked, scopes) if depth else ""
    if not below:
        return ""
    walked.add((parent.name, name))
    return f"{alias}{name}{arguments} {below} "


def leaves(value: Any) -> Iterator[Any]:
    """Every leaf of a JSON document."""
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def secrets_of(world: World, company: str) -> set[str]:
    """What only one company's documents say: ids, numbers, serial numbers, codes, bill numbers, names, e-mails."""
    texts: dict[bool, set[str]] = {True: set(), False: set()}
    for resource in world.tables:
        for row in world.rows(resource):
            own = any(part in str(row["id"]) for part in (f"-{company}",))
            texts[own] |= {leaf for leaf in leaves(row) if isinstance(leaf, str) and len(leaf) > 5}
    return texts[True] - texts[False]


def ids_in(value: Any) -> set[str]:
    """Every global id in an answer."""
    found = set()
    for leaf in leaves(value):
        if isinstance(leaf, str):
            try:
                global_id.decode(leaf)
            except Exception:
                continue
            found.add(leaf)
    return found


WALK_ROOTS = ("viewer", "company", "node", "nodes", "invoice", "ticket", "line")


def walk(journey: Journey, token: str, walked: set[tuple[str, str]]) -> list[Any]:
    """Everything a viewer can reach from their own company, root by root."""
    company = selection(SCHEMA.type_map["Company"], DEPTH, walked)  # type: ignore[arg-type]
    first = journey.query(f"query($id: ID!) {{ company(id: $id) {company} }}", token, id=_company_id(token)).data
    ids = sorted(ids_in(first))
    kinds = {
        kind: next((id for id in ids if global_id.decode(id).type_name == kind), None) for kind in ("Invoice", "Ticket")
    }
    number = next(leaf for leaf in leaves(first) if isinstance(leaf, str) and leaf.startswith("+39"))
    answers = [first]
    for document, variables in (
        (f"{{ viewer {selection(_type('Viewer'), 2, walked)} }}", {}),
        (f"query($id: ID!) {{ node(id: $id) {selection(_type('Node'), 1, walked)} }}", {"id": ids[0]}),
        (f"query($ids: [ID!]!) {{ nodes(ids: $ids) {selection(_type('Node'), 1, walked)} }}", {"ids": ids[:100]}),
        (f"query($id: ID!) {{ invoice(id: $id) {selection(_type('Invoice'), 2, walked)} }}", {"id": kinds["Invoice"]}),
        (f"query($id: ID!) {{ ticket(id: $id) {selection(_type('Ticket'), 2, walked)} }}", {"id": kinds["Ticket"]}),
        (f"query($n: PhoneNumber!) {{ line(number: $n) {selection(_type('Line'), 2, walked)} }}", {"n": number}),
    ):
        answers.append(journey.query(document, token, **variables).data)
    return answers


def _type(name: str) -> Any:
    return SCHEMA.type_map[name]


def _company_id(token: str) -> str:
    return global_id.encode("Company", f"org-{OTHER if token == 'other_company_admin' else OWN}")


def test_everything_one_can_reach_is_one_s_own(journey: Journey) -> None:
    """Two companies walk every path; neither's answers hold a single word that only the other's systems know."""
    walked: set[tuple[str, str]] = set()
    own, other = walk(journey, "user_admin", walked), walk(journey, "other_company_admin", walked)
    assert len(list(leaves(own))) > 1_000
    for answers, foreign in ((own, OTHER), (other, OWN)):
        seen = {leaf for leaf in leaves(answers) if isinstance(leaf, str)}
        assert seen & secrets_of(journey.world, foreign) == set()
        assert {global_id.decode(id).company_id for id in ids_in(answers)} & {f"org-{foreign}"} == set()


def test_the_walk_covers_every_field_of_the_schema() -> None:
    """What the walk leaves out is listed here, so that nothing is left out by accident."""
    walked: set[tuple[str, str]] = set()
    for name in ("Company", "Viewer", "Node"):
        selection(_type(name), DEPTH, walked)
    every = {
        (name, field)
        for name, graphql_type in SCHEMA.type_map.items()
        if isinstance(graphql_type, GraphQLObjectType) and not name.startswith("__")
        for field in graphql_type.fields
    }
    left_out = {(name, field) for name, field in every - walked if field not in PLUMBING and not name.endswith("Edge")}
    assert {(name, field) for name, field in left_out if name not in ("Query", "PageInfo")} == {
        ("CompanyConnection", "nodes"),  # operators' search
        ("CompanyConnection", "totalCount"),
    }
    assert {field for name, field in left_out if name == "Query"} - set(WALK_ROOTS) == {"companies"}


def test_every_foreign_id_answers_like_an_unknown_one(journey: Journey) -> None:
    """Each root, asked for each thing of the other company: null, NOT_FOUND, the same words, no backend asked."""
    reached = walk(journey, "other_company_admin", set())
    foreign = sorted(ids_in(reached))
    roots = {"Company": "company", "Invoice": "invoice", "Ticket": "ticket"}
    assert {global_id.decode(id).type_name for id in foreign} == {
        "Company",
        "Line",
        "Sim",
        "Invoice",
        "GssPackage",
        "Ticket",
    }
    with journey.calls() as calls:
        for id in [
            next(id for id in foreign if global_id.decode(id).type_name == name)
            for name in (*roots, "Line", "Sim", "GssPackage")
        ]:
            kind = global_id.decode(id).type_name
            unknown = global_id.encode(kind, "org-9999", *(["x"] if kind != "Company" else []))
            for root in {"node", roots.get(kind, "node")}:
                theirs, nobodys = (
                    journey.query(f"query($id: ID!) {{ {root}(id: $id) {{ id }} }}", id=asked)
                    for asked in (id, unknown)
                )
                assert theirs.body["data"] == nobodys.body["data"] == {root: None}
                assert theirs.codes == nobodys.codes == ["NOT_FOUND"]
                assert theirs.body["errors"][0]["message"] == nobodys.body["errors"][0]["message"]
        answer = journey.query("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=foreign[:100])
        assert answer.body["data"] == {"nodes": [None] * len(foreign[:100])}
        assert set(answer.codes) == {"NOT_FOUND"}
    assert calls == []


def test_a_forged_id_opens_nothing(journey: Journey) -> None:
    """An id that names one's own company and another's record is answered as unknown, after the record's own holder."""
    foreign = sorted(ids_in(walk(journey, "other_company_admin", set())))
    forged = [
        global_id.encode(kind, f"org-{OWN}", record)
        for kind, _, record in map(global_id.decode, foreign)
        if kind != "Company"
    ]
    answer = journey.query("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=forged[:100])
    assert answer.body["data"] == {"nodes": [None] * len(forged[:100])}
    assert set(answer.codes) == {"NOT_FOUND"}


def test_a_foreign_number_is_nobody_s(journey: Journey) -> None:
    """By root and by filter, another company's number finds nothing; the operator finds it."""
    product = next(row for row in journey.world.rows("product") if row["id"].startswith(f"lin-{OTHER}-"))
    number = next(resource["value"] for resource in product["realizingResource"] if "value" in resource)
    query = "query($n: PhoneNumber!) { line(number: $n) { id } }"
    answer = journey.query(query, n=number)
    assert (answer.body["data"], answer.codes) == ({"line": None}, ["NOT_FOUND"])
    unknown = journey.query(query, n="+393999999999")
    assert unknown.body["errors"][0]["message"] == answer.body["errors"][0]["message"]
    filtered = "query($n: PhoneNumber!) { viewer { company { lines(filter: {number: $n}) { totalCount } } } }"
    assert journey.query(filtered, n=number).data["viewer"]["company"]["lines"]["totalCount"] == 0
    found = journey.query(query, "operator", n=number).data["line"]
    assert global_id.decode(found["id"]).company_id == f"org-{OTHER}"


def poison(world: World) -> None:
    """A backend whose rows of one company refer to another's, on every edge that goes by reference."""

    def first(table: str, prefix: str) -> dict[str, Any]:
        return next(row for id, row in world.tables[table].items() if id.startswith(prefix))

    line = next(row for row in world.tables["product"].values() if row["id"].startswith(f"lin-{OWN}-"))
    package = first("product", f"gss-{OWN}")
    foreign_line, foreign_package = first("product", f"lin-{OTHER}-"), first("product", f"gss-{OTHER}")
    line["realizingResource"][0]["id"] = first("resource", f"sim-{OTHER}-")["id"]
    line["productRelationship"] = [
        {"relationshipType": "bundles", "product": {"id": first("product", f"opt-{OTHER}-")["id"]}},
        {"relationshipType": "bundledBy", "product": {"id": foreign_package["id"]}},
    ]
    package["productRelationship"] = [{"relationshipType": "bundles", "product": {"id": foreign_line["id"]}}]
    ticket = next(row for row in world.tables["troubleTicket"].values() if row["id"].startswith(f"tkt-{OWN}-"))
    ticket["relatedEntity"] = [
        {"id": foreign_line["id"], "role": "impactedLine", "@referredType": "Product"},
        {"id": first("customerBill", f"bil-{OTHER}-")["id"], "role": "disputedBill", "@referredType": "CustomerBill"},
    ]


@pytest.mark.parametrize("token", ["user_admin", "operator"])
def test_a_reference_to_another_company_leads_nowhere(
    changed_world: Callable[[Callable[[World], None]], Journey], token: str
) -> None:
    """Whatever a backend's row refers to, a record is shown only under the company that holds it."""
    secrets: set[str] = set()

    def change(world: World) -> None:
        secrets.update(secrets_of(world, OTHER))
        poison(world)

    journey = changed_world(change)
    walked: set[tuple[str, str]] = set()
    company = selection(_type("Company"), 3, walked, OPERATOR if token == "operator" else OWN_COMPANY)
    data = journey.query(f"query($id: ID!) {{ company(id: $id) {company} }}", token, id=journey.demo.company_id).data
    seen = {leaf for leaf in leaves(data) if isinstance(leaf, str)}
    assert seen & secrets == set()
    assert {global_id.decode(id).company_id for id in ids_in(data)} == {f"org-{OWN}"}


def test_lists_and_non_nulls_are_walked() -> None:
    """The walk sees through list and non-null wrappers."""
    wrapped = GraphQLNonNull(GraphQLList(GraphQLNonNull(_type("Money"))))
    assert (
        selection(wrapped, 1, set()) == "{ __typename ... on Money { Money_amount: amount Money_currency: currency  } }"
    )
