"""Which media type an answer has, and which one a request may have (GraphQL over HTTP)."""

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import lru_cache

from gateway.http.refusal import HttpRefusal
from gateway.http.request_headers import RequestHeaders


class MediaType(Enum):
    """What the graph answers in; in JSON's own type a well-formed request is answered 200 even when it is refused."""

    GRAPHQL_RESPONSE = "application/graphql-response+json"
    JSON = "application/json"


REMEMBERED_CHARACTERS = 200
"""Accept headers up to this length, of which clients send the same few, are read once."""


def negotiated(accept: bytes | None) -> MediaType:
    """The media type to answer in, by the Accept header; HttpRefusal 406 when the client takes neither."""
    if accept is None:
        return MediaType.JSON
    return _remembered(accept) if len(accept) <= REMEMBERED_CHARACTERS else _negotiated(accept)


def _negotiated(accept: bytes) -> MediaType:
    ranges = _ranges(accept.decode("latin-1"))
    if not ranges:
        return MediaType.JSON
    # Of two as welcome as each other the first: wildcards alone come from clients older than the graph's own type.
    offers = list(MediaType) if MediaType.GRAPHQL_RESPONSE.value in ranges else list(reversed(MediaType))
    best = max(offers, key=lambda media_type: _quality_of(media_type, ranges))
    if _quality_of(best, ranges) == 0:
        names = " or ".join(media_type.value for media_type in MediaType)
        raise HttpRefusal(406, f"The graph answers in {names}; the Accept header takes neither.")
    return best


_remembered = lru_cache(maxsize=256)(_negotiated)


def require_json(headers: RequestHeaders) -> None:
    """Refuses (415) a body that is not plain JSON in UTF-8.

    A browser sends `application/json` to another site only after asking that site (CORS preflight), and any of the
    types it may send without asking is refused here: that is the gateway's protection from forged requests.
    """
    content_encoding = headers.get(b"content-encoding")
    if headers.raw(b"content-type") == b"application/json" and content_encoding is None:
        return
    media_type, _, parameters = (headers.get(b"content-type") or "").partition(";")
    if media_type.strip().lower() != "application/json":
        raise HttpRefusal(415, "Send the request with Content-Type: application/json.", {"Accept": "application/json"})
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in ("utf-8", "utf8"):
            raise HttpRefusal(415, "Send the JSON in UTF-8.", {"Accept": "application/json"})
    if content_encoding is not None and content_encoding.strip().lower() not in ("", "identity"):
        raise HttpRefusal(415, "Send the body without Content-Encoding.", {"Accept-Encoding": "identity"})


def _ranges(accept: str) -> dict[str, float]:
    """Media range -> quality; of one that stands twice, the better."""
    ranges: dict[str, float] = {}
    for element in accept.split(","):
        media_range, *parameters = (part.strip().lower() for part in element.split(";"))
        if media_range:
            ranges[media_range] = max(ranges.get(media_range, 0.0), _quality(parameters))
    return ranges


def _quality_of(media_type: MediaType, ranges: Mapping[str, float]) -> float:
    """By the most specific range that covers the type; 0 when none does."""
    covering = [each for each in (media_type.value, "application/*", "*/*") if each in ranges]
    return ranges[covering[0]] if covering else 0.0


def _quality(parameters: Sequence[str]) -> float:
    """The value of `q`, 1 without it, 0 for one that is no quality."""
    given = [value.strip() for name, _, value in (each.partition("=") for each in parameters) if name.strip() == "q"]
    try:
        quality = float(given[0]) if given else 1.0
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0
