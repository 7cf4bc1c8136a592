"""Print the figures of all stacks as one table."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from bench.lab.measure import LATE_MS, SOUND_MS, Point, Result

NOTES = f"""\
Hubbub stores each token before it sends it. Quart, FastAPI and Flask use the openai SDK; Quart and Flask run under
gunicorn, Quart with one worker. nginx passes bytes on.
CPU: user and system time of all processes of the stack, over the tokens that reached the readers.
Added: what the stack adds to the model's own time, p50 / p99 in ms; first: the same for an answer's first token.
Late: how late the model server itself was, p99 in ms; delays of that size say nothing about the stack
(over {SOUND_MS} ms after two tries: !).
Others: what others took of the stack's core and of the lab's. A stack that is held up reads several tokens at once,
so others' load makes CPU per token look better, and delays worse.
Carried: the most streams with a p99 of at most {LATE_MS} ms, to about 20 %.
Left: silent streams that were still open at the model server 2 s after their readers had gone."""


def print_table(results: Sequence[Result]) -> None:
    """Print the figures, a row a load."""
    table = Table(title="What a relayed token costs", title_justify="left", pad_edge=False)
    table.add_column("stack", no_wrap=True)
    for name in ("streams", "CPU µs/token", "of a core", "added ms", "first ms", "late", "others", "failed"):
        table.add_column(name, justify="right")
    for name in ("carried", "CPU µs/request", "kB/idle stream", "left"):
        table.add_column(name, justify="right")
    for result in results:
        whole = [
            "" if result.capacity is None else f"{result.capacity:,}",
            _rounded(result.cpu_us_per_request),
            _rounded(result.idle_stream_kilobytes),
            _rounded(result.left_open),
        ]
        for point in result.points:
            is_first = point is result.points[0]
            table.add_row(result.title if is_first else "", *_cells(point), *(whole if is_first else ()))
        table.add_section()
    console = Console(width=180, soft_wrap=True, highlight=False)
    console.print(table)
    console.print(NOTES)


def _cells(point: Point) -> list[str]:
    return [
        f"{point.streams:,}" if point.open_streams == point.streams else f"{point.open_streams:,} of {point.streams:,}",
        f"{point.cpu_us_per_token:.0f}",
        f"{point.server_share:.0%}",
        f"{point.delay_p50_ms:.1f} / {point.delay_p99_ms:.0f}",
        f"{point.first_p50_ms:.0f} / {point.first_p99_ms:.0f}",
        f"{point.late_p99_ms:.1f}" + ("" if point.is_sound else " !"),
        f"{point.other_share:.0%} {point.other_share_of_ends:.0%}",
        f"{point.failed:,}" + (f" ({point.doubled} doubled)" if point.doubled else ""),
    ]


def _rounded(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"
