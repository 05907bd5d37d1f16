"""Global ids: opaque to clients, unique over the graph, and each names the company it belongs to."""

import base64
import binascii
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote

from gateway.errors import InvalidGlobalId

COMPANY = "Company"

KEPT = 16_384
"""Ids remembered as they were encoded, for a screen asks for the same fifty again and again; at most about 6 MB. Of
those that were decoded, a quarter: requests name few."""


class GlobalId(NamedTuple):
    """A decoded id; `id` is empty for a company, which is its own owner."""

    type_name: str
    company_id: str
    id: str


@lru_cache(maxsize=KEPT)
def encode(type_name: str, company_id: str, record_id: str = "") -> str:
    """The global id: base64url, without padding, of `Type:company:id` with each part percent-encoded."""
    parts = [type_name, company_id, record_id] if record_id else [type_name, company_id]
    plain = ":".join(quote(part, safe="") for part in parts)
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


@lru_cache(maxsize=KEPT // 4)
def decode(global_id: str) -> GlobalId:
    """The parts of an id this graph gave out; InvalidGlobalId for any other string."""
    try:
        padded = global_id.encode("ascii") + b"=" * (-len(global_id) % 4)
        type_name, company_id, *rest = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split(":")
        record_id = unquote(rest[0], errors="strict") if rest else ""
        decoded = GlobalId(unquote(type_name, errors="strict"), unquote(company_id, errors="strict"), record_id)
    except (ValueError, binascii.Error):
        raise _invalid(global_id) from None
    is_canonical = encode(*decoded) == global_id  # one spelling only, so that an id can be compared as it is
    if not is_canonical or bool(record_id) == (type_name == COMPANY):
        raise _invalid(global_id)
    return decoded


def decode_as(type_name: str, global_id: str) -> GlobalId:
    """As `decode`, for an argument that takes the ids of one type; InvalidGlobalId names the type it got."""
    decoded = decode(global_id)
    if decoded.type_name != type_name:
        raise InvalidGlobalId(f"This id is of type {decoded.type_name}; here an id of type {type_name} is asked for.")
    return decoded


def _invalid(global_id: str) -> InvalidGlobalId:
    shown = global_id if len(global_id) <= 40 else f"{global_id[:40]}…"
    return InvalidGlobalId(f"'{shown}' is not an id of this graph; pass an `id` that a query returned.")
