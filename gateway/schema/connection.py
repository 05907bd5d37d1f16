"""Lists that are read page by page, after Relay."""

from typing import Annotated, Any, Generic, TypeVar

import strawberry

from gateway.domain import page as records
from gateway.fields import attribute, object_type

T = TypeVar("T")

First = Annotated[
    int,
    strawberry.argument(description=f"How many rows to return at most: 0 to {records.FIRST_MAX}."),
]
After = Annotated[
    str | None,
    strawberry.argument(description="Return the rows after this one: an `endCursor` or `cursor` of the same list."),
]

FIRST_DEFAULT = records.FIRST_DEFAULT
NOT_GIVEN: Any = strawberry.UNSET
"""The default of an optional argument: left out, it does not reach the resolver, whose own default holds."""


@object_type(records.PageInfo)
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool = attribute("Whether rows follow this page.")
    has_previous_page: bool = attribute("Whether rows come before this page.")
    start_cursor: str | None = attribute("The first row's cursor; null on an empty page.")
    end_cursor: str | None = attribute("The last row's cursor, to pass as `after`; null on an empty page.")


@object_type()
class Edge(Generic[T]):
    """One row of a page, with its cursor."""

    node: T = attribute("The row.")
    cursor: str = attribute("Where the row stands, to pass as `after`.")


@object_type()
class Connection(Generic[T]):
    """One page of a list."""

    nodes: list[T] = attribute("The rows of this page.")
    edges: list[Edge[T]] = attribute("The rows of this page, each with its cursor.")
    page_info: PageInfo = attribute("Where this page stands in its list.")
    total_count: int = attribute("How many rows the whole list has, after the filter.")
