"""How far a document goes, in depth and in number of fields, in one pass over it, whatever its fragments do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
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


class _Spread(NamedTuple):
    """A fragment's name, and the levels of fields and of introspection above it."""

    name: str
    depth: int
    introspection_depth: int


@dataclass
class _Measured:
    """A definition: at first on its own, then with the fragments it spreads."""

    depth: int = 0
    introspection_depth: int = 0
    fields: int = 0
    spreads: list[_Spread] = field(default_factory=list)

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
        try:
            order = [*TopologicalSorter({name: _names(each) for name, each in fragments.items()}).static_order()]
        except CycleError:
            return None
        for measured in (*(fragments[name] for name in order if name in fragments), *operations):
            measured.add_spreads(fragments)
    return Extent(
        depth=max((each.depth for each in operations), default=0),
        introspection_depth=max((each.introspection_depth for each in operations), default=0),
        fields=max((each.fields for each in operations), default=0),
    )


def _names(measured: _Measured) -> Iterable[str]:
    return {spread.name for spread in measured.spreads}


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
                measured.spreads.append(_Spread(selection.name.value, depth, introspection_depth))  # type: ignore[attr-defined]
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
