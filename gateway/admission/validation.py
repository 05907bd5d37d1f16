"""What makes a document valid: GraphQL's own rules, bounded, and whether the schema may be asked for."""

from collections.abc import Collection

from graphql import DocumentNode, FieldNode, GraphQLError, GraphQLSchema, specified_rules
from graphql.validation import (
    ASTValidationRule,
    NoFragmentCyclesRule,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    ValidationRule,
)

from gateway.admission.extent import INTROSPECTION_ROOTS
from gateway.admission.rules import broken_rules

ERRORS_MAX = 20
"""Errors shown for one document or one set of variables; a client that makes more needs no longer list."""

COMPARISONS_MAX = 50_000
"""Comparisons of fields of one response name, which grow with the square of the repetitions: with graphql-core's own
bound, 500 copies of `viewer { role }` hold up every other request for 0.7 s; with this one, for less than a tenth."""


class BoundedOverlappingFieldsRule(OverlappingFieldsCanBeMergedRule):
    """GraphQL's rule, giving up earlier."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = COMPARISONS_MAX


class NoIntrospectionRule(ValidationRule):
    """Nobody reads the schema here; `__typename` stays, because clients need it to read unions."""

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Reports the two fields that introspection begins with."""
        if node.name.value in INTROSPECTION_ROOTS:
            self.report_error(
                GraphQLError(f"Introspection is turned off here: remove {node.name.value} from the document.", node)
            )


RULES: tuple[type[ASTValidationRule], ...] = tuple(
    BoundedOverlappingFieldsRule if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules
)


def validation_errors(
    schema: GraphQLSchema, document: DocumentNode, *, introspection: bool, is_circular: bool = False
) -> list[GraphQLError]:
    """What is wrong with the document, at most ERRORS_MAX + 1 errors.

    Of one whose fragments spread each other in a circle, only that: how large it is nobody can say, and other rules
    take their time with it.

    Where introspection is off, messages suggest no names of fields and types either: they would give the schema away.
    """
    rules: Collection[type[ASTValidationRule]] = RULES if introspection else (*RULES, NoIntrospectionRule)
    if is_circular:
        rules = (NoFragmentCyclesRule,)
    errors = broken_rules(schema, document, rules, max_errors=ERRORS_MAX, hide_suggestions=not introspection)
    return [_explained(error) for error in errors]


def _explained(error: GraphQLError) -> GraphQLError:
    if error.message != "Validation aborted.":
        return error
    return GraphQLError(
        "The document repeats fields or spreads fragments too often to be checked: select each field once."
    )
