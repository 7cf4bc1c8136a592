"""Open what sends telemetry, as the settings and the variables of OpenTelemetry say."""

import logging
import os
import platform
import uuid
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote

import hubbub
from hubbub.core.tracing import NoTracing, Tracing
from hubbub.settings import Settings

if TYPE_CHECKING:
    from hubbub.app.application import Application

logger = logging.getLogger(__name__)

_SIGNALS = ("traces", "metrics", "logs")
_SAMPLERS = {"always_on": 1.0, "always_off": 0.0}


def endpoints(settings: Settings, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return where traces, metrics and logs are sent, by these names; what is sent nowhere is left out."""
    table = settings.telemetry
    if not table.is_enabled or environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return {}
    found: dict[str, str] = {}
    base = table.endpoint or environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").strip().rstrip("/")
    for signal in _SIGNALS:
        name = signal.upper()
        own = "" if table.endpoint else environ.get(f"OTEL_EXPORTER_OTLP_{name}_ENDPOINT", "").strip()
        if environ.get(f"OTEL_{name}_EXPORTER", "otlp").strip() == "none" or not (own or base):
            continue
        protocol = environ.get(f"OTEL_EXPORTER_OTLP_{name}_PROTOCOL") or environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "")
        if not table.endpoint and protocol not in ("", "http/protobuf"):
            continue
        url = own or f"{base}/v1/{signal}"
        if url.startswith(("http://", "https://")):
            found[signal] = url
    return found


def telemetry_faults(settings: Settings, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return what of the variables can't be followed, each in a sentence that says what to do."""
    if settings.telemetry.endpoint or not settings.telemetry.is_enabled:
        return []
    names = [name for name in environ if name.startswith("OTEL_EXPORTER_OTLP") and name.endswith("PROTOCOL")]
    return [
        f"{name} is {environ[name]!r}: telemetry is sent as http/protobuf alone, to a collector's port 4318. "
        "Set telemetry.endpoint to that."
        for name in names
        if environ[name] not in ("", "http/protobuf") and has_endpoint(environ)
    ]


def telemetry_shown(settings: Settings, environ: Mapping[str, str] = os.environ) -> tuple[str, str] | None:
    """Return where telemetry is sent and what of it, for whoever checks that; None where nothing is sent."""
    urls = endpoints(settings, environ)
    if not urls:
        return None
    texts = "with what people write" if settings.telemetry.includes_texts else "without what people write"
    return ", ".join(urls.values()), f"{', '.join(urls)}, {texts}"


def has_endpoint(environ: Mapping[str, str]) -> bool:
    """Tell whether a variable names a collector."""
    return any(
        environ.get(name)
        for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", *(f"OTEL_EXPORTER_OTLP_{one.upper()}_ENDPOINT" for one in _SIGNALS))
    )


@asynccontextmanager
async def open_tracing(settings: Settings, environ: Mapping[str, str] = os.environ) -> AsyncGenerator[Tracing]:
    """Open what records traces; where nothing is sent, that records nothing."""
    for fault in telemetry_faults(settings, environ):
        logger.warning("%s", fault)
    urls = endpoints(settings, environ)
    if not urls:
        yield NoTracing()
        return
    from hubbub.connections.http import Http
    from hubbub.connections.otlp import Source
    from hubbub.connections.telemetry import Target, Telemetry
    from hubbub.connections.telemetry_log import logging_to

    table = settings.telemetry
    headers = {name: value.get_secret_value() for name, value in table.headers.items()}
    target = Target(
        urls.get("traces", ""),
        urls.get("metrics", ""),
        urls.get("logs", ""),
        headers or _pairs(environ.get("OTEL_EXPORTER_OTLP_HEADERS", "")),
        table.timeout_seconds,
        table.metrics_seconds,
    )
    source = Source(_resource(environ), "hubbub", hubbub.__version__)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(Http())
        telemetry = await stack.enter_async_context(
            Telemetry(
                http,
                source,
                target,
                includes_texts=table.includes_texts,
                sampled_share=_share(settings, environ),
                heeds_callers=table.heeds_callers,
            )
        )
        if urls.get("logs"):
            stack.enter_context(logging_to(telemetry.take, includes_texts=table.includes_texts))
        yield telemetry


def tell_figures(application: "Application") -> None:
    """Let what sends telemetry send the application's figures, too."""
    from hubbub.connections.telemetry import Telemetry
    from hubbub.web.metrics import metrics_of

    if isinstance(application.tracing, Telemetry):
        application.tracing.figures = lambda: metrics_of(application, None)


def _share(settings: Settings, environ: Mapping[str, str]) -> float:
    share = settings.telemetry.sampled_share
    if share != 1.0:
        return share
    sampler = environ.get("OTEL_TRACES_SAMPLER", "").removeprefix("parentbased_")
    if sampler == "traceidratio":
        try:
            return min(1.0, max(0.0, float(environ.get("OTEL_TRACES_SAMPLER_ARG", ""))))
        except ValueError:
            return 1.0
    return _SAMPLERS.get(sampler, 1.0)


def _resource(environ: Mapping[str, str]) -> dict[str, str | int]:
    """Return what tells this process from others."""
    told = _pairs(environ.get("OTEL_RESOURCE_ATTRIBUTES", ""))
    if name := environ.get("OTEL_SERVICE_NAME", ""):
        told["service.name"] = name
    return {
        "service.name": "hubbub",
        "service.version": hubbub.__version__,
        "service.instance.id": str(uuid.uuid4()),
        "host.name": platform.node(),
        "process.pid": os.getpid(),
        **told,
    }


def _pairs(text: str) -> dict[str, str]:
    """Return what a variable of OpenTelemetry names as `key=value,key=value`."""
    parts = [part.partition("=") for part in text.split(",") if "=" in part]
    return {name.strip(): unquote(value.strip()) for name, _, value in parts if name.strip()}
