"""How schema fields bind to resolvers, scopes and masks: Strawberry describes the graph, this file makes it answer.

A schema class is a table of `attribute`s (read off the domain record) and `edge`s (read by a batched resolver).
`bind` turns the schema Strawberry built into one that graphql-core, or any executor, runs on domain records.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from inspect import isawaitable
from operator import attrgetter
from typing import Any, TypeVar

import strawberry
from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.schema_directive import Location
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from gateway.context import Context
from gateway.domain.viewer import Scope
from gateway.errors import GatewayError

T = TypeVar("T")

Resolver = Callable[..., Sequence[Any] | Awaitable[Sequence[Any]]]
"""`(parents, context, **arguments) -> values`: same length and order as the parents."""

_ROW = "row"
"""Key of a field's FieldRow in Strawberry's metadata."""


@strawberry.schema_directive(
    name="requiresScopes",
    locations=[Location.FIELD_DEFINITION, Location.OBJECT, Location.INTERFACE],
    description="What the viewer's token must allow; all scopes of one inner list are needed.",
)
class RequiresScopes:
    """Printed in the SDL beside what it guards; admission enforces it."""

    scopes: list[list[str]]


@dataclass(frozen=True)
class FieldRow:
    """What this file knows of a field: its resolver (None: read off the record), scope, mask."""

    resolver: Resolver | None = None
    scope: Scope | None = None
    public: bool = False
    masked_without: Scope | None = None
    mask: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class TypeRow:
    """What this file knows of a type: the domain records it shows, and the scope all its fields ask for."""

    records: tuple[type, ...] = ()
    scope: Scope | None = None


def attribute(
    description: str,
    *,
    scope: Scope | None = None,
    masked_without: Scope | None = None,
    mask: Callable[[Any], Any] | None = None,
) -> Any:
    """A field read off the record; shown through `mask` to a viewer without the scope `masked_without`."""
    return _described(description, FieldRow(scope=scope, masked_without=masked_without, mask=mask))


def edge(resolver: Resolver, description: str, *, scope: Scope | None = None) -> Any:
    """A field that a resolver answers for all parents at once."""
    return _described(description, FieldRow(resolver=resolver, scope=scope))


def edge_with_arguments(
    resolver: Resolver, *, scope: Scope | None = None, public: bool = False
) -> Callable[[Callable[..., Any]], Any]:
    """As `edge`, on a method whose signature declares the arguments and whose docstring is the description."""

    def declare(method: Callable[..., Any]) -> Any:
        row = FieldRow(resolver=resolver, scope=scope, public=public)
        return strawberry.field(
            method, description=_docstring(method), metadata={_ROW: row}, directives=_directives(scope)
        )

    return declare


def _described(description: str, row: FieldRow) -> Any:
    return strawberry.field(description=description, metadata={_ROW: row}, directives=_directives(row.scope))


def object_type(*records: type, scope: Scope | None = None) -> Callable[[type[T]], type[T]]:
    """An object type that shows these domain records; the docstring is its description."""
    return _declared(strawberry.type, TypeRow(records, scope))


def interface_type(scope: Scope | None = None) -> Callable[[type[T]], type[T]]:
    """An interface; which type a record has is looked up by the record's class."""
    return _declared(strawberry.interface, TypeRow((), scope))


def input_type(record: type) -> Callable[[type[T]], type[T]]:
    """An input object that reaches resolvers as this domain record; fields nobody gave keep the record's defaults."""
    return _declared(strawberry.input, TypeRow((record,)))


def _declared(decorate: Callable[..., Any], row: TypeRow) -> Callable[[type[T]], type[T]]:
    def declare(cls: type[T]) -> type[T]:
        keywords: dict[str, Any] = {} if decorate is strawberry.input else {"directives": _directives(row.scope)}
        declared: type[T] = decorate(cls, description=_docstring(cls), **keywords)
        declared.__gateway_row__ = row  # type: ignore[attr-defined]
        return declared

    return declare


def enum_type(enum: type[Enum], values: Mapping[Enum, str]) -> None:
    """A domain enum as GraphQL shows it: its docstring, and a sentence for each of its values."""
    strawberry.enum(enum, description=_docstring(enum))
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[enum[value.name]]


def _directives(scope: Scope | None) -> list[object]:
    return [] if scope is None else [RequiresScopes(scopes=[[scope.value]])]


def _docstring(described: Any) -> str:
    """A docstring's text, its lines joined into paragraphs."""
    paragraphs = (described.__doc__ or "").strip().split("\n\n")
    return "\n\n".join(" ".join(line.strip() for line in paragraph.splitlines()) for paragraph in paragraphs)


class FieldPolicy:
    """Who may select what: scopes by (object type, field), taken from the tables of the schema."""

    def __init__(self, scopes: Mapping[tuple[str, str], frozenset[Scope]], public: frozenset[tuple[str, str]]) -> None:
        self._scopes = scopes
        self._public = public

    def scopes(self, type_name: str, field_name: str) -> frozenset[Scope]:
        """All of these are needed to select the field."""
        return self._scopes.get((type_name, field_name), frozenset())

    def is_public(self, type_name: str, field_name: str) -> bool:
        """Whether the field answers without a token."""
        return (type_name, field_name) in self._public


def bind(schema: GraphQLSchema) -> FieldPolicy:
    """Give every field its resolve function and every abstract type its `resolve_type`; answers who may select what."""
    type_of_record: dict[type, str] = {}
    scopes: dict[tuple[str, str], frozenset[Scope]] = {}
    public: set[tuple[str, str]] = set()
    for graphql_type in schema.type_map.values():
        if graphql_type.name.startswith("__"):
            continue
        if isinstance(graphql_type, GraphQLInputObjectType):
            _bind_input(graphql_type)
        if not isinstance(graphql_type, GraphQLObjectType):
            continue
        row = _type_row(graphql_type)
        graphql_type.is_type_of = None
        type_of_record.update(dict.fromkeys(row.records, graphql_type.name))
        for name, field in graphql_type.fields.items():
            field_row = _bind_field(field)
            scopes[graphql_type.name, name] = frozenset(filter(None, [field_row.scope or row.scope]))
            if field_row.public:
                public.add((graphql_type.name, name))
    _bind_abstract_types(schema, type_of_record)
    return FieldPolicy(scopes, frozenset(public))


def _type_row(graphql_type: GraphQLObjectType | GraphQLInputObjectType) -> TypeRow:
    definition = graphql_type.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    row: TypeRow = definition.origin.__dict__.get("__gateway_row__", TypeRow())
    return row


def resolver_of(field: GraphQLField) -> Resolver | None:
    """The batched resolver of an edge; None for what is read off the record."""
    return _field_row(field).resolver


def _field_row(field: GraphQLField) -> FieldRow:
    definition: StrawberryField = field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    row: FieldRow = definition.metadata.get(_ROW, FieldRow())
    return row


def _bind_field(field: GraphQLField) -> FieldRow:
    row = _field_row(field)
    for argument in field.args.values():
        described: StrawberryArgument = argument.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
        argument.out_name = described.python_name
    definition: StrawberryField = field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    field.resolve = _one_parent(row.resolver) if row.resolver else _read(definition.python_name, row)
    return row


def _one_parent(resolver: Resolver) -> Callable[..., Any]:
    """The resolver as graphql-core's own executor calls it: one parent in, its value out, its error raised."""

    def resolve(parent: Any, info: GraphQLResolveInfo[Context], **arguments: Any) -> Any:
        values = resolver([parent], info.context, **arguments)
        return _awaited(values) if isawaitable(values) else _only(values)

    return resolve


async def _awaited(values: Awaitable[Sequence[Any]]) -> Any:
    return _only(await values)


def _only(values: Sequence[Any]) -> Any:
    (value,) = values
    if isinstance(value, GatewayError):
        raise value
    return value


def _read(name: str, row: FieldRow) -> Callable[..., Any]:
    get = attrgetter(name)
    if row.mask is None or row.masked_without is None:
        return lambda parent, info: get(parent)
    mask, scope = row.mask, row.masked_without

    def resolve(parent: Any, info: GraphQLResolveInfo[Context]) -> Any:
        value = get(parent)
        return value if value is None or info.context.viewer.may(scope) else mask(value)

    return resolve


def _bind_input(graphql_type: GraphQLInputObjectType) -> None:
    """Input objects arrive as domain records, their lists as tuples."""
    (record,) = _type_row(graphql_type).records
    for field in graphql_type.fields.values():
        definition: StrawberryField = field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
        field.out_name = definition.python_name

    def out_type(value: dict[str, Any]) -> Any:
        return record(**{name: tuple(item) if isinstance(item, list) else item for name, item in value.items()})

    graphql_type.out_type = out_type  # type: ignore[method-assign]


def _bind_abstract_types(schema: GraphQLSchema, type_of_record: Mapping[type, str]) -> None:
    def resolve_type(record: Any, info: GraphQLResolveInfo[Context], abstract_type: Any) -> str:
        return type_of_record[type(record)]

    for graphql_type in schema.type_map.values():
        if isinstance(graphql_type, GraphQLInterfaceType | GraphQLUnionType):
            graphql_type.resolve_type = resolve_type
