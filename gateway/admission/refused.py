"""How a refusal is told: GraphQL errors with a code each, and the HTTP status of the whole answer."""

from collections.abc import Collection

from graphql import GraphQLError, Node

from gateway.errors import GatewayError, RequestError, forget_frames


class Refused(Exception):
    """An operation that does not run: at least one error, each with `extensions.code`, and an HTTP status."""

    def __init__(self, errors: list[GraphQLError], http_status: int = 400) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors
        self.http_status = http_status


def refused(error: GatewayError, node: Node | None = None, *, http_status: int | None = None) -> Refused:
    """The refusal that consists of this one error, at the place of `node`."""
    shown = GraphQLError(error.message, node, extensions=error.extensions())
    return Refused([shown], http_status or type(error).http_status)


def refused_by_graphql(errors: Collection[GraphQLError], kind: type[RequestError], *, instead: str) -> Refused:
    """The refusal of a `kind` for what graphql-core found.

    A message that quotes an exception which is no GraphQLError is replaced by `instead`: those were written for the
    gateway's log, not for its clients.
    """
    refusal = Refused(
        [
            GraphQLError(
                instead if _quotes_an_exception(error) else error.message,
                error.nodes,
                error.source,
                error.positions,
                extensions={"code": kind.code(), "retryable": kind.retryable},
            )
            for error in errors
        ]
    )
    forget_frames(errors)
    return refusal


def _quotes_an_exception(error: GraphQLError) -> bool:
    cause: Exception | None = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause is not None
