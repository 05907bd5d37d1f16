"""The headers of a request, as far as the gateway reads any of them."""

from collections.abc import Iterable, Sequence

RawHeaders = Sequence[tuple[bytes, bytes]]
"""As ASGI hands them over: names in lower case, in the order they came in."""


class RequestHeaders:
    """What a request says of itself, found in one pass; of a header that came twice, the values in one list."""

    __slots__ = ("_fields",)

    def __init__(self, headers: RawHeaders) -> None:
        self._fields = dict(headers)
        if len(self._fields) < len(headers):
            self._fields = _joined(headers)

    def get(self, name: bytes) -> str | None:
        """The header of that name, None without it."""
        value = self._fields.get(name)
        return None if value is None else value.decode("latin-1")

    def raw(self, name: bytes) -> bytes | None:
        """The same as it came in."""
        return self._fields.get(name)

    def __contains__(self, name: bytes) -> bool:
        return name in self._fields


def _joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """RFC 9110, 5.3: several headers of one name mean the same as one with all their elements."""
    fields: dict[bytes, bytes] = {}
    for name, value in headers:
        fields[name] = fields[name] + b", " + value if name in fields else value
    return fields
