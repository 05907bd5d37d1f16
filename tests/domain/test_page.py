"""Pages of whole lists."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.page import FIRST_MAX, Order, encode_cursor
from gateway.errors import BackendTimeout, InvalidArgument, InvalidCursor

Row = tuple[str, str]

UP = Order[Row](name="rows", key=lambda row: row, text=str)
DOWN = Order[Row](name="rows", key=lambda row: row, text=str, descending=True)

rows_by_id = st.dictionaries(st.sampled_from("abcdefghij"), st.sampled_from("123"))


@given(rows_by_id, st.integers(1, 4), st.booleans())
def test_pages_join_to_the_whole_list(by_id: dict[str, str], first: int, descending: bool) -> None:
    """Following cursors shows each row once, in order, however long a page is."""
    order = DOWN if descending else UP
    rows = order.ordered((key, id) for id, key in by_id.items())
    shown: list[Row] = []
    after = None
    while True:
        part = order.window(first, after).page(rows)
        shown += part.nodes
        assert part.total_count == len(rows)
        if not part.page_info.has_next_page:
            break
        after = part.page_info.end_cursor
    assert shown == sorted(rows, reverse=descending) == list(rows)


@given(rows_by_id, st.sampled_from("abcdefghij"))
def test_a_cursor_outlives_its_row(by_id: dict[str, str], gone: str) -> None:
    """When the row of a cursor disappears, the next page still begins right after its place."""
    rows = UP.ordered((key, id) for id, key in by_id.items() if id != gone)
    part = UP.window(10, encode_cursor("rows", ("2", gone))).page(rows)
    assert list(part.nodes) == sorted(row for row in rows if row > ("2", gone))
    assert part.page_info.has_previous_page == any(row <= ("2", gone) for row in rows)


def test_an_empty_page_has_no_cursors() -> None:
    """`first: 0` asks for the count alone."""
    part = UP.window(0, None).page([("1", "a")])
    assert (part.nodes, part.total_count, part.page_info.end_cursor) == ([], 1, None)
    assert part.page_info.has_next_page


@pytest.mark.parametrize("first", [-1, FIRST_MAX + 1, 100_000])
def test_a_page_has_limits(first: int) -> None:
    """The message names the argument, its limits and what came in."""
    with pytest.raises(InvalidArgument, match=f"`first` must be between 0 and 1000; it is {first}"):
        UP.window(first, None)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "Incorrect padding",
        base64.urlsafe_b64encode(b'["rows",1,2]').decode(),
        encode_cursor("other", ("1", "a")),
        "é",
    ],
)
def test_a_cursor_of_another_list_is_refused(cursor: str) -> None:
    """A cursor is good for the list that gave it out, nothing else."""
    with pytest.raises(InvalidCursor, match="`after` is not a cursor of this list"):
        UP.window(1, cursor)


def test_one_failed_list_leaves_the_others() -> None:
    """An error stays in its own list's place."""
    failure = BackendTimeout("billing", "late")
    first, second = UP.window(5, None).pages([failure, [("1", "a"), ("1", "b")]], lambda row: row[1] == "b")
    assert first is failure
    assert not isinstance(second, BackendTimeout)
    assert second.nodes == [("1", "b")]  # type: ignore[union-attr]
