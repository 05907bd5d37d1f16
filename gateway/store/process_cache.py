"""What this process keeps: records as they are, up to a number of bytes; what was not used for longest goes first."""

from collections import deque
from collections.abc import Hashable
from typing import Any, NamedTuple

from gateway.store.generations import Generation, Stamp

ENTRY_BYTES = 700
"""What an entry takes beside its value: itself, its key, its places in the shelf and in the ring."""
BYTES_PER_ENCODED_BYTE = 4.2
"""How much more memory a record takes than its msgpack."""
SHARE_MAX = 4
"""An entry larger than this part of all is not kept: it would push out everything else."""


def bytes_in_memory(encoded: int) -> int:
    """What a record of so many encoded bytes takes; on the safe side, which a test measures."""
    return ENTRY_BYTES + int(encoded * BYTES_PER_ENCODED_BYTE)


class Lifetime(NamedTuple):
    """From when to when a value is good, in seconds since 1970: as news, and in place of an error."""

    read_at: float
    fresh_until: float
    stale_until: float


NOTHING = Generation()
"""Of an entry that holds no value."""


class Entry:
    """One value of one key; refreshed in its place."""

    __slots__ = (
        "changes",
        "fresh_until",
        "generation",
        "is_used",
        "key",
        "read_at",
        "shelf",
        "size",
        "stale_until",
        "value",
    )

    def __init__(self, shelf: "Shelf", key: Hashable) -> None:
        self.shelf = shelf
        self.key = key
        self.value: Any = None
        self.size = 0
        self.read_at = self.fresh_until = self.stale_until = 0.0
        self.generation = NOTHING
        self.changes = 0
        self.is_used = False

    def is_news(self, now: float) -> bool:
        """Whether it may be answered with, at this time."""
        return self.read_at <= now < self.fresh_until and self.generation.changes == self.changes

    def is_outdated(self) -> bool:
        """Whether its company was written to since it was read."""
        return self.generation.changes != self.changes


Shelf = dict[Any, Entry]
"""The entries of one source, by key."""


class ProcessCache:
    """All shelves share its bytes. Going round, it takes out what was not used since it last came by (second chance),
    and what is good for nothing any more.

    So a hit is marked with a flag, which costs nothing, and what is used often stays as in a true LRU.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self.evictions = 0
        self._ring: deque[Entry] = deque()

    def __len__(self) -> int:
        return len(self._ring)

    def keep(self, shelf: Shelf, key: Hashable, value: object, size: int, lifetime: Lifetime, stamp: Stamp) -> None:
        """Puts a value on a shelf, in the place of the one that stands there."""
        if size * SHARE_MAX > self.max_bytes:
            self.forget(shelf, key)
            return
        entry = shelf.get(key)
        if entry is None:
            entry = shelf[key] = Entry(shelf, key)
            self._ring.append(entry)
        self._set(entry, value, size, lifetime)
        entry.generation, entry.changes = stamp.generation, stamp.changes
        self._evict(lifetime.read_at)

    def forget(self, shelf: Shelf, key: Hashable) -> None:
        """Keeps nothing under the key any more; its place is given up when the round comes by."""
        entry = shelf.get(key)
        if entry is not None:
            self._set(entry, None, ENTRY_BYTES, Lifetime(0.0, 0.0, 0.0))
            entry.generation, entry.changes, entry.is_used = NOTHING, 0, False

    def expire(self) -> None:
        """Nothing that is kept is news any more; in place of an error it still is good."""
        for entry in self._ring:
            entry.fresh_until = 0.0

    def _set(self, entry: Entry, value: object, size: int, lifetime: Lifetime) -> None:
        self.bytes += size - entry.size
        entry.value, entry.size = value, size
        entry.read_at, entry.fresh_until, entry.stale_until = lifetime

    def _evict(self, now: float) -> None:
        while self.bytes > self.max_bytes:
            entry = self._ring.popleft()
            if entry.is_used and now < max(entry.fresh_until, entry.stale_until):
                entry.is_used = False
                self._ring.append(entry)
            else:
                del entry.shelf[entry.key]
                self.bytes -= entry.size
                self.evictions += 1
