"""How far a document goes, in depth and in number of fields, in one pass over it, whatever its fragments do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

INTROSPECTION_ROOTS = frozenset({"__schema", "__type"})


class Extent(NamedTuple):
    """What a document's largest operation asks for, fragments in the places of their spreads.

    `depth` counts levels of fields, `{ a { b } }` has two; what stands under `__schema` and `__type` is counted apart,
    from those fields on. `fields` counts fields, each as often as it is spread.
    """

    depth: int = 0
    introspection_depth: int = 0
    fields: int = 0


@dataclass
class _Measured:
    """A definition: at first on its own, then with the fragments it spreads."""

    depth: int = 0
    introspection_depth: int = 0
    fields: int = 0
    spreads: list[tuple[str, int, int]] = field(default_factory=list)
    """Names of fragments, each with the levels of fields and of introspection above it."""

    def add_spreads(self, fragments: "Mapping[str, _Measured]") -> None:
        """Makes room for its fragments, which were measured before."""
        for name, depth, introspection_depth in self.spreads:
            spread = fragments.get(name)
            if spread is None:  # unknown: refused as invalid afterwards
                continue
            self.fields += spread.fields
            if introspection_depth:
                self.introspection_depth = max(self.introspection_depth, introspection_depth + spread.depth)
            else:
                self.depth = max(self.depth, depth + spread.depth)
                self.introspection_depth = max(self.introspection_depth, spread.introspection_depth)


def document_extent(document: DocumentNode) -> Extent | None:
    """The extent of the largest operation; linear in the size of the document.

    Each fragment is measured once, after those that it spreads. None where fragments spread each other in a circle:
    such a document has no extent, and is invalid.
    """
    fragments, operations = {}, []
    for definition in document.definitions:
        if isinstance(definition, FragmentDefinitionNode):
            fragments[definition.name.value] = _measured(definition.selection_set)
        elif isinstance(definition, OperationDefinitionNode):
            operations.append(_measured(definition.selection_set))
    if fragments:
        order = _spread_first(fragments)
        if order is None:
            return None
        for measured in (*order, *operations):
            measured.add_spreads(fragments)
    return Extent(
        depth=max((each.depth for each in operations), default=0),
        introspection_depth=max((each.introspection_depth for each in operations), default=0),
        fields=max((each.fields for each in operations), default=0),
    )


def _spread_first(fragments: Mapping[str, _Measured]) -> list[_Measured] | None:
    """Each fragment after those that it spreads; None where there is a circle."""
    order: list[_Measured] = []
    begun: set[str] = set()
    ended: set[str] = set()
    for first in fragments:
        path = [] if first in begun else [(first, iter(fragments[first].spreads))]
        begun.add(first)
        while path:  # a loop, so that no chain of fragments is too long for it
            name, left = path[-1]
            spread = next((each for each, _, _ in left if each in fragments and each not in ended), None)
            if spread is None:
                path.pop()
                ended.add(name)
                order.append(fragments[name])
            elif spread in begun:
                return None
            else:
                begun.add(spread)
                path.append((spread, iter(fragments[spread].spreads)))
    return order


def _measured(selection_set: SelectionSetNode) -> _Measured:
    # A loop, not a recursion: how deep a document may go is just what is not known yet.
    measured = _Measured()
    pending = [(selection_set, 0, 0)]
    while pending:
        current, depth, introspection_depth = pending.pop()
        for selection in current.selections:
            kind = type(selection)
            if kind is FieldNode:
                measured.fields += 1
                pending += _below(measured, selection, depth, introspection_depth)  # type: ignore[arg-type]
            elif kind is FragmentSpreadNode:
                measured.spreads.append((selection.name.value, depth, introspection_depth))  # type: ignore[attr-defined]
            else:
                pending.append((selection.selection_set, depth, introspection_depth))  # type: ignore[attr-defined]
    return measured


def _below(
    measured: _Measured, node: FieldNode, depth: int, introspection_depth: int
) -> list[tuple[SelectionSetNode, int, int]]:
    """Counts a field's level; what is left to measure is its own selection."""
    if introspection_depth or node.name.value in INTROSPECTION_ROOTS:
        introspection_depth += 1
        if introspection_depth > measured.introspection_depth:
            measured.introspection_depth = introspection_depth
    else:
        depth += 1
        if depth > measured.depth:
            measured.depth = depth
    return [(node.selection_set, depth, introspection_depth)] if node.selection_set else []
