"""Draw what a token costs and how late it comes, against the number of streams: one line a stack."""

from collections.abc import Callable, Sequence
from pathlib import Path

from bench.lab.drawing import COLOURS, Drawing, log_scale
from bench.lab.measure import LATE_MS, Point, Result

WIDTH, HEIGHT = 960, 490
PANEL, TOP, BOTTOM = 360, 70, 350
LEFTS = (70, 550)


def draw_chart(results: Sequence[Result], path: Path, note: str) -> None:
    """Write the chart; `note` says under what conditions it was measured."""
    drawing = Drawing(WIDTH, HEIGHT, "CPU time per relayed token and added delay, by number of streams")
    points = [point for result in results for point in result.points]
    if not points:
        return
    loads = sorted({point.streams for point in points})
    axes: tuple[tuple[float, str, Callable[[Point], float], Sequence[float]], ...] = (
        (LEFTS[0], "CPU µs per token", lambda point: point.cpu_us_per_token, (10, 20, 50, 100, 200, 500, 1000)),
        (
            LEFTS[1],
            "added delay, 99 of 100 tokens, ms",
            lambda point: point.delay_p99_ms,
            (1, 10, 100, 250, 1000, 10000),
        ),
    )
    for left, title, value_of, marks in axes:
        values = [max(value_of(point), 0.1) for point in points]
        down = log_scale(min(*values, marks[0]), max(values) * 1.2, BOTTOM, TOP)
        across = log_scale(loads[0] / 1.2, loads[-1] * 1.2, left, left + PANEL)
        drawing.text(left, TOP - 22, title, "ink title")
        for mark in marks:
            if mark <= max(values) * 1.2:
                drawing.rule(left, down(mark), left + PANEL, down(mark))
                drawing.text(left - 8, down(mark) + 4, f"{mark:,}", "faint", anchor="end")
        for load in loads:
            drawing.text(across(load), BOTTOM + 20, f"{load:,}", "faint", anchor="middle")
        drawing.text(left + PANEL / 2, BOTTOM + 40, "streams", "faint", anchor="middle")
        for number, result in enumerate(results):
            line = [(across(point.streams), down(max(value_of(point), 0.1))) for point in result.points]
            is_over = [not point.is_carried for point in result.points]
            drawing.path(line, COLOURS[number % len(COLOURS)], is_over)
    for number, result in enumerate(results):
        x, y = LEFTS[0] + 215 * (number % 4), BOTTOM + 66 + 22 * (number // 4)
        drawing.bar(x, y - 9, 16, 8, COLOURS[number % len(COLOURS)])
        drawing.text(x + 22, y, result.title)
    hollow = f"Hollow: not carried (p99 over {LATE_MS} ms, or answers were not complete)."
    drawing.text(LEFTS[0], HEIGHT - 28, note, "faint")
    drawing.text(LEFTS[0], HEIGHT - 10, hollow, "faint")
    drawing.save(path)
