"""An OpenTelemetry collector: takes spans over OTLP/HTTP and keeps them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web
from aiohttp.test_utils import RawTestServer
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PATIENCE_SECONDS = 20


class SeenSpan(msgspec.Struct, frozen=True):
    """A span as it arrived; ids in hexadecimal, `above` is "" at the top, `links` are pairs of trace and span."""

    name: str
    kind: str
    trace: str
    id: str
    above: str
    seconds: float
    failed: bool
    attributes: dict[str, object]
    links: frozenset[tuple[str, str]]


class Collector:
    """What has come so far."""

    def __init__(self) -> None:
        self.url = ""
        self.spans: list[SeenSpan] = []
        self.headers: list[dict[str, str]] = []
        self.services: set[str] = set()
        self._came = asyncio.Event()

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Takes one batch."""
        assert (request.method, request.path) == ("POST", "/v1/traces")
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        batch = ExportTraceServiceRequest.FromString(await request.read())
        for resource in batch.resource_spans:
            self.services |= {
                each.value.string_value for each in resource.resource.attributes if each.key == "service.name"
            }
            self.spans += [_seen(span) for scope in resource.scope_spans for span in scope.spans]
        self._came.set()
        return web.Response(content_type="application/x-protobuf")

    async def named(self, name: str, count: int = 1) -> list[SeenSpan]:
        """The spans of that name, once there are so many: they come some seconds later."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self._of(name)) < count:
                self._came.clear()
                await self._came.wait()
        assert len(self._of(name)) == count
        return self._of(name)

    def _of(self, name: str) -> list[SeenSpan]:
        return [span for span in self.spans if span.name == name]


def _seen(span: object) -> SeenSpan:
    fields = MessageToDict(span, preserving_proto_field_name=True)
    return SeenSpan(
        name=fields["name"],
        kind=fields["kind"].removeprefix("SPAN_KIND_").lower(),
        trace=span.trace_id.hex(),  # type: ignore[attr-defined]
        id=span.span_id.hex(),  # type: ignore[attr-defined]
        above=span.parent_span_id.hex(),  # type: ignore[attr-defined]
        seconds=(int(fields["end_time_unix_nano"]) - int(fields["start_time_unix_nano"])) / 1e9,
        failed=fields.get("status", {}).get("code") == "STATUS_CODE_ERROR",
        attributes={each["key"]: next(iter(each["value"].values())) for each in fields.get("attributes", [])},
        links=frozenset((each.trace_id.hex(), each.span_id.hex()) for each in span.links),  # type: ignore[attr-defined]
    )


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """A collector that listens."""
    collector = Collector()
    async with RawTestServer(collector.handle) as server:
        collector.url = str(server.make_url("/v1/traces"))
        yield collector
