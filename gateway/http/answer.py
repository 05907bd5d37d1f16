"""What goes back: the body, the status and the headers of each kind of outcome."""

from collections.abc import Mapping
from typing import Any

import msgspec
from graphql import ExecutionResult

from gateway.errors import GatewayError, GatewayOverloaded, GatewayStopping, Unauthenticated
from gateway.http.answers import Answer
from gateway.http.errors import FormattedError, codes, formatted_errors, formatted_failure, readdressed
from gateway.http.media_type import MediaType
from gateway.http.refusal import HttpRefusal
from gateway.http.reply import Header, Reply, encoded
from gateway.http.request_record import RequestRecord

REALM = 'Bearer realm="telco-gateway"'


def _headers_of(media_type: MediaType) -> tuple[Header, ...]:
    return encoded(
        {
            "Content-Type": f"{media_type.value}; charset=utf-8",
            "Cache-Control": "no-store",  # what one viewer may see is nobody else's
            "X-Content-Type-Options": "nosniff",
        }.items()
    )


HEADERS = {media_type: _headers_of(media_type) for media_type in MediaType}
"""What every answer in a media type has."""

_encode = msgspec.json.Encoder().encode


def of(result: ExecutionResult, record: RequestRecord) -> Answer:
    """A result, told in JSON; its errors by the id of the request that it was worked out for."""
    return Answer(
        data=_encode(result.data),
        errors=formatted_errors(result.errors, record.request_id) if result.errors else [],
        operation=record.operation,
        operation_type=record.operation_type,
        request_id=record.request_id,
    )


def executed(answer: Answer, media_type: MediaType, record: RequestRecord) -> Reply:
    """200 with `data`, which may be partial or null; `errors` only when there are some."""
    if not answer.errors:
        return Reply(200, HEADERS[media_type], b'{"data":%b}' % answer.data)
    record.error_codes = codes(answer.errors)
    errors = _encode([readdressed(error, record.request_id) for error in answer.errors])
    return Reply(200, HEADERS[media_type], b'{"data":%b,"errors":%b}' % (answer.data, errors))


def refused(errors: list[FormattedError], status: int, media_type: MediaType, record: RequestRecord) -> Reply:
    """The graph refused a well-formed request: `errors` without `data`.

    Clients of plain application/json look at the status first and at the errors only with 200, so they get 200 for
    what is wrong with the document; who may not ask (401, 403) or asks in the wrong way (405) is told so in both types.
    """
    record.error_codes = codes(errors)
    if status == 400 and media_type is MediaType.JSON:
        status = 200
    headers = {401: {"WWW-Authenticate": REALM}, 403: {"WWW-Authenticate": f'{REALM}, error="insufficient_scope"'}}
    allow = {405: {"Allow": "POST"}}
    return _reply({"errors": errors}, status, media_type, (headers | allow).get(status, {}))


def failed(error: GatewayError, media_type: MediaType, record: RequestRecord) -> Reply:
    """The request as a whole failed, in HTTP, in authentication or by its deadline: one error without `data`."""
    formatted = formatted_failure(error, record.request_id)
    record.error_codes = codes([formatted])
    status, headers = error.http_status, {}
    if isinstance(error, HttpRefusal):
        status, headers = error.status, error.headers
    elif isinstance(error, GatewayOverloaded | GatewayStopping):
        headers = {"Retry-After": "1"}
    elif isinstance(error, Unauthenticated):
        headers = {"WWW-Authenticate": f'{REALM}, error="invalid_token", error_description="{_quotable(error)}"'}
    return _reply({"errors": [formatted]}, status, media_type, headers)


def _reply(body: Mapping[str, Any], status: int, media_type: MediaType, headers: Mapping[str, str]) -> Reply:
    return Reply(status, HEADERS[media_type] + encoded(headers.items()), _encode(body))


def _quotable(error: GatewayError) -> str:
    """The message within what a quoted header value may hold."""
    return error.message.encode("ascii", "replace").decode().replace("\\", "/").replace('"', "'")
