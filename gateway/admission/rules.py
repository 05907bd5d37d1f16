"""Validation rules, run over a document as graphql-core's `validate` runs them: the same errors in the same order.

That one leaves a thousand objects of each document to the garbage collector, since its visitors know methods that are
their own; and most of its time it asks each rule about each node. Here nothing is left behind, and a rule is asked
only about the kinds of nodes that it has a method for: less than half the time.
"""

from collections.abc import Callable, Collection
from functools import cache
from typing import Any

from graphql import (
    BREAK,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    TypeInfo,
    Visitor,
    visit,
)
from graphql.language.visitor import EnterLeaveVisitor
from graphql.validation import ASTValidationRule, ValidationContext
from graphql.validation.validate import (
    FragmentNestingVisitor,
    ValidationAbortedError,
    query_document_keys_to_validate,
)
from graphql.validation.validation_context import NodeWithSelectionSet, VariableUsage, VariableUsageVisitor

NAMES = frozenset({"name", "alias"})
KEYS = {kind: tuple(key for key in keys if key not in NAMES) for kind, keys in query_document_keys_to_validate.items()}
"""What is visited of each kind of node: no names, which are half of all nodes, since no rule finds anything in them."""


def broken_rules(
    schema: GraphQLSchema,
    document: DocumentNode,
    rules: Collection[type[ASTValidationRule]],
    *,
    max_errors: int,
    hide_suggestions: bool,
) -> list[GraphQLError]:
    """The errors that the rules report, at most one more than `max_errors`: the last says that there are more."""
    errors: list[GraphQLError] = []

    def on_error(error: GraphQLError) -> None:
        if len(errors) >= max_errors:
            raise ValidationAbortedError("Too many validation errors, error limit reached. Validation aborted.")
        errors.append(error)

    type_info = TypeInfo(schema)
    context = _Context(schema, document, type_info, on_error, hide_suggestions)
    visitors: list[Visitor] = [rule(context) for rule in rules]
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    if fragments:
        visitors.insert(0, FragmentNestingVisitor(fragments))
    try:
        visit(document, _Together(type_info, visitors), KEYS)
    except ValidationAbortedError as error:
        error.__context__ = None
        errors.append(error.with_traceback(None))
    except RecursionError:
        errors.append(ValidationAbortedError("Validation aborted."))
    return errors


class _Context(ValidationContext):
    """Finds variables with a visitor that leaves nothing behind either."""

    def get_variable_usages(self, node: NodeWithSelectionSet) -> list[VariableUsage]:
        """The variables within an operation or a fragment, without those of the fragments it spreads."""
        usages = self._variable_usages.get(node)
        if usages is None:
            visitor = VariableUsageVisitor(self._type_info, node if isinstance(node, FragmentDefinitionNode) else None)
            visit(node, _Together(self._type_info, [visitor]), KEYS)
            usages = self._variable_usages[node] = visitor.usages
        return usages


class _Together(Visitor):
    """Visitors that change no node, side by side, and the types of what they see.

    It knows methods of theirs and none of its own, so that it is gone when nobody needs it any more.
    """

    def __init__(self, type_info: TypeInfo, visitors: list[Visitor]) -> None:
        super().__init__()
        self._type_info = type_info
        self._visitors = visitors
        self._classes = tuple(map(type, visitors))
        self._skipped: list[Any] = [None] * len(visitors)
        """For each visitor the node whose inside it does not want to see, or BREAK where it has seen enough."""

    def get_enter_leave_for_kind(self, kind: str) -> EnterLeaveVisitor:
        """What to call before and after the inside of a node."""
        known = self.enter_leave_map.get(kind)
        if known is None:
            known = self.enter_leave_map[kind] = EnterLeaveVisitor(self._entering(kind), self._leaving(kind))
        return known

    def _entering(self, kind: str) -> Callable[..., None] | None:
        enter_type: Any = getattr(self._type_info, f"enter_{kind}", None)
        methods = [
            (index, getattr(self._visitors[index], enter))
            for index, enter, _ in _methods(self._classes, kind)
            if enter is not None
        ]
        skipped = self._skipped

        def enter(node: Node, *rest: Any) -> None:
            if enter_type is not None:
                enter_type(node)
            for index, method in methods:
                if skipped[index] is None:
                    result = method(node, *rest)
                    if result is not None:
                        skipped[index] = BREAK if result is BREAK or result is True else node

        return enter if enter_type is not None or methods else None

    def _leaving(self, kind: str) -> Callable[..., None] | None:
        leave_type: Any = getattr(self._type_info, f"leave_{kind}", None)
        methods = [
            (index, None if leave is None else getattr(self._visitors[index], leave))
            for index, _, leave in _methods(self._classes, kind)
        ]
        skipped = self._skipped

        def leave(node: Node, *rest: Any) -> None:
            for index, method in methods:
                if skipped[index] is node:
                    skipped[index] = None
                elif skipped[index] is None and method is not None:
                    result = method(node, *rest)
                    if result is BREAK or result is True:
                        skipped[index] = BREAK
            if leave_type is not None:
                leave_type()

        return leave if leave_type is not None or methods else None


@cache
def _methods(visitors: tuple[type[Visitor], ...], kind: str) -> list[tuple[int, str | None, str | None]]:
    """Which of the visitors have methods for a kind of node, and which."""
    found = []
    for index, visitor in enumerate(visitors):
        enter = next((name for name in (f"enter_{kind}", "enter") if hasattr(visitor, name)), None)
        leave = next((name for name in (f"leave_{kind}", "leave") if hasattr(visitor, name)), None)
        if enter or leave:
            found.append((index, enter, leave))
    return found
