"""Variables, coerced to the types that the operation declares for them."""

from graphql import (
    GraphQLID,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    VariableValues,
    get_nullable_type,
    get_variable_values,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValueSource

from gateway.admission.refused import refused_by_graphql
from gateway.admission.validation import ERRORS_MAX
from gateway.errors import InvalidVariables

NO_VARIABLES = VariableValues({}, {})


class VariablesReader:
    """Reads the variables of one operation, whatever requests send for them."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode, *, introspection: bool) -> None:
        self._schema = schema
        self._declared = operation.variable_definitions or ()
        self._introspection = introspection
        signatures = [get_variable_signature(schema, declared) for declared in self._declared]
        # A text is its own value where text is wanted, which is so for nearly every variable: ids.
        self._texts = {
            signature.name: signature
            for signature in signatures
            if isinstance(signature, GraphQLVariableSignature)
            and get_nullable_type(signature.type) in (GraphQLID, GraphQLString)
        }

    def coerced(self, given: dict[str, object]) -> VariableValues:
        """The values resolvers work with; Refused with what is wrong with them, at most ERRORS_MAX + 1 errors."""
        if not self._declared:
            return NO_VARIABLES
        if len(self._texts) == len(self._declared):
            values = {name: given.get(name) for name in self._texts}
            if all(type(value) is str for value in values.values()):
                sources = {name: VariableValueSource(self._texts[name], value) for name, value in values.items()}
                return VariableValues(sources, values)
        return self._coerced_by_graphql(given)

    def _coerced_by_graphql(self, given: dict[str, object]) -> VariableValues:
        values = get_variable_values(
            self._schema,
            self._declared,
            given,
            max_errors=ERRORS_MAX,
            hide_suggestions=not self._introspection,
        )
        if isinstance(values, list):
            raise refused_by_graphql(
                values, InvalidVariables, instead="The variable's value is not one that its type takes."
            )
        return values
