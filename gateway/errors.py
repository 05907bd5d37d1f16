"""The one tree of errors, and the code each of them shows to a client.

GatewayError
├── RequestError                  the client can change something
│   ├── BadRequest                not a GraphQL request at all
│   ├── GraphqlParseFailed        a document that is not GraphQL
│   ├── GraphqlValidationFailed   a document that does not fit the schema
│   ├── InvalidVariables
│   ├── InvalidGlobalId
│   ├── InvalidCursor
│   ├── InvalidArgument
│   ├── DocumentTooLarge
│   ├── DocumentTooDeep
│   ├── TooManyObjects            page sizes that multiply beyond `objects_max`
│   ├── Unauthenticated           no token, or one that does not hold
│   ├── Forbidden                 a valid token without the scope
│   └── NotFound                  unknown, or another company's: alike on purpose
├── BackendError                  a system behind the gateway did not give its part
│   ├── BackendUnavailable        refused, reset, unknown host
│   ├── BackendTimeout
│   ├── BackendBusy               429 and 503
│   │   ├── BackendCircuitOpen    it failed too often, or asked for a rest: it is asked nothing for a while
│   │   └── BackendQueueFull      too many calls wait for it already
│   ├── BackendFailed             any other 5xx
│   ├── BackendTlsFailed
│   ├── BackendAccessDenied       401 and 403 to the gateway itself
│   ├── BackendRejected           any other 4xx
│   ├── BackendContractBroken     the answer is not what the contract promises
│   ├── BackendUnsupported        its `implementation` has no such read
│   ├── BackendFilterIgnored      rows nobody asked for: see the profile's setting
│   └── ListTooLong               more rows than `list_max_rows`
├── RequestTimeout                the answer as a whole took too long
├── GatewayOverloaded             more requests than can be answered in time
├── GatewayStopping               the process ends before the answer was ready
├── IdentityUnavailable           the token's issuer cannot be asked for its keys
├── ConfigurationError            a setting stops the start, by name
└── InternalError                 ours: a client learns the request id, nothing more
"""

import re
from collections.abc import Iterable
from typing import Any, ClassVar


class GatewayError(Exception):
    """Anything the gateway reports on purpose: a message for the client and a stable code."""

    retryable: ClassVar[bool] = False
    http_status: ClassVar[int] = 200
    """Status when the whole request fails with this error; 200 where it concerns one field."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @classmethod
    def code(cls) -> str:
        """The stable code, from the class name: BackendTimeout gives BACKEND_TIMEOUT."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).upper()

    def extensions(self) -> dict[str, Any]:
        """What a client finds under `extensions` of the GraphQL error."""
        return {"code": self.code(), "retryable": self.retryable}


class RequestError(GatewayError):
    """The client can change something; the message names what."""

    http_status = 400


class BadRequest(RequestError):
    """The body or the parameters are not a GraphQL request."""


class GraphqlParseFailed(RequestError):
    """The document is not GraphQL."""


class GraphqlValidationFailed(RequestError):
    """The document does not fit the schema."""


class InvalidVariables(RequestError):
    """The variables are not what the operation declares."""


class InvalidGlobalId(RequestError):
    """An id that this graph never gave out."""


class InvalidCursor(RequestError):
    """A cursor that this list never gave out."""


class InvalidArgument(RequestError):
    """An argument outside its limits."""


class DocumentTooLarge(RequestError):
    """More tokens or bytes than a document may have."""


class DocumentTooDeep(RequestError):
    """More levels of selection than a document may have."""


class TooManyObjects(RequestError):
    """More objects than an answer may have, counted as if every page were full."""


class Unauthenticated(RequestError):
    """No bearer token, or one that is malformed, expired or not meant for this gateway."""

    http_status = 401


class Forbidden(RequestError):
    """The token is valid, its role lacks the scope that a field asks for."""

    http_status = 403


class NotFound(RequestError):
    """Unknown, or another company's: both answer alike, so that ids cannot be probed."""


class BackendError(GatewayError):
    """A backend did not give its part of the answer; the rest of the answer stands."""

    def __init__(self, backend: str, message: str) -> None:
        super().__init__(message)
        self.backend = backend

    def extensions(self) -> dict[str, Any]:
        """Adds which backend it was: billing, provisioning or crm."""
        return super().extensions() | {"backend": self.backend}


class BackendUnavailable(BackendError):
    """No connection: refused, reset, or the host is unknown; `is_unsent` where the backend cannot have got the call."""

    retryable = True

    def __init__(self, backend: str, message: str, *, is_unsent: bool = False) -> None:
        super().__init__(backend, message)
        self.is_unsent = is_unsent


class BackendTimeout(BackendError):
    """No answer within the call's time."""

    retryable = True


class BackendBusy(BackendError):
    """The backend asks to be left alone for a while (429 or 503)."""

    retryable = True

    def __init__(
        self, backend: str, message: str, retry_after_seconds: float | None = None, *, is_rate: bool = False
    ) -> None:
        """`is_rate`: it is whoever asks that asks too often (429), be it the gateway or the caller by its own token."""
        super().__init__(backend, message)
        self.retry_after_seconds = retry_after_seconds
        self.is_rate = is_rate

    def extensions(self) -> dict[str, Any]:
        """Adds how long to wait, where the backend said so."""
        if self.retry_after_seconds is None:
            return super().extensions()
        return super().extensions() | {"retryAfterSeconds": round(self.retry_after_seconds, 1)}


class BackendCircuitOpen(BackendBusy):
    """The backend failed too often, or asked for a rest, so the gateway asks it nothing for a while."""


class BackendQueueFull(BackendBusy):
    """Too many calls wait for the backend already; this one was not made."""


class BackendFailed(BackendError):
    """The backend answered with a 5xx of its own."""

    retryable = True


class BackendTlsFailed(BackendError):
    """The backend's certificate does not hold."""


class BackendAccessDenied(BackendError):
    """The backend refuses the gateway's own credentials."""


class BackendRejected(BackendError):
    """The backend refuses the request (4xx)."""


class BackendContractBroken(BackendError):
    """The answer is not what the contract promises."""


class BackendUnsupported(BackendError):
    """The class that stands for this backend does not read such things."""


class BackendFilterIgnored(BackendError):
    """The backend answered with rows of other owners: the filter that was sent had no effect."""


class ListTooLong(BackendError):
    """The list has more rows than `list_max_rows`; it is never cut silently."""


class RequestTimeout(GatewayError):
    """The answer was not complete within `limits.request_timeout_seconds`."""

    retryable = True
    http_status = 504

    def __init__(self, timeout_seconds: float) -> None:
        super().__init__(f"The answer was not ready within {timeout_seconds:g} s; ask for less at once or try again.")


class GatewayOverloaded(GatewayError):
    """More requests than the gateway can answer in time; this one was not begun."""

    retryable = True
    http_status = 503

    def __init__(self) -> None:
        super().__init__("The gateway has more to do than it can; try again in a moment.")


class GatewayStopping(GatewayError):
    """The process ends, and the time that requests had to end was over before the answer was ready."""

    retryable = True
    http_status = 503

    def __init__(self) -> None:
        super().__init__("The gateway is being stopped and could not answer in time; try again in a moment.")


class IdentityUnavailable(GatewayError):
    """The issuer's keys cannot be had, so no token can be checked."""

    retryable = True
    http_status = 503


class ConfigurationError(GatewayError):
    """A setting stops the start; the message begins with its name."""


class InternalError(GatewayError):
    """A fault of the gateway itself; the log has it under the request id."""

    http_status = 500

    def __init__(self) -> None:
        super().__init__("The gateway failed on this part of the answer; quote the request id to support.")


def forget_frames(errors: Iterable[BaseException]) -> None:
    """Takes from errors, and from what led to them, the frames they came through: some of those know them in turn, and
    all that a request read."""
    pending: list[BaseException | None] = [*errors]
    seen: set[int] = set()
    while pending:
        error = pending.pop()
        if error is not None and id(error) not in seen:
            seen.add(id(error))
            error.__traceback__ = None
            pending += (error.__cause__, error.__context__, getattr(error, "original_error", None))
