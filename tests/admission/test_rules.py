"""Rules run together find what graphql-core's `validate` finds with them, with a fraction of its calls."""

import re
import sys
from collections.abc import Callable, Iterator
from random import Random
from types import FrameType

import pytest
from graphql import DocumentNode, GraphQLError, GraphQLSchema, GraphQLSyntaxError, parse, validate
from graphql.validation import UniqueDirectivesPerLocationRule

from gateway.admission.rules import broken_rules
from gateway.admission.validation import ERRORS_MAX, RULES, NoIntrospectionRule
from tests.admission.graph import SCHEMA
from tests.engine.nasty import nasty_schema
from tests.engine.operations import hand_written, operations_of

WORD = re.compile(r"[A-Za-z_]\w*")
EVERY_RULE = (*RULES, NoIntrospectionRule)


def shown(errors: list[GraphQLError]) -> list[tuple[str, object, str]]:
    """All of the errors that can be told."""
    return [(error.message, error.locations, type(error.original_error).__name__) for error in errors]


def both(schema: GraphQLSchema, document: DocumentNode, *, hide_suggestions: bool = False) -> list[GraphQLError]:
    """What is wrong with the document; fails where graphql-core's `validate` sees anything else."""
    expected = validate(schema, document, EVERY_RULE, ERRORS_MAX, hide_suggestions)
    found = broken_rules(schema, document, EVERY_RULE, max_errors=ERRORS_MAX, hide_suggestions=hide_suggestions)
    assert shown(found) == shown(expected)
    return found


def altered(text: str, random: Random) -> Iterator[DocumentNode]:
    """The document with one of its words in the place of another, as far as it can still be parsed."""
    places = [*WORD.finditer(text)]
    for _ in range(3):
        place, other = random.choice(places), random.choice(places)
        try:
            yield parse(text[: place.start()] + other[0] + text[place.end() :])
        except GraphQLSyntaxError:
            continue


def test_generated_documents() -> None:
    """Valid ones, and what becomes of them by small mistakes."""
    schema, random = nasty_schema("sync"), Random(1)
    messages = set()
    for operation in [*operations_of("nasty")[::3], *hand_written()]:
        both(schema, operation.document)
        for document in altered(operation.text, random):
            for error in both(schema, document, hide_suggestions=random.random() < 0.5):
                messages.add(re.sub(r"'[^']*'", "…", error.message))
    assert len(messages) > 20  # so many kinds of mistakes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{" + " ".join(f"a{number}" for number in range(100)) + "}", "error limit reached"),
        ("{" + "viewer { name }" * 480 + "}", "Validation aborted"),
        ("{ ...F0 }" + "".join(f"fragment F{i} on Query {{ ...F{i + 1} }}" for i in range(300)), "Validation aborted"),
        ("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", "Cannot spread fragment"),
        (
            "{ company @skip(if: true) @skip(if: true) { id } } type A { a: Int } directive @x on FIELD",
            "not executable",
        ),
        (
            "query ($a: [Int!]! = [null], $a: Filter) { even(number: $b) search(filter: { not: $a }) { id } }",
            "Variable",
        ),
        ("{ even(number: 13) __schema { types { name } } }", "Introspection is turned off"),
        ("subscription { opened { id } other: opened { id } }", "only one top level field"),
    ],
)
def test_bad_documents(text: str, message: str) -> None:
    """What generated mistakes hardly meet: limits, circles, definitions, variables, subscriptions."""
    assert any(message in error.message for error in both(SCHEMA, parse(text)))


def test_no_rule_looks_at_names() -> None:
    """They are not visited, so a rule that had a method for them would not be asked; one for all nodes there is, and it
    looks for directives."""
    methods = ("enter", "leave", "enter_name", "leave_name")
    assert [(rule, method) for rule in EVERY_RULE for method in methods if hasattr(rule, method)] == [
        (UniqueDirectivesPerLocationRule, "enter")
    ]


def test_fewer_calls() -> None:
    """Two thirds of graphql-core's at most: a rule that has nothing to say about a node is not asked."""
    document = parse(
        "query ($id: ID!) { node(id: $id) { id ... on Company { lines { number } invoices { amount } } } }"
    )
    ours = calls_of(lambda: broken_rules(SCHEMA, document, RULES, max_errors=20, hide_suggestions=False))
    theirs = calls_of(lambda: validate(SCHEMA, document, RULES))
    assert ours < theirs * 2 / 3


def calls_of(work: Callable[[], object]) -> int:
    """How many functions it calls, at the second time."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    work()
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls
