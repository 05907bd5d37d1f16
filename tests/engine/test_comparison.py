"""The comparison of two outcomes sees every difference that counts, and allows what timing decides."""

from collections.abc import Sequence
from typing import Any

import pytest
from graphql import Executor, GraphQLError, build_schema, parse

from tests.engine.comparison import Case, Outcome, differences, impossible_errors, nulled_position, outcome


def error(*path: str | int, message: str = "failed") -> GraphQLError:
    """An error at a path."""
    return GraphQLError(message, path=list(path))


def test_equal_outcomes() -> None:
    """Nothing is found between an outcome and one like it."""
    one = Outcome({"a": 1, "b": None}, [error("b"), error("c")], calls=("x", "y"))
    assert differences(one, Outcome({"a": 1, "b": None}, [error("c"), error("b")], calls=("y", "x"))) == []


@pytest.mark.parametrize(
    "other",
    [
        {"a": 1, "b": 2.0},
        {"a": True, "b": 2},
        {"b": 2, "a": 1},
        {"a": 1},
        {"a": 1, "b": 2, "c": None},
        {"a": "1", "b": 2},
        None,
    ],
)
def test_data(other: Any) -> None:
    """Values, their types and the order of keys count."""
    assert differences(Outcome({"a": 1, "b": 2}), Outcome(other))


@pytest.mark.parametrize(
    "errors",
    [
        [],
        [error("a")],
        [error("a", message="other")],
        [error("a"), error("a"), error("b")],
        [error("a"), error("b"), error("c")],
        [error("a"), GraphQLError("failed", path=["b"], extensions={"code": "X"})],
        [error("a"), GraphQLError("failed", path=["b"], original_error=ValueError())],
    ],
)
def test_errors(errors: Sequence[GraphQLError]) -> None:
    """A missing, an added and a changed error are found, where each stands for its own null."""
    expected = Outcome({"a": None, "b": None, "c": 1}, [error("a"), error("b")])
    assert differences(expected, Outcome(expected.data, errors))


def test_locations() -> None:
    """The place in the document counts."""
    fields = [parse(text).definitions[0].selection_set.selections[0] for text in ("{ a }", "{  a }")]  # type: ignore[attr-defined]
    one, other = (Outcome({"a": None}, [GraphQLError("failed", [field], path=["a"])]) for field in fields)
    assert differences(one, one) == []
    assert differences(one, other)


def test_errors_below_a_null() -> None:
    """Which of the failures is reported for a null they share is left open, but one must be."""
    expected = Outcome({"a": {"b": None}, "c": 1}, [error("a", "b", "x")])
    assert differences(expected, Outcome(expected.data, [error("a", "b", "y"), error("a", "b", "z", 0)])) == []
    assert differences(expected, Outcome(expected.data, [error("a", "b")])) == []
    assert differences(expected, Outcome(expected.data, []))
    assert differences(expected, Outcome(expected.data, [error("a", "b", "x"), error("c")]))
    assert differences(Outcome(expected.data), expected)


def test_errors_of_no_data() -> None:
    """The whole answer is a null like any other; an error without a path stands for itself."""
    assert differences(Outcome(None, [error("a")]), Outcome(None, [error("b")])) == []
    assert differences(Outcome(None, [error("a")]), Outcome(None, []))
    assert differences(Outcome(None, [GraphQLError("one")]), Outcome(None, [GraphQLError("other")]))


@pytest.mark.parametrize(
    "other",
    [
        Outcome({}, raised="TypeError: x"),
        Outcome({}, running=1),
        Outcome({}, calls=("a",)),
        Outcome({}, calls=("a", "b", "b")),
        Outcome({}, calls=("a", "b"), serial=("b began",)),
    ],
)
def test_the_way_there(other: Outcome) -> None:
    """An exception, tasks left running, calls too few and too many, and mutations out of order are found."""
    assert differences(Outcome({}, calls=("a", "b")), other)


@pytest.mark.parametrize(
    ("path", "position"),
    [
        (["a", 1, "x"], ("a", 1)),
        (["a", 1], ("a", 1)),
        (["a", 0, "x"], ("a", 0, "x")),
        (["a", 0, "y"], None),
        (["a", 7], None),
        (["b", "x", 0], None),
        (["a", 0, "y", "z"], None),
        ([], None),
    ],
)
def test_nulled_position(path: list[str | int], position: Any) -> None:
    """The first null on a path; none where the path ends, or leaves the data, without one."""
    assert nulled_position({"a": [{"x": None, "y": 1}, None], "b": {}}, path) == position


async def test_impossible_errors() -> None:
    """An error of a null that the reference did not report has to be one that happens."""
    expected = Outcome({"a": None}, [error("a", "x")])

    async def all_of_them() -> Outcome:
        return Outcome({"a": {"x": None, "y": None}}, [error("a", "x"), error("a", "y")])

    assert await impossible_errors(expected, Outcome({"a": None}, [error("a", "y")]), all_of_them) == []
    assert await impossible_errors(expected, Outcome({"a": None}, [error("a", "z")]), all_of_them)


async def test_an_executor_at_fault() -> None:
    """An executor with a fault of each kind does not pass for the reference."""
    schema = build_schema("type Query { a: Int, b: Int! }")
    case = Case(schema, parse("{ a b }"), root={"a": lambda info: 1 / 0, "b": 2})
    expected = await outcome(Executor, case)
    assert differences(expected, await outcome(Executor, case)) == []

    class Unordered(Executor[None]):
        def build_response(self, data: Any) -> Any:
            return super().build_response(data and dict(reversed(data.items())))

    class Unlocated(Executor[None]):
        def handle_field_error(self, raw_error: Exception, return_type: Any, details: Any, path: Any) -> None:
            self.collected_errors.add(GraphQLError(str(raw_error), path=path.as_list()), path)

    class Silent(Executor[None]):
        def handle_field_error(self, *_: Any) -> None:
            return None

    for executor_class in (Unordered, Unlocated, Silent):
        assert differences(expected, await outcome(executor_class, case)), executor_class
