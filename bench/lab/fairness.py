"""Measure whether one person who asks five hundred questions at once makes twenty others wait."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.lab.ends import Ask, Plan, read_streams, request
from bench.lab.measure import Bench, Running, running
from bench.lab.people import HEADER
from bench.lab.stacks import HUBBUB, MESSAGES, ROOT
from hubbub.settings import Settings

QUESTIONS = 500
LIGHT_PEOPLE = 20
LIGHT_QUESTIONS = 10
"""Each light person asks so many, one after the other, about four seconds when nobody else is there."""
SLOTS = 40
"""How many answers the model makes at once; others wait there in the order in which they came, as at llama.cpp."""
TOKENS, RATE, FIRST_MS = 8, 40.0, 200.0
HEAD_START_SECONDS = 0.5
"""The heavy person's questions are all asked before the light ones begin."""
LIMITS = {
    "running": SLOTS,
    "running_per_model": SLOTS,
    "waiting": 2000,
    "waiting_per_model": 2000,
    "running_per_person": 8,
    "waiting_per_person": QUESTIONS,
}
"""The server lets in as many answers as the model makes at once, so who waits does so where there is a fair order."""


@dataclass(frozen=True)
class Fairness:
    """What the light people met, without the heavy one and with. Times are milliseconds from question to first word."""

    has_admission: bool
    """Whether the server has admission at all."""
    alone_p50_ms: float
    alone_p95_ms: float
    beside_p50_ms: float
    beside_p95_ms: float
    light_refused: int
    light_failed: int
    """Of the light people's questions beside the heavy one: refused (429 or 503 …), or not answered to the end."""
    heavy_complete: int
    heavy_refused: int
    heavy_seconds: float
    """Until the heavy person's last answer was complete, or had been given up."""

    @property
    def ratio(self) -> float:
        """How many times longer 95 of 100 light questions wait at the most when the heavy person is there."""
        return self.beside_p95_ms / max(self.alone_p95_ms, 0.001)


def measure_fairness(bench: Bench) -> Fairness:
    """Let the light people ask alone, then beside the heavy one.

    Raises:
        RuntimeError: the server did not come up, or alone the light people were not answered.
    """
    has_admission = bool(limits := _limits())
    with running(bench, HUBBUB, _variables(limits)) as server:
        bench.model.script(tokens=TOKENS, rate=RATE, first_ms=FIRST_MS, slots=SLOTS)
        alone = _light(bench, server)
        if alone["complete"] != LIGHT_PEOPLE * LIGHT_QUESTIONS:
            raise RuntimeError(f"{alone['complete']} answers were complete (last status {alone['last_status']})")
        heavy: dict[str, Any] = {}
        asking = threading.Thread(target=lambda: heavy.update(_heavy(bench, server)))
        began = time.monotonic()
        asking.start()
        time.sleep(HEAD_START_SECONDS)
        beside = _light(bench, server)
        asking.join()
        seconds = time.monotonic() - began
    return Fairness(
        has_admission=has_admission,
        alone_p50_ms=alone["wait_us"]["p50"] / 1e3,
        alone_p95_ms=alone["wait_us"]["p95"] / 1e3,
        beside_p50_ms=beside["wait_us"]["p50"] / 1e3,
        beside_p95_ms=beside["wait_us"]["p95"] / 1e3,
        light_refused=beside["refused"],
        light_failed=beside["cut"] + beside["broken"],
        heavy_complete=heavy.get("complete", 0),
        heavy_refused=heavy.get("refused", 0),
        heavy_seconds=seconds,
    )


def _light(bench: Bench, server: Running) -> dict[str, Any]:
    plan = Plan(LIGHT_PEOPLE, TOKENS, times=LIGHT_QUESTIONS, ramp=0.5, window=0)
    return read_streams(bench.programs, bench.cores.ends, server.port, _ask("{person}"), plan)


def _heavy(bench: Bench, server: Running) -> dict[str, Any]:
    plan = Plan(QUESTIONS, TOKENS, ramp=0.1, window=0)
    return read_streams(bench.programs, bench.cores.ends, server.port, _ask("heavy"), plan)


def _ask(person: str) -> Ask:
    headers = {HEADER: person}
    return Ask(
        request("POST", "/api/questions", {"text": MESSAGES[0]["content"]}, headers),
        request("GET", "/api/answers/{id}/events", headers=headers),
        find=HUBBUB.ask.find,
    )


def _limits() -> dict[str, int]:
    """Return how the server's admission is to be set, as far as it has these settings."""
    table = Settings.model_fields.get("admission")
    known = getattr(table.annotation, "model_fields", {}) if table else {}
    return {name: value for name, value in LIMITS.items() if name in known}


def _variables(limits: Mapping[str, int]) -> Mapping[str, str]:
    return {
        "HUBBUB_IDENTITY__BACKEND": "bench.lab.people:HeaderIdentity",
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
        **{f"HUBBUB_ADMISSION__{name.upper()}": str(value) for name, value in limits.items()},
    }
