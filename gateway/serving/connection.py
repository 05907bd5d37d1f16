"""One connection: uvicorn's HTTP/1.1 protocol with bounds to its headers, its idleness and its number."""

import math
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, ClassVar
from weakref import ref

import httptools
import structlog
from uvicorn._types import ASGI3Application, HTTPScope
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from gateway.serving.bounds import Bounds

log = structlog.get_logger()

WHOLE_REPLY = "telco_gateway.whole_reply"
"""An extension of ASGI: the function (status, headers, body) that sends an answer at once, and says whether it did."""

LEAVING = "telco_gateway.leaving"
"""An extension of ASGI: the function that takes what is to be called when the client leaves; None for nothing more."""

Header = tuple[bytes, bytes]

SendWhole = Callable[[int, Iterable[Header], bytes], bool]
"""Sends an answer (status, headers with the length, body) in one write; False where that cannot be done now."""


Again = Callable[[SendWhole], bool]
"""Answers the very same request once more, as if it had come anew; False, with nothing done, where that cannot be."""

AnswerAtOnce = Callable[[HTTPScope, bytes, SendWhole], Again | None]
"""`answer_at_once` of an application that may have the answer to a whole request already, and then needs no task for
it: what answers the same request again, if this one is answered. All other requests, and those on which it fails, are
asked as ASGI has it."""

TOO_LARGE = 431
TOO_SLOW = 408
TOO_MANY = 503
SWEEPS_MAX_SECONDS = 1.0
LINGER_SECONDS = 2.0


class _Refused(Exception):
    """Raised inside a callback of the parser, which then reads no further."""


class BoundedConnection(HttpToolsProtocol):
    """uvicorn's connection, which by itself waits for headers for ever and reads them of any size.

    Instead of a timer for each request there is one time at which the connection is over, `expires_at`, in the event
    loop's time; `sweep` closes those that are. A body has no time here: whoever reads it knows how long it may take.
    """

    bounds: ClassVar[Bounds]
    is_draining: ClassVar[bool] = False
    """Whether each answer is its connection's last from now on: set for all connections of a server at once."""

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any], _loop: Any = None) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.expires_at = math.inf
        self._is_in_headers = False
        self._is_in_body = False
        self._has_asked = False
        self._answer_at_once: AnswerAtOnce | None = getattr(self.app, "answer_at_once", None)
        self._is_parsing = self._is_beginning = False
        self._held: tuple[RequestResponseCycle, ASGI3Application] | None = None
        """A request whose head has come; what else came with it is parsed before it is begun."""
        self._on_left: Callable[[], None] | None = None
        self._begun: RequestResponseCycle | None = None
        """The request that is being answered; requests behind it have come, and the last of them is `cycle`."""
        self._last: RequestResponseCycle | None = None
        """The request after which the connection ends, because the server does."""
        self._is_refused = False
        self._repeatable: tuple[bytes, Again] | None = None
        """The last read, if it was one request and nothing else, and what answers it again: clients that poll send the
        same bytes, which need not be parsed to mean the same."""
        self._messages = 0
        """Requests that have begun in this read."""
        self._again: Again | None = None
        """What answers the request of this read again, if it was answered at once."""
        self._head_again = b""
        """Of a request that offers to upgrade, until it is parsed once more without the offer."""
        self._of_this_request = 0
        """Bytes that came since the request began, as far as they can be headers."""
        self._of_this_read = 0
        self._without_body = 0
        """Bytes of the reads since the last one that brought a part of the body: a trailer, or a chunk's extension."""
        self._trailers_count = self._trailers_bytes = 0

    def connection_made(self, transport: Any) -> None:
        """Turns the connection away when there are too many."""
        super().connection_made(transport)
        self.expires_at = self.loop.time() + self.bounds.header_timeout_seconds
        if len(self.connections) > self.bounds.max_connections:
            self._refuse(TOO_MANY, "The server has as many connections as it may have; try again in a moment.")

    def connection_lost(self, exc: Exception | None) -> None:
        """Tells whoever works for the client; uvicorn tells the last request that came, which may not have begun."""
        super().connection_lost(exc)
        if self._begun is not None and not self._begun.response_complete:
            self._begun.disconnected = True
            self._begun.message_event.set()
        self._left()

    def _left(self) -> None:
        call, self._on_left = self._on_left, None
        if call is not None:
            call()

    def data_received(self, data: bytes) -> None:
        """Parses what came; 400 for what is not HTTP, 431 for headers that are too large."""
        if self._is_refused or self._is_answered_again(data):
            return
        self._of_this_read = len(data)
        self._messages, self._again = 0, None
        was_idle = not (self._is_in_headers or self._is_in_body or self._is_answering())
        if not self._is_in_body:
            self._of_this_request += len(data)
        else:
            self._without_body += len(data)
        try:
            self._is_parsing = True
            self._parse(data)
        except httptools.HttpParserError as error:
            if not isinstance(error.__context__, _Refused):
                self._refuse_rest(400, "This is not an HTTP request.")
            return
        finally:
            self._is_parsing = False
            held, self._held = self._held, None
            if held is not None:
                self._begin(*held)
        if self._again is not None and was_idle and self._messages == 1 and not self._is_in_headers:
            self._repeatable = data, self._again
        unread = self._of_this_request if self._is_in_headers else self._without_body if self._is_in_body else 0
        if unread > self.bounds.header_max_bytes:
            self._refuse_headers()

    def _is_answered_again(self, data: bytes) -> bool:
        """Whether this read is the same request as the one before it, and is answered."""
        repeatable, self._repeatable = self._repeatable, None
        if repeatable is None or data != repeatable[0]:
            return False
        answered = self.server_state.total_requests
        try:
            if not repeatable[1](self._send_again):
                return False
        except Exception:
            log.exception("answer_at_once_failed")
            return self.server_state.total_requests > answered
        self._repeatable = repeatable
        return True

    def _send_again(self, status: int, headers: Iterable[Header], body: bytes) -> bool:
        if self.flow.write_paused or self.transport.is_closing():
            return False
        reply = _whole(status, headers, body)
        if reply is None:
            return False
        self.transport.write(reply)
        self.on_response_complete()
        return True

    def _parse(self, data: bytes) -> None:
        rest = memoryview(data)
        while True:
            try:
                self.parser.feed_data(rest)
            except httptools.HttpParserUpgrade as upgrade:
                rest = rest[upgrade.args[0] :]
            else:
                return
            if self._head_again:
                head, self._head_again = self._head_again, b""
                self.parser = _parser(self)
                self.parser.feed_data(head)
            else:
                return  # CONNECT, to a tunnel that is not built here; the request itself is answered

    def on_message_begin(self) -> None:
        """The first byte of a request; the first request's time runs since the connection was opened."""
        super().on_message_begin()
        self._is_in_headers = True
        self._messages += 1
        if self._has_asked:
            self.expires_at = self.loop.time() + self.bounds.header_timeout_seconds

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keeps a header, and only counts a trailer: kept, it would be among the headers the application reads."""
        if not self._is_in_body:
            super().on_header(name, value)
            return
        self._trailers_count += 1
        self._trailers_bytes += len(name) + len(value)
        if self._trailers_count > self.bounds.header_max_count or self._trailers_bytes > self.bounds.header_max_bytes:
            self._refuse_headers()
            raise _Refused

    def on_headers_complete(self) -> None:
        """Hands the request to the application, if its headers are within bounds."""
        if len(self.headers) > self.bounds.header_max_count or (
            max(self._of_this_request, self._of_this_read) > self.bounds.header_max_bytes
            and len(self.url) + _size(self.headers) > self.bounds.header_max_bytes
        ):
            self._refuse_headers()
            raise _Refused
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            self._head_again = self._head_without_upgrade()
            return
        before = self.cycle
        super().on_headers_complete()  # raises for a target that is no URL: then there is no request
        if self.is_draining:
            self._make_last(before)
        self._is_in_headers, self._is_in_body, self._has_asked = False, True, True
        self._without_body = self._trailers_count = self._trailers_bytes = 0
        self.expires_at = math.inf

    def on_body(self, body: bytes) -> None:
        """A part of the body, behind which trailers may begin."""
        self._without_body = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The end of a request's body."""
        if self._head_again:
            return
        self._is_in_body = False
        self._of_this_request = 0
        super().on_message_complete()

    def _head_without_upgrade(self) -> bytes:
        """The request's head, for a parser that is to read its body.

        The parser takes what is behind an offer to upgrade for another protocol's, and a body is lost. An offer that
        is not taken up is to be ignored (RFC 9110, 7.8).
        """
        version = self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)]
        lines += [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        if self._is_parsing:
            self._held = cycle, app
        else:
            self._begin(cycle, app)

    def _begin(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Answers a whole request at once, where the application can; else begins its task.

        Of requests that came together the first may be answered so: the next ones are begun from within.
        """
        self._begun = cycle
        send_whole = partial(_reply_whole, ref(cycle))
        if self._answer_at_once is not None and not cycle.more_body and not self._is_beginning:
            self._is_beginning = True
            try:
                again = self._answer_at_once(cycle.scope, bytes(cycle.body), send_whole)
                if again is not None:
                    self._again = again if cycle.keep_alive else None
                    # As uvicorn's task does at its end: the cycle knows the connection by it, which knows the cycle.
                    cycle.on_response = _nothing
                    return
            except Exception:
                log.exception("answer_at_once_failed")
                if cycle.response_started:
                    return
            finally:
                self._is_beginning = False
        watch = partial(_watch, ref(self))
        cycle.scope["extensions"] = {WHOLE_REPLY: send_whole, LEAVING: watch}  # type: ignore[dict-item] # functions
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """As uvicorn's, with our time for the next request in place of a timer."""
        self.server_state.total_requests += 1
        self._begun = None
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif not self._is_in_headers:
            self.expires_at = self.loop.time() + self.bounds.idle_timeout_seconds

    def expire(self) -> None:
        """Ends a connection whose time is over; one that sent a part of a request learns why."""
        self.expires_at = math.inf
        if self._is_answering():
            self.cycle.keep_alive = False  # what is being answered still is; the unfinished request behind it is not
        elif self.transport.get_write_buffer_size():
            self.transport.abort()  # its client does not even read what it was sent
        elif self._is_in_headers and not self._is_refused:
            seconds = self.bounds.header_timeout_seconds
            self._refuse(TOO_SLOW, f"The headers of the request did not arrive within {seconds:g} s.")
        else:
            self.transport.close()

    def _make_last(self, before: RequestResponseCycle | None) -> None:
        """The request that has just begun is the connection's last; one before it that was to be is no more."""
        if self._last is not None and self._last is before and not before.response_started:
            before.keep_alive = True
        if self.cycle.keep_alive:
            self.cycle.keep_alive, self._last = False, self.cycle

    def drain(self) -> None:
        """The server is to end: whatever is answered from now on is answered last, and says so."""
        self._repeatable = None  # what is answered again says nothing of an end
        if self._is_answering() and self.cycle.keep_alive:
            self.cycle.keep_alive, self._last = False, self.cycle

    def shutdown(self) -> None:
        """uvicorn's word for the closing of its port: what is on its way on this connection is still answered."""

    def leave(self) -> None:
        """Closes the connection, unless something is being asked or answered on it."""
        if not (self._is_in_headers or self._is_in_body or self._is_answering()):
            self.transport.close()

    def _is_answering(self) -> bool:
        return self._has_asked and not (self.cycle.response_complete or self.cycle.disconnected)

    def _refuse_headers(self) -> None:
        max_bytes, max_count = self.bounds.header_max_bytes, self.bounds.header_max_count
        self._refuse_rest(TOO_LARGE, f"The headers are larger than {max_bytes} bytes, or more than {max_count}.")

    def _refuse_rest(self, status: int, message: str) -> None:
        """Refuses what follows; a request whose body will not be complete ends, as if its client had left."""
        if self._is_in_body:
            if self.pipeline or self.cycle.response_started:
                self._is_refused = True
                self.transport.close()
                return
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self._left()
        self._refuse(status, message)

    def _refuse(self, status: int, message: str) -> None:
        """The last that is said on this connection, unless something else is being answered, which still is.

        What comes from now on is thrown away, for a while: closed at once, the connection would be reset under what
        its client still sends, and the answer lost.
        """
        log.info("connection_refused", status=status, reason=message)
        self._is_refused = True
        if self._is_answering():
            self.cycle.keep_alive = False
            return
        head = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[status] + head % len(message) + message.encode())
        self.transport.write_eof()
        self.expires_at = self.loop.time() + LINGER_SECONDS


def _parser(connection: BoundedConnection) -> httptools.HttpRequestParser:
    """As uvicorn makes it."""
    parser = httptools.HttpRequestParser(connection)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser


def _reply_whole(reference: ref[RequestResponseCycle], status: int, headers: Iterable[Header], body: bytes) -> bool:
    """Sends a whole answer, whose length is among the headers, in one write; False where that cannot be done now.

    The cycle holds the scope and the scope holds this: by a weak reference, or every request would be left to the
    collector of garbage.
    """
    cycle = reference()
    if cycle is None or cycle.response_started or cycle.flow.write_paused or cycle.scope["method"] == "HEAD":
        return False
    reply = _whole(status, headers, body, is_last=not cycle.keep_alive)
    if reply is None:
        return False
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    if not cycle.disconnected:
        cycle.transport.write(reply)
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()
    cycle.message_event.set()
    return True


def _whole(status: int, headers: Iterable[Header], body: bytes, *, is_last: bool = False) -> bytes | None:
    """An answer as it goes over the wire; None for headers that the server has to look at itself."""
    lines = [STATUS_LINE[status]]
    for name, value in headers:
        if b"\n" in value or b"\r" in value or name == b"connection":
            return None
        lines += (name, b": ", value, b"\r\n")
    if is_last:
        lines.append(b"connection: close\r\n")
    lines += (b"\r\n", body)
    return b"".join(lines)


def _nothing() -> None:
    pass


def _watch(reference: ref[BoundedConnection], call: Callable[[], None] | None) -> None:
    """Sets what is called when the client leaves: at once, if it has left. By a weak reference, as above."""
    connection = reference()
    if connection is not None:
        connection._on_left = call
        if connection.cycle.disconnected:
            connection._left()


def connection_class(bounds: Bounds) -> type[BoundedConnection]:
    """The class of connections with these bounds; uvicorn wants a class."""
    return type("Connection", (BoundedConnection,), {"bounds": bounds})


def sweep(connections: Iterable[object], now: float) -> None:
    """Ends those whose time is over."""
    for each in list(connections):
        if isinstance(each, BoundedConnection) and each.expires_at <= now:
            each.expire()


def seconds_between_sweeps(bounds: Bounds) -> float:
    """Often enough that no bound is overstepped by much."""
    return min(SWEEPS_MAX_SECONDS, bounds.header_timeout_seconds / 4, bounds.idle_timeout_seconds / 4)


def _size(headers: Iterable[tuple[bytes, bytes]]) -> int:
    return sum(len(name) + len(value) for name, value in headers)
