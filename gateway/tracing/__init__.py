"""Traces: W3C's headers, in and out, and spans for whoever wants to see them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.config import TracingSettings
from gateway.errors import ConfigurationError
from gateway.tracing.span import FLUSH_SECONDS, Span, Tracer
from gateway.tracing.trace import Trace, trace_of

__all__ = ["FLUSH_SECONDS", "Span", "Trace", "Tracer", "trace_of", "traced"]


@asynccontextmanager
async def traced(settings: TracingSettings) -> AsyncIterator[Tracer | None]:
    """While inside, spans go where the settings say; None where that is nowhere, and then they cost nothing.

    ConfigurationError where the packages are missing.
    """
    if settings.otlp_url is None:
        yield None
        return
    try:
        from gateway.tracing.otlp import exported
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        raise ConfigurationError(
            "tracing.otlp_url: this needs the packages for traces: pip install 'telco-gateway[tracing]'"
        ) from None
    async with exported(settings) as tracer:
        yield tracer
