"""Spans by OpenTelemetry's SDK, sent in batches to a collector; imported only where that is configured."""

import asyncio
import random
import threading
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
    set_span_in_context,
)
from opentelemetry.trace import Span as SdkSpan
from opentelemetry.trace import Tracer as SdkTracer

from gateway.config import TracingSettings
from gateway.tracing.span import FLUSH_SECONDS, Kind, Span, Unrecorded, Value
from gateway.tracing.trace import Trace

KINDS = {"server": SpanKind.SERVER, "internal": SpanKind.INTERNAL, "client": SpanKind.CLIENT}
NOWHERE = Context()


@asynccontextmanager
async def exported(settings: TracingSettings) -> AsyncIterator["OtlpTracer"]:
    """While inside, spans are sent to `otlp_url`, those that wait at the end too."""
    exporter = OTLPSpanExporter(endpoint=settings.otlp_url, headers=settings.headers, timeout=settings.timeout_seconds)
    provider = TracerProvider(
        sampler=ALWAYS_ON,  # what is not to be recorded does not come so far
        resource=Resource.create({"service.name": settings.service_name}),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    try:
        yield OtlpTracer(provider.get_tracer("telco-gateway"), settings.sample_ratio)
    finally:
        await _shut_down(provider)


async def _shut_down(provider: TracerProvider) -> None:
    """In a thread that nobody waits for longer: the SDK's own end takes as long as the collector does."""
    done, loop = asyncio.Event(), asyncio.get_running_loop()

    def shut_down() -> None:
        provider.shutdown()
        if not loop.is_closed():
            loop.call_soon_threadsafe(done.set)

    threading.Thread(target=shut_down, daemon=True).start()
    try:
        async with asyncio.timeout(FLUSH_SECONDS):
            await done.wait()
    except TimeoutError:
        pass


class OtlpTracer:
    """Begins spans; which traces are recorded is decided where they begin, be it by whoever asks us.

    Those that are not never reach the SDK, in which each span costs as much as a small answer.
    """

    def __init__(self, tracer: SdkTracer, sample_ratio: float) -> None:
        self._tracer = tracer
        self._sample_ratio = sample_ratio

    def begin(self, name: str, kind: Kind, above: Trace | None, *, seconds_ago: float = 0.0) -> Span:
        """A piece of work that began so long ago, below a place in a trace, or at the top of a new one."""
        is_recorded = random.random() < self._sample_ratio if above is None else above.is_sampled  # noqa: S311  # no secret
        if not is_recorded:
            return Unrecorded(above)
        context = NOWHERE if above is None else set_span_in_context(NonRecordingSpan(_context(above)), NOWHERE)
        began_at = time.time_ns() - int(seconds_ago * 1e9)
        return OtlpSpan(self._tracer.start_span(name, context, KINDS[kind], start_time=began_at))


class OtlpSpan:
    """A span of the SDK's."""

    __slots__ = ("_span", "trace")
    is_recorded = True

    def __init__(self, span: SdkSpan) -> None:
        self._span = span
        context = span.get_span_context()
        parent = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
        self.trace = Trace(parent, context.trace_state.to_header() or None)

    def note(self, **attributes: Value | None) -> None:
        """Says more of it; `__` in a name stands for a dot, and what is None is left out."""
        for name, value in attributes.items():
            if value is not None:
                self._span.set_attribute(name.replace("__", "."), value)

    def link(self, traces: Iterable[Trace]) -> None:
        """Other traces that this was work for, beside the one it is in."""
        for trace in traces:
            self._span.add_link(_context(trace))

    def end(self, failure: str | None = None) -> None:
        """It is over; `failure` is the code of what went wrong."""
        if failure is not None:
            self._span.set_attribute("error.type", failure)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


def _context(trace: Trace) -> SpanContext:
    _, trace_id, span_id, flags = trace.parent.split("-")
    state = TraceState.from_header([trace.state]) if trace.state else TraceState()
    return SpanContext(int(trace_id, 16), int(span_id, 16), True, TraceFlags(int(flags, 16)), state)
