"""The one place where an error becomes what a client reads; the unforeseen becomes InternalError and a log line."""

from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from graphql import GraphQLError
from graphql.language import ArgumentNode, Node, ObjectFieldNode, ValueNode

from gateway.errors import GatewayError, InternalError, InvalidArgument, forget_frames

log = structlog.get_logger()

LOGGED_MAX = 5
"""Tracebacks logged for one answer; two hundred rows may fail for the same reason."""

FormattedError = dict[str, Any]
"""One element of `errors`: message, locations, path, extensions {code, retryable, requestId…}."""


def formatted_errors(errors: Sequence[GraphQLError], request_id: str) -> list[FormattedError]:
    """The `errors` of an answer; what the client must not read is logged instead.

    Nobody asks afterwards where they were raised, so they forget it: the frames they know hold all of the request,
    and the errors with it.
    """
    _log_faults(errors)
    formatted = [_formatted(error, request_id) for error in errors]
    forget_frames(errors)
    return formatted


def readdressed(error: FormattedError, request_id: str) -> FormattedError:
    """The same error, as another request reads it."""
    return {**error, "extensions": {**error["extensions"], "requestId": request_id}}


def formatted_failure(error: GatewayError, request_id: str) -> FormattedError:
    """An error of the whole request, which has no path in the graph."""
    return {"message": error.message, "extensions": error.extensions() | {"requestId": request_id}}


def codes(errors: Iterable[FormattedError]) -> list[str]:
    """The different codes, in order of appearance, for the log."""
    return list(dict.fromkeys(error["extensions"]["code"] for error in errors))


def _formatted(error: GraphQLError, request_id: str) -> FormattedError:
    message, extensions = _shown(error)
    answer: FormattedError = {"message": message}
    if error.locations:
        answer["locations"] = [{"line": each.line, "column": each.column} for each in error.locations]
    if error.path is not None:
        answer["path"] = error.path
    answer["extensions"] = {**extensions, "requestId": request_id}
    return answer


def _shown(error: GraphQLError) -> tuple[str, dict[str, Any]]:
    original = _cause(error)
    if isinstance(original, GatewayError):
        return original.message, original.extensions()
    if original is None and error.extensions and "code" in error.extensions:
        return error.message, {"retryable": False, **error.extensions}
    if _is_of_an_argument(error):
        return error.message, {"code": InvalidArgument.code(), "retryable": False}
    hidden = InternalError()
    return hidden.message, hidden.extensions()


def _cause(error: GraphQLError) -> Exception | None:
    """What was raised; graphql-core wraps its own errors too when it adds a path to them."""
    cause: Exception | None = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _is_of_an_argument(error: GraphQLError) -> bool:
    """Whether graphql-core blames a value in the document: a null variable where the argument takes none."""
    nodes: Sequence[Node] = error.nodes or ()
    return _cause(error) is None and any(isinstance(node, ArgumentNode | ObjectFieldNode | ValueNode) for node in nodes)


def _log_faults(errors: Sequence[GraphQLError]) -> None:
    faults: dict[tuple[type[Exception], str], GraphQLError] = {}
    for error in errors:
        if _shown(error)[1]["code"] == InternalError.code():
            cause = _cause(error) or error
            faults.setdefault((type(cause), str(cause)), error)
    for error in list(faults.values())[:LOGGED_MAX]:
        log.error("internal_error", path=error.path, exc_info=_cause(error) or error)
