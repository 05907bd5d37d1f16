"""Lines that every request writes: their fields are known beforehand, so little is left to do for each."""

from functools import lru_cache
from typing import get_args

import msgspec
from msgspec import UNSET, UnsetType

from gateway.log.redaction import IDENTIFIER_KEYS, KNOWN_CLEAN, masked

OURS = frozenset({"level", "timestamp"})
"""Fields that whoever writes the line fills in."""


class Line(msgspec.Struct, kw_only=True, tag_field="event"):
    """What one kind of event says, at level info; its name is the subclass's `tag`, and what is UNSET is left out.

    Making one masks its texts by their looks, as `redacted` does. Its keys are the programmer's: none names a secret.
    """

    request_id: str | UnsetType = UNSET
    request_ids: list[str] | UnsetType = UNSET
    """The requests of work that several share."""
    level: str = "info"
    timestamp: str = ""

    def __post_init__(self) -> None:
        for name in _texts(type(self)):
            text = getattr(self, name)
            if type(text) is str and text not in KNOWN_CLEAN:
                setattr(self, name, masked(text))


@lru_cache
def _texts(kind: type[Line]) -> tuple[str, ...]:
    """The fields that may hold a text somebody else wrote."""
    texts = [field.name for field in msgspec.structs.fields(kind) if str in (field.type, *get_args(field.type))]
    return tuple(name for name in texts if name not in OURS | IDENTIFIER_KEYS)
