"""Resolve functions that the engine knows: for graphql-core ordinary ones, for the engine more than that."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from inspect import isawaitable
from operator import attrgetter
from typing import Any

from graphql import GraphQLResolveInfo

Many = Callable[..., Sequence[Any] | Awaitable[Sequence[Any]]]
"""`(parents, context, **arguments) -> values`: as many and in the same order; an exception is its own parent's error.

Plain or async. An async one is begun in the operation's own task: what it opens before it first waits (a timeout, a
task group) must be closed again before that.
"""


class Batched:
    """Answers for all parents of a level at once; `context` is the operation's context value."""

    __slots__ = ("many",)

    def __init__(self, many: Many) -> None:
        self.many = many

    def __call__(self, parent: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        """One parent in, its value or exception out, as graphql-core's own executor calls it."""
        values = self.many([parent], info.context, **arguments)
        return _awaited(values) if isawaitable(values) else _only(values)


async def _awaited(values: Awaitable[Sequence[Any]]) -> Any:
    return _only(await values)


def _only(values: Sequence[Any]) -> Any:
    (value,) = values
    return value


class Attribute:
    """Reads an attribute of the parent; it may be dotted, `total.amount`."""

    __slots__ = ("get",)

    def __init__(self, name: str) -> None:
        self.get: Callable[[Any], Any] = attrgetter(name)

    def __call__(self, parent: Any, info: GraphQLResolveInfo[Any]) -> Any:
        """The attribute's value."""
        return self.get(parent)


class TypeByClass:
    """A `resolve_type` that goes by the Python class of a value, and by nothing else."""

    __slots__ = ("names",)

    def __init__(self, names: Mapping[type, str]) -> None:
        self.names = names

    def __call__(self, value: Any, info: GraphQLResolveInfo[Any], abstract_type: Any) -> str | None:
        """The name of the value's object type; None for a class that stands for none."""
        return self.names.get(type(value))
