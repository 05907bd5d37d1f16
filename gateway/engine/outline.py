"""What an operation ran, in the schema's own words: its fields, level by level."""

from graphql import VariableValues

from gateway.engine.plan import Plan, Selection


def outline(plan: Plan, variables: VariableValues) -> list[list[str]]:
    """The fields of each level, as `Type.field`, each once and in order; none of what was planned for nobody.

    Aliases, arguments and literals are the client's, so they are not in it.
    """
    root = plan.variant(variables).planned_root
    levels: list[list[str]] = []
    level: list[Selection] = [] if root is None else [root]
    while level:
        fields = [field for selection in level for field in selection.fields]
        levels.append(list(dict.fromkeys(f"{field.parent_type.name}.{field.nodes[0].name.value}" for field in fields)))
        level = [selection for field in fields for selection in field.planned_below]
    return [names for names in levels if names]
