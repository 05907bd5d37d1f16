"""Turns the schema Strawberry built into one that graphql-core, or any executor, runs on domain records."""

from collections.abc import Awaitable, Mapping, Sequence
from inspect import isawaitable
from operator import attrgetter
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from gateway.context import Context
from gateway.domain.viewer import Scope
from gateway.engine import Attribute, Batched, Many, TypeByClass
from gateway.fields.declaration import ROW, FieldRow, Mask, Resolver, RootResolver, TypeRow


class FieldPolicy:
    """Who may select what: scopes by (object type, field), taken from the tables of the schema."""

    def __init__(
        self,
        scopes: Mapping[tuple[str, str], frozenset[Scope]],
        public: frozenset[tuple[str, str]],
        audited: frozenset[tuple[str, str]],
    ) -> None:
        self._scopes = scopes
        self._public = public
        self._audited = audited

    def scopes(self, type_name: str, field_name: str) -> frozenset[Scope]:
        """All of these are needed to select the field."""
        return self._scopes.get((type_name, field_name), frozenset())

    def is_public(self, type_name: str, field_name: str) -> bool:
        """Whether the field answers without a token."""
        return (type_name, field_name) in self._public

    def is_audited(self, type_name: str, field_name: str) -> bool:
        """Whether every request that reads the field leaves a line in the audit log."""
        return (type_name, field_name) in self._audited


def bind(schema: GraphQLSchema) -> FieldPolicy:
    """Give every field its resolve function and every abstract type its `resolve_type`; answers who may select what."""
    type_of_record: dict[type, str] = {}
    scopes: dict[tuple[str, str], frozenset[Scope]] = {}
    public: set[tuple[str, str]] = set()
    audited: set[tuple[str, str]] = set()
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
            scopes[graphql_type.name, name] = frozenset(filter(None, [row.scope, field_row.scope]))
            if field_row.public:
                public.add((graphql_type.name, name))
            if field_row.audited:
                audited.add((graphql_type.name, name))
        scopes[graphql_type.name, "__typename"] = frozenset(filter(None, [row.scope]))
    _bind_abstract_types(schema, type_of_record)
    return FieldPolicy(scopes, frozenset(public), frozenset(audited))


def _type_row(graphql_type: GraphQLObjectType | GraphQLInputObjectType) -> TypeRow:
    definition = graphql_type.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    row: TypeRow = definition.origin.__dict__.get("__gateway_row__", TypeRow())
    return row


def resolver_of(field: GraphQLField) -> Resolver | None:
    """The batched resolver of an edge; None for what is read off the record."""
    return _field_row(field).resolver


def mask_of(field: GraphQLField) -> Mask | None:
    """What hides the field's value from those without its scope."""
    return _field_row(field).mask


def _field_row(field: GraphQLField) -> FieldRow:
    definition: StrawberryField = field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    row: FieldRow = definition.metadata.get(ROW, FieldRow())
    return row


def _bind_field(field: GraphQLField) -> FieldRow:
    row = _field_row(field)
    for argument in field.args.values():
        described: StrawberryArgument = argument.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
        argument.out_name = described.python_name
    definition: StrawberryField = field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    if row.root_resolver:
        field.resolve = Batched(_of_root(row.root_resolver))
    elif row.resolver:
        field.resolve = Batched(row.resolver)
    elif row.mask:
        field.resolve = Batched(_masked(definition.python_name, row.mask))
    else:
        field.resolve = Attribute(definition.python_name)
    return row


def _of_root(resolver: RootResolver) -> Many:
    """A root's resolver as one of a batch, which has the only parent there is."""

    def answer(roots: Sequence[None], context: Context, **arguments: Any) -> Sequence[Any] | Awaitable[Sequence[Any]]:
        value = resolver(context, **arguments)
        return _awaited(value) if isawaitable(value) else [value]

    return answer


async def _awaited(value: Awaitable[Any]) -> Sequence[Any]:
    return [await value]


def _masked(name: str, mask: Mask) -> Many:
    """Reads an attribute; those without the mask's scope see its masked form."""
    get = attrgetter(name)
    scope, masked = mask

    def answer(parents: Sequence[Any], context: Context) -> Sequence[Any]:
        values = list(map(get, parents))
        if context.viewer.may(scope):
            return values
        return [None if value is None else masked(value) for value in values]

    return answer


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
    resolve_type = TypeByClass(type_of_record)
    for graphql_type in schema.type_map.values():
        if isinstance(graphql_type, GraphQLInterfaceType | GraphQLUnionType):
            graphql_type.resolve_type = resolve_type
