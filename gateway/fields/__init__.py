"""How schema fields bind to resolvers, scopes and masks: Strawberry describes, this package makes it answer."""

from gateway.fields.binding import FieldPolicy, bind, mask_of, resolver_of
from gateway.fields.declaration import (
    Mask,
    Resolver,
    RootResolver,
    attribute,
    edge,
    edge_with_arguments,
    enum_type,
    input_type,
    interface_type,
    object_type,
    root,
)

__all__ = [
    "FieldPolicy",
    "Mask",
    "Resolver",
    "RootResolver",
    "attribute",
    "bind",
    "edge",
    "edge_with_arguments",
    "enum_type",
    "input_type",
    "interface_type",
    "mask_of",
    "object_type",
    "resolver_of",
    "root",
]
