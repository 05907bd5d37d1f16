"""A small graph with an interface, a union and every kind of guard, and admission in front of it."""

from graphql import GraphQLError, GraphQLScalarType, GraphQLSchema, build_schema

from gateway.admission import Admission, Refused
from gateway.config import LimitSettings
from gateway.domain.viewer import Role, Scope, Viewer

SDL = """
type Query {
  coverage(address: String): Coverage
  viewer: Person
  company: Company
  node(id: ID!): Node
  search(filter: Filter, limit: Int = 10): [Hit!]!
  even(number: Even): String
}
type Mutation { open(text: String!): Ticket }
type Subscription { opened: Ticket }

interface Node { id: ID! }
interface Line implements Node { id: ID! number: String sim: Node }
type MobileLine implements Node & Line { id: ID! number: String sim: Sim data: Int }
type FixedLine implements Node & Line { id: ID! number: String sim: Node address: String }
type Sim implements Node { id: ID! pin: String line: Line }
type Company implements Node { id: ID! lines: [Line!]! invoices: [Invoice!]! parent: Company }
type Invoice implements Node { id: ID! amount: Int company: Company }
type Ticket implements Node { id: ID! text: String }
type Coverage { technology: String nearest: Coverage company: Company }
type Person { name: String company: Company }
union Hit = Company | Invoice | Ticket

input Filter { text: String! kinds: [Kind!] not: Filter }
enum Kind { LINE INVOICE }
scalar Even
"""

SCOPES = {
    "Company": Scope.COMPANY_READ,
    "MobileLine": Scope.LINE_READ,
    "FixedLine": Scope.LINE_READ,
    "Sim": Scope.LINE_READ,
    "Invoice": Scope.INVOICE_READ,
    "Ticket": Scope.TICKET_READ,
}
PUBLIC = {("Query", "coverage"), ("Coverage", "technology"), ("Coverage", "nearest"), ("Query", "even")}


class Policy:
    """Every type has its scope; a PIN needs one more; Query and Person take any token."""

    def scopes(self, type_name: str, field_name: str) -> frozenset[Scope]:
        """What a field asks for."""
        more = {Scope.SIM_CODES_READ} if field_name == "pin" else set()
        return frozenset({SCOPES[type_name]} | more if type_name in SCOPES else more)

    def is_audited(self, type_name: str, field_name: str) -> bool:
        """Whether reading a field is recorded."""
        return (type_name, field_name) == ("Sim", "pin")

    def is_public(self, type_name: str, field_name: str) -> bool:
        """Whether a field needs no token."""
        return (type_name, field_name) in PUBLIC


def parse_even(value: object) -> int:
    """An even number; 13 meets a fault of this scalar instead of a refusal."""
    if value == 13:
        raise LookupError("/etc/passwd has no 13")
    if not isinstance(value, int) or value % 2:
        raise GraphQLError("An Even is 0, 2, 4…")
    return value


def make_schema() -> GraphQLSchema:
    """The graph; it has no resolvers, because nothing here runs."""
    schema = build_schema(SDL)
    even = schema.type_map["Even"]
    assert isinstance(even, GraphQLScalarType)
    even.parse_value = parse_even  # type: ignore[method-assign]
    even.coerce_input_value = parse_even
    return schema


SCHEMA = make_schema()


def viewer(*scopes: Scope) -> Viewer:
    """Somebody with a token of these scopes."""
    return Viewer(subject="anna", role=Role.TELCO_MANAGER, company_id="org-1", scopes=frozenset(scopes))


MANAGER = viewer(*Scope)
NOBODY = viewer()


def admission(*, introspection: bool = True, cache_size: int = 500, **limits: int) -> Admission:
    """The door of this graph, with these limits."""
    return Admission(
        SCHEMA, LimitSettings(**limits), introspection=introspection, policy=Policy(), cache_size=cache_size
    )


DOOR = admission()


def refusal(
    query: str,
    variables: dict[str, object] | None = None,
    *,
    name: str | None = None,
    who: Viewer = MANAGER,
    door: Admission = DOOR,
    allow_mutation: bool = True,
) -> Refused:
    """What admission says to a request that it refuses; fails for one that it admits."""
    try:
        door.admit(query, name, variables, who, allow_mutation=allow_mutation)
    except Refused as refused:
        return refused
    raise AssertionError(f"admitted: {query}")


def told(refused: Refused) -> tuple[int, str, str]:
    """HTTP status, code and message of a refusal with one error."""
    (error,) = refused.errors
    assert error.extensions is not None
    return refused.http_status, error.extensions["code"], error.message
