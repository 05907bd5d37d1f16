"""Completion: what the type of a field makes of a column of values."""

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterable, Awaitable, Coroutine, Sequence
from functools import lru_cache
from types import GeneratorType, NoneType
from typing import Any

from graphql import Executor, GraphQLError, GraphQLObjectType, Undefined, located_error
from graphql.pyutils import is_iterable
from graphql.pyutils.is_awaitable import is_awaitable as default_is_awaitable

from gateway.engine.column import Bubble, Column, Holed, Later, checked, filled, then
from gateway.engine.eager import begun
from gateway.engine.plan import PlannedField, Selection
from gateway.engine.position import FieldPositions, ItemPositions, Positions, SomePositions
from gateway.engine.shape import CLASSES_KEPT, NOTHING, AbstractOf, Leaf, ListOf, ObjectOf, Shape, is_exception_class
from gateway.engine.waiting import all_of

LEVELS_TOGETHER = 24
"""Levels of fields that may wait for each other without a task between: each takes some frames of Python's stack."""

PLAIN = frozenset({str, int, float, bool, list, tuple, dict, NoneType})
"""Classes that need no second look."""


@lru_cache(CLASSES_KEPT)
def _is_awaitable_class(kind: type) -> bool:
    """Whether values of a class may have to be awaited; a generator only if it is an old coroutine."""
    return hasattr(kind, "__await__") or kind is GeneratorType


class CompletingExecutor(Executor[None]):
    """The half of the executor that completes values; each error stands where the reference would put it."""

    @abstractmethod
    def objects(
        self, object_type: GraphQLObjectType, shape: Shape, field: PlannedField, values: Column, positions: Positions
    ) -> Column | Later:
        """The objects of the answer for values of one type."""

    @abstractmethod
    def abstract(self, shape: AbstractOf, field: PlannedField, values: Column, positions: Positions) -> Column | Later:
        """The objects of the answer for values of an interface or a union."""

    @abstractmethod
    def rows(self, selection: Selection, parents: Column, positions: Positions) -> Column | Later:
        """An object of the answer for each parent; a Bubble for one that has a null where none may be."""

    def completed(self, field: PlannedField, values: Column, parents: Positions) -> Column | Later:
        """A field's values as its type wants them; null, or a Bubble, in place of what failed."""
        shape = field.shape
        if type(shape) is Leaf:  # the most frequent case needs no positions
            types = set(map(type, values))
            column = None if self._may_hold_awaitables(types) else shape.completed(values, types)
            if column is not None:
                return column
        return self._shaped(shape, field, values, FieldPositions(parents, field.name, field.parent_type.name))

    def _shaped(self, shape: Shape, field: PlannedField, values: Column, positions: Positions) -> Column | Later:
        types = set(map(type, values))
        if self._may_hold_awaitables(types):
            waiting = [index for index, value in enumerate(values) if self.is_awaitable(value)]
            if waiting:
                return self.begun(self._shaped_later(shape, field, values, waiting, positions), positions)
        if type(shape) is Leaf:
            column = shape.completed(values, types)
            return self._leaves(shape, field, values, positions) if column is None else column
        if types & NOTHING or any(map(is_exception_class, types)):
            return self._among(values, shape, field, positions)
        return self._complete(shape, field, values, positions) if values else []

    async def _shaped_later(
        self, shape: Shape, field: PlannedField, values: Column, waiting: list[int], positions: Positions
    ) -> Column:
        settled = await all_of([self.outcome(values[index]) for index in waiting])
        column = self._shaped(shape, field, filled(list(values), waiting, settled), positions)
        return column if isinstance(column, list) else await column

    def _may_hold_awaitables(self, types: set[type]) -> bool:
        if self.is_awaitable is not default_is_awaitable:
            return True
        return not types <= PLAIN and any(map(_is_awaitable_class, types))

    async def outcome(self, awaitable: Awaitable[Any]) -> Any:
        """Its result, or the exception it raises."""
        try:
            return await self.with_abort_signal(awaitable)
        except Exception as error:
            return error

    def begun(self, coroutine: Coroutine[Any, Any, Column], positions: Positions) -> Column | Later:
        """The column, if nothing has to be waited for; or what to await for it, begun already."""
        if positions.depth % LEVELS_TOGETHER:
            column = begun(coroutine)
        else:  # a task has a stack of its own
            column = asyncio.ensure_future(coroutine) if positions.depth else begun(coroutine)
        if isinstance(column, asyncio.Task):
            self.background_futures.add(column)
            column.add_done_callback(self.background_futures.discard)
        return column

    # Failures

    def failed(self, field: PlannedField, error: Exception, count: int, parents: Positions) -> Column:
        """The column of a field that failed for all its parents."""
        positions = FieldPositions(parents, field.name, field.parent_type.name)
        return checked([self.failure(error, field.shape, field, positions, index) for index in range(count)])

    def failure(self, error: Exception, shape: Shape, field: PlannedField, positions: Positions, index: int) -> Any:
        """What stands in the place of a value that failed: null, with the error told, or a Bubble that carries it."""
        path = positions.path(index)
        located = located_error(error, field.nodes, path.as_list() if path else [])
        if shape.is_non_null and self.error_propagation:
            return Bubble(located)
        self.collected_errors.add(located, path)
        return None

    def _null(self, shape: Shape, field: PlannedField, positions: Positions, index: int) -> Any:
        if not shape.is_non_null:
            return None
        name = f"{field.parent_type}.{field.nodes[0].name.value}"
        error = TypeError(f"Cannot return null for non-nullable field {name}.")
        return self.failure(error, shape, field, positions, index)

    def settled(self, values: Column, shape: Shape, field: PlannedField, positions: Positions) -> Column:
        """Bubbles have come to the places of this shape: they end here as nulls, or go on."""
        if type(values) is not Holed:
            return values
        return checked(
            [
                self.failure(value.error, shape, field, positions, index) if type(value) is Bubble else value
                for index, value in enumerate(values)
            ]
        )

    # Leaves

    def _leaves(self, shape: Leaf, field: PlannedField, values: Column, positions: Positions) -> Column:
        return checked([self._leaf(shape, field, value, positions, index) for index, value in enumerate(values)])

    def _leaf(self, shape: Leaf, field: PlannedField, value: Any, positions: Positions, index: int) -> Any:
        if value is None or value is Undefined:
            return self._null(shape, field, positions, index)
        if isinstance(value, Exception):  # never raised: it may be another request's too
            return self.failure(value, shape, field, positions, index)
        try:
            coerced = self.complete_leaf_value(shape.leaf_type, value)
        except Exception as error:
            return self.failure(error, shape, field, positions, index)
        shape.remember(value, coerced)
        return coerced

    # What is there, apart from what is null or failed

    def _among(self, values: Column, shape: Shape, field: PlannedField, positions: Positions) -> Column | Later:
        """The values that are there, completed; the others null or failed in their places."""
        at: list[int] = []
        column: Column = []
        for index, value in enumerate(values):
            if isinstance(value, Exception):
                column.append(self.failure(value, shape, field, positions, index))
            elif value is None or value is Undefined:
                column.append(self._null(shape, field, positions, index))
            else:
                column.append(None)
                at.append(index)
        return self._in_place(shape, field, values, positions, at, column)

    def _in_place(
        self, shape: Shape, field: PlannedField, values: Column, positions: Positions, at: list[int], column: Column
    ) -> Column | Later:
        """The column, with the values of these places completed."""
        column = checked(column)
        if not at:
            return column
        found = self._complete(shape, field, [values[index] for index in at], SomePositions(positions, at))
        return then(found, lambda found: filled(column, at, found))

    def _complete(self, shape: Shape, field: PlannedField, values: Column, positions: Positions) -> Column | Later:
        if isinstance(shape, ListOf):
            return self._lists(shape, field, values, positions)
        if isinstance(shape, AbstractOf):
            return self.abstract(shape, field, values, positions)
        if isinstance(shape, ObjectOf):
            return self.objects(shape.object_type, shape, field, values, positions)
        return self._leaves(shape, field, values, positions)

    # Lists

    def _lists(self, shape: ListOf, field: PlannedField, values: Column, positions: Positions) -> Column | Later:
        """All items of all lists as one column, and that taken apart into lists again."""
        streams = [index for index, value in enumerate(values) if self._is_stream(value)]
        if streams:
            return self.begun(self._streams_later(shape, field, values, streams, positions), positions)
        lists: list[Sequence[Any]] = []
        at: list[int] = []
        column: Column = []
        for index, value in enumerate(values):
            items = self._items(field, value)
            if isinstance(items, Exception):
                column.append(self.failure(items, shape, field, positions, index))
            else:
                column.append(None)
                at.append(index)
                lists.append(items)
        items = [item for each in lists for item in each]
        found = self._shaped(shape.item, field, items, ItemPositions(positions, lists, at)) if items else []
        return then(found, lambda found: self._listed(shape, field, positions, (checked(column), at, lists), found))

    def _listed(
        self,
        shape: ListOf,
        field: PlannedField,
        positions: Positions,
        apart: tuple[Column, list[int], list[Sequence[Any]]],
        found: Column,
    ) -> Column:
        """The items back in their lists; a list that holds a Bubble is null, or a Bubble itself."""
        column, at, lists = apart
        if len(column) == len(at) == 1 and type(found) is not Holed:
            return [found]
        begin = 0
        for index, each in zip(at, lists, strict=True):
            items = found[begin : begin + len(each)]
            begin += len(each)
            bubble = next((item for item in items if type(item) is Bubble), None) if type(found) is Holed else None
            column[index] = items if bubble is None else self.failure(bubble.error, shape, field, positions, index)
        return checked(column)

    def _is_stream(self, value: Any) -> bool:
        return type(value) is not list and type(value) is not tuple and self.is_async_iterable(value)

    def _items(self, field: PlannedField, value: Any) -> Sequence[Any] | Exception:
        """The list's items, or what is wrong with the list."""
        if type(value) is list or type(value) is tuple:
            return value
        if isinstance(value, Exception):
            return value
        if not is_iterable(value):
            name = f"{field.parent_type}.{field.nodes[0].name.value}"
            return GraphQLError(f"Expected Iterable, but did not find one for field '{name}'.")
        try:
            return list(value)
        except Exception as error:
            return error

    async def _streams_later(
        self, shape: ListOf, field: PlannedField, values: Column, streams: list[int], positions: Positions
    ) -> Column:
        read = await all_of([self.outcome(self._read(values[index])) for index in streams])
        column = self._lists(shape, field, filled(list(values), streams, read), positions)
        return column if isinstance(column, list) else await column

    async def _read(self, stream: AsyncIterable[Any]) -> list[Any]:
        return [item async for item in stream]
