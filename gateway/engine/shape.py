"""What a field's type asks of its values, as the plan holds it: lists, leaves, objects, and what may not be null."""

from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from math import isfinite
from types import NoneType
from typing import Any, TypeAlias

from graphql import (
    GraphQLAbstractType,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLString,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.pyutils import UndefinedType
from graphql.type import GRAPHQL_MAX_INT, GRAPHQL_MIN_INT

from gateway.engine.column import Column
from gateway.engine.resolver import TypeByClass

NOTHING = frozenset({NoneType, UndefinedType})
"""Classes of what no leaf may be coerced to."""


CLASSES_KEPT = 1_024
"""Classes whose nature is remembered; a schema has some dozens."""


@lru_cache(CLASSES_KEPT)
def is_exception_class(kind: type) -> bool:
    """Whether values of a class are failures."""
    return issubclass(kind, Exception)


@lru_cache(CLASSES_KEPT)
def _is_odd_class(kind: type) -> bool:
    """Whether values of a class are failures, or members of an enum that are to be remembered."""
    return issubclass(kind, Exception | Enum)


class Leaf:
    """A scalar or an enum."""

    __slots__ = ("_members", "_names", "_plain", "_same", "is_non_null", "leaf_type")

    def __init__(self, leaf_type: GraphQLLeafType, *, is_non_null: bool) -> None:
        self.is_non_null = is_non_null
        self.leaf_type = leaf_type
        plain, self._same = _plain_values(leaf_type)
        self._plain = frozenset() if plain is None else frozenset({plain} if is_non_null else {plain, NoneType})
        # By identity, since members of Python's enums are slow to hash; they live as long as their class.
        self._names: dict[int, Any] = {} if is_non_null else {id(None): None}
        self._members: list[Enum] = []

    def completed(self, values: Column, types: set[type]) -> Column | None:
        """All values coerced, or None where one of them is out of the ordinary and each has to be looked at."""
        if self._plain:
            return values if types <= self._plain and (self._same is None or self._same(values)) else None
        if self._members:
            try:
                return list(map(self._names.__getitem__, map(id, values)))
            except KeyError:
                return None
        if NoneType in types or any(map(_is_odd_class, types)):
            return None
        try:
            column = list(map(self.leaf_type.coerce_output_value, values))
        except Exception:  # whichever value it was: it is met again where it can be told
            return None
        return column if NOTHING.isdisjoint(map(type, column)) else None

    def remember(self, value: Any, coerced: Any) -> None:
        """Keeps what a member of an enum is called."""
        if isinstance(value, Enum) and isinstance(self.leaf_type, GraphQLEnumType) and id(value) not in self._names:
            self._members.append(value)
            self._names[id(value)] = coerced


def _plain_values(leaf_type: GraphQLLeafType) -> tuple[type | None, Callable[[Column], bool] | None]:
    """The class whose values are their own answer, and what else must hold for them."""
    for scalar, plain, same in (
        (GraphQLString, str, None),
        (GraphQLID, str, None),
        (GraphQLBoolean, bool, None),
        (GraphQLInt, int, _are_int32),
        (GraphQLFloat, float, _are_finite),
    ):
        if leaf_type is scalar:
            return plain, same
    return None, None


def _are_int32(values: Column) -> bool:
    numbers = [value for value in values if value is not None]
    return not numbers or (min(numbers) >= GRAPHQL_MIN_INT and max(numbers) <= GRAPHQL_MAX_INT)


def _are_finite(values: Column) -> bool:
    return all(value is None or isfinite(value) for value in values)


class ListOf:
    """A list, with the shape of its items."""

    __slots__ = ("is_non_null", "item")

    def __init__(self, item: "Shape", *, is_non_null: bool) -> None:
        self.item = item
        self.is_non_null = is_non_null


class ObjectOf:
    """An object of one type."""

    __slots__ = ("is_non_null", "object_type")

    def __init__(self, object_type: GraphQLObjectType, *, is_non_null: bool) -> None:
        self.object_type = object_type
        self.is_non_null = is_non_null


class AbstractOf:
    """An object of an interface or a union; `names` tells its type by its class, where the schema goes by that.

    `known` are the types that were found to be possible here.
    """

    __slots__ = ("abstract_type", "is_non_null", "known", "names")

    def __init__(self, abstract_type: GraphQLAbstractType, *, is_non_null: bool) -> None:
        self.abstract_type = abstract_type
        self.is_non_null = is_non_null
        resolve_type = abstract_type.resolve_type
        self.names = resolve_type.names if isinstance(resolve_type, TypeByClass) else None
        self.known: dict[str, GraphQLObjectType] = {}


Shape: TypeAlias = Leaf | ListOf | ObjectOf | AbstractOf


def shape_of(output_type: GraphQLOutputType) -> Shape:
    """The shape of a field's type."""
    is_non_null = is_non_null_type(output_type)
    nullable: Any = output_type.of_type if is_non_null_type(output_type) else output_type
    if is_list_type(nullable):
        return ListOf(shape_of(nullable.of_type), is_non_null=is_non_null)
    if is_leaf_type(nullable):
        return Leaf(nullable, is_non_null=is_non_null)
    if is_abstract_type(nullable):
        return AbstractOf(nullable, is_non_null=is_non_null)
    return ObjectOf(nullable, is_non_null=is_non_null)
