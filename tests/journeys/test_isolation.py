"""Nobody reaches another company's data, by any root, edge, `node` or filter.

The queries are generated from the schema, so a field that somebody adds is walked without a word here.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
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
PLUMBING = {"edges", "cursor", "pageInfo", "startCursor", "endCursor"}

OWN, OTHER = "0001", "0002"


class Walk:
    """Writes selections of everything the scopes allow, along every path that meets no type twice."""

    def __init__(self, scopes: frozenset[Scope] = OWN_COMPANY) -> None:
        self.walked: set[tuple[str, str]] = set()
        self._scopes = scopes

    def below(self, output_type: GraphQLOutputType, path: tuple[str, ...] = ()) -> str:
        """The selection set on a type; of a type that is on the path already, its leaves only."""
        named = get_named_type(output_type)
        if isinstance(named, GraphQLObjectType):
            return f"{{ __typename {' '.join(self._fields(named, path))} }}"
        fragments = [
            f"... on {concrete.name} {{ {' '.join(self._fields(concrete, path, aliased=True))} }}"
            for concrete in SCHEMA.get_possible_types(named)  # type: ignore[arg-type]
        ]
        return f"{{ __typename {' '.join(fragments)} }}"

    def _fields(self, parent: GraphQLObjectType, path: tuple[str, ...], *, aliased: bool = False) -> Iterator[str]:
        """Aliases keep two kinds of one interface apart where a field's type differs."""
        for name in parent.fields:
            field = self.field(parent, name, path)
            if field:
                yield f"{parent.name}_{name}: {field}" if aliased else field

    def field(self, parent: GraphQLObjectType, name: str, path: tuple[str, ...] = ()) -> str:
        """One field with all that is below it; "" for what is not walked."""
        field = parent.fields[name]
        if name in PLUMBING or not GRAPH.policy.scopes(parent.name, name) <= self._scopes:
            return ""
        is_leaf = is_leaf_type(get_named_type(field.type))
        if not is_leaf and parent.name in path:
            return ""
        self.walked.add((parent.name, name))
        arguments = "(first: 100)" if "first" in field.args else ""
        return name if is_leaf else f"{name}{arguments} {self.below(field.type, (*path, parent.name))}"


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
            own = str(row["id"]).split("-")[1] == company
            texts[own] |= {leaf for leaf in leaves(row) if isinstance(leaf, str) and len(leaf) > 5}
    return {
        text for text in texts[True] - texts[False] if not text[:4].isdigit() or "T" not in text
    }  # dates are shared


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


def everything(journey: Journey, token: str, walk: Walk) -> list[Any]:
    """All that a viewer can reach, by every root that takes what they know, along every path."""
    company_id = _company_id(token)
    answers = [
        journey.query(f"query($id: ID!) {{ company(id: $id) {{ {field} }} }}", token, id=company_id).data
        for name in _type("Company").fields
        if (field := walk.field(_type("Company"), name))
    ]
    ids = sorted(ids_in(answers))
    sample = {global_id.decode(id).type_name: id for id in ids}
    number = next(leaf for leaf in leaves(answers) if isinstance(leaf, str) and leaf.startswith("+39"))
    plain = ("Node", "Company")  # below these roots the leaves only: the paths on from them were walked above
    queries: list[tuple[str, dict[str, Any]]] = [
        (f"{{ viewer {walk.below(_type('Viewer'), plain)} }}", {}),
        *(
            (f"query($id: ID!) {{ node(id: $id) {{ ... on {name} {walk.below(_type(name), plain)} }} }}", {"id": id})
            for name, id in sample.items()
        ),
        ("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", {"ids": ids[:100]}),
        (f"query($id: ID!) {{ invoice(id: $id) {walk.below(_type('Invoice'), plain)} }}", {"id": sample["Invoice"]}),
        (f"query($id: ID!) {{ ticket(id: $id) {walk.below(_type('Ticket'), plain)} }}", {"id": sample["Ticket"]}),
        (f"query($n: PhoneNumber!) {{ line(number: $n) {walk.below(_type('Line'), plain)} }}", {"n": number}),
    ]
    return answers + [journey.query(document, token, **variables).data for document, variables in queries]


def _type(name: str) -> Any:
    return SCHEMA.type_map[name]


def _company_id(token: str) -> str:
    return global_id.encode("Company", f"org-{OTHER if token == 'other_company_admin' else OWN}")


def test_everything_one_can_reach_is_one_s_own(journey: Journey) -> None:
    """Two companies walk every path; neither's answers hold a single word that only the other's systems know."""
    own, other = (everything(journey, token, Walk()) for token in ("user_admin", "other_company_admin"))
    assert len(list(leaves(own))) > 1_000
    for answers, mine, foreign in ((own, OWN, OTHER), (other, OTHER, OWN)):
        seen = {leaf for leaf in leaves(answers) if isinstance(leaf, str)}
        assert len(seen & secrets_of(journey.world, mine)) > 100
        assert seen & secrets_of(journey.world, foreign) == set()
        assert {global_id.decode(id).company_id for id in ids_in(answers)} == {f"org-{mine}"}


def test_the_walk_covers_every_field_of_the_schema() -> None:
    """What the walk leaves out is listed here, so that nothing is left out by accident."""
    walk = Walk()
    for name in ("Company", "Viewer"):
        walk.below(_type(name))
    every = {
        (name, field)
        for name, graphql_type in SCHEMA.type_map.items()
        if isinstance(graphql_type, GraphQLObjectType) and not name.startswith("__") and not name.endswith("Edge")
        for field in graphql_type.fields
        if field not in PLUMBING
    }
    left_out = {(name, field) for name, field in every - walk.walked if name not in ("Query", "PageInfo")}
    assert left_out == {("CompanyConnection", "nodes"), ("CompanyConnection", "totalCount")}  # operators' search
    assert set(_type("Query").fields) - set(WALK_ROOTS) == {"companies"}


def test_every_foreign_id_answers_like_an_unknown_one(journey: Journey) -> None:
    """Each root, asked for each thing of the other company: null, NOT_FOUND, the same words, no backend asked."""
    reached = everything(journey, "other_company_admin", Walk())
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
    foreign = sorted(ids_in(everything(journey, "other_company_admin", Walk())))
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
    walk = Walk(OPERATOR if token == "operator" else OWN_COMPANY)
    fields = [walk.field(_type("Company"), name) for name in ("lines", "gssPackages", "tickets")]
    query = "query($id: ID!) {{ company(id: $id) {{ {} }} }}"
    data = [journey.query(query.format(field), token, id=journey.demo.company_id).data for field in fields]
    seen = {leaf for leaf in leaves(data) if isinstance(leaf, str)}
    assert seen & secrets == set()
    assert {global_id.decode(id).company_id for id in ids_in(data)} == {f"org-{OWN}"}
