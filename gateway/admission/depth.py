"""How deep a document goes, in one pass over it, whatever its fragments do."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

INTROSPECTION_ROOTS = frozenset({"__schema", "__type"})


@dataclass
class Depth:
    """Levels of fields: `{ a { b } }` has two. Fragments add none.

    What stands under `__schema` and `__type` is counted apart, from those fields on.
    """

    fields: int = 0
    introspection: int = 0

    def include(self, other: "Depth", above: "Depth") -> None:
        """Make room for what is spread below `above`."""
        if above.introspection:
            self.introspection = max(self.introspection, above.introspection + other.fields)
        else:
            self.fields = max(self.fields, above.fields + other.fields)
            self.introspection = max(self.introspection, other.introspection)


@dataclass
class _Measured:
    """A definition on its own: its depth, and which fragments it spreads below which depth."""

    depth: Depth = field(default_factory=Depth)
    spreads: list[tuple[str, Depth]] = field(default_factory=list)


def document_depth(document: DocumentNode) -> Depth:
    """The depth of the deepest operation; linear in the size of the document.

    Each fragment is measured once, after those that it spreads. Fragments that spread each other in a circle have
    no depth: such a document counts as flat here and is refused as invalid afterwards.
    """
    fragments, operations = {}, []
    for definition in document.definitions:
        if isinstance(definition, FragmentDefinitionNode):
            fragments[definition.name.value] = _measured(definition.selection_set)
        elif isinstance(definition, OperationDefinitionNode):
            operations.append(_measured(definition.selection_set))
    try:
        order = [*TopologicalSorter({name: _spread_names(each) for name, each in fragments.items()}).static_order()]
    except CycleError:
        return Depth()
    for measured in (*(fragments[name] for name in order if name in fragments), *operations):
        _add_spreads(measured, fragments)
    return Depth(
        fields=max((each.depth.fields for each in operations), default=0),
        introspection=max((each.depth.introspection for each in operations), default=0),
    )


def _spread_names(measured: _Measured) -> Iterable[str]:
    return {name for name, _ in measured.spreads}


def _add_spreads(measured: _Measured, fragments: dict[str, _Measured]) -> None:
    for name, above in measured.spreads:
        if name in fragments:
            measured.depth.include(fragments[name].depth, above)


def _measured(selection_set: SelectionSetNode) -> _Measured:
    # A loop, not a recursion: how deep a document may go is just what is not known yet.
    measured = _Measured()
    pending = [(selection_set, Depth())]
    while pending:
        current, above = pending.pop()
        for selection in current.selections:
            if isinstance(selection, FragmentSpreadNode):
                measured.spreads.append((selection.name.value, above))
            elif isinstance(selection, InlineFragmentNode):
                pending.append((selection.selection_set, above))
            elif isinstance(selection, FieldNode):
                here = _below(above, selection)
                measured.depth.include(Depth(), here)
                if selection.selection_set:
                    pending.append((selection.selection_set, here))
    return measured


def _below(above: Depth, node: FieldNode) -> Depth:
    if above.introspection or node.name.value in INTROSPECTION_ROOTS:
        return Depth(above.fields, above.introspection + 1)
    return Depth(above.fields + 1, 0)
