"""Say how this process does, in the text format of Prometheus (version 0.0.4)."""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate
from typing import Literal, NamedTuple

import hubbub
from hubbub.app.application import Application
from hubbub.connections.watchdog import Histogram
from hubbub.models.base import Deployed, Pooled
from hubbub.usage.prices import UNITS
from hubbub.web.clients import Clients

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metric(NamedTuple):
    """One figure or several that differ by a label: what it is called, its kind and meaning, and each value."""

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    meaning: str
    values: Mapping[str, float] | Histogram
    """By the label's value; "" where there is one alone."""
    label: str = ""


def metrics_of(app: Application, clients: Clients | None) -> list[Metric]:
    """Return the figures. Without clients, which only `hubbub serve` knows, those about connections are missing."""
    watchdog = app.watchdog
    found = [
        _one("hubbub_info", "gauge", "Always 1; the version is the label.", 1, "version", hubbub.__version__),
        _one("hubbub_open_answers", "gauge", "Answers that are being made, or wait to be.", app.runner.open_count),
        _one("hubbub_waiting_answers", "gauge", "Those of them that wait to be let in.", app.runner.waiting_count),
        _one(
            "hubbub_unwatched_stops_total",
            "counter",
            "Answers that were stopped because nobody watched.",
            app.runner.savings.answers,
        ),
        _one(
            "hubbub_unwatched_tokens_saved_total",
            "counter",
            "About how many tokens that saved.",
            app.runner.savings.tokens,
        ),
        _one("hubbub_readers", "gauge", "Readers of open answers.", app.log.reader_count),
        _one("hubbub_commit_window_seconds", "gauge", "The time between two rounds.", app.log.window_seconds),
        Metric("hubbub_loop_lag_seconds", "histogram", "How late the event loop was, 20 looks a second.", watchdog.lag),
        _one("hubbub_incidents_total", "counter", "Times the event loop was held up.", watchdog.incident_count),
        _one("hubbub_incident_longest_seconds", "gauge", "The longest of them.", watchdog.longest_seconds),
        Metric("hubbub_gc_pause_seconds", "histogram", "Runs of the garbage collector.", watchdog.pauses),
        _one("hubbub_gc_pause_longest_seconds", "gauge", "The longest of them.", watchdog.pauses.greatest),
        _one("hubbub_cpu_seconds_total", "counter", "Processor time, all threads.", time.process_time()),
    ]
    if deployments := deployments_of(app):
        found += [
            _each(
                "hubbub_deployment_is_well", "gauge", "Whether it is asked.", deployments, lambda it: it.state == "well"
            ),
            _each(
                "hubbub_deployment_open_attempts", "gauge", "What is asked of it.", deployments, lambda it: it.under_way
            ),
            _each("hubbub_deployment_attempts_total", "counter", "Attempts.", deployments, lambda it: it.attempts),
            _each(
                "hubbub_deployment_failures_total", "counter", "Those that failed.", deployments, lambda it: it.failures
            ),
        ]
    found += [
        Metric(f"hubbub_model_{name}_total", "counter", meaning, figures, "model")
        for name, meaning, figures in _of_models(app)
    ]
    if app.tracing.dropped:
        meaning = "Spans and log lines that could not be sent."
        found.append(_one("hubbub_telemetry_dropped_total", "counter", meaning, app.tracing.dropped))
    if watchdog.resident_bytes:
        found.append(_one("hubbub_resident_bytes", "gauge", "Memory in use.", watchdog.resident_bytes))
    if clients is not None:
        cut = {"slow_head": clients.waiting.late["head"], "stalled": clients.stalled, "made_room": clients.cut}
        found += [
            _one("hubbub_connections", "gauge", "Open connections of clients.", clients.open),
            _one("hubbub_connections_limit", "gauge", "The most there may be.", clients.bounds.connections),
            _one("hubbub_connections_refused_total", "counter", "Came while the limit was reached.", clients.refused),
            Metric("hubbub_connections_cut_total", "counter", "Closed by the server, by why.", cut, "reason"),
        ]
    return found


def _of_models(app: Application) -> list[tuple[str, str, dict[str, float]]]:
    """Return what models were used for, by this process; nothing where none was yet. No person is named here."""
    of_models = {model: used for model, used in app.meter.totals.items() if model}
    if not of_models:
        return []
    return [
        ("answers", "What was asked of it.", {model: used.answers for model, used in of_models.items()}),
        ("input_tokens", "Tokens that it read.", {model: used.input_tokens for model, used in of_models.items()}),
        (
            "cached_tokens",
            "Those of them that it had read before.",
            {model: used.cached_tokens for model, used in of_models.items()},
        ),
        ("output_tokens", "Tokens that it wrote.", {model: used.output_tokens for model, used in of_models.items()}),
        (
            "reasoning_tokens",
            "Those of them that were thoughts.",
            {model: used.reasoning_tokens for model, used in of_models.items()},
        ),
        ("cost", "Money, by the prices set.", {model: used.money / UNITS for model, used in of_models.items()}),
    ]


def deployments_of(app: Application) -> dict[str, Deployed]:
    """Return how the deployments of all pools do, by pool and name."""
    pools = {model.card.name: model for model in app.catalog if isinstance(model, Pooled)}
    return {f"{name}/{one.name}": one for name, pool in pools.items() for one in pool.deployments}


def render(metrics: Iterable[Metric]) -> str:
    """Return the figures as text, each labelled with this process."""
    process = f'process="{os.getpid()}"'
    lines: list[str] = []
    for name, kind, meaning, values, label in metrics:
        lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
        if isinstance(values, Histogram):
            counts = list(accumulate(values.counts))
            for bound, count in zip([*map(str, values.bounds), "+Inf"], counts, strict=True):
                lines.append(f'{name}_bucket{{{process},le="{bound}"}} {count}')
            lines += [f"{name}_sum{{{process}}} {values.total:g}", f"{name}_count{{{process}}} {counts[-1]}"]
            continue
        for value_of_label, value in values.items():
            more = f',{label}="{_escaped(value_of_label)}"' if label else ""
            lines.append(f"{name}{{{process}{more}}} {value:.9g}")
    return "\n".join([*lines, ""])


def _one(
    name: str, kind: Literal["gauge", "counter"], meaning: str, value: float, label: str = "", value_of_label: str = ""
) -> Metric:
    return Metric(name, kind, meaning, {value_of_label: value}, label)


def _each(
    name: str,
    kind: Literal["gauge", "counter"],
    meaning: str,
    deployments: Mapping[str, Deployed],
    figure: Callable[[Deployed], float],
) -> Metric:
    return Metric(name, kind, meaning, {key: figure(one) for key, one in deployments.items()}, "deployment")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
