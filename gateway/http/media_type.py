"""Which media type an answer has, and which one a request may have (GraphQL over HTTP)."""

from enum import Enum
from typing import NamedTuple

from gateway.http.refusal import HttpRefusal


class MediaType(Enum):
    """What the graph answers in; in JSON's own type a well-formed request is answered 200 even when it is refused."""

    GRAPHQL_RESPONSE = "application/graphql-response+json"
    JSON = "application/json"


PREFERENCE = {
    "application/graphql-response+json": MediaType.GRAPHQL_RESPONSE,
    "application/json": MediaType.JSON,
    "application/*": MediaType.JSON,
    "*/*": MediaType.JSON,
}
"""Best first among ranges of one quality. Wildcards mean JSON, for clients older than the other type."""

RANKS = list(PREFERENCE)


class _Range(NamedTuple):
    """One element of an Accept header."""

    media_range: str
    quality: float


def negotiated(accept: str | None) -> MediaType:
    """The media type to answer in; HttpRefusal 406 when the client takes neither."""
    if accept is None or not accept.strip():
        return MediaType.JSON
    ranges = [_range(element) for element in accept.split(",")]
    refused = {PREFERENCE[each.media_range] for each in ranges if each.quality == 0 and each.media_range in RANKS[:2]}
    offers = [
        each
        for each in ranges
        if each.quality > 0 and each.media_range in PREFERENCE and PREFERENCE[each.media_range] not in refused
    ]
    if not offers:
        names = " or ".join(media_type.value for media_type in MediaType)
        raise HttpRefusal(406, f"The graph answers in {names}; the Accept header takes neither.")
    best = min(offers, key=lambda each: (-each.quality, RANKS.index(each.media_range)))
    return PREFERENCE[best.media_range]


def require_json(content_type: str | None, content_encoding: str | None) -> None:
    """Refuses (415) a body that is not plain JSON in UTF-8.

    A browser sends `application/json` to another site only after asking that site (CORS preflight), and any of the
    types it may send without asking is refused here: that is the gateway's protection from forged requests.
    """
    media_type, _, parameters = (content_type or "").partition(";")
    if media_type.strip().lower() != "application/json":
        raise HttpRefusal(415, "Send the request with Content-Type: application/json.", {"Accept": "application/json"})
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in ("utf-8", "utf8"):
            raise HttpRefusal(415, "Send the JSON in UTF-8.", {"Accept": "application/json"})
    if content_encoding is not None and content_encoding.strip().lower() not in ("", "identity"):
        raise HttpRefusal(415, "Send the body without Content-Encoding.", {"Accept-Encoding": "identity"})


def _range(element: str) -> _Range:
    media_range, *parameters = element.split(";")
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            quality = _quality(value.strip())
    return _Range(media_range.strip().lower(), quality)


def _quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0
