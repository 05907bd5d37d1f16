"""Execution level by level: each field is resolved once for all its parents, objects are put together from columns.

Columns that are there at once make their objects at once; those that are waited for go on by themselves, each to its
own next level.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from types import CoroutineType
from typing import Any

from graphql import GraphQLError, GraphQLObjectType, OperationType
from graphql.execution.executor import SELECTIONS_NESTED_TOO_DEEPLY, CollectedErrors
from graphql.pyutils import Path
from graphql.pyutils.is_awaitable import is_awaitable
from graphql.type.definition import GraphQLResolveInfoHelpers

from gateway.engine.column import Bubble, Column, Holed, Later, filled
from gateway.engine.eager import begun
from gateway.engine.objects import ObjectExecutor
from gateway.engine.plan import Plan, PlannedField, Selection, Way
from gateway.engine.plan_cache import PLANS
from gateway.engine.position import Positions, Root
from gateway.engine.waiting import ended


class BreadthExecutor(ObjectExecutor):
    """graphql-core's executor, level by level: for `executor_class`, or with a plan that was made before.

    Data, errors, paths and locations are the reference's. Fields with a `Batched` resolver are asked once for all
    parents of a level, others once for each. Middleware, `@defer` and `@stream` are left to the reference.
    """

    plan: Plan | None = None

    @property
    def async_helpers(self) -> GraphQLResolveInfoHelpers:
        """Made where a resolver is told of them; kept, they would hold what holds them, and all that a request read."""
        return GraphQLResolveInfoHelpers(gather=self.gather_async_work, track=self.track_async_work)

    @async_helpers.setter
    def async_helpers(self, helpers: GraphQLResolveInfoHelpers) -> None:
        """graphql-core's constructor sets them."""

    def execute_operation(self, serially: bool | None = None) -> Any:
        """The result, or an awaitable of it where something has to be waited for."""
        plan = self.plan or PLANS.plan(
            self.schema, self.operation, self.fragments, hide_suggestions=self.hide_suggestions
        )
        if self.middleware_manager is not None or not plan.is_breadth_first:
            return super().execute_operation(serially)
        if self.abort_signal is not None and self.abort_signal.aborted:
            self.run_async_work_finished_hook()
            raise self.abort_error()
        if serially is None:
            serially = self.operation.operation is OperationType.MUTATION
        try:
            data = self._data(plan, serially=serially)
        except GraphQLError as error:
            return self.finish(self._response(Bubble(error)))
        if isinstance(data, dict | Bubble):
            return self.finish(self._response(data))
        result = self._result_later(data)
        return result if self.abort_signal is None else self.with_aborted_execution_error(result)

    async def _result_later(self, data: Awaitable[dict[str, Any] | Bubble]) -> Any:
        try:
            return self._response(await data)
        except Exception:
            self.run_async_work_finished_hook()
            raise

    def _response(self, data: dict[str, Any] | Bubble) -> Any:
        if isinstance(data, Bubble):
            self.collected_errors.add(data.error, None)
        response = self.build_response(None if isinstance(data, Bubble) else data)
        # Errors know the frames they were raised in, which know this executor: it must not know them any longer, or
        # all that a failed request read would wait for the garbage collector.
        self.collected_errors = CollectedErrors()
        return response

    def _data(self, plan: Plan, *, serially: bool) -> dict[str, Any] | Bubble | Awaitable[dict[str, Any] | Bubble]:
        """The operation's data, or the null that came to the root."""
        operation = self.operation
        root_type = self.schema.get_root_type(operation.operation)
        if root_type is None:
            message = f"Schema is not configured to execute {operation.operation.value} operation."
            raise GraphQLError(message, operation)
        selection = self._root_selection(plan, root_type)
        if serially and len(selection.fields) > 1:
            return self._one_after_the_other(selection)
        rows = self.rows(selection, [self.root_value], Root())
        return _only(rows) if isinstance(rows, list) else _only_later(rows)

    def _root_selection(self, plan: Plan, root_type: GraphQLObjectType) -> Selection:
        try:
            return plan.variant(self.variable_values).root(root_type)
        except RecursionError:
            pass
        # Outside of the block above, or the error would keep all the frames of the recursion alive.
        raise GraphQLError(SELECTIONS_NESTED_TOO_DEEPLY, self.operation)

    # The root fields of a mutation: each ends before the next one begins

    def _one_after_the_other(
        self, selection: Selection
    ) -> dict[str, Any] | Bubble | Awaitable[dict[str, Any] | Bubble]:
        fields = iter(selection.fields)
        data: dict[str, Any] = {}
        for field in fields:
            column = self._root_column(field)
            if not isinstance(column, list):
                return self._rest_later(field, column, fields, data)
            value = data[field.name] = _only(column)
            if type(value) is Bubble:
                return value
        return data

    async def _rest_later(
        self, field: PlannedField, later: Later, fields: Iterable[PlannedField], data: dict[str, Any]
    ) -> dict[str, Any] | Bubble:
        value = data[field.name] = _only(await later)
        if type(value) is Bubble:
            return value
        for other in fields:
            column = self._root_column(other)
            value = data[other.name] = _only(column if isinstance(column, list) else await column)
            if type(value) is Bubble:
                return value
        return data

    def _root_column(self, field: PlannedField) -> Column | Later:
        if self.abort_signal is not None and self.abort_signal.aborted:
            raise self.abort_error()
        return self._column(field, [self.root_value], Root())

    # Rows: the objects of a selection

    def rows(self, selection: Selection, parents: Column, positions: Positions) -> Column | Later:
        """An object of the answer for each parent; a Bubble for one that has a null where none may be."""
        columns: list[Any] = []
        waiting: list[int] = []
        for field in selection.fields:
            column = self._column(field, parents, positions)
            if not isinstance(column, list):
                waiting.append(len(columns))
            columns.append(column)
        if not waiting:
            return _joined(selection, columns, len(parents))
        if _may_be_in_turn(selection, columns, waiting):
            return self._rows_in_turn(selection, columns, waiting, len(parents))
        return self.begun(self._rows_later(selection, columns, waiting, len(parents)), positions)

    async def _rows_in_turn(self, selection: Selection, columns: list[Any], waiting: list[int], count: int) -> Column:
        left = iter(sorted(waiting, key=lambda index: not selection.fields[index].goes_deeper))
        try:
            for index in left:
                columns[index] = await columns[index]
        except BaseException:
            await ended([asyncio.ensure_future(columns[index]) for index in left])
            raise
        return _joined(selection, columns, count)

    async def _rows_later(self, selection: Selection, columns: list[Any], waiting: list[int], count: int) -> Column:
        dead = _bubbles(column for column in columns if isinstance(column, list))
        tasks = {asyncio.ensure_future(columns[index]): index for index in waiting}
        pending = set(tasks)
        try:
            while pending and len(dead) < count:
                done, pending = await asyncio.wait(pending, return_when=_when(selection, waiting))
                for task in done:
                    columns[tasks[task]] = column = task.result()
                    dead |= _bubbles([column])
        finally:
            await ended(tasks)
        if len(dead) == count:  # nobody will read the columns that were still waited for
            return Holed([dead[index] for index in range(count)])
        return _joined(selection, columns, count)

    # Columns: one field for all parents

    def _column(self, field: PlannedField, parents: Column, positions: Positions) -> Column | Later:
        """The field's completed values."""
        values: Column | Awaitable[Sequence[Any]]
        way = field.way
        if way is Way.ATTRIBUTE:
            values = self._attributes(field, parents)
        elif way is Way.BATCHED:
            values = self._answers(field, parents)
        elif way is Way.TYPE_NAME:
            values = [field.parent_type.name] * len(parents)
        else:
            values = self._each(field, parents, positions)
        try:
            if isinstance(values, list):
                return self.completed(field, values, positions)
            return self.begun(self._column_later(field, values, len(parents), positions), positions)
        except RecursionError as error:  # deeper than Python's stack: the errors of this level, as the reference has it
            return self.failed(field, error, len(parents), positions)
        finally:
            del values  # an error among them knows this frame

    def _attributes(self, field: PlannedField, parents: Column) -> Column:
        try:
            return list(map(field.get, parents))
        except Exception:  # whichever parent it was: each is asked again by itself
            return [_attribute(field, parent) for parent in parents]

    def _answers(self, field: PlannedField, parents: Column) -> Column | Awaitable[Sequence[Any]]:
        """What a batched resolver says to all parents; where it fails as a whole, it fails for each."""
        try:
            answers: Any = field.many(parents, self.context_value, **field.arguments.coerced(self.variable_values))
            if type(answers) is CoroutineType:
                answers = begun(answers) if self.abort_signal is None else self.with_abort_signal(answers)
            if type(answers) is list:
                return answers if len(answers) == len(parents) else _one_each(answers, len(parents))
            if is_awaitable(answers):
                later: Awaitable[Sequence[Any]] = answers
                return later
            return _one_each(answers, len(parents))
        except Exception as error:
            return [error] * len(parents)

    async def _column_later(
        self, field: PlannedField, answers: Awaitable[Sequence[Any]], count: int, positions: Positions
    ) -> Column:
        try:
            values = _one_each(await answers, count)
        except Exception as error:
            values = [error] * count
        try:
            column = self.completed(field, values, positions)
        except RecursionError as error:
            return self.failed(field, error, count, positions)
        finally:
            del values  # an error among them knows this frame
        return column if isinstance(column, list) else await column

    def _each(self, field: PlannedField, parents: Column, positions: Positions) -> Column:
        """What an ordinary resolver says to each parent; errors and awaitables stand in the places of values."""
        resolve = field.definition.resolve or self.field_resolver
        values: Column = []
        for index, parent in enumerate(parents):
            path = Path(positions.path(index), field.name, field.parent_type.name)
            info = self.build_resolve_info(field.definition, field.nodes, field.parent_type, path)
            try:
                values.append(resolve(parent, info, **field.arguments.coerced(self.variable_values)))
            except Exception as error:
                values.append(error)
        return values


def _joined(selection: Selection, columns: list[Column], count: int) -> Column:
    """The objects of which each column holds one field; a Bubble in place of one in whose columns there is one."""
    if not columns:
        return [{} for _ in range(count)]
    rows: Column = selection.rows(selection.names, columns)
    dead = _bubbles(columns)
    return filled(rows, list(dead), Holed(dead.values())) if dead else rows


def _bubbles(columns: Iterable[Column]) -> dict[int, Bubble]:
    """The objects that will be null because one of these columns says so, each with the first that does."""
    found: dict[int, Bubble] = {}
    for column in columns:
        if type(column) is Holed:
            for index, value in enumerate(column):
                if type(value) is Bubble:
                    found.setdefault(index, value)
    return found


def _may_be_in_turn(selection: Selection, columns: list[Any], waiting: list[int]) -> bool:
    """Whether columns can be waited for one by one, the one that has levels of its own first, and nothing is lost by
    it: the others only have to be looked at, and none can make another pointless."""
    fields = [selection.fields[index] for index in waiting]
    if any(type(column) is Holed for column in columns):
        return False
    if any(field.shape.is_non_null for field in fields):
        return len(waiting) == 1
    return sum(field.goes_deeper for field in fields) <= 1


def _when(selection: Selection, waiting: Iterable[int]) -> str:
    """Whether one of the fields that are waited for could make the others pointless."""
    is_fatal = any(selection.fields[index].shape.is_non_null for index in waiting)
    return asyncio.FIRST_COMPLETED if is_fatal else asyncio.ALL_COMPLETED


def _one_each(answers: Sequence[Any], count: int) -> Column:
    if len(answers) != count:
        raise ValueError(f"a batched resolver gave {len(answers)} values for {count} parents")
    return answers if type(answers) is list else list(answers)


def _attribute(field: PlannedField, parent: Any) -> Any:
    try:
        return field.get(parent)
    except Exception as error:
        return error


def _only(column: Column) -> Any:
    (value,) = column
    return value


async def _only_later(column: Later) -> Any:
    return _only(await column)
