"""What everything with a global id shares."""

import strawberry

from gateway.fields import edge, interface_type
from gateway.resolvers import node as resolve


@interface_type()
class Node:
    """Anything that has an id of its own and can be fetched again by it."""

    id: strawberry.ID = edge(
        resolve.id_of, "The id over the whole graph: opaque, stable, and good for `node` and `nodes`."
    )
