"""Pages of a list that was read whole: order, cursors and counts are the gateway's own."""

import base64
import binascii
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

import msgspec

from gateway.errors import GatewayError, InvalidArgument, InvalidCursor

T = TypeVar("T")

FIRST_DEFAULT = 20
FIRST_MAX = 1_000


class Edge(msgspec.Struct, Generic[T], frozen=True):
    """One row of a page and the cursor that continues after it."""

    node: T
    cursor: str


class PageInfo(msgspec.Struct, frozen=True):
    """Where a page stands in its list; cursors are None on an empty page."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Some rows of a list."""

    edges: tuple[Edge[T], ...]
    page_info: PageInfo

    @property
    def nodes(self) -> list[T]:
        """The rows without their cursors."""
        return [edge.node for edge in self.edges]


class CountedPage(Page[T], Generic[T], frozen=True):
    """Some rows of a list that was read whole; `total_count` counts it after its filter."""

    total_count: int


class Order(msgspec.Struct, Generic[T], frozen=True):
    """A list's order: by `sort_key` (compared as text), then by id; `name` keeps cursors from crossing lists."""

    name: str
    sort_key: Callable[[T], str]
    id: Callable[[T], str]
    descending: bool = False

    def position(self, row: T) -> tuple[str, str]:
        """What rows are compared by, and what a cursor holds."""
        return self.sort_key(row), self.id(row)

    def window(self, first: int, after: str | None) -> "Window[T]":
        """The `first` rows after the cursor `after`; InvalidArgument or InvalidCursor name what to change."""
        check_first(first)
        return Window(self, first, None if after is None else decode_cursor(self.name, after))


class Window(msgspec.Struct, Generic[T], frozen=True):
    """Which part of an ordered list is asked for: checked before any list is read."""

    order: Order[T]
    first: int
    after: tuple[str, str] | None

    def page(self, rows: Iterable[T]) -> CountedPage[T]:
        """The window's part of one list."""
        ordered = sorted(rows, key=self.order.position, reverse=self.order.descending)
        start = 0 if self.after is None else self._index_after(ordered, self.after)
        shown = ordered[start : start + self.first]
        edges = tuple(Edge(row, encode_cursor(self.order.name, self.order.position(row))) for row in shown)
        return CountedPage(edges, page_info(edges, start > 0, start + len(shown) < len(ordered)), len(ordered))

    def pages(
        self, lists: Iterable[Iterable[T] | GatewayError], accepts: Callable[[T], bool]
    ) -> list[CountedPage[T] | GatewayError]:
        """The window's part of each list, of the rows that are accepted; an error stays in its place."""
        return [
            rows if isinstance(rows, GatewayError) else self.page(row for row in rows if accepts(row)) for rows in lists
        ]

    def _index_after(self, ordered: Sequence[T], position: tuple[str, str]) -> int:
        if self.order.descending:
            return sum(self.order.position(row) >= position for row in ordered)
        return bisect_right(ordered, position, key=self.order.position)


def page_info(edges: Sequence[Edge[T]], has_previous: bool, has_next: bool) -> PageInfo:
    """The page's ends."""
    return PageInfo(
        has_next_page=has_next,
        has_previous_page=has_previous,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )


def check_first(first: int) -> None:
    """InvalidArgument unless 0 ≤ first ≤ 1,000."""
    if not 0 <= first <= FIRST_MAX:
        raise InvalidArgument(f"`first` must be between 0 and {FIRST_MAX}; it is {first}.")


def encode_cursor(name: str, position: tuple[str, str]) -> str:
    """base64url, without padding, of the JSON [list, sort key, id]."""
    return base64.urlsafe_b64encode(msgspec.json.encode((name, *position))).decode().rstrip("=")


def decode_cursor(name: str, cursor: str) -> tuple[str, str]:
    """The position a cursor of the list `name` holds; InvalidCursor for any other text."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        plain = base64.b64decode(padded, altchars=b"-_", validate=True)
        cursor_name, sort_key, record_id = msgspec.json.decode(plain, type=tuple[str, str, str])
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise invalid_cursor() from None
    if cursor_name != name:
        raise invalid_cursor()
    return sort_key, record_id


def invalid_cursor() -> InvalidCursor:
    """What a client reads whose cursor is not of the list."""
    return InvalidCursor(
        "`after` is not a cursor of this list; pass an `endCursor` or `cursor` that this list returned."
    )
