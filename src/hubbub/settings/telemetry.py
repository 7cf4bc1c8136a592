"""The table of telemetry: where traces, metrics and log lines are sent."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from hubbub.settings.table import Seconds, Table


def _http_url(url: str) -> str:
    if url and not url.startswith(("http://", "https://")):
        raise ValueError("this is no address of a collector, such as http://localhost:4318")
    return url.rstrip("/")


class Telemetry(Table):
    """OpenTelemetry: where traces, metrics and log lines are sent, over OTLP (HTTP with protobuf).

    The variables of OpenTelemetry (`OTEL_EXPORTER_OTLP_ENDPOINT` and the like) count where a setting is not set.
    """

    is_enabled: bool = True
    """Whether anything is sent, also where only a variable of OpenTelemetry says where to."""
    endpoint: Annotated[str, AfterValidator(_http_url)] = ""
    """The collector's address, such as "http://localhost:4318"; /v1/traces and the like are added. Empty: what
    OTEL_EXPORTER_OTLP_ENDPOINT says; without either nothing is sent."""
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    """Headers of its requests, such as an API key of the collector's."""
    includes_texts: bool = False
    """Whether questions, answers, passages and the names of documents are sent as well."""
    sampled_share: Annotated[float, Field(ge=0, le=1)] = 1.0
    """How many of the traces that begin here are sent, 0 to 1. Metrics count all questions."""
    heeds_callers: bool = True
    """Whether a caller's `traceparent` says whether its question is sampled; if not, the share holds for it, too."""
    metrics_seconds: Seconds = 60.0
    """How often metrics are sent."""
    timeout_seconds: Seconds = 10.0
    """The longest wait for the collector."""
