"""Operations by hypothesis-graphql, always the same, with what it does not write: variables, fragments, aliases."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    ConstDirectiveNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNamedType,
    GraphQLScalarType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    get_variable_values,
    is_abstract_type,
    is_leaf_type,
    is_non_null_type,
    is_required_argument,
    is_specified_scalar_type,
    is_union_type,
    parse,
    parse_type,
    print_ast,
    validate,
    value_from_ast_untyped,
)
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis_graphql import mutations, nodes, queries

FIELDS_MAX = 30


@dataclass(frozen=True)
class Operation:
    """A valid document of one operation, with values for its variables."""

    name: str
    text: str
    document: DocumentNode
    variables: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """`query` or `mutation`."""
        return operation_of(self.document).operation.value


def operation_of(document: DocumentNode) -> OperationDefinitionNode:
    """The document's first operation."""
    return next(each for each in document.definitions if isinstance(each, OperationDefinitionNode))


def generated(
    name: str,
    schema: GraphQLSchema,
    count: int,
    scalars: Mapping[str, Sequence[ValueNode]],
    ids: Sequence[str],
    pieces: int,
) -> list[Operation]:
    """That many valid operations, all different.

    `scalars` says what may be written for custom ones, `ids` for ids; up to so many `pieces` are added to a root.
    """
    found: dict[str, Operation] = {}
    documents = _documents(schema, count, scalars)
    for number in range(4 * count):
        document = documents[number % count]
        written = Written(schema, Random(number), ids, pieces)
        text = print_ast(written.document(document))
        if text in found or text.count("\n") > 4 * FIELDS_MAX:
            continue
        operation = valid(f"{name}:{len(found)}", schema, text, written.values)
        if operation:
            found[text] = operation
        if len(found) == count:
            return list(found.values())
    raise AssertionError(f"only {len(found)} operations of {count} for {name}")


def valid(name: str, schema: GraphQLSchema, text: str, variables: Mapping[str, Any]) -> Operation | None:
    """The operation, unless a server would refuse to execute it."""
    try:
        document = parse(text)
    except GraphQLError:
        return None
    if validate(schema, document):
        return None
    definitions = operation_of(document).variable_definitions or ()
    if isinstance(get_variable_values(schema, definitions, dict(variables)), list):
        return None
    return Operation(name, text, document, variables)


def _documents(schema: GraphQLSchema, count: int, scalars: Mapping[str, Sequence[ValueNode]]) -> list[DocumentNode]:
    documents: list[DocumentNode] = []
    options: Any = {
        "custom_scalars": {name: st.sampled_from(list(values)) for name, values in scalars.items()},
        "allow_x00": False,
        "print_ast": lambda document: document,
    }
    asked = queries(schema, **options)
    strategy = st.one_of(asked, asked, asked, mutations(schema, **options)) if schema.mutation_type else asked

    @seed(1)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(document: DocumentNode) -> None:
        documents.append(document)

    collect()
    return documents


def custom_scalars(schema: GraphQLSchema) -> Iterator[str]:
    """The names of scalars that the specification does not have."""
    for name, graphql_type in schema.type_map.items():
        if isinstance(graphql_type, GraphQLScalarType) and not is_specified_scalar_type(graphql_type):
            yield name


class Written:
    """Writes a document anew: literals become variables, selections fragments, fields get aliases and conditions."""

    def __init__(self, schema: GraphQLSchema, random: Random, ids: Sequence[str] = (), pieces: int = 0) -> None:
        self.values: dict[str, Any] = {}
        self._schema = schema
        self._random = random
        self._ids = ids
        self._pieces = pieces
        self._definitions: list[VariableDefinitionNode] = []
        self._fragments: list[FragmentDefinitionNode] = []
        self._names = 0
        self._fields = 0

    def document(self, document: DocumentNode) -> DocumentNode:
        """The document, otherwise written; `values` has its variables afterwards."""
        operation = operation_of(document)
        root = self._schema.get_root_type(operation.operation)
        assert root is not None
        selections = self._selections(operation.selection_set, root)
        directives: tuple[ConstDirectiveNode, ...] = ()
        if self._chance(0.06) and self._schema.get_directive("experimental_disableErrorPropagation"):
            directives = (
                ConstDirectiveNode(name=NameNode(value="experimental_disableErrorPropagation"), arguments=()),
            )
        written = OperationDefinitionNode(
            operation=operation.operation,
            name=NameNode(value="Generated"),
            variable_definitions=tuple(self._definitions),
            directives=directives,
            selection_set=selections,
        )
        return DocumentNode(definitions=(written, *self._fragments))

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _name(self, prefix: str) -> str:
        self._names += 1
        return f"{prefix}{self._names}"

    def _selections(self, selections: SelectionSetNode, parent: GraphQLNamedType) -> SelectionSetNode:
        written: list[SelectionNode] = []
        if self._chance(0.2):
            written.append(FieldNode(name=NameNode(value="__typename"), alias=None, arguments=(), directives=()))
        for selection in selections.selections:
            if self._fields > FIELDS_MAX and written:
                break
            written += self._selection(selection, parent)
        if parent in (self._schema.query_type, self._schema.mutation_type):
            for _ in range(self._random.randint(0, self._pieces)):
                self._fields = FIELDS_MAX // 2
                written += self._more(parent)
        while self._fields < FIELDS_MAX and self._chance(0.4):
            written += self._more(parent)
        if self._chance(0.1):
            self._random.shuffle(written)
        return SelectionSetNode(selections=tuple(written))

    def _selection(self, selection: SelectionNode, parent: GraphQLNamedType) -> list[SelectionNode]:
        if isinstance(selection, InlineFragmentNode):
            name = selection.type_condition.name.value if selection.type_condition else parent.name
            inner = self._selections(selection.selection_set, self._schema.type_map[name])
            return [self._fragment(name, inner)]
        assert isinstance(selection, FieldNode)
        self._fields += 1
        copies = [self._field(selection, parent, alias=False)]
        while self._chance(0.12) and self._fields < FIELDS_MAX:
            copies.append(self._field(selection, parent, alias=self._chance(0.6)))
        return [
            self._fragment(parent.name, SelectionSetNode(selections=(copy,))) if self._chance(0.12) else copy
            for copy in copies
        ]

    def _more(self, parent: GraphQLNamedType) -> list[SelectionNode]:
        """Selections the generator did not think of: it writes little, and seldom what answers."""
        if is_abstract_type(parent):
            possible = [each for each in self._schema.get_possible_types(parent) if self._chance(0.7)]
            fragments = [self._fragment(each.name, self._some_more(each)) for each in possible]
            if is_union_type(parent) or self._chance(0.6):
                return fragments
        fields: dict[str, GraphQLField] = parent.fields  # type: ignore[attr-defined]
        free = [name for name, field in fields.items() if not any(map(is_required_argument, field.args.values()))]
        leaves = [name for name in free if is_leaf_type(get_named_type(fields[name].type))]
        name = self._random.choice(leaves if leaves and self._chance(self._fields / FIELDS_MAX - 0.3) else free)
        self._fields += 1
        named = get_named_type(fields[name].type)
        field = FieldNode(
            name=NameNode(value=name),
            alias=NameNode(value=self._name("a")) if self._chance(0.4) else None,
            arguments=(),
            directives=self._conditions(0.05),
            selection_set=None if is_leaf_type(named) else self._some_more(named),
        )
        return [field]

    def _some_more(self, parent: GraphQLNamedType) -> SelectionSetNode:
        selections = self._more(parent)
        while not selections or (self._fields < FIELDS_MAX and self._chance(0.5)):
            selections += self._more(parent)
        return SelectionSetNode(selections=tuple(selections))

    def _fragment(self, type_name: str, selections: SelectionSetNode) -> SelectionNode:
        directives = self._conditions(0.15)
        condition = NamedTypeNode(name=NameNode(value=type_name))
        if self._chance(0.4):
            name = NameNode(value=self._name("F"))
            self._fragments.append(
                FragmentDefinitionNode(
                    name=name,
                    type_condition=condition,
                    directives=(),
                    selection_set=selections,
                    variable_definitions=(),
                )
            )
            return FragmentSpreadNode(name=name, directives=directives, arguments=())
        return InlineFragmentNode(type_condition=condition, directives=directives, selection_set=selections)

    def _field(self, field: FieldNode, parent: GraphQLNamedType, *, alias: bool) -> FieldNode:
        name = field.name.value
        if name == "__typename":
            return field
        definition = parent.fields[name]  # type: ignore[attr-defined]
        arguments = []
        for argument in field.arguments or ():
            described = definition.args[argument.name.value]
            value = self._value(argument.value, described.type, described.default is not None)
            arguments.append(ArgumentNode(name=argument.name, value=value))
        inner = field.selection_set
        return FieldNode(
            name=field.name,
            alias=NameNode(value=self._name("a")) if alias else field.alias,
            arguments=tuple(arguments),
            directives=self._conditions(0.08),
            selection_set=inner and self._selections(inner, get_named_type(definition.type)),
        )

    def _value(self, value: ValueNode, graphql_type: GraphQLInputType, has_default: bool) -> ValueNode:
        if self._ids and get_named_type(graphql_type).name == "ID":
            value = self._known_id(graphql_type)
        named = get_nullable_type(graphql_type)
        if self._chance(0.4) and not isinstance(value, NullValueNode):
            return self._variable(value, graphql_type, has_default)
        if isinstance(value, ObjectValueNode) and isinstance(named, GraphQLInputObjectType):
            return ObjectValueNode(
                fields=tuple(
                    ObjectFieldNode(
                        name=each.name,
                        value=self._value(
                            each.value,
                            named.fields[each.name.value].type,
                            named.fields[each.name.value].default is not None,
                        ),
                    )
                    for each in value.fields
                )
            )
        return value

    def _known_id(self, graphql_type: GraphQLInputType) -> ValueNode:
        if get_nullable_type(graphql_type) is get_named_type(graphql_type):
            return nodes.String(self._random.choice(self._ids))
        return nodes.List([nodes.String(self._random.choice(self._ids)) for _ in range(self._random.randrange(4))])

    def _variable(self, value: ValueNode, graphql_type: GraphQLInputType, has_default: bool) -> ValueNode:
        name = self._name("v")
        text = str(graphql_type)
        given: Any = value_from_ast_untyped(value)
        default = None
        if self._chance(0.2):
            default, given = value, ...
        if has_default and self._chance(0.3):
            # Where there is a default, a nullable variable may stand for a value that must not be null.
            text, given = text.removesuffix("!"), self._random.choice([given, None, ...])
        elif not is_non_null_type(graphql_type) and self._chance(0.15):
            given = ...
        if given is not ...:
            self.values[name] = given
        self._declare(name, text, default)
        return VariableNode(name=NameNode(value=name))

    def _declare(self, name: str, text: str, default: Any = None) -> None:
        self._definitions.append(
            VariableDefinitionNode(
                variable=VariableNode(name=NameNode(value=name)),
                type=parse_type(text),
                default_value=default,
                directives=(),
            )
        )

    def _conditions(self, share: float) -> tuple[DirectiveNode, ...]:
        directives = []
        for directive in ("include", "skip"):
            if not self._chance(share):
                continue
            truth = self._chance(0.7) is (directive == "include")
            condition: ValueNode = BooleanValueNode(value=truth)
            if self._chance(0.8):
                name = self._name("b")
                self._declare(name, "Boolean!")
                self.values[name] = truth
                condition = VariableNode(name=NameNode(value=name))
            argument = ArgumentNode(name=NameNode(value="if"), value=condition)
            directives.append(DirectiveNode(name=NameNode(value=directive), arguments=(argument,)))
        return tuple(directives)
