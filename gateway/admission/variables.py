"""Variables, coerced to the types that the operation declares for them."""

from graphql import GraphQLSchema, OperationDefinitionNode, VariableValues, get_variable_values

from gateway.admission.refused import refused_by_graphql
from gateway.admission.validation import ERRORS_MAX
from gateway.errors import InvalidVariables


def coerced_variables(
    schema: GraphQLSchema, operation: OperationDefinitionNode, given: dict[str, object], *, introspection: bool
) -> VariableValues:
    """The values resolvers work with; Refused with what is wrong with them, at most ERRORS_MAX + 1 errors."""
    values = get_variable_values(
        schema,
        operation.variable_definitions or (),
        given,
        max_errors=ERRORS_MAX,
        hide_suggestions=not introspection,
    )
    if isinstance(values, list):
        raise refused_by_graphql(
            values, InvalidVariables, instead="The variable's value is not one that its type takes."
        )
    return values
