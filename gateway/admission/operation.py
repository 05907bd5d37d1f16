"""An operation of a valid document, with what is found out about it once, for all requests that mean it."""

from collections.abc import Mapping
from functools import cached_property

from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode
from graphql.execution.collect_fields import FragmentDetails

from gateway.admission.access import Access, Demand
from gateway.admission.size import AnswerSize
from gateway.admission.variables import VariablesReader
from gateway.engine import Plan


class Operation:
    """Everything is worked out when it is first asked for: most documents have one operation, some have many."""

    def __init__(
        self,
        schema: GraphQLSchema,
        node: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        *,
        introspection: bool,
    ) -> None:
        self.node = node
        self.fragments = fragments
        self._schema = schema
        self._introspection = introspection
        self._demand: Demand | None = None

    def demand(self, access: Access) -> Demand:
        """What it asks of its viewer if all its fields are included."""
        if self._demand is None:
            self._demand = access.demand(self.node, self.fragments)
        return self._demand

    @cached_property
    def variables(self) -> VariablesReader:
        """Reads the variables it declares."""
        return VariablesReader(self._schema, self.node, introspection=self._introspection)

    @cached_property
    def answer_size(self) -> AnswerSize:
        """How much its answer may hold; RecursionError for fragments that are nested beyond all measure."""
        return AnswerSize(self._schema, self.node, self.fragments)

    @cached_property
    def plan(self) -> Plan:
        """How the engine runs it."""
        details = {name: FragmentDetails(fragment) for name, fragment in self.fragments.items()}
        return Plan(self._schema, self.node, details, hide_suggestions=not self._introspection)
