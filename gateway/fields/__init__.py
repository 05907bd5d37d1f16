"""How schema fields bind to resolvers, scopes and masks: Strawberry describes, this package makes it answer."""

from gateway.fields.binding import FieldPolicy, bind, resolver_of
from gateway.fields.declaration import (
    Resolver,
    attribute,
    edge,
    edge_with_arguments,
    enum_type,
    input_type,
    interface_type,
    object_type,
)

__all__ = [
    "FieldPolicy",
    "Resolver",
    "attribute",
    "bind",
    "edge",
    "edge_with_arguments",
    "enum_type",
    "input_type",
    "interface_type",
    "object_type",
    "resolver_of",
]
