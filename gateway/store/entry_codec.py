"""How values stand in Redis: msgpack, under names that no version of the gateway takes for another's."""

from collections.abc import Hashable
from hashlib import blake2s
from typing import Any, Generic, TypeVar

import msgspec

from gateway.domain.key import Key

V = TypeVar("V")


class KeptEntry(msgspec.Struct, Generic[V], frozen=True, array_like=True):
    """A value, when it was read (seconds since 1970), and its company's generation then."""

    value: V
    read_at: float
    generation: int


class EntryCodec(Generic[V]):
    """For the values of one source; the names hold a digest of their whole shape, down to the words of their enums."""

    def __init__(self, source: str, record: Any) -> None:
        shape = blake2s(msgspec.json.encode(msgspec.json.schema(record), order="sorted"), digest_size=8).hexdigest()
        self._prefix = f"telco-gateway:{source}:{shape}:"
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(KeptEntry[record])

    def name(self, key: Hashable) -> str:
        """Where a key's entry stands; the company's length is part of it, so that no two keys ever share a name."""
        if isinstance(key, Key):
            return f"{self._prefix}{len(key.company_id)}:{key.company_id}:{key.id}"
        return f"{self._prefix}{key}"

    def encode(self, entry: KeptEntry[V]) -> bytes | None:
        """As bytes; None for what msgpack cannot hold, such as a number of more than 64 bits.

        Times keep their offsets, which msgpack's own would lose.
        """
        try:
            return self._encoder.encode(msgspec.to_builtins(entry))
        except (OverflowError, ValueError):
            return None

    def decode(self, data: bytes | None) -> KeptEntry[V] | None:
        """None for what is not there, not ours, or damaged: a miss."""
        try:
            return None if data is None else self._decoder.decode(data)
        except msgspec.DecodeError:
            return None
