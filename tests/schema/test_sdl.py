"""What every type, field and argument of the graph owes a frontend developer."""

from importlib import import_module
from inspect import isfunction
from pkgutil import iter_modules

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
    is_specified_scalar_type,
)

from gateway import resolvers
from gateway.admission import Admission
from gateway.config import LimitSettings
from gateway.domain.viewer import OWN_COMPANY, Role, Scope, Viewer
from gateway.fields import mask_of, resolver_of
from gateway.schema import build_graph

GRAPH = build_graph()
TYPES = [type for name, type in GRAPH.schema.type_map.items() if not name.startswith("__")]


def test_everything_is_described() -> None:
    """Every type, field, argument and enum value has a description that is a sentence."""
    described: dict[str, str | None] = {}
    for graphql_type in TYPES:
        if is_specified_scalar_type(graphql_type):
            continue
        described[graphql_type.name] = graphql_type.description
        if isinstance(graphql_type, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in graphql_type.fields.items():
                described[f"{graphql_type.name}.{name}"] = field.description
                for argument_name, argument in field.args.items():
                    described[f"{graphql_type.name}.{name}({argument_name})"] = argument.description
        elif isinstance(graphql_type, GraphQLInputObjectType):
            described |= {
                f"{graphql_type.name}.{name}": field.description for name, field in graphql_type.fields.items()
            }
        elif isinstance(graphql_type, GraphQLEnumType):
            described |= {
                f"{graphql_type.name}.{name}": value.description for name, value in graphql_type.values.items()
            }
    assert [name for name, text in described.items() if not text or text.strip()[-1] not in ".:*"] == []


def test_every_state_and_kind_can_be_unknown() -> None:
    """A backend's new word never breaks an answer; LineKind is told by the record's own class."""
    enums = {graphql_type.name: graphql_type for graphql_type in TYPES if isinstance(graphql_type, GraphQLEnumType)}
    assert {name for name, enum in enums.items() if "UNKNOWN" not in enum.values} == {"LineKind"}


def test_every_field_of_a_company_s_data_asks_for_a_scope() -> None:
    """Only plumbing answers any token: the roots that check for themselves, who asks, pages and plain values."""
    free = {
        graphql_type.name
        for graphql_type in TYPES
        if isinstance(graphql_type, GraphQLObjectType)
        and any(not GRAPH.policy.scopes(graphql_type.name, name) for name in graphql_type.fields)
    }
    plain = {"Money", "DataVolume", "Period", "TariffPlan", "PageInfo", "Query", "Viewer"}
    assert {name for name in free if not name.endswith(("Connection", "Edge"))} == plain
    assert [name for name in GRAPH.schema.query_type.fields if not GRAPH.policy.scopes("Query", name)] == [  # type: ignore[union-attr]
        "viewer",
        "node",
        "nodes",
    ]


def test_pin_and_puk_have_a_scope_of_their_own() -> None:
    """An operator reads a SIM, never its codes."""
    assert GRAPH.policy.scopes("Sim", "codes") == {Scope.LINE_READ, Scope.SIM_CODES_READ}
    assert all(
        GRAPH.policy.scopes("SimCodes", name) == {Scope.SIM_CODES_READ} for name in ("pin", "puk", "pin2", "puk2")
    )
    assert Scope.SIM_CODES_READ in OWN_COMPANY


def test_what_writes_an_audit_line_is_declared_audited() -> None:
    """No resolver, nor any function beside them, has the audit log in its hands but those of audited fields."""
    modules = [import_module(f"{resolvers.__name__}.{each.name}") for each in iter_modules(resolvers.__path__)]
    functions = [each for module in modules for each in vars(module).values() if isfunction(each)]
    auditing = {function for function in functions if "audit_log" in function.__code__.co_names}
    audited = {
        (graphql_type.name, name): resolver_of(field)
        for graphql_type in TYPES
        if isinstance(graphql_type, GraphQLObjectType)
        for name, field in graphql_type.fields.items()
        if GRAPH.policy.is_audited(graphql_type.name, name)
    }
    assert set(audited) == {("Sim", "codes")}
    assert set(audited.values()) == auditing


@pytest.mark.parametrize(
    ("fields", "is_shareable"), [("iccid", True), ("codes { pin }", False), ("codes { __typename }", False)]
)
def test_an_operation_that_reads_codes_runs_for_each_request(fields: str, is_shareable: bool) -> None:
    """Each read leaves its line in the audit log, so no two requests have one."""
    door = Admission(GRAPH.schema, LimitSettings(), introspection=True, policy=GRAPH.policy)
    viewer = Viewer("anna", Role.USER_ADMIN, "org-0001", OWN_COMPANY)
    for start in ('line(number: "+393450000001")', 'node(id: "x")'):
        sim = f"sim {{ {fields} }}"
        query = f"{{ {start} {{ ... on MobileLine {{ {sim} }} }} }}"
        assert door.admit(query, None, None, viewer).is_shareable is is_shareable


def test_every_phone_number_is_masked() -> None:
    """No field shows one in clear to a viewer without `pii:read`."""
    shown = {
        (graphql_type.name, name): mask_of(field)
        for graphql_type in TYPES
        if isinstance(graphql_type, GraphQLObjectType)
        for name, field in graphql_type.fields.items()
        if get_named_type(field.type).name == "PhoneNumber"
    }
    assert shown.keys() == {("MobileLine", "number"), ("FixedLine", "number"), ("GssPackage", "contactPhone")}
    assert {mask.scope for mask in shown.values() if mask} == {Scope.PII_READ}
    assert None not in shown.values()
