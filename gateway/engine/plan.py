"""A document's operation, worked out once: which fields of which types it asks for, and how each is resolved."""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any

from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Undefined,
    VariableNode,
    VariableValues,
)
from graphql.execution.collect_fields import (
    CollectedFields,
    FieldDetailsList,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)

from gateway.engine.arguments import Arguments
from gateway.engine.resolver import Attribute, Batched, Many
from gateway.engine.rows import rows_of
from gateway.engine.shape import shape_of

FIELDS_KEPT = 256
"""Fields planned for an operation in all combinations of `@skip` and `@include` that are kept, about a kilobyte each;
for a larger operation, those of two. There are few combinations in practice, and many in an attack."""

CONDITIONS = ("skip", "include")
INCREMENTAL = ("defer", "stream")


class Plan:
    """What is the same for all requests of an operation; made in one pass over it, completed as requests come.

    `is_breadth_first` is False for what only the reference executes: `@defer`, `@stream`, arguments of fragments.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDetails],
        *,
        hide_suggestions: bool = False,
    ) -> None:
        self.schema = schema
        self.operation = operation
        self.fragments = dict(fragments)
        self.fragment_definitions = {name: each.definition for name, each in fragments.items()}
        self.hide_suggestions = hide_suggestions
        directives = list(_directives(operation, self.fragments))
        self.is_breadth_first = not any(directive.name.value in INCREMENTAL for directive in directives) and not any(
            fragment.variable_signatures for fragment in self.fragments.values()
        )
        self._conditions = tuple(sorted({name for directive in directives for name in _variables_of(directive)}))
        self._variants: dict[Hashable, Variant] = {}

    def variant(self, variables: VariableValues) -> "Variant":
        """The operation with its conditions decided by these variables."""
        coerced = variables.coerced
        key = tuple(coerced.get(name, Undefined) for name in self._conditions)
        try:
            known = self._variants.get(key)
        except TypeError:  # the value of a condition is no Boolean: a document that was not validated
            return Variant(self, variables)
        if known is None:
            self._make_room()
            known = self._variants[key] = Variant(self, _only(variables, self._conditions))
        return known

    def _make_room(self) -> None:
        sizes = [variant.fields_planned for variant in self._variants.values()]
        while sum(sizes) >= max([FIELDS_KEPT, *(2 * size for size in sizes)]):
            self._variants.pop(next(iter(self._variants)))
            del sizes[0]


def _only(variables: VariableValues, names: Iterable[str]) -> VariableValues:
    """These variables alone, so that a plan keeps nothing else of the request that it was made for."""
    return VariableValues(
        {name: variables.sources[name] for name in names if name in variables.sources},
        {name: variables.coerced[name] for name in names if name in variables.coerced},
    )


class Variant:
    """A plan for one outcome of its conditions; selections are worked out when the first object of a type comes."""

    def __init__(self, plan: Plan, variables: VariableValues) -> None:
        self._selections = Selections(plan, variables)
        self._root: Selection | None = None

    @property
    def fields_planned(self) -> int:
        """How large it has become."""
        return self._selections.fields_planned

    @property
    def planned_root(self) -> "Selection | None":
        """The operation's own selection, if it was asked for."""
        return self._root

    def root(self, root_type: GraphQLObjectType) -> "Selection":
        """The operation's own selection; GraphQLError, RecursionError where it cannot be collected."""
        if self._root is None:
            self._root = self._selections.root(root_type)
        return self._root


class Selections:
    """Works selections out. The fields in them come back to it, so it knows neither them nor the plan that does: a
    plan is freed with the last that holds it, without the garbage collector."""

    __slots__ = ("_fragments", "_operation", "_schema", "_variables", "fields_planned", "hide_suggestions")

    def __init__(self, plan: Plan, variables: VariableValues) -> None:
        self.hide_suggestions = plan.hide_suggestions
        self.fields_planned = 0
        self._schema = plan.schema
        self._fragments = plan.fragments
        self._operation = plan.operation
        self._variables = variables

    def root(self, root_type: GraphQLObjectType) -> "Selection":
        """The operation's own selection; GraphQLError, RecursionError where it cannot be collected."""
        collected = collect_fields(
            self._schema, self._fragments, self._variables, root_type, self._operation, self.hide_suggestions
        )
        return self._selection(root_type, collected)

    def below(self, details: FieldDetailsList, object_type: GraphQLObjectType) -> "Selection":
        """What is selected of an object of a type that stands under a field."""
        collected = collect_subfields(
            self._schema,
            self._fragments,
            self._variables,
            self._operation,
            object_type,
            details,
            self.hide_suggestions,
        )
        return self._selection(object_type, collected)

    def _selection(self, object_type: GraphQLObjectType, collected: CollectedFields) -> "Selection":
        fields = []
        for name, details in collected.grouped_field_set.items():
            definition = self._schema.get_field(object_type, details[0].node.name.value)
            if definition is not None:
                fields.append(PlannedField(self, object_type, name, definition, details))
        self.fields_planned += len(fields)
        return Selection(fields)


class Selection:
    """The fields of an object, in the order of the answer."""

    __slots__ = ("fields", "names", "rows")

    def __init__(self, fields: "list[PlannedField]") -> None:
        self.fields = fields
        self.names = [field.name for field in fields]
        self.rows = rows_of(len(fields))


class Way(Enum):
    """How a field gets its values."""

    TYPE_NAME = "TYPE_NAME"
    ATTRIBUTE = "ATTRIBUTE"
    BATCHED = "BATCHED"
    EACH = "EACH"
    """One call for each parent, as graphql-core does it."""


class PlannedField:
    """A field under one response name, for parents of one type."""

    __slots__ = (
        "_below",
        "_selections",
        "arguments",
        "definition",
        "details",
        "get",
        "goes_deeper",
        "many",
        "name",
        "nodes",
        "parent_type",
        "shape",
        "way",
    )

    def __init__(
        self,
        selections: Selections,
        parent_type: GraphQLObjectType,
        name: str,
        definition: GraphQLField,
        details: FieldDetailsList,
    ) -> None:
        self._selections = selections
        self.name = name
        self.parent_type = parent_type
        self.definition = definition
        self.details = details
        self.nodes: list[FieldNode] = [detail.node for detail in details]
        self.arguments = Arguments(definition, self.nodes[0], hide_suggestions=selections.hide_suggestions)
        self.shape = shape_of(definition.type)
        self.goes_deeper = any(node.selection_set for node in self.nodes)
        self.way = _way(definition, self.nodes[0])
        resolve: Any = definition.resolve
        self.get: Callable[[Any], Any] = resolve.get if isinstance(resolve, Attribute) else _not_so
        self.many: Many = resolve.many if isinstance(resolve, Batched) else _not_so
        self._below: dict[str, Selection] = {}

    @property
    def planned_below(self) -> Collection[Selection]:
        """What is selected of those types of objects that came."""
        return self._below.values()

    def below(self, object_type: GraphQLObjectType) -> Selection:
        """What is selected of the field's objects of a type."""
        selection = self._below.get(object_type.name)
        if selection is None:
            selection = self._below[object_type.name] = self._selections.below(self.details, object_type)
        return selection


def _not_so(*_: Any) -> Any:
    raise TypeError("the field is resolved in another way")


def _way(definition: GraphQLField, node: FieldNode) -> Way:
    if node.name.value == "__typename":
        return Way.TYPE_NAME
    if isinstance(definition.resolve, Attribute):
        return Way.ATTRIBUTE
    return Way.BATCHED if isinstance(definition.resolve, Batched) else Way.EACH


def _directives(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDetails]
) -> Iterator[DirectiveNode]:
    """Every directive on a selection of the operation or of a fragment, whether or not that is spread."""
    pending: list[SelectionSetNode] = [
        operation.selection_set,
        *(fragment.definition.selection_set for fragment in fragments.values()),
    ]
    while pending:  # a loop, so that no document is too deep for it
        for selection in pending.pop().selections:
            yield from selection.directives or ()
            if isinstance(selection, FragmentSpreadNode):
                continue
            if isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
                pending.append(selection.selection_set)


def _variables_of(directive: DirectiveNode) -> Iterator[str]:
    if directive.name.value in CONDITIONS:
        for argument in directive.arguments or ():
            if isinstance(argument.value, VariableNode):
                yield argument.value.name.value
