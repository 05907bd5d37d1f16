"""Pages of a list that was read whole: order, cursors and counts are the gateway's own."""

import base64
import binascii
from abc import abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

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
    """Some rows of a list; cursors are made only where they are asked for."""

    nodes: Sequence[T]
    has_previous: bool
    has_next: bool

    @abstractmethod
    def cursor_at(self, index: int) -> str:
        """The cursor of one of the page's rows."""

    @property
    def edges(self) -> list[Edge[T]]:
        """The rows with their cursors."""
        return [Edge(row, self.cursor_at(index)) for index, row in enumerate(self.nodes)]

    @property
    def page_info(self) -> PageInfo:
        """The page's ends."""
        return PageInfo(
            has_next_page=self.has_next,
            has_previous_page=self.has_previous,
            start_cursor=self.cursor_at(0) if self.nodes else None,
            end_cursor=self.cursor_at(len(self.nodes) - 1) if self.nodes else None,
        )


class CountedPage(Page[T], Generic[T], frozen=True):
    """Some rows of a list that was read whole; `total_count` counts it after its filter."""

    order: "Order[T]"
    total_count: int

    def cursor_at(self, index: int) -> str:
        """The list's name and the row's position in it."""
        return encode_cursor(self.order.name, self.order.position(self.nodes[index]))


class Order(msgspec.Struct, Generic[T], frozen=True):
    """A list's order: by `key`, which ends with the row's id; `name` keeps cursors from crossing lists.

    Cursors hold the key's first part as `text`, which orders as the keys do. Whole lists are in their order wherever
    they are handed on: it takes time, and is the same for all who ask.
    """

    name: str
    key: Callable[[T], tuple[Any, str]]
    text: Callable[[Any], str]
    descending: bool = False

    def position(self, row: T) -> tuple[str, str]:
        """Where the row stands, as a cursor holds it."""
        first, id = self.key(row)
        return self.text(first), id

    def ordered(self, rows: Iterable[T]) -> tuple[T, ...]:
        """The rows in this order."""
        return tuple(sorted(rows, key=self.key, reverse=self.descending))

    def window(self, first: int, after: str | None) -> "Window[T]":
        """The `first` rows after the cursor `after`; InvalidArgument or InvalidCursor name what to change."""
        check_first(first)
        return Window(self, first, None if after is None else decode_cursor(self.name, after))


class Window(msgspec.Struct, Generic[T], frozen=True):
    """Which part of an ordered list is asked for: checked before any list is read."""

    order: Order[T]
    first: int
    after: tuple[str, str] | None

    def page(self, ordered: Sequence[T]) -> CountedPage[T]:
        """The window's part of one list, which is in its order."""
        start = 0 if self.after is None else self._index_after(ordered, self.after)
        shown = ordered[start : start + self.first]
        return CountedPage(
            nodes=shown,
            has_previous=start > 0,
            has_next=start + len(shown) < len(ordered),
            order=self.order,
            total_count=len(ordered),
        )

    def pages(
        self, lists: Iterable[Sequence[T] | GatewayError], accepts: Callable[[T], bool] | None = None
    ) -> list[CountedPage[T] | GatewayError]:
        """The window's part of each list, of the rows that are accepted; an error stays in its place."""
        return [
            rows
            if isinstance(rows, GatewayError)
            else self.page(rows if accepts is None else [row for row in rows if accepts(row)])
            for rows in lists
        ]

    def _index_after(self, ordered: Sequence[T], position: tuple[str, str]) -> int:
        if not self.order.descending:
            return bisect_right(ordered, position, key=self.order.position)
        return len(ordered) - bisect_left(ordered[::-1], position, key=self.order.position)


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
