"""Columns: the values of one field, or one list's items, of many objects at once."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from graphql import GraphQLError

Column: TypeAlias = list[Any]

Later: TypeAlias = Awaitable[Column]
"""A column that has to be waited for."""


class Bubble:
    """Stands in a column for a null where none may be: whatever holds it becomes null in its turn."""

    __slots__ = ("error",)

    def __init__(self, error: GraphQLError) -> None:
        self.error = error


class Holed(list[Any]):
    """A column in which there is at least one Bubble."""


def checked(column: Column) -> Column:
    """The column, known as Holed if it is."""
    return Holed(column) if any(type(value) is Bubble for value in column) else column


def filled(column: Column, at: Sequence[int], values: Column) -> Column:
    """The column with these values in these places."""
    for index, value in zip(at, values, strict=True):
        column[index] = value
    return Holed(column) if type(values) is Holed else column


def then(column: Column | Later, go_on: Callable[[Column], Column]) -> Column | Later:
    """What `go_on` makes of the column, now or when it is there."""
    return go_on(column) if isinstance(column, list) else _later(column, go_on)


async def _later(column: Later, go_on: Callable[[Column], Column]) -> Column:
    return go_on(await column)
