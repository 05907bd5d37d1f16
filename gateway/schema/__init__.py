"""What the graph says: types, fields, arguments and their descriptions; never how a value is had."""

from dataclasses import dataclass
from functools import cache

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from gateway.fields import FieldPolicy, bind
from gateway.schema.line import FixedLine, MobileLine
from gateway.schema.query import Query
from gateway.schema.scalars import SCALARS
from gateway.schema.sim import Sim


@dataclass(frozen=True)
class Graph:
    """The schema, bound to its resolvers, and who may select what in it."""

    schema: GraphQLSchema
    policy: FieldPolicy


@cache
def _strawberry_schema() -> strawberry.Schema:
    config = StrawberryConfig(scalar_map=SCALARS)
    return strawberry.Schema(Query, types=[MobileLine, FixedLine, Sim], config=config)


@cache
def build_graph() -> Graph:
    """The graph; one for the process."""
    schema = _strawberry_schema()._schema
    return Graph(schema, bind(schema))


def print_sdl() -> str:
    """The graph as SDL, as `contracts/schema.graphql` holds it."""
    return f"{_strawberry_schema().as_str()}\n"
