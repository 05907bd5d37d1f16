"""What an operation reaches when it runs was known before it ran."""

import random
from typing import Any

from graphql import (
    FragmentDefinitionNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    OperationDefinitionNode,
    execute_sync,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    parse,
    validate,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.admission.selection import selected_fields
from tests.admission.graph import SCHEMA

TYPES = ("Node", "Line", "MobileLine", "FixedLine", "Sim", "Company", "Invoice", "Ticket", "Hit")
CONDITIONS = ("", "", "", "@skip(if: $a)", "@include(if: $b)", "@include(if: $a) @skip(if: $b)", "@skip(if: false)")
FRAGMENTS = 3


def selection_set(choice: random.Random, type_name: str, depth: int, spreads: range) -> str:
    """A random selection set of the type: fields, inline fragments and spreads, under conditions."""
    parts = [selection(choice, type_name, depth, spreads) for _ in range(choice.randint(1, 3))]
    return "{ " + " ".join(parts) + " }"


def selection(choice: random.Random, type_name: str, depth: int, spreads: range) -> str:
    """One of them; at the bottom only `__typename`."""
    condition = choice.choice(CONDITIONS)
    graphql_type = SCHEMA.type_map[type_name]
    if depth == 0:
        return f"__typename {condition}"
    if spreads and choice.random() < 0.2:
        return f"...F{choice.choice(spreads)} {condition}"
    if choice.random() < 0.3 or not isinstance(graphql_type, GraphQLObjectType | GraphQLInterfaceType):
        on = choice.choice(TYPES)
        return f"... on {on} {condition} {selection_set(choice, on, depth - 1, spreads)}"
    name, field = choice.choice(list(graphql_type.fields.items()))
    result_type = get_named_type(field.type)
    below = selection_set(choice, result_type.name, depth - 1, spreads) if is_composite_type(result_type) else ""
    return f"{name} {condition} {below}"


@settings(max_examples=150)
@given(st.randoms(use_true_random=False), st.booleans(), st.booleans())
def test_nothing_is_reached_unseen(choice: random.Random, a: bool, b: bool) -> None:
    """Whatever type each value turns out to have, only fields that were foreseen are resolved, by concrete type."""
    fragments = "".join(
        f" fragment F{i} on {(on := choice.choice(TYPES))} {selection_set(choice, on, 3, range(i + 1, FRAGMENTS))}"
        for i in range(FRAGMENTS)
    )
    node, hit = (selection_set(choice, name, 4, range(FRAGMENTS)) for name in ("Node", "Hit"))
    document = parse(f"query ($a: Boolean!, $b: Boolean!) {{ node(id: 1) {node} search {hit} }} {fragments}")
    rules_about_use = ("never used", "can never be of type")
    errors = [e for e in validate(SCHEMA, document) if not any(words in e.message for words in rules_about_use)]
    assume(not errors)
    (operation,) = (each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    by_name = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    variables: dict[str, object] = {"a": a, "b": b}
    reached: set[tuple[str, str]] = set()

    def resolve(_: object, info: GraphQLResolveInfo[Any], **arguments: object) -> object:
        reached.add((info.parent_type.name, info.field_name))
        if is_list_type(get_nullable_type(info.return_type)):
            return [object()] * 4
        return object() if is_composite_type(get_named_type(info.return_type)) else 1

    def resolve_type(_: object, info: GraphQLResolveInfo[Any], abstract_type: Any) -> str:
        return choice.choice(SCHEMA.get_possible_types(abstract_type)).name

    execute_sync(SCHEMA, document, variable_values=variables, field_resolver=resolve, type_resolver=resolve_type)
    foreseen = selected_fields(SCHEMA, operation, by_name, variables).keys()
    assert reached <= foreseen
    assert foreseen <= selected_fields(SCHEMA, operation, by_name, {}).keys()
