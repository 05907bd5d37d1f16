"""A place in a trace, as W3C's Trace Context writes it into headers."""

import re
from collections.abc import Mapping

import msgspec

PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""Version 00; a later one may have more, which is then not passed on."""
PARENT_CHARACTERS = 55
STATE = re.compile(r"[\x20-\x7e]{1,512}")


class Trace(msgspec.Struct, frozen=True):
    """Which trace and which span in it, and whether it is recorded."""

    parent: str
    """As `traceparent` has it."""
    state: str | None = None
    """As `tracestate` has it: what vendors add for themselves."""

    @property
    def is_sampled(self) -> bool:
        """Whether whoever is above records this trace."""
        return bool(int(self.parent[-2:], 16) & 1)

    def headers(self) -> Mapping[str, str]:
        """As they go to whoever is asked next."""
        return {"traceparent": self.parent} | ({} if self.state is None else {"tracestate": self.state})


def trace_of(parent: str | None, state: str | None) -> Trace | None:
    """What a request's headers say; None where that is nothing, or nothing that can be understood."""
    if parent is None or PARENT.fullmatch(parent[:PARENT_CHARACTERS]) is None:
        return None
    if len(parent) > PARENT_CHARACTERS and (parent.startswith("00") or parent[PARENT_CHARACTERS] != "-"):
        return None
    return Trace(parent[:PARENT_CHARACTERS], state if state is not None and STATE.fullmatch(state) else None)
