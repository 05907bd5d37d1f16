"""Resolvers that answer at once what they answered before, so that executors can be compared without resolvers."""

from collections.abc import Awaitable, Callable, Sequence
from inspect import isawaitable
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema

from gateway.engine import Batched

Table = dict[int, Any]
"""A field's values by the identity of their parents."""


async def answer_at_once(schema: GraphQLSchema, run: Callable[[], Awaitable[object]]) -> None:
    """Runs once to learn what every batched resolver says to each parent, then has them say just that: the async ones
    in a coroutine still, those that are not without. The schema is of no use for anything else afterwards."""
    fields = [
        field
        for graphql_type in schema.type_map.values()
        if isinstance(graphql_type, GraphQLObjectType)
        for field in graphql_type.fields.values()
        if isinstance(field.resolve, Batched)
    ]
    tables = [_recorded(field) for field in fields]
    kept = await run()
    for field, (table, is_async) in zip(fields, tables, strict=True):
        field.resolve = Batched(_told_later(table) if is_async else _told(table))
    _ALIVE.append((kept, tables))


_ALIVE: list[object] = []
"""What identities stand for, so that no other object can take them."""


def _recorded(field: GraphQLField) -> tuple[Table, list[bool]]:
    table: Table = {}
    is_async: list[bool] = []
    resolve: Any = field.resolve

    def noted(parents: Sequence[Any], values: Sequence[Any]) -> Sequence[Any]:
        table.update((id(parent), value) for parent, value in zip(parents, values, strict=True))
        _ALIVE.extend(parents)
        return values

    async def later(parents: Sequence[Any], values: Awaitable[Sequence[Any]]) -> Sequence[Any]:
        return noted(parents, await values)

    def many(parents: Sequence[Any], context: Any, **arguments: Any) -> Any:
        values = resolve.many(parents, context, **arguments)
        if isawaitable(values):
            is_async.append(True)
            return later(parents, values)
        return noted(parents, values)

    field.resolve = Batched(many)
    return table, is_async


def _told(table: Table) -> Callable[..., Sequence[Any]]:
    return lambda parents, _context, **_arguments: [table[id(parent)] for parent in parents]


def _told_later(table: Table) -> Callable[..., Awaitable[Sequence[Any]]]:
    async def many(parents: Sequence[Any], _context: Any, **_arguments: Any) -> Sequence[Any]:
        return [table[id(parent)] for parent in parents]

    return many
