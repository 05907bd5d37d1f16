"""Who may select what: every field an operation can reach, held against its viewer."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
)

from gateway.admission.refused import Refused, refused
from gateway.admission.selection import TYPENAME, Selected, position, selected_fields
from gateway.domain.viewer import Scope, Viewer
from gateway.errors import Forbidden, Unauthenticated


class AccessPolicy(Protocol):
    """What the schema's author decided about each field of each object type."""

    def scopes(self, object_type_name: str, field_name: str, /) -> frozenset[Scope]:
        """All of these are needed to select the field (or `__typename`); none where any token will do."""

    def is_public(self, object_type_name: str, field_name: str, /) -> bool:
        """Whether the field answers without a token, whatever its scopes."""

    def is_audited(self, object_type_name: str, field_name: str, /) -> bool:
        """Whether every request that reads the field leaves a line in the audit log."""


class Demand(NamedTuple):
    """What an operation asks of its viewer if all its fields are included, and whether that is audited."""

    is_public: bool
    scopes: frozenset[Scope]
    is_audited: bool

    def is_met_by(self, viewer: Viewer) -> bool:
        """Whether the viewer may have all of it."""
        return self.is_public or (not viewer.is_anonymous and self.scopes <= viewer.scopes)


class Access:
    """The policy of a schema, applied to operations."""

    def __init__(self, schema: GraphQLSchema, policy: AccessPolicy) -> None:
        self._schema = schema
        self._policy = policy

    def demand(self, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> Demand:
        """Same for every request, so it is worth keeping: most are settled by it."""
        selected = selected_fields(self._schema, operation, fragments, {})
        guarded = [*self._guarded(selected)]
        scopes = frozenset(scope for type_name, name in guarded for scope in self._policy.scopes(type_name, name))
        is_audited = any(self._policy.is_audited(*key) for key in selected)
        return Demand(is_public=not guarded, scopes=scopes, is_audited=is_audited)

    def require(
        self,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, object],
        viewer: Viewer,
    ) -> None:
        """Refused, naming the first field that the viewer may not select and that these variables do not leave out."""
        conditions = _defaults(operation) | dict(variables)
        selected = selected_fields(self._schema, operation, fragments, conditions)
        denied = {key: selected[key] for key in self._guarded(selected) if self._lacks(viewer, key)}
        if denied:
            raise self._refused(denied, viewer)

    def _guarded(self, selected: Selected) -> Iterator[tuple[str, str]]:
        return (key for key in selected if not self._is_free(*key))

    def _is_free(self, type_name: str, name: str) -> bool:
        """Whether nobody needs a token for it: what is public, and the names of types that no scope guards."""
        is_unguarded_name = name == TYPENAME and not self._policy.scopes(type_name, name)
        return is_unguarded_name or self._policy.is_public(type_name, name)

    def _lacks(self, viewer: Viewer, key: tuple[str, str]) -> bool:
        return viewer.is_anonymous or not self._policy.scopes(*key) <= viewer.scopes

    def _refused(self, denied: Selected, viewer: Viewer) -> Refused:
        (type_name, name), node = _first(denied.items())
        field = f"{type_name}.{name}"
        if viewer.is_anonymous:
            error = Unauthenticated(f"{field} needs a bearer token: send `Authorization: Bearer <token>`.")
            return refused(error, node)
        missing = sorted(self._policy.scopes(type_name, name) - viewer.scopes)
        noun = "scope" if len(missing) == 1 else "scopes"
        return refused(
            Forbidden(f"{field} needs the {noun} {', '.join(missing)}, which your token does not have."), node
        )


def _first(denied: Iterable[tuple[tuple[str, str], FieldNode]]) -> tuple[tuple[str, str], FieldNode]:
    return min(denied, key=lambda item: (position(item[1]), item[0]))


def _defaults(operation: OperationDefinitionNode) -> dict[str, object]:
    return {
        definition.variable.name.value: definition.default_value.value
        for definition in operation.variable_definitions or ()
        if isinstance(definition.default_value, BooleanValueNode)
    }
