"""One core for the gateway, another one for everything around it."""

import os
from typing import NamedTuple


class Cores(NamedTuple):
    """Where processes may run; empty where nothing can be pinned."""

    gateway: set[int]
    others: set[int]


def split_cores() -> Cores:
    """The first core for the gateway and the others for the rest, if the system lets us choose and has two."""
    if not hasattr(os, "sched_getaffinity"):
        return Cores(set(), set())
    first, *others = sorted(os.sched_getaffinity(0))
    return Cores({first}, set(others)) if others else Cores(set(), set())


def pin(pid: int, cores: set[int]) -> None:
    """Keeps a process, and whatever it starts from now on, on these cores; 0 is this process."""
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(pid, cores)
