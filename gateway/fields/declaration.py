"""A schema class is a table: `attribute`s are read off the domain record, `edge`s by a batched resolver."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple, TypeVar

import strawberry
from strawberry.schema_directive import Location

from gateway.domain.viewer import Scope

T = TypeVar("T")

Resolver = Callable[..., Sequence[Any] | Awaitable[Sequence[Any]]]
"""`(parents, context, **arguments) -> values`: same length and order as the parents."""

RootResolver = Callable[..., Any]
"""`(context, **arguments) -> value`, plain or async: a root has no parent to be asked for."""

ROW = "row"
"""Key of a field's FieldRow in Strawberry's metadata."""


@strawberry.schema_directive(
    name="requiresScopes",
    locations=[Location.FIELD_DEFINITION, Location.OBJECT, Location.INTERFACE],
    description="What the viewer's token must allow; all scopes of one inner list are needed.",
)
class RequiresScopes:
    """Printed in the SDL beside what it guards; admission enforces it."""

    scopes: list[list[str]]


class Mask(NamedTuple):
    """What a viewer without the scope sees instead of a value."""

    scope: Scope
    masked: Callable[[Any], Any]


@dataclass(frozen=True)
class FieldRow:
    """What this package knows of a field: its resolver (None: read off the record), scope, mask; whether reads of it
    are audited."""

    resolver: Resolver | None = None
    root_resolver: RootResolver | None = None
    scope: Scope | None = None
    public: bool = False
    audited: bool = False
    mask: Mask | None = None


@dataclass(frozen=True)
class TypeRow:
    """What this package knows of a type: the domain records it shows, and the scope all its fields ask for."""

    records: tuple[type, ...] = ()
    scope: Scope | None = None


def attribute(
    description: str,
    *,
    scope: Scope | None = None,
    mask: Mask | None = None,
) -> Any:
    """A field read off the record, or through the mask."""
    return _described(description, FieldRow(scope=scope, mask=mask))


def edge(resolver: Resolver, description: str, *, scope: Scope | None = None, audited: bool = False) -> Any:
    """A field that a resolver answers for all parents at once; one that is `audited` runs for each request."""
    return _described(description, FieldRow(resolver=resolver, scope=scope, audited=audited))


def edge_with_arguments(resolver: Resolver, *, scope: Scope | None = None) -> Callable[[Callable[..., Any]], Any]:
    """As `edge`, on a method whose signature declares the arguments and whose docstring is the description."""
    return _declared_by_method(FieldRow(resolver=resolver, scope=scope))


def root(
    resolver: RootResolver, *, scope: Scope | None = None, public: bool = False
) -> Callable[[Callable[..., Any]], Any]:
    """A field of Query, declared as `edge_with_arguments`; `public` ones answer without a token."""
    return _declared_by_method(FieldRow(root_resolver=resolver, scope=scope, public=public))


def _declared_by_method(row: FieldRow) -> Callable[[Callable[..., Any]], Any]:
    def declare(method: Callable[..., Any]) -> Any:
        return strawberry.field(
            method, description=_docstring(method), metadata={ROW: row}, directives=_directives(row.scope)
        )

    return declare


def _described(description: str, row: FieldRow) -> Any:
    return strawberry.field(description=description, metadata={ROW: row}, directives=_directives(row.scope))


def object_type(*records: type, scope: Scope | None = None) -> Callable[[type[T]], type[T]]:
    """An object type that shows these domain records; the docstring is its description."""
    return _declared(strawberry.type, TypeRow(records, scope))


def interface_type(scope: Scope | None = None) -> Callable[[type[T]], type[T]]:
    """An interface; which type a record has is looked up by the record's class."""
    return _declared(strawberry.interface, TypeRow((), scope))


def input_type(record: type) -> Callable[[type[T]], type[T]]:
    """An input object that reaches resolvers as this domain record; fields nobody gave keep the record's defaults."""
    return _declared(strawberry.input, TypeRow((record,)))


def _declared(decorate: Callable[..., Any], row: TypeRow) -> Callable[[type[T]], type[T]]:
    def declare(cls: type[T]) -> type[T]:
        keywords: dict[str, Any] = {} if decorate is strawberry.input else {"directives": _directives(row.scope)}
        declared: type[T] = decorate(cls, description=_docstring(cls), **keywords)
        declared.__gateway_row__ = row  # type: ignore[attr-defined]
        return declared

    return declare


def enum_type(enum: type[Enum], values: Mapping[Enum, str]) -> None:
    """A domain enum as GraphQL shows it: its docstring, and a sentence for each of its values."""
    strawberry.enum(enum, description=_docstring(enum))
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[enum[value.name]]


def _directives(scope: Scope | None) -> list[object]:
    return [] if scope is None else [RequiresScopes(scopes=[[scope.value]])]


def _docstring(described: Any) -> str:
    """A docstring's text, its lines joined into paragraphs."""
    paragraphs = (described.__doc__ or "").strip().split("\n\n")
    return "\n\n".join(" ".join(line.strip() for line in paragraph.splitlines()) for paragraph in paragraphs)
