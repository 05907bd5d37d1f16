"""The arguments of a field, coerced as far as can be done before any request comes."""

from typing import Any

from graphql import FieldNode, GraphQLField, ListValueNode, ObjectValueNode, ValueNode, VariableNode, VariableValues
from graphql.execution.values import coerce_argument, get_argument_values


class Arguments:
    """What a field of a document gives its resolver.

    Constants are coerced here, once; a variable that is an argument's whole value is taken as it was coerced. The rest
    (variables within lists and objects, what no value was given for, what is wrong) is left to graphql-core each time.
    """

    __slots__ = ("_constants", "_definition", "_hide_suggestions", "_node", "_variables")

    def __init__(self, definition: GraphQLField, node: FieldNode, *, hide_suggestions: bool) -> None:
        self._definition = definition
        self._node = node
        self._hide_suggestions = hide_suggestions
        self._constants: dict[str, Any] | None = {}
        self._variables: list[tuple[str, str]] = []
        """Name for the resolver, name of the variable."""
        try:
            self._read()
        except Exception:  # what is wrong is said to each request, to each parent
            self._constants = None

    def coerced(self, variables: VariableValues) -> dict[str, Any]:
        """The arguments with these variables; GraphQLError where a value does not fit."""
        if self._constants is not None:
            if not self._variables:
                return self._constants
            arguments = self._constants.copy()
            given = variables.coerced
            for name, variable in self._variables:
                value = given.get(variable)
                if value is None:
                    break
                arguments[name] = value
            else:
                return arguments
        return get_argument_values(self._definition, self._node, variables, None, self._hide_suggestions)

    def _read(self) -> None:
        given = {argument.name.value: argument for argument in self._node.arguments or ()}
        constants: dict[str, Any] = {}
        for name, definition in self._definition.args.items():
            argument = given.get(name)
            if argument is not None and isinstance(argument.value, VariableNode):
                self._variables.append((definition.out_name or name, argument.value.name.value))
            elif argument is not None and _has_variables(argument.value):
                self._constants = None
                return
            else:
                coerce_argument(constants, self._node, name, definition, argument, None, None, self._hide_suggestions)
        self._constants = constants if all(map(_is_unchangeable, constants.values())) else None


def _is_unchangeable(value: Any) -> bool:
    """Whether no resolver can alter the value for the requests after its own: what hashes by value is not altered."""
    try:
        hash(value)
    except TypeError:
        return False
    of_class: Any = type(value).__hash__
    return of_class is not object.__hash__


def _has_variables(node: ValueNode) -> bool:
    if isinstance(node, VariableNode):
        return True
    if isinstance(node, ListValueNode):
        return any(map(_has_variables, node.values))
    return isinstance(node, ObjectValueNode) and any(_has_variables(field.value) for field in node.fields)
