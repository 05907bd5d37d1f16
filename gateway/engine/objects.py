"""Completion of objects: of one type, or of whichever type an interface or a union turns out to be."""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLError, GraphQLObjectType, GraphQLResolveInfo
from graphql.execution.executor import invalid_return_type_error

from gateway.engine.column import Column, Later, checked, filled, then
from gateway.engine.completion import CompletingExecutor
from gateway.engine.plan import PlannedField, Selection
from gateway.engine.position import Positions, SomePositions, field_path
from gateway.engine.shape import AbstractOf, Shape
from gateway.engine.waiting import all_of


class ObjectExecutor(CompletingExecutor):
    """The part of the executor that finds out what objects are, and hands them on to their selections."""

    def objects(
        self, object_type: GraphQLObjectType, shape: Shape, field: PlannedField, values: Column, positions: Positions
    ) -> Column | Later:
        """The selection of each value, as an object; null, or a Bubble, for what is not of the type."""
        try:
            selection = field.below(object_type)
        except GraphQLError as error:
            return checked([self.failure(error, shape, field, positions, index) for index in range(len(values))])
        if object_type.is_type_of is not None:
            return self._of_type(object_type, selection, shape, field, values, positions)
        rows = self.rows(selection, values, positions)
        if type(rows) is list:  # the most frequent case: there, and no Bubble in it
            return rows
        return then(rows, lambda rows: self.settled(rows, shape, field, positions))

    def _of_type(
        self,
        object_type: GraphQLObjectType,
        selection: Selection,
        shape: Shape,
        field: PlannedField,
        values: Column,
        positions: Positions,
    ) -> Column | Later:
        """As `objects`, of the values that `is_type_of` takes for this type's."""

        def verdict(value: Any, info: GraphQLResolveInfo[Any]) -> Any:
            return object_type.is_type_of(value, info)  # type: ignore[misc]

        def go_on(verdicts: Column) -> Column | Later:
            at: list[int] = []
            column: Column = []
            for index, verdict in enumerate(verdicts):
                if isinstance(verdict, Exception):
                    column.append(self.failure(verdict, shape, field, positions, index))
                elif not verdict:
                    error = invalid_return_type_error(object_type, values[index], field.details)
                    column.append(self.failure(error, shape, field, positions, index))
                else:
                    column.append(None)
                    at.append(index)
            column = checked(column)
            if not at:
                return column
            places = SomePositions(positions, at)
            rows = self.rows(selection, [values[index] for index in at], places)
            return then(rows, lambda rows: filled(column, at, self.settled(rows, shape, field, places)))

        return self._asked(verdict, field, values, positions, go_on)

    def _asked(
        self,
        ask: Callable[[Any, GraphQLResolveInfo[Any]], Any],
        field: PlannedField,
        values: Column,
        positions: Positions,
        go_on: Callable[[Column], Column | Later],
    ) -> Column | Later:
        """What the schema's author says of each value, now or later, handed on to `go_on`."""
        said: Column = []
        for index, value in enumerate(values):
            path: Any = field_path(positions.path(index))
            info = self.build_resolve_info(field.definition, field.nodes, field.parent_type, path)
            try:
                said.append(ask(value, info))
            except Exception as error:
                said.append(error)
        waiting = [index for index, value in enumerate(said) if self.is_awaitable(value)]
        return self.begun(self._asked_later(said, waiting, go_on), positions) if waiting else go_on(said)

    async def _asked_later(self, said: Column, waiting: list[int], go_on: Callable[[Column], Column | Later]) -> Column:
        settled = await all_of([self.outcome(said[index]) for index in waiting])
        column = go_on(filled(said, waiting, settled))
        return column if isinstance(column, list) else await column

    # Interfaces and unions

    def abstract(self, shape: AbstractOf, field: PlannedField, values: Column, positions: Positions) -> Column | Later:
        """As `objects`, for each type that is among the values."""
        if shape.names is not None:
            classes = set(map(type, values))
            if len(classes) == 1:
                found = self._type_named(shape, field, shape.names.get(classes.pop()), values[0])
                if isinstance(found, GraphQLObjectType):
                    return self.objects(found, shape, field, values, positions)
            names = list(map(shape.names.get, map(type, values)))
            return self._of_types(shape, field, values, positions, names)
        resolve_type = shape.abstract_type.resolve_type or self.type_resolver

        def type_name(value: Any, info: GraphQLResolveInfo[Any]) -> Any:
            return resolve_type(value, info, shape.abstract_type)

        return self._asked(
            type_name, field, values, positions, lambda names: self._of_types(shape, field, values, positions, names)
        )

    def _of_types(
        self, shape: AbstractOf, field: PlannedField, values: Column, positions: Positions, names: Column
    ) -> Column | Later:
        """Values of several types, each type's as a column of its own."""
        if len(set(map(id, names))) == 1 and isinstance(names[0], str):
            found = self._type_named(shape, field, names[0], values[0])
            if isinstance(found, GraphQLObjectType):
                return self.objects(found, shape, field, values, positions)
        column: Column = [None] * len(values)
        places: dict[GraphQLObjectType, list[int]] = {}
        for index, name in enumerate(names):
            kind = name if isinstance(name, Exception) else self._type_named(shape, field, name, values[index])
            if isinstance(kind, GraphQLObjectType):
                places.setdefault(kind, []).append(index)
            else:
                column[index] = self.failure(kind, shape, field, positions, index)
        column = checked(column)
        parts = [
            self.objects(kind, shape, field, [values[index] for index in at], SomePositions(positions, at))
            for kind, at in places.items()
        ]
        return self._together(column, list(places.values()), parts)

    def _type_named(
        self, shape: AbstractOf, field: PlannedField, name: Any, value: Any
    ) -> GraphQLObjectType | GraphQLError:
        """The object type of that name, or why there is none for this value."""
        if isinstance(name, str) and name in shape.known:
            return shape.known[name]
        info = self.build_resolve_info(field.definition, field.nodes, field.parent_type, None)  # type: ignore[arg-type]
        try:
            found = self.ensure_valid_runtime_type(name, shape.abstract_type, field.details, info, value)
        except GraphQLError as error:
            return error
        shape.known[name] = found
        return found

    def _together(self, column: Column, places: list[list[int]], parts: list[Column | Later]) -> Column | Later:
        """The column with each part in its places."""
        later = [index for index, part in enumerate(parts) if not isinstance(part, list)]
        if later:
            return self._together_later(column, places, parts, later)
        for at, part in zip(places, parts, strict=True):
            column = filled(column, at, part)  # type: ignore[arg-type]
        return column

    async def _together_later(
        self, column: Column, places: list[list[int]], parts: list[Any], later: list[int]
    ) -> Column:
        done = filled(list(parts), later, await all_of([parts[index] for index in later]))
        for at, part in zip(places, done, strict=True):
            column = filled(column, at, part)
        return column
