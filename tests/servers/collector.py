"""A collector on loopback that takes OTLP over HTTP, read by the official classes; it may fail as real ones do."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.patience import patience

KINDS: Mapping[str, type[Message]] = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}


class Collector:
    """The server; an async context manager. `status` is what it answers with; while `holds` it never answers."""

    def __init__(self) -> None:
        self.status = 200
        self.holds = False
        self.requests: list[Any] = []
        self.refused = 0
        self.heads: list[Mapping[str, str]] = []
        self.bodies: list[bytes] = []
        self._came = asyncio.Event()

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=8 * 1024 * 1024)
        application.router.add_route("POST", "/{path:.*}", self._take)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port: int = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self._came.set()
        if self.holds:
            await asyncio.sleep(3600)
        if self.status != 200:
            self.refused += 1
            return web.Response(status=self.status)
        message = KINDS[request.path]()
        message.ParseFromString(body)
        self.heads.append(request.headers)
        self.bodies.append(body)
        self.requests.append(message)
        return web.Response(body=b"", content_type="application/x-protobuf")

    @property
    def spans(self) -> list[Span]:
        """All that came, in the order in which they ended."""
        return [
            span
            for request in self.requests
            if isinstance(request, ExportTraceServiceRequest)
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def lines(self) -> list[Any]:
        """The lines of the log."""
        return [
            line
            for request in self.requests
            if isinstance(request, ExportLogsServiceRequest)
            for resource in request.resource_logs
            for scope in resource.scope_logs
            for line in scope.log_records
        ]

    @property
    def metrics(self) -> dict[str, Any]:
        """The metrics by their names, as they were told last."""
        return {metric.name: metric for metric in self._metrics()}

    def _metrics(self) -> Iterator[Any]:
        for request in self.requests:
            if isinstance(request, ExportMetricsServiceRequest):
                for resource in request.resource_metrics:
                    for scope in resource.scope_metrics:
                        yield from scope.metrics

    def named(self, name: str) -> list[Span]:
        """The spans of a name."""
        return [span for span in self.spans if span.name == name]

    async def until(self, condition: Callable[["Collector"], object]) -> None:
        """Return once the condition holds."""
        async with patience():
            while not condition(self):
                self._came.clear()
                try:
                    async with asyncio.timeout(0.1):
                        await self._came.wait()
                except TimeoutError:
                    continue


def facts(attributes: Any) -> dict[str, Any]:
    """Attributes as a dict."""
    return {one.key: plain(one.value) for one in attributes}


def plain(value: AnyValue) -> Any:
    """A value as Python has it."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain(one) for one in value.array_value.values]
    return getattr(value, kind) if kind else None
