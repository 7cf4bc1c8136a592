"""Let 1 to 100 people ask the three examples at once, and draw the difference: `python -m bench.examples`."""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.lab.drawing import COLOURS, Drawing, log_scale
from bench.lab.ends import Ask, Plan, compiled, model_server, read_streams, request
from bench.lab.measure import Bench, Running, running
from bench.lab.processes import Cores
from bench.lab.stacks import MESSAGES, ROOT, Stack
from bench.lab.timeline import Wait, read_waits

PICTURE = ROOT / "docs" / "images" / "examples.svg"
EXAMPLES = ROOT / "examples"
PEOPLE = (1, 2, 5, 10, 20, 50, 100)
WORKERS = 5
"""Two for each of two cores and one more; here they all run on one core, and the model and the readers on another."""
TOKENS, RATE, FIRST_MS = 30, 15.0, 400.0
PATIENCE_SECONDS = 300.0
ANSWER_SECONDS = FIRST_MS / 1000 + (TOKENS - 1) / RATE
WIDTH, HEIGHT, PANEL, TOP, BOTTOM = 960, 420, 240, 70, 300
LEFTS = (56, 376, 696)


@dataclass(frozen=True)
class Crowd:
    """What people who asked at the same moment met; seconds."""

    people: int
    first_word_p50: float
    first_word_max: float
    answers_per_second: float
    at_once: int
    """How many were being answered at the same time at the most."""


def stacks() -> list[Stack]:
    """Return the three, each with gunicorn as its README starts it."""
    return [
        _stack("quart", "Quart and Hubbub, 5 async workers"),
        _stack("fastapi", "FastAPI and Hubbub, 5 async workers"),
        _stack("flask", "Flask, 5 blocking workers", "-k", "sync"),
    ]


def _stack(name: str, title: str, *options: str) -> Stack:
    def command(port: int, folder: Path) -> Sequence[str]:
        config = ("-c", str(EXAMPLES / "gunicorn.conf.py"), "--chdir", str(EXAMPLES / f"{name}_chat"))
        return [sys.executable, "-m", "gunicorn", *config, *options, "app:app"]

    return Stack(name, title, Ask(request("POST", "/chat/stream", {"messages": MESSAGES})), command, _variables)


def _variables(port: int, base_url: str, folder: Path) -> Mapping[str, str]:
    return {
        "BIND": f"127.0.0.1:{port}",
        "WEB_CONCURRENCY": str(WORKERS),
        "OPENAI_MODEL": "scripted",
        "PYTHONPATH": str(ROOT / "src"),
        "HUBBUB_SERVER__DATA_FOLDER": str(folder / "data"),
        "HUBBUB_EMBEDDED__IS_ENABLED": "false",
        "HUBBUB_EMBEDDINGS__PROVIDER": "none",
    }


def ask_all(bench: Bench, stack: Stack, server: Running, people: int) -> Crowd:
    """Let so many people ask in the same moment, and return what they met.

    Raises:
        RuntimeError: an answer was not complete.
    """
    bench.model.script(tokens=TOKENS, rate=RATE, first_ms=FIRST_MS)
    with tempfile.TemporaryDirectory(prefix="hubbub-lab-") as folder:
        trace = Path(folder, "trace")
        met = read_streams(
            bench.programs,
            bench.cores.ends,
            server.port,
            stack.ask,
            Plan(people, TOKENS, ramp=0, window=0, patience=PATIENCE_SECONDS),
            trace=trace,
        )
        if met["complete"] != people:
            raise RuntimeError(f"{met['complete']} of {people} answers were complete (status {met['last_status']})")
        _, waits = read_waits(trace)
    firsts = [wait.spoke - wait.asked for wait in waits]
    seconds = max(wait.ended for wait in waits) - min(wait.asked for wait in waits)
    return Crowd(
        people=people,
        first_word_p50=statistics.median(firsts),
        first_word_max=max(firsts),
        answers_per_second=people / seconds,
        at_once=at_once(waits),
    )


def at_once(waits: Sequence[Wait]) -> int:
    """Return the most answers that were being made at the same time, from reaching the model to their last token."""
    steps = sorted([(wait.reached_model, 1) for wait in waits] + [(wait.ended, -1) for wait in waits])
    most = now = 0
    for _, step in steps:
        now += step
        most = max(most, now)
    return most


def measure(bench: Bench, stack: Stack, loads: Sequence[int]) -> list[Crowd]:
    """Measure one example under all loads."""
    with running(bench, stack) as server:
        ask_all(bench, stack, server, 4 * WORKERS)  # whoever asks a worker first waits for what it has to load
        return [ask_all(bench, stack, server, people) for people in loads]


def draw(found: Mapping[str, Sequence[Crowd]], path: Path) -> None:
    """Write the picture: three panels, a line an example."""
    drawing = Drawing(WIDTH, HEIGHT, "The simple chat, blocking and async, while 1 to 100 people ask at once")
    crowds = [crowd for line in found.values() for crowd in line]
    panels: tuple[tuple[str, Callable[[Crowd], float], Sequence[float]], ...] = (
        ("first word of the last, s", lambda crowd: crowd.first_word_max, (0.5, 1, 2, 5, 10, 20, 50)),
        ("answers a second", lambda crowd: crowd.answers_per_second, (0.5, 1, 2, 5, 10, 20, 50)),
        ("people answered at once", lambda crowd: crowd.at_once, (1, 2, 5, 10, 20, 50, 100)),
    )
    for left, (title, value_of, marks) in zip(LEFTS, panels, strict=True):
        values = [value_of(crowd) for crowd in crowds]
        down = log_scale(min(values) / 1.1, max(values) * 1.1, BOTTOM, TOP)
        across = log_scale(0.9, 110, left, left + PANEL)
        drawing.text(left, TOP - 22, title, "ink title")
        for mark in marks:
            if min(values) / 1.1 <= mark <= max(values) * 1.1:
                drawing.rule(left, down(mark), left + PANEL, down(mark))
                drawing.text(left - 8, down(mark) + 4, f"{mark:g}", "faint", anchor="end")
        for people in (1, 2, 5, 10, 20, 50, 100):
            drawing.text(across(people), BOTTOM + 20, f"{people}", "faint", anchor="middle")
        drawing.text(left + PANEL / 2, BOTTOM + 40, "people who ask at once", "faint", anchor="middle")
        for number, line in enumerate(found.values()):
            points = [(across(crowd.people), down(value_of(crowd))) for crowd in line]
            drawing.path(points, COLOURS[number], [number == 1] * len(points))  # hollow: it lies on the first
    for number, title in enumerate(found):
        x = LEFTS[0] + 300 * number
        drawing.bar(x, HEIGHT - 58, 16, 8, COLOURS[number])
        drawing.text(x + 22, HEIGHT - 49, title)
    drawing.text(
        LEFTS[0], HEIGHT - 16, f"An answer takes the model {ANSWER_SECONDS:.1f} s. All workers on one core.", "faint"
    )
    drawing.save(path)


def table(found: Mapping[str, Sequence[Crowd]]) -> str:
    """Return the figures as a table in Markdown."""
    lines = ["| | people | first word, half / all | answers a second | answered at once |", "|---|--:|--:|--:|--:|"]
    lines += [
        f"| {title} | {crowd.people} | {crowd.first_word_p50:.1f} / {crowd.first_word_max:.1f} s "
        f"| {crowd.answers_per_second:.1f} | {crowd.at_once} |"
        for title, line in found.items()
        for crowd in line
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(prog="python -m bench.examples", description=__doc__)
    parser.add_argument(
        "--people", type=lambda text: [int(part) for part in text.split(",")], default=PEOPLE, help="the loads"
    )
    parser.add_argument("--picture", type=Path, default=PICTURE, help="where to draw")
    asked = parser.parse_args()
    cores = Cores.choose()
    found: dict[str, list[Crowd]] = {}
    with compiled() as programs, model_server(programs, cores.ends) as model:
        bench = Bench(programs, cores, model)
        for stack in stacks():
            print(f"{stack.title} …", file=sys.stderr, flush=True)
            found[stack.title] = measure(bench, stack, asked.people)
    print(table(found))
    draw(found, asked.picture)


if __name__ == "__main__":
    main()
