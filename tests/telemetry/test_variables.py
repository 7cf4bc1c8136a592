"""Where telemetry is sent: by the settings, else by the variables of OpenTelemetry."""

from collections.abc import Mapping
from typing import Any

import pytest

from hubbub.compose.telemetry import endpoints, telemetry_faults, telemetry_shown
from hubbub.settings import Settings

BASE = "OTEL_EXPORTER_OTLP_ENDPOINT"


def settings(**telemetry: Any) -> Settings:
    return Settings.model_validate({"telemetry": telemetry})


@pytest.mark.parametrize(
    ("told", "variables", "expected"),
    [
        ({}, {}, {}),
        ({}, {BASE: ""}, {}),
        ({"endpoint": "http://a:1"}, {}, {one: f"http://a:1/v1/{one}" for one in ("traces", "metrics", "logs")}),
        (
            {"endpoint": "http://a:1/"},
            {BASE: "http://b:2"},
            {one: f"http://a:1/v1/{one}" for one in ("traces", "metrics", "logs")},
        ),
        ({}, {BASE: "http://b:2/otlp/"}, {one: f"http://b:2/otlp/v1/{one}" for one in ("traces", "metrics", "logs")}),
        ({}, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://b:2/as/it/is"}, {"traces": "http://b:2/as/it/is"}),
        (
            {},
            {BASE: "http://b:2", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"},
            {"traces": "http://b:2/v1/traces"},
        ),
        ({}, {BASE: "http://b:2", "OTEL_SDK_DISABLED": "true"}, {}),
        ({"endpoint": "http://a:1"}, {"OTEL_SDK_DISABLED": "TRUE"}, {}),
        ({"is_enabled": False}, {BASE: "http://b:2"}, {}),
        ({}, {BASE: "http://b:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, {}),
        ({}, {BASE: "b:4317"}, {}),
    ],
)
def test_where_it_is_sent(told: Mapping[str, Any], variables: Mapping[str, str], expected: Mapping[str, str]) -> None:
    assert endpoints(settings(**told), variables) == expected
    assert (telemetry_shown(settings(**told), variables) is None) is not bool(expected)


def test_what_can_t_be_followed_is_said() -> None:
    variables = {BASE: "http://b:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    [fault] = telemetry_faults(settings(), variables)
    assert "http/protobuf" in fault
    assert "telemetry.endpoint" in fault
    assert not telemetry_faults(settings(endpoint="http://a:1"), variables)
    assert not telemetry_faults(settings(), {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})


def test_whether_texts_are_sent_is_shown() -> None:
    shown = telemetry_shown(settings(endpoint="http://a:1"), {})
    assert shown is not None
    assert "without what people write" in shown[1]
    shown = telemetry_shown(settings(endpoint="http://a:1", includes_texts=True), {})
    assert shown is not None
    assert "with what people write" in shown[1]
