"""One id and one log line for each request."""

import random
import re
import time

from msgspec import UNSET, UnsetType
from starlette.types import Scope
from structlog.contextvars import bind_contextvars

from gateway import log
from gateway.domain.viewer import Viewer
from gateway.http.answers import Answer
from gateway.http.reply import Header
from gateway.tracing import Span, Trace

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
OPERATION_SHOWN_CHARACTERS = 80
CLIENT_GONE_STATUS = 499
"""Logged when nobody was left to be answered; never sent."""


class RequestLine(log.Line, kw_only=True, tag="request"):
    """Who asked for what, how it went and how long it took."""

    method: str
    path: str
    status: int
    ms: float
    operation: str | None
    operation_type: str | None
    role: str | None
    company_id: str | None
    error_codes: list[str]
    answered_by: str | UnsetType = UNSET
    """The request that the answer was made for, where it is another one."""


class RequestRecord:
    """What becomes known of a request on its way; the endpoint fills in what only it can know.

    Making one begins the request's time. `bind` gives its id to every line that is logged on the way: the server hands
    each request a task, and with it a context, of its own.
    """

    __slots__ = (
        "_began",
        "_scope",
        "answered_by",
        "error_codes",
        "operation",
        "operation_type",
        "request_id",
        "span",
        "status",
        "trace",
        "viewer",
    )

    def __init__(self, scope: Scope, given_id: str | None) -> None:
        self._began = time.perf_counter()
        self._scope = scope
        self.request_id = given_id if given_id is not None and REQUEST_ID.fullmatch(given_id) else _new_id()
        self.status = CLIENT_GONE_STATUS
        self.operation: str | None = None
        self.operation_type: str | None = None
        self.viewer: Viewer | None = None
        self.error_codes: list[str] = []
        self.answered_by: str | UnsetType = UNSET
        self.trace: Trace | None = None
        """Its place in the trace that it came with, or in one that began with it."""
        self.span: Span | None = None

    def bind(self) -> None:
        """Gives its id to every line that is logged from now on."""
        bind_contextvars(request_id=self.request_id)

    def share(self, answer: Answer) -> Answer:
        """Notes that the answer was made for another request; the line says for which."""
        self.operation, self.operation_type = answer.operation, answer.operation_type
        self.answered_by = answer.request_id
        return answer

    @property
    def header(self) -> Header:
        """The id as it goes back to the client."""
        return (b"x-request-id", self.request_id.encode())

    @property
    def method(self) -> str:
        """GET, POST…"""
        method: str = self._scope["method"]
        return method

    @property
    def path(self) -> str:
        """Where it went."""
        path: str = self._scope["path"]
        return path

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.perf_counter() - self._began

    def write(self) -> float:
        """The line, once the answer is out; how long that took, in seconds."""
        seconds, viewer = self.seconds, self.viewer
        log.write(
            RequestLine(
                request_id=self.request_id,
                method=self.method,
                path=self.path,
                status=self.status,
                ms=round(seconds * 1000, 1),
                operation=self.operation and self.operation[:OPERATION_SHOWN_CHARACTERS],
                operation_type=self.operation_type,
                role=None if viewer is None or viewer.is_anonymous else viewer.role.value,
                company_id=None if viewer is None else viewer.company_id,
                error_codes=self.error_codes,
                answered_by=self.answered_by,
            )
        )
        return seconds


def _new_id() -> str:
    """128 bits in hexadecimal; nobody has to fail to guess it, and the system is not asked for each."""
    return f"{random.getrandbits(128):032x}"
