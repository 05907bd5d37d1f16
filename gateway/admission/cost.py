"""How many objects an answer may have at most, before any of them is asked for."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_list_type,
)
from graphql.type import SchemaMetaFieldDef, TypeMetaFieldDef

PAGE_SIZE = "first"
LIST_ASSUMED = 5
"""Rows of a list that no argument bounds: the options of a line, the fields of a type."""

META_FIELDS = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}


def objects_at_most(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],
    *,
    leaf: int = 0,
) -> int:
    """The product of page sizes along each path, summed over all paths; linear in the size of the document.

    With `leaf` 1 every value counts, not objects alone. Pages count as full, an object of an interface as its most
    costly kind. RecursionError for fragments that are nested beyond all measure.
    """
    root = schema.get_root_type(operation.operation)
    return _Count(schema, fragments, variables, leaf).below(operation.selection_set, root, None) if root else 0


class _Count:
    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
        leaf: int,
    ) -> None:
        self._leaf = leaf
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._known: dict[tuple[int, str, int | None], int] = {}

    def below(self, selection_set: SelectionSetNode, parent: GraphQLNamedType, page: int | None) -> int:
        """Objects below one object of a type; `page` is the size of the page that the object is, if it is one."""
        key = (id(selection_set), parent.name, page)
        known = self._known.get(key)
        if known is None:
            kinds = self._schema.get_possible_types(parent) if is_abstract_type(parent) else [parent]
            known = max((self._of_kind(selection_set, kind, page) for kind in kinds), default=0)  # type: ignore[arg-type]
            self._known[key] = known
        return known

    def _of_kind(self, selection_set: SelectionSetNode, kind: GraphQLObjectType, page: int | None) -> int:
        objects = 0
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                objects += self._of_field(selection, kind, page)
            elif isinstance(selection, InlineFragmentNode):
                objects += self._of_fragment(selection, kind, page)
            elif isinstance(selection, FragmentSpreadNode):
                objects += self._of_fragment(self._fragments[selection.name.value], kind, page)
        return objects

    def _of_fragment(
        self, node: InlineFragmentNode | FragmentDefinitionNode, kind: GraphQLObjectType, page: int | None
    ) -> int:
        condition = self._schema.get_type(node.type_condition.name.value) if node.type_condition else kind
        fits = condition is kind or (is_abstract_type(condition) and self._schema.is_sub_type(condition, kind))
        return self.below(node.selection_set, kind, page) if fits else 0

    def _of_field(self, node: FieldNode, parent: GraphQLObjectType, page: int | None) -> int:
        if node.selection_set is None:
            return self._leaf
        name = node.name.value
        field = META_FIELDS[name] if name in META_FIELDS else parent.fields[name]
        given = {argument.name.value: self._value(argument.value) for argument in node.arguments or ()}
        rows = self._rows(field, given, page)
        return rows * (1 + self.below(node.selection_set, get_named_type(field.type), _page_size(field, given)))

    def _rows(self, field: GraphQLField, given: Mapping[str, Any], page: int | None) -> int:
        """How many objects the field gives: a page's size, or as many as it was given values, or a guess."""
        if not is_list_type(get_nullable_type(field.type)):
            return 1
        if page is not None:
            return page
        return max((len(value) for value in given.values() if isinstance(value, list)), default=LIST_ASSUMED)

    def _value(self, node: ValueNode) -> Any:
        if isinstance(node, VariableNode):
            return self._variables.get(node.name.value, Undefined)
        if isinstance(node, IntValueNode):
            return int(node.value)
        return list(node.values) if isinstance(node, ListValueNode) else Undefined


def _page_size(field: GraphQLField, given: Mapping[str, Any]) -> int | None:
    argument = field.args.get(PAGE_SIZE)
    if argument is None:
        return None
    size = given.get(PAGE_SIZE, Undefined)
    if size is Undefined:
        size = _default(argument)
    return max(size, 0) if isinstance(size, int) else LIST_ASSUMED


def _default(argument: GraphQLArgument) -> Any:
    """The default as a schema in code has it, or one that was read from SDL."""
    if argument.default is not None and isinstance(argument.default.literal, IntValueNode):
        return int(argument.default.literal.value)
    return argument.default_value
