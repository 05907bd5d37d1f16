"""Where the values of a column stand in the answer; paths are made only for those that need one, which is errors."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Protocol

from graphql.pyutils import Path


class Positions(Protocol):
    """The places of a column's values, in their order; `depth` counts the levels of fields above them."""

    depth: int

    def path(self, index: int) -> Path | None:
        """The path of one of them; None is the root."""


class Root:
    """The one place where an operation begins."""

    __slots__ = ()
    depth = 0

    def path(self, index: int) -> None:
        """The root has no path."""


class FieldPositions:
    """A field of each object of a column."""

    __slots__ = ("depth", "key", "parents", "type_name")

    def __init__(self, parents: Positions, key: str, type_name: str) -> None:
        self.depth = parents.depth + 1
        self.parents = parents
        self.key = key
        self.type_name = type_name

    def path(self, index: int) -> Path:
        """The object's path and the field's response name."""
        return Path(self.parents.path(index), self.key, self.type_name)


class ItemPositions:
    """The items of lists, one list after the other; `lists` are those that stand at the places `at` of `parents`."""

    __slots__ = ("_ends", "at", "depth", "lists", "parents")

    def __init__(self, parents: Positions, lists: Sequence[Sequence[object]], at: Sequence[int]) -> None:
        self.depth = parents.depth
        self.parents = parents
        self.lists = lists
        self.at = at
        self._ends: list[int] | None = None

    def path(self, index: int) -> Path:
        """The list's path and the item's index."""
        if self._ends is None:
            self._ends = list(accumulate(map(len, self.lists)))
        place = bisect_right(self._ends, index)
        begin = self._ends[place - 1] if place else 0
        return Path(self.parents.path(self.at[place]), index - begin, None)


class SomePositions:
    """Some of a column's places."""

    __slots__ = ("at", "depth", "parents")

    def __init__(self, parents: Positions, at: Sequence[int]) -> None:
        self.depth = parents.depth
        self.parents = parents
        self.at = at

    def path(self, index: int) -> Path | None:
        """The path of the place that was chosen."""
        return self.parents.path(self.at[index])


def field_path(path: Path | None) -> Path | None:
    """The path of the field that a value belongs to, which may be lists deep in it."""
    while path is not None and isinstance(path.key, int):
        path = path.prev
    return path
