"""Every edge takes all its parents at once and answers as if each had come alone."""

from collections.abc import Sequence
from inspect import isawaitable
from typing import Any

import pytest
import structlog
from graphql import GraphQLObjectType

from gateway.errors import GatewayError
from gateway.fields import Resolver, resolver_of
from gateway.schema import build_graph
from tests.resolvers.memory import PARENTS, MemoryBackend, context_on

GRAPH = build_graph()
SCHEMA = GRAPH.schema

EDGES = [
    (graphql_type.name, name, resolver)
    for graphql_type in SCHEMA.type_map.values()
    if isinstance(graphql_type, GraphQLObjectType) and not graphql_type.name.startswith("__")
    for name, field in graphql_type.fields.items()
    if (resolver := resolver_of(field)) is not None
]


async def answers(resolver: Resolver, parents: Sequence[Any]) -> tuple[list[Any], MemoryBackend]:
    """What a resolver says of parents in a fresh request, and the backend it asked."""
    backend = MemoryBackend()
    values = resolver(parents, context_on(backend))
    return [_comparable(value) for value in (await values if isawaitable(values) else values)], backend


def _comparable(value: Any) -> Any:
    if isinstance(value, GatewayError):
        return value.code(), value.message
    return [_comparable(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("type_name", "name", "resolver"), EDGES, ids=[f"{type}.{name}" for type, name, _ in EDGES])
async def test_many_parents_answer_like_each_alone(type_name: str, name: str, resolver: Resolver) -> None:
    """Same length, same order, an error for its own parent only, and no source is asked twice for one level."""
    parents = PARENTS[type_name]
    assert len(parents) > 1
    together, backend = await answers(resolver, parents)
    alone = [(await answers(resolver, [parent]))[0] for parent in parents]
    assert [[value] for value in together] == alone
    assert all(count == 1 for count in backend.batches().values()), backend.batches()


@pytest.mark.parametrize(("type_name", "name", "resolver"), EDGES, ids=[f"{type}.{name}" for type, name, _ in EDGES])
async def test_what_leaves_an_audit_line_is_declared_audited(type_name: str, name: str, resolver: Resolver) -> None:
    """For each parent one, by the request's id; else requests that ask the same would share one line."""
    parents = PARENTS[type_name]
    with structlog.testing.capture_logs() as logs:
        await answers(resolver, parents)
    audits = [entry["request_id"] for entry in logs if entry.get("audit")]
    assert audits == (["r1"] * len(parents) if GRAPH.policy.is_audited(type_name, name) else [])


def test_every_type_with_edges_has_parents_here() -> None:
    """A new type cannot slip by."""
    assert {type_name for type_name, _, _ in EDGES} == set(PARENTS)
