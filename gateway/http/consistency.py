"""Reads that follow the client's own writes: the token of an answer, sent back with the next request."""

from collections.abc import Awaitable, Callable

from gateway.http.refusal import HttpRefusal
from gateway.http.request_headers import RequestHeaders
from gateway.store.consistency import HEADER, Seen, parse_token

CatchUp = Callable[[str, int], Awaitable[None]]
"""Returns when nothing older than this generation of a company (its id, the number) is shown any more."""

NAME = HEADER.lower().encode()


def seen_generation(headers: RequestHeaders) -> Seen | None:
    """What the client says it has seen, None where it says nothing; HttpRefusal 400 for what no answer has said."""
    text = headers.get(NAME)
    if text is None:
        return None
    seen = parse_token(text)
    if seen is None:
        raise HttpRefusal(400, f"{HEADER} is not what an answer of this graph said: send it back as it came, or not.")
    return seen
