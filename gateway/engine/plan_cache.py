"""Plans of operations that come without one, when the executor is used on its own."""

from collections import OrderedDict
from collections.abc import Mapping

from graphql import GraphQLSchema, OperationDefinitionNode
from graphql.execution.collect_fields import FragmentDetails

from gateway.engine.plan import Plan

COUNT_MAX = 500


class PlanCache:
    """The plans that were used last, by the identity of their schema and their operation's syntax tree."""

    def __init__(self, count_max: int = COUNT_MAX) -> None:
        self._count_max = count_max
        self._plans: OrderedDict[tuple[int, int, bool], Plan] = OrderedDict()

    def __len__(self) -> int:
        return len(self._plans)

    def plan(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDetails],
        *,
        hide_suggestions: bool,
    ) -> Plan:
        """The operation's plan. It holds what its key stands for, so that no other object can take that identity."""
        key = (id(schema), id(operation), hide_suggestions)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = Plan(schema, operation, fragments, hide_suggestions=hide_suggestions)
            if len(self._plans) > self._count_max:
                self._plans.popitem(last=False)
        else:
            self._plans.move_to_end(key)
        return plan


PLANS = PlanCache()
