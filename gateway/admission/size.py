"""How much an answer may hold at most, before any of it is asked for: worked out once, evaluated with the variables."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

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


class Size(NamedTuple):
    """What an answer may hold: objects, and values, which are objects and leaves together."""

    objects: int
    values: int


class PageSize(NamedTuple):
    """The rows of a page whose size is a variable; `default` where that is not given."""

    variable: str
    default: int

    def rows(self, variables: Mapping[str, Any]) -> int:
        """As many as are asked for, and never less than none."""
        size = variables.get(self.variable, self.default)
        return max(size, 0) if isinstance(size, int) else LIST_ASSUMED


class ListLength(NamedTuple):
    """The rows of a list that is as long as the longest of some lists given to it; `known` is that of those written."""

    variables: tuple[str, ...]
    known: int | None

    def rows(self, variables: Mapping[str, Any]) -> int:
        """The length of the longest; a guess where there is no list."""
        given = [len(variables[name]) for name in self.variables if isinstance(variables.get(name), list)]
        known = [] if self.known is None else [self.known]
        return max(given + known, default=LIST_ASSUMED)


Rows: TypeAlias = int | PageSize | ListLength
Slot: TypeAlias = int
Term: TypeAlias = Size | Slot
"""A size that is known already, or the number of the step that finds it."""

NONE = Size(0, 0)


class Sum(NamedTuple):
    """Fields beside each other."""

    known: Size
    slots: tuple[Slot, ...]

    def size(self, found: Sequence[Size], variables: Mapping[str, Any]) -> Size:
        """All of them."""
        return _sum([self.known, *(found[slot] for slot in self.slots)])


class Most(NamedTuple):
    """Types that an object may turn out to have."""

    known: Size
    slots: tuple[Slot, ...]

    def size(self, found: Sequence[Size], variables: Mapping[str, Any]) -> Size:
        """The most of each."""
        return _most([self.known, *(found[slot] for slot in self.slots)])


class Times(NamedTuple):
    """Rows, each with what stands below it."""

    rows: Rows
    below: Term

    def size(self, found: Sequence[Size], variables: Mapping[str, Any]) -> Size:
        """The rows themselves and all that stands below them."""
        rows = self.rows if isinstance(self.rows, int) else self.rows.rows(variables)
        return _times(rows, self.below if isinstance(self.below, Size) else found[self.below])


class AnswerSize:
    """The size of an operation's answer at most, as steps that each look at earlier ones: linear, whatever is shared.

    Page sizes multiply along each path, and paths add up. Pages count as full, an object of an interface as its most
    costly kind. RecursionError for fragments that are nested beyond all measure.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
    ) -> None:
        steps = _Steps(schema, fragments)
        root = schema.get_root_type(operation.operation)
        self._answer = steps.below(operation.selection_set, root, None) if root else NONE
        self._steps = steps.steps

    def at_most(self, variables: Mapping[str, Any]) -> Size:
        """The size with these coerced variables."""
        if isinstance(self._answer, Size):
            return self._answer
        found: list[Size] = []
        for step in self._steps:
            found.append(step.size(found, variables))
        return found[self._answer]


class _Steps:
    """Works an operation out; each selection set once for each type and page that it is met with."""

    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self.steps: list[Sum | Most | Times] = []
        self._schema = schema
        self._fragments = fragments
        self._known: dict[tuple[int, str, Rows | None], Term] = {}

    def below(self, selection_set: SelectionSetNode, parent: GraphQLNamedType, page: Rows | None) -> Term:
        """What stands below one object of a type; `page` is the size of the page that the object is, if it is one."""
        key = (id(selection_set), parent.name, page)
        known = self._known.get(key)
        if known is None:
            kinds: Any = self._schema.get_possible_types(parent) if is_abstract_type(parent) else [parent]
            terms = [self._of_kind(selection_set, kind, page) for kind in kinds]
            known = self._known[key] = terms[0] if len(terms) == 1 else self._most(terms)
        return known

    def _of_kind(self, selection_set: SelectionSetNode, kind: GraphQLObjectType, page: Rows | None) -> Term:
        terms: list[Term] = []
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                terms.append(self._of_field(selection, kind, page))
            elif isinstance(selection, InlineFragmentNode):
                terms.append(self._of_fragment(selection, kind, page))
            elif isinstance(selection, FragmentSpreadNode):
                terms.append(self._of_fragment(self._fragments[selection.name.value], kind, page))
        return self._sum(terms)

    def _of_fragment(
        self, node: InlineFragmentNode | FragmentDefinitionNode, kind: GraphQLObjectType, page: Rows | None
    ) -> Term:
        condition = self._schema.get_type(node.type_condition.name.value) if node.type_condition else kind
        fits = condition is kind or (is_abstract_type(condition) and self._schema.is_sub_type(condition, kind))
        return self.below(node.selection_set, kind, page) if fits else NONE

    def _of_field(self, node: FieldNode, parent: GraphQLObjectType, page: Rows | None) -> Term:
        if node.selection_set is None:
            return Size(0, 1)
        name = node.name.value
        field = META_FIELDS[name] if name in META_FIELDS else parent.fields[name]
        below = self.below(node.selection_set, get_named_type(field.type), _page_size(field, node))
        rows = _rows(field, node, page)
        if isinstance(rows, int) and isinstance(below, Size):
            return _times(rows, below)
        return self._step(Times(rows, below))

    def _sum(self, terms: Sequence[Term]) -> Term:
        known, slots = _sum([term for term in terms if isinstance(term, Size)]), _slots(terms)
        return self._step(Sum(known, slots)) if slots else known

    def _most(self, terms: Sequence[Term]) -> Term:
        known, slots = _most([term for term in terms if isinstance(term, Size)]), _slots(terms)
        return self._step(Most(known, slots)) if slots else known

    def _step(self, step: Sum | Most | Times) -> Slot:
        self.steps.append(step)
        return len(self.steps) - 1


def _slots(terms: Sequence[Term]) -> tuple[Slot, ...]:
    return tuple(term for term in terms if not isinstance(term, Size))


def _sum(sizes: Sequence[Size]) -> Size:
    return Size(sum(size.objects for size in sizes), sum(size.values for size in sizes))


def _most(sizes: Sequence[Size]) -> Size:
    return Size(max((size.objects for size in sizes), default=0), max((size.values for size in sizes), default=0))


def _times(rows: int, below: Size) -> Size:
    return Size(rows * (1 + below.objects), rows * (1 + below.values))


def _rows(field: GraphQLField, node: FieldNode, page: Rows | None) -> Rows:
    """How many objects the field gives: a page's size, or as many as it was given values, or a guess."""
    if not is_list_type(get_nullable_type(field.type)):
        return 1
    if page is not None:
        return page
    values = [argument.value for argument in node.arguments or ()]
    known = max((len(value.values) for value in values if isinstance(value, ListValueNode)), default=None)
    variables = tuple(value.name.value for value in values if isinstance(value, VariableNode))
    return ListLength(variables, known) if variables else LIST_ASSUMED if known is None else known


def _page_size(field: GraphQLField, node: FieldNode) -> Rows | None:
    """The size of the page that the field is; None for a field that is none."""
    argument = field.args.get(PAGE_SIZE)
    if argument is None:
        return None
    default = _default(argument)
    given = next((each.value for each in node.arguments or () if each.name.value == PAGE_SIZE), None)
    if isinstance(given, VariableNode):
        return PageSize(given.name.value, default)
    if isinstance(given, IntValueNode):
        return max(int(given.value), 0)
    return default if given is None else LIST_ASSUMED


def _default(argument: GraphQLArgument) -> int:
    """The default as a schema in code has it, or one that was read from SDL."""
    if argument.default is not None and isinstance(argument.default.literal, IntValueNode):
        return max(int(argument.default.literal.value), 0)
    value = argument.default_value
    if value is Undefined and argument.default is not None:
        value = argument.default.value
    return max(value, 0) if isinstance(value, int) else LIST_ASSUMED
