"""Nobody reaches another company's data, by any root, edge, `node` or filter.

The queries are generated from the schema, so a field that somebody adds is walked without a word here.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLField,
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
        arguments = f"(first: {4 if path else 50})" if "first" in field.args else ""
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


def everything(journey: Journey, token: str, walk: Walk) -> list[Any]:
    """All that a viewer can reach: every path from their company, and every root with what they know."""
    company_id = _company_id(token)
    answers = [
        journey.query(f"query($id: ID!) {{ company(id: $id) {{ {field} }} }}", token, id=company_id).data
        for name in _type("Company").fields
        if (field := walk.field(_type("Company"), name))
    ]
    ids = sorted(ids_in(answers))
    number = next(leaf for leaf in leaves(answers) if isinstance(leaf, str) and leaf.startswith("+39"))
    for name, field in _type("Query").fields.items():
        if GRAPH.policy.scopes("Query", name) <= OWN_COMPANY:
            below = walk.below(field.type, ("Node", "Company"))  # the paths on from a company were walked above
            for variables in _arguments(field.args, ids, number):
                answers.append(journey.query(_root_query(name, field.args, below), token, **variables).body["data"])
    return answers


def _arguments(args: dict[str, Any], ids: list[str], number: str) -> list[dict[str, Any]]:
    """What to ask a root with: one id of each type, or the ids, or the number; a new kind of argument fails here."""
    kinds = {global_id.decode(id).type_name: id for id in ids}
    known: dict[str, list[dict[str, Any]]] = {
        "ID!": [{"value": id} for id in kinds.values()],
        "[ID!]!": [{"value": [*kinds.values()]}],
        "PhoneNumber!": [{"value": number}],
    }
    required = [str(argument.type) for argument in args.values() if str(argument.type).endswith("!")]
    return known[required[0]] if required else [{}]


def _root_query(name: str, args: dict[str, Any], below: str) -> str:
    """A query for one root, whose argument, if it has any, is the variable `$value`."""
    if not args:
        return f"{{ {name} {below} }}"
    ((argument_name, argument),) = args.items()
    return f"query($value: {argument.type}) {{ {name}({argument_name}: $value) {below} }}"


def _type(name: str) -> Any:
    return SCHEMA.type_map[name]


def _named(argument: GraphQLArgument) -> str:
    return get_named_type(argument.type).name


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
    assert left_out == {("CompanyConnection", "nodes")}  # operators' search


ID_ROOTS = [
    (name, field) for name, field in _type("Query").fields.items() if "ID" in {*map(_named, field.args.values())}
]


@pytest.mark.parametrize(("root", "field"), ID_ROOTS, ids=[name for name, _ in ID_ROOTS])
def test_foreign_and_forged_ids_answer_like_unknown_ones(journey: Journey, root: str, field: GraphQLField) -> None:
    """Each root that takes ids, asked for each thing of the other company under its own and under a forged id.

    Null, NOT_FOUND, the words for an unknown id; for foreign ids no backend is asked. A root that takes the ids of one
    type refuses the others by their type.
    """
    theirs = {global_id.decode(id).type_name: id for id in ids_in(everything(journey, "other_company_admin", Walk()))}
    assert theirs.keys() == {"Company", "Line", "Sim", "Invoice", "GssPackage", "Ticket"}
    for kind, foreign in theirs.items():
        record = global_id.decode(foreign).id
        unknown = global_id.encode(kind, "org-9999", "x" if record else "")
        with journey.calls() as calls:
            answers = [_asked(journey, root, field, id) for id in (foreign, unknown)]
        assert calls == []
        if record:
            answers.append(_asked(journey, root, field, global_id.encode(kind, f"org-{OWN}", record)))
        assert answers[0] in ([("NOT_FOUND", answers[0][0][1])], [("INVALID_GLOBAL_ID", answers[0][0][1])])
        assert all(answer == answers[0] for answer in answers)


def _asked(journey: Journey, root: str, field: GraphQLField, id: str) -> list[tuple[str, str]]:
    """Codes and messages of an answer that must hold no data."""
    ((_, argument),) = field.args.items()
    is_list = str(argument.type).startswith("[")
    answer = journey.query(_root_query(root, field.args, "{ __typename id }"), value=[id] if is_list else id)
    assert answer.body["data"] == {root: [None] if is_list else None}
    return [(error["extensions"]["code"], error["message"]) for error in answer.body["errors"]]


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


POISONED = ("lin-0001-0001", "gss-0001-1", "tkt-0001-1")


def poison(world: World) -> None:
    """A backend whose rows of one company refer to another's, on every edge that goes by reference."""

    def first(table: str, prefix: str) -> dict[str, Any]:
        return next(row for id, row in world.tables[table].items() if id.startswith(prefix))

    line, package = (world.tables["product"][id] for id in POISONED[:2])
    foreign_line, foreign_package = first("product", f"lin-{OTHER}-"), first("product", f"gss-{OTHER}")
    line["realizingResource"] = [
        {"id": first("resource", f"sim-{OTHER}-")["id"], "@referredType": "PhysicalResource"},
        *(resource for resource in line["realizingResource"] if resource["@referredType"] != "PhysicalResource"),
    ]
    line["productRelationship"] = [
        {"relationshipType": "bundles", "product": {"id": first("product", f"opt-{OTHER}-")["id"]}},
        {"relationshipType": "bundledBy", "product": {"id": foreign_package["id"]}},
    ]
    package["productRelationship"] = [{"relationshipType": "bundles", "product": {"id": foreign_line["id"]}}]
    world.tables["troubleTicket"][POISONED[2]]["relatedEntity"] = [
        {"id": foreign_line["id"], "role": "impactedLine", "@referredType": "Product"},
        {"id": first("customerBill", f"bil-{OTHER}-")["id"], "role": "disputedBill", "@referredType": "CustomerBill"},
    ]
    for id, account in world.tables["billingAccount"].items():
        if id.startswith(f"acc-{OTHER}"):  # the company pays for the other's account, which makes it nobody's customer
            account["relatedParty"].append({"id": f"org-{OWN}", "role": "payer", "@referredType": "Organization"})


@pytest.mark.parametrize("token", ["user_admin", "operator"])
@pytest.mark.parametrize("crm_down", [False, True])
def test_a_reference_to_another_company_leads_nowhere(
    changed_world: Callable[[Callable[[World], None]], Journey], token: str, crm_down: bool
) -> None:
    """Whatever a backend's row refers to, a record is shown only under the company that holds it."""
    secrets: set[str] = set()

    def change(world: World) -> None:
        secrets.update(secrets_of(world, OTHER))
        poison(world)

    journey = changed_world(change)
    walk = Walk(OPERATOR if token == "operator" else OWN_COMPANY)
    fields = [walk.field(_type("Company"), name) for name in ("lines", "gssPackages", "invoices", "tickets")]
    query = "query($id: ID!) {{ company(id: $id) {{ {} }} }}"
    with journey.knobs("crm", error_rate=1.0 if crm_down else 0.0):
        data = [journey.query(query.format(field), token, id=journey.demo.company_id).body["data"] for field in fields]
    seen = {leaf for leaf in leaves(data) if isinstance(leaf, str)}
    assert seen & secrets == set()
    ids = {global_id.decode(id) for id in ids_in(data)}
    assert {id.company_id for id in ids} == {f"org-{OWN}"}
    assert {id.id for id in ids} >= set(POISONED[: 2 if crm_down else 3])
    assert len([id for id in ids if id.type_name == "Line"]) == 50
