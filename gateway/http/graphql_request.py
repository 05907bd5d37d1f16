"""From bytes to a GraphQL request: the body of a POST or the parameters of a GET."""

import re
from itertools import accumulate
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Receive

from gateway.http.deadline import ClientGone, Deadline, in_time
from gateway.http.refusal import HttpRefusal
from gateway.http.request_headers import RequestHeaders

BODY_HINT = 'Send a JSON object such as {"query": "{ __typename }"}.'
PARAMETERS_MAX = 16

NESTING_MAX = 100
"""Levels of objects and lists in JSON. The decoder's own bound is the interpreter's, another one in each version."""

JSON_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
LEVELS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


class GraphQLRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The four members of GraphQL over HTTP; others are ignored, as the specification asks."""

    query: str
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None


class RawRequest(NamedTuple):
    """A request as it came, not yet read: the body of a POST or the query string of a GET."""

    is_get: bool
    text: bytes

    def read(self) -> GraphQLRequest:
        """The request that it is; HttpRefusal 400 says what is wrong with it."""
        return _of_query_string(self.text) if self.is_get else _of_body(self.text)


_REQUEST = msgspec.json.Decoder(GraphQLRequest)
_OBJECT: msgspec.json.Decoder[dict[str, Any] | None] = msgspec.json.Decoder(dict[str, Any] | None)


def of_body(body: bytes) -> RawRequest:
    """The request of a POST whose body is there."""
    return RawRequest(is_get=False, text=body)


async def from_body(headers: RequestHeaders, receive: Receive, *, max_bytes: int, deadline: Deadline) -> RawRequest:
    """The whole body; 413 as soon as it is too large, 408 when it comes too slowly, ClientGone when it stops."""
    length = headers.raw(b"content-length") or b""
    if length.isdigit() and int(length) > max_bytes:
        raise _too_large(max_bytes)
    try:
        return of_body(await in_time(_read(receive, max_bytes), deadline))
    except TimeoutError:
        raise HttpRefusal(
            408, f"The body did not arrive within {deadline.seconds:g} s.", {"Connection": "close"}
        ) from None


async def _read(receive: Receive, max_bytes: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part: bytes = message.get("body", b"")
        if len(body) + len(part) > max_bytes:
            raise _too_large(max_bytes)
        is_whole = not message.get("more_body", False)
        if is_whole and not body:
            return part  # nearly always it is there in one piece
        body += part
        if is_whole:
            return bytes(body)


def _too_large(max_bytes: int) -> HttpRefusal:
    # What is left of the body is never read, so the connection cannot serve another request.
    return HttpRefusal(413, f"The body is larger than {max_bytes} bytes.", {"Connection": "close"})


def _of_body(body: bytes) -> GraphQLRequest:
    """The request in a POST body; HttpRefusal 400 says what is wrong with it."""
    if not body.strip():
        raise HttpRefusal(400, f"The body is empty. {BODY_HINT}")
    _require_shallow(body, "The body")
    try:
        return _REQUEST.decode(body)
    except msgspec.ValidationError as error:
        raise HttpRefusal(400, f"The body is not a GraphQL request: {error}. {BODY_HINT}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise HttpRefusal(400, f"The body is not JSON. {BODY_HINT}") from None


def _require_shallow(json: bytes, what: str) -> None:
    """HttpRefusal 400 for JSON nested deeper than NESTING_MAX; what is no JSON may pass, the decoder refuses it."""
    if json.count(b"[") + json.count(b"{") <= NESTING_MAX:
        return  # nearly every request; with so few brackets, even in texts, it cannot be deep
    brackets = JSON_TEXT.sub(b"", json).translate(None, NOT_BRACKETS)
    if max(accumulate(map(LEVELS.__getitem__, brackets)), default=0) > NESTING_MAX:
        raise HttpRefusal(400, f"{what} is nested deeper than {NESTING_MAX} levels.")


def from_query_string(query_string: bytes, *, max_bytes: int) -> RawRequest:
    """The request of a GET; HttpRefusal 414 for a query string that is too long to be looked at."""
    if len(query_string) > max_bytes:
        raise HttpRefusal(414, f"The query string is longer than {max_bytes} bytes; use POST.")
    return RawRequest(is_get=True, text=query_string)


def _of_query_string(query_string: bytes) -> GraphQLRequest:
    """The request in the parameters of a GET; HttpRefusal 400 says what is wrong with it."""
    parameters = _parameters(query_string)
    if "query" not in parameters:
        raise HttpRefusal(400, "The parameter `query` is missing: /graphql?query={__typename}.")
    return GraphQLRequest(
        query=parameters["query"],
        operation_name=parameters.get("operationName") or None,
        variables=_object(parameters, "variables"),
        extensions=_object(parameters, "extensions"),
    )


def _parameters(query_string: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, max_num_fields=PARAMETERS_MAX, errors="strict"
        )
    except ValueError:  # UnicodeError is one too
        raise HttpRefusal(
            400, f"The query string is not URL-encoded UTF-8 of at most {PARAMETERS_MAX} parameters."
        ) from None
    parameters = dict(pairs)
    if len(parameters) < len(pairs):
        raise HttpRefusal(400, "A parameter of the query string is given twice.")
    return parameters


def _object(parameters: dict[str, str], name: str) -> dict[str, Any] | None:
    text = parameters.get(name)
    if not text:
        return None
    _require_shallow(text.encode(), f"The parameter `{name}`")
    try:
        return _OBJECT.decode(text)
    except msgspec.DecodeError:  # a ValidationError is one too
        raise HttpRefusal(400, f"The parameter `{name}` is not a JSON object.") from None
