"""Draw one worker's time line while several people ask at once, as measured: `python -m bench.lab.timeline`."""

import dataclasses
import itertools
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.lab.drawing import Drawing
from bench.lab.ends import Plan, compiled, model_server, read_streams
from bench.lab.measure import Bench, Running, running
from bench.lab.processes import Cores, Tree
from bench.lab.stacks import ROOT, STACKS, Stack, gunicorn

PICTURE = ROOT / "docs" / "images" / "timeline.svg"
PEOPLE = 8
TOKENS, RATE, FIRST_MS = 15, 25, 400
LOOK_SECONDS = 0.01

IN_LINE, FOR_MODEL, SPEAKS, WORKS = "#d97a2b", "#8fa3bf", "#2f6fde", "#0f9d76"
WIDTH, LEFT, RIGHT = 960, 30, 940
ROW, WORK, PANEL = 13, 34, 224
ZOOM_LEFT = 300


@dataclass(frozen=True)
class Wait:
    """One person's answer; seconds since the first of them asked."""

    asked: float
    reached_model: float
    spoke: float
    ended: float


@dataclass(frozen=True)
class Line:
    """What one worker did for all of them."""

    title: str
    waits: Sequence[Wait]
    work: Sequence[tuple[float, float, float]]
    """Spans of time, begin and end, and the processor time that the worker had in each (seconds)."""


def stacks() -> list[tuple[str, Stack]]:
    """Return what is drawn: each with one worker."""
    by_name = {stack.name: stack for stack in STACKS}
    one_worker = gunicorn("flask_chat:app", "--workers", "1")
    return [
        ("Blocking: Flask, one sync worker", dataclasses.replace(by_name["flask-sync"], command=one_worker)),
        ("Async: Quart, one worker", by_name["quart"]),
        ("Hubbub, one worker, storing each token first", by_name["hubbub"]),
    ]


def observe(bench: Bench, title: str, stack: Stack) -> Line:
    """Let all ask at once, and return when what happened."""
    stack = dataclasses.replace(stack, most_streams=1)  # one stream is enough to warm it up
    with running(bench, stack) as server, tempfile.TemporaryDirectory(prefix="hubbub-lab-") as folder:
        bench.model.script(tokens=TOKENS, rate=RATE, first_ms=FIRST_MS)
        trace = Path(folder, "trace")
        with _looking(server.tree) as looks:
            _read(bench, server, stack, trace)
        begin, waits = read_waits(trace)
    end = max(wait.ended for wait in waits)
    work = [
        (before[0] - begin, after[0] - begin, after[1] - before[1])
        for before, after in itertools.pairwise(looks)
        if after[0] > begin and before[0] < begin + end
    ]
    return Line(title, sorted(waits, key=lambda wait: wait.spoke), work)


def read_waits(trace: Path) -> tuple[float, list[Wait]]:
    """Return when the first person asked, and what the readers' trace tells of each person."""
    lines = [[int(part) / 1e6 for part in line.split()] for line in trace.read_text().splitlines()]
    begin = min(line[2] for line in lines)
    own: dict[float, list[list[float]]] = {}
    for line in lines:
        own.setdefault(line[0], []).append(line)
    return begin, [
        Wait(one[0][2] - begin, one[0][3] - begin, one[0][5] - begin, one[-1][5] - begin) for one in own.values()
    ]


def _read(bench: Bench, server: Running, stack: Stack, trace: Path) -> None:
    plan = Plan(PEOPLE, TOKENS, ramp=0, window=0)
    met = read_streams(bench.programs, bench.cores.ends, server.port, stack.ask, plan, trace=trace)
    if met["complete"] != PEOPLE:
        raise RuntimeError(f"{met['complete']} of {PEOPLE} answers were complete")


@contextmanager
def _looking(tree: Tree) -> Iterator[list[tuple[float, float]]]:
    """Look at the processor time of a tree again and again, on the side."""
    looks: list[tuple[float, float]] = []
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(LOOK_SECONDS):
            looks.append((time.monotonic(), tree.cpu_seconds()))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield looks
    finally:
        is_over.set()
        looking.join()


def draw(lines: Sequence[Line], path: Path) -> None:
    """Write the picture: a panel a worker, all on the same scale, short ones enlarged beside."""
    end = max(wait.ended for line in lines for wait in line.waits)
    height = 50 + PANEL * len(lines)
    drawing = Drawing(WIDTH, height, f"One worker while {PEOPLE} people ask at once: blocking, async, Hubbub")
    legend = ((IN_LINE, "waits in line"), (FOR_MODEL, "waits for the model"), (SPEAKS, "answer arrives"))
    for number, (colour, text) in enumerate((*legend, (WORKS, "the worker works (processor time)"))):
        drawing.bar(LEFT + 165 * number, 14, 14, 10, colour)
        drawing.text(LEFT + 165 * number + 20, 24, text)
    for number, line in enumerate(lines):
        top = 64 + PANEL * number
        own_end = max(wait.ended for wait in line.waits)
        drawing.text(LEFT, top, line.title, "ink title")
        drawing.text(RIGHT, top, _summary(line, own_end), "faint", anchor="end")
        scale = (RIGHT - LEFT) / end
        is_short = own_end < end / 4
        _panel(drawing, line, top + 14, LEFT, scale, own_end if is_short else end)
        if is_short:
            enlarged = (RIGHT - ZOOM_LEFT) / own_end
            drawing.text(
                ZOOM_LEFT - 8, top + 14 + ROW * PEOPLE / 2, f"the same × {enlarged / scale:.0f}:", "faint", anchor="end"
            )
            _panel(drawing, line, top + 14, ZOOM_LEFT, enlarged, own_end)
    drawing.save(path)


def _summary(line: Line, own_end: float) -> str:
    worked = sum(seconds for _, _, seconds in line.work)
    return f"the last answer is complete after {own_end:.1f} s; the worker worked {1000 * worked:.0f} ms of that"


def _panel(drawing: Drawing, line: Line, top: float, left: float, scale: float, end: float) -> None:
    for row, wait in enumerate(line.waits):
        y = top + ROW * row
        for begin, stop, colour in (
            (wait.asked, wait.reached_model, IN_LINE),
            (wait.reached_model, wait.spoke, FOR_MODEL),
            (wait.spoke, wait.ended, SPEAKS),
        ):
            drawing.bar(left + begin * scale, y, (stop - begin) * scale, ROW - 4, colour)
    floor = top + ROW * PEOPLE + WORK
    for begin, stop, seconds in line.work:
        share = min(1.0, seconds / (stop - begin))
        if share > 0.005:
            x, width = left + max(begin, 0) * scale, (min(stop, end) - max(begin, 0)) * scale
            drawing.bar(x, floor - share * (WORK - 6), width, share * (WORK - 6), WORKS)
    drawing.rule(left, floor, left + end * scale, floor)
    step = next(step for step in (0.1, 0.2, 0.5, 1, 2, 5, 10) if step * scale >= 60)
    for mark in range(int(end / step) + 1):
        x = left + mark * step * scale
        drawing.rule(x, floor, x, floor + 4)
        drawing.text(x, floor + 18, f"{mark * step:g} s", "faint", anchor="middle")


def main() -> None:
    """Measure and draw."""
    for _, stack in stacks():
        if missing := stack.missing():
            raise SystemExit(f"{stack.title}: {missing}.")
    cores = Cores.choose()
    with compiled() as programs, model_server(programs, cores.ends) as model:
        bench = Bench(programs, cores, model)
        draw([observe(bench, title, stack) for title, stack in stacks()], PICTURE)
    print(f"Drawn: {PICTURE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
