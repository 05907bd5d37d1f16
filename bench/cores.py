"""One core for the server under test, another one for everything around it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple


class Cores(NamedTuple):
    """Where processes may run; empty where nothing can be pinned."""

    server: set[int]
    others: set[int]

    @property
    def all(self) -> set[int]:
        """Both."""
        return self.server | self.others


def split_cores() -> Cores:
    """The first core for the server and the next for the rest, if the system lets us choose and has two."""
    if not hasattr(os, "sched_getaffinity"):
        return Cores(set(), set())
    first, *others = sorted(os.sched_getaffinity(0))
    return Cores({first}, {others[0]}) if others else Cores(set(), set())


def pin(cores: set[int]) -> None:
    """Keeps this process, and whatever it starts from now on, on these cores."""
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)


@contextmanager
def pinned(cores: set[int]) -> Iterator[None]:
    """What is started inside runs on these cores, with all of its threads, from its first instruction on."""
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    pin(cores)
    try:
        yield
    finally:
        pin(before)
