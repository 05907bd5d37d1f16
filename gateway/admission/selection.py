"""Which fields of which object types an operation may reach when it runs."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
)

TYPENAME = "__typename"

Selected: TypeAlias = dict[tuple[str, str], FieldNode]
"""(object type, field) → where the document selects it first."""


def selected_fields(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    conditions: Mapping[str, object],
) -> Selected:
    """Every field the operation may reach, by object type; never one too few, whatever the backends answer.

    A selection on an interface or a union counts for each object type it can turn out to be, and fragments narrow
    these. `conditions` are values of variables; what `@skip` and `@include` surely leave out by them does not count.
    `__typename` counts, for it tells that something exists; introspection does not. Linear: each selection set is
    visited once for each object type.
    """
    walk = _Walk(schema, fragments, conditions)
    root = schema.get_root_type(operation.operation)
    return walk.selected_from(operation.selection_set, root) if root else {}


class _Walk:
    """A loop, not a recursion, so that no document is too deep for it."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], conditions: Mapping[str, object]
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._conditions = conditions
        self._selected: Selected = {}
        self._pending: list[tuple[SelectionSetNode, GraphQLNamedType]] = []

    def selected_from(self, selection_set: SelectionSetNode, root: GraphQLObjectType) -> Selected:
        self._pending.append((selection_set, root))
        seen: set[tuple[int, str]] = set()
        while self._pending:
            current, parent = self._pending.pop()
            # By identity: nodes compare by value, and visiting an equal one again would still be right.
            if (id(current), parent.name) in seen:
                continue
            seen.add((id(current), parent.name))
            if isinstance(parent, GraphQLObjectType):
                self._visit(current.selections, parent)
            elif is_abstract_type(parent):
                self._pending += [(current, each) for each in self._schema.get_possible_types(parent)]
        return self._selected

    def _visit(self, selections: Iterable[SelectionNode], parent: GraphQLObjectType) -> None:
        for selection in selections:
            if is_left_out(selection, self._conditions):
                continue
            if isinstance(selection, FieldNode):
                self._visit_field(selection, parent)
            elif isinstance(selection, InlineFragmentNode):
                self._visit_fragment(selection, parent)
            elif isinstance(selection, FragmentSpreadNode):
                self._visit_fragment(self._fragments[selection.name.value], parent)

    def _visit_field(self, node: FieldNode, parent: GraphQLObjectType) -> None:
        name = node.name.value
        if name.startswith("__") and name != TYPENAME:
            return
        key = (parent.name, name)
        first = self._selected.get(key)
        if first is None or position(node) < position(first):
            self._selected[key] = node
        if node.selection_set and name in parent.fields:
            self._pending.append((node.selection_set, get_named_type(parent.fields[name].type)))

    def _visit_fragment(self, node: InlineFragmentNode | FragmentDefinitionNode, parent: GraphQLObjectType) -> None:
        condition = self._schema.get_type(node.type_condition.name.value) if node.type_condition else parent
        if condition is parent or (is_abstract_type(condition) and self._schema.is_sub_type(condition, parent)):
            self._pending.append((node.selection_set, parent))


def position(node: FieldNode) -> int:
    """Where the field stands in the text, in characters from its beginning."""
    return node.loc.start if node.loc else 0


def is_left_out(node: SelectionNode, conditions: Mapping[str, object]) -> bool:
    """Whether `@skip` or `@include` leaves the node out for sure.

    The values come as the client sent them. One that is missing or no boolean leaves nothing out: if it is wrong,
    the request is refused for it later, and until then nobody may pass by means of it.
    """
    return any(
        (directive.name.value == "skip" and _condition(directive, conditions) is True)
        or (directive.name.value == "include" and _condition(directive, conditions) is False)
        for directive in node.directives or ()
    )


def _condition(directive: DirectiveNode, conditions: Mapping[str, object]) -> object:
    for argument in directive.arguments or ():
        if isinstance(argument.value, VariableNode):
            return conditions.get(argument.value.name.value)
        if isinstance(argument.value, BooleanValueNode):
            return argument.value.value
    return None
