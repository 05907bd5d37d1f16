"""A request as whoever traces it sees it: what its log line says, but for whose it is."""

from gateway.http.request_record import CLIENT_GONE_STATUS, OPERATION_SHOWN_CHARACTERS, RequestRecord
from gateway.log import masked
from gateway.tracing import Span, Tracer


def begin(tracer: Tracer, record: RequestRecord, *, seconds_ago: float = 0.0) -> None:
    """The record gets a span, below what its client says is above; `record.trace` is then the span's own place."""
    record.span = tracer.begin(f"{record.method} {record.path}", "server", record.trace, seconds_ago=seconds_ago)
    record.trace = record.span.trace


def part(tracer: Tracer | None, name: str, record: RequestRecord) -> Span | None:
    """A span of a part of the request; None where nobody traces it."""
    if tracer is None or record.span is None or not record.span.is_recorded:
        return None
    return tracer.begin(name, "internal", record.trace)


def end(record: RequestRecord) -> None:
    """Once the answer is out. No company, user, variable or text of a query: ids lead to the log, which has them."""
    span, operation = record.span, record.operation
    if span is None or not span.is_recorded:
        return
    span.note(
        http__request__method=record.method,
        http__route=record.path,
        http__response__status_code=record.status,
        graphql__operation__type=record.operation_type,
        graphql__operation__name=None if operation is None else masked(operation[:OPERATION_SHOWN_CHARACTERS]),
        telco_gateway__request_id=record.request_id,
        telco_gateway__answered_by=record.answered_by or None,
        telco_gateway__error_codes=",".join(record.error_codes) or None,
    )
    failed = record.status >= 500 or record.status == CLIENT_GONE_STATUS
    span.end(str(record.status) if failed else None)
