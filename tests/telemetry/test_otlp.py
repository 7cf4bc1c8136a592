"""What is written by hand is what the official classes read."""

import math

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from hubbub.connections.otlp import Attributes, Line, Measure, Source
from hubbub.connections.watchdog import Histogram
from hubbub.core.tracing import CLIENT, Place, Span, Value
from hubbub.web.metrics import Metric
from tests.servers.collector import facts

PLACE = Place(bytes(range(16)), b"\x01" * 8, state="vendor=1")
SOURCE = Source({"service.name": "hubbub", "process.pid": 7}, "hubbub", "1.2.3")


class Kept:
    """A recorder that keeps what has ended."""

    includes_texts = False

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def ended(self, span: Span) -> None:
        self.spans.append(span)


def test_spans_are_read_as_they_were() -> None:
    kept = Kept()
    values: dict[str, Value] = {
        "text": "grün \ud800 日本",
        "long": "x" * 100_000,
        "yes": True,
        "no": False,
        "small": 127,
        "large": 128,
        "huge": 2**53,
        "negative": -5,
        "share": 0.25,
        "none": math.inf,
        "several": ("stop", "length"),
        "empty": "",
    }
    with Span(kept, "a question", CLIENT, PLACE, b"\x02" * 8, Place(b"\x03" * 16, b"\x04" * 8)) as span:
        for name, value in values.items():
            span.set(name, value)
        span.fail("too_long")
    message = ExportTraceServiceRequest.FromString(SOURCE.spans(kept.spans))
    assert message.SerializeToString() == SOURCE.spans(kept.spans), "nothing that the classes don't know is in it"
    [resource] = message.resource_spans
    assert facts(resource.resource.attributes) == {"service.name": "hubbub", "process.pid": 7}
    [scope] = resource.scope_spans
    assert (scope.scope.name, scope.scope.version) == ("hubbub", "1.2.3")
    [read] = scope.spans
    assert (read.trace_id, read.span_id, read.parent_span_id) == (PLACE.trace_id, PLACE.span_id, b"\x02" * 8)
    assert (read.name, read.kind, read.trace_state) == ("a question", 3, "vendor=1")
    assert read.start_time_unix_nano == span.began_ns
    assert read.end_time_unix_nano == span.ended_ns >= span.began_ns
    assert read.status.code == Status.STATUS_CODE_ERROR
    assert [(link.trace_id, link.span_id) for link in read.links] == [(b"\x03" * 16, b"\x04" * 8)]
    told = facts(read.attributes)
    assert told.pop("error.type") == "too_long"
    assert told == {**values, "text": "grün ? 日本", "several": ["stop", "length"]}


def test_a_span_that_went_well_has_no_status_and_no_link() -> None:
    kept = Kept()
    with Span(kept, "well", CLIENT, PLACE._replace(state="")):
        pass
    [read] = ExportTraceServiceRequest.FromString(SOURCE.spans(kept.spans)).resource_spans[0].scope_spans[0].spans
    assert not read.HasField("status")
    assert not read.links
    assert not read.parent_span_id


@pytest.mark.parametrize("count", [0, 1, 300])
def test_metrics_are_read_as_they_were(count: int) -> None:
    durations = Histogram((0.01, 1.0, 10.0))
    for number in range(count):
        durations.add(number / 100)
    figures = [
        Metric("hubbub_open_answers", "gauge", "Open.", {"": 3}),
        Metric("hubbub_cpu_seconds_total", "counter", "Time.", {"": 1.5}),
        Metric("hubbub_deployment_attempts_total", "counter", "Asked.", {"pool/a": 1, "pool/b": 2}, "deployment"),
        Metric("hubbub_loop_lag_seconds", "histogram", "Lag.", durations),
    ]
    key = Attributes((("gen_ai.request.model", "m"), ("server.port", 443)))
    measures = [Measure("gen_ai.client.operation.duration", "s", "Took.", {key: durations}), Measure("no", "s", "", {})]
    data = SOURCE.metrics(figures, measures, 5, 9)
    message = ExportMetricsServiceRequest.FromString(data)
    if count:  # the classes leave zeros out
        assert message.SerializeToString() == data
    read = {metric.name: metric for metric in message.resource_metrics[0].scope_metrics[0].metrics}
    assert set(read) == {
        *("hubbub.open_answers", "hubbub.cpu", "hubbub.deployment_attempts", "hubbub.loop_lag"),
        "gen_ai.client.operation.duration",
    }
    assert [point.as_double for point in read["hubbub.open_answers"].gauge.data_points] == [3]
    assert read["hubbub.cpu"].unit == "s"
    attempts = read["hubbub.deployment_attempts"].sum
    assert (attempts.is_monotonic, attempts.aggregation_temporality) == (True, 2)
    assert [(facts(point.attributes), point.as_double) for point in attempts.data_points] == [
        ({"deployment": "pool/a"}, 1),
        ({"deployment": "pool/b"}, 2),
    ]
    [point] = read["gen_ai.client.operation.duration"].histogram.data_points
    assert (point.count, sum(point.bucket_counts), list(point.explicit_bounds)) == (count, count, [0.01, 1.0, 10.0])
    assert list(point.bucket_counts) == durations.counts
    assert point.sum == pytest.approx(durations.total)
    assert facts(point.attributes) == {"gen_ai.request.model": "m", "server.port": 443}
    assert (point.start_time_unix_nano, point.time_unix_nano) == (5, 9)


def test_lines_are_read_as_they_were() -> None:
    lines = [Line(7, 13, "WARNING", "Reference %s", {"logger.name": "hubbub"}, PLACE), Line(8, 9, "INFO", "", {}, None)]
    data = SOURCE.lines(lines)
    message = ExportLogsServiceRequest.FromString(data)
    assert message.SerializeToString() == data
    first, second = message.resource_logs[0].scope_logs[0].log_records
    assert (first.time_unix_nano, first.severity_number, first.severity_text) == (7, 13, "WARNING")
    assert (first.body.string_value, facts(first.attributes)) == ("Reference %s", {"logger.name": "hubbub"})
    assert (first.trace_id, first.span_id, first.flags) == (PLACE.trace_id, PLACE.span_id, 1)
    assert not second.trace_id
