"""Backend calls in the traces of the requests that they are made for."""

from collections.abc import Mapping
from contextvars import ContextVar

from gateway.adapters._call import Call
from gateway.domain.caller import current_traces
from gateway.tracing import Span, Trace, Tracer

OUTGOING: ContextVar[Trace | None] = ContextVar("OUTGOING", default=None)
"""The place of the call that is being made, where it has a span."""

NOTHING: Mapping[str, str] = {}


class CallSpan:
    """A call's span: below the first request that is recorded, with links to all others it was made for."""

    def __init__(self, tracer: Tracer, backend: str, call: Call, attempt: int) -> None:
        self._above = next(iter(current_traces()), None)
        self._span: Span = tracer.begin(f"{call.method} {call.path}", "client", self._above)
        self._span.note(
            peer__service=backend,
            http__request__method=call.method,
            url__template=call.path,
            telco_gateway__keys=call.batch,
        )
        if attempt > 1:
            self._span.note(http__request__resend_count=attempt - 1)
        self._before = OUTGOING.get()
        OUTGOING.set(self._span.trace)

    def end(self, *, status: int | None, rows: int, failure: str | None) -> None:
        """The call is over, and so is what it sends its place with."""
        OUTGOING.set(self._before)
        self._span.link(trace for trace in current_traces() if trace is not self._above)
        self._span.note(http__response__status_code=status, telco_gateway__rows=rows)
        self._span.end(failure)


def trace_headers() -> Mapping[str, str]:
    """What tells the backend which trace a call belongs to: its span, or what the request itself came with."""
    trace = OUTGOING.get() or next(iter(current_traces()), None)
    return NOTHING if trace is None else trace.headers()
