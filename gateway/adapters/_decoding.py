"""From a body to the shapes of `_wire`, with date-times in whichever of ISO 8601's spellings a backend has."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import inspect

T = TypeVar("T")

FRACTION = re.compile(r"(\.\d{6})\d+")
LONG_FRACTION = re.compile(rb":\d\d\.\d{7}")

NOT_A_MOMENT = "Invalid RFC3339 encoded datetime"
"""What msgspec says of a date-time that it cannot read; tests hold it to these words."""


class WireDecoder(Generic[T]):
    """Reads bodies of one shape; msgspec.DecodeError says what is wrong with one, and where, without its own text.

    msgspec reads the spelling of RFC 3339 by itself, at next to no cost. For a backend that has another one (a date
    alone, an offset without a colon) the fields of date-times are spelled anew before, from the first time on; also
    where a fraction has more than six digits, which msgspec would round, so that the end of a day became the next one.
    """

    def __init__(self, annotation: Any) -> None:
        self.type = annotation
        self._decode = msgspec.json.Decoder(annotation).decode
        names = "|".join(sorted({re.escape(name) for name in _names_of_moments(inspect.type_info(annotation))}))
        # A quote within a JSON text is escaped, so this matches no part of one.
        self._moments = re.compile(rf'"(?:{names})"\s*:\s*"((?:[^"\\]|\\.){{1,64}})"'.encode()) if names else None
        self._is_spelled_otherwise = False

    def decode(self, body: bytes) -> T:
        """What the body says."""
        if self._is_spelled_otherwise or LONG_FRACTION.search(body) is not None:
            return self._decoded_anew(body)
        try:
            plain: T = self._decode(body)
        except msgspec.ValidationError as error:
            if not str(error).startswith(NOT_A_MOMENT):
                raise
        else:
            return plain
        anew = self._decoded_anew(body)
        self._is_spelled_otherwise = True
        return anew

    def _decoded_anew(self, body: bytes) -> T:
        if self._moments is not None:
            body = self._moments.sub(_spelled, body)
        try:
            decoded: T = self._decode(body)
        except msgspec.ValidationError as error:
            raise msgspec.ValidationError(str(error).replace(NOT_A_MOMENT, "Expected an ISO 8601 date-time")) from None
        return decoded


def _spelled(field: re.Match[bytes]) -> bytes:
    """The field with its moment as RFC 3339 has it; as it was where it is no moment."""
    try:
        text = msgspec.json.decode(b'"%b"' % field[1], type=str)
        at = datetime.fromisoformat(FRACTION.sub(r"\1", text.upper()))
    except (ValueError, msgspec.DecodeError):
        return field[0]
    return field[0][: field.start(1) - field.start()] + at.isoformat().encode() + b'"'


def _names_of_moments(kind: inspect.Type) -> Iterator[str]:
    """The names of all fields, however deep, that hold a date-time."""
    if isinstance(kind, inspect.StructType):
        for field in kind.fields:
            if _is_moment(field.type):
                yield field.encode_name
            else:
                yield from _names_of_moments(field.type)
    elif isinstance(kind, inspect.UnionType):
        for each in kind.types:
            yield from _names_of_moments(each)
    elif isinstance(kind, inspect.ListType | inspect.VarTupleType):
        yield from _names_of_moments(kind.item_type)


def _is_moment(kind: inspect.Type) -> bool:
    if isinstance(kind, inspect.UnionType):
        return any(map(_is_moment, kind.types))
    return isinstance(kind, inspect.DateTimeType)
