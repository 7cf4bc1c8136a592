"""Print the figures of all stacks as one table, and what became of the goals as another."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from bench.lab.fairness import LIGHT_PEOPLE, QUESTIONS, SLOTS, Fairness
from bench.lab.goals import NGINX_US, Verdict
from bench.lab.measure import (
    LATE_MS,
    LATE_OPENS_A_SECOND,
    MANY_IDLE_STREAMS,
    OPENS_A_SECOND,
    SOUND_MS,
    Idle,
    Point,
    Result,
)

NOTES = f"""\
Hubbub stores each token before it sends it. Quart, FastAPI and Flask use the openai SDK; Quart and Flask run under
gunicorn, Quart with one worker. nginx passes bytes on.
CPU: user and system time of all processes of the stack, over the tokens that reached the readers.
Added: what the stack adds to the model's own time, p50 / p99 in ms, once all streams flow. First: the same for an
answer's first token, of the last streams: they are opened {LATE_OPENS_A_SECOND} a second while all others flow,
which were opened {OPENS_A_SECOND} a second.
Late: how late the model server itself was, p99 in ms; delays of that size say nothing about the stack
(over {SOUND_MS} ms after two tries: !). Its core: how much of it both ends took together.
Others: what others took of the stack's core and of the lab's. A stack that is held up reads several tokens at once,
so others' load makes CPU per token look better, and delays worse.
Carried: the largest load with a p99 of at most {LATE_MS} ms (--search looks on, to about 20 %).
Left: silent streams that were still open at the model server 2 s after their readers had gone."""


def print_table(results: Sequence[Result]) -> None:
    """Print the figures, a row a load."""
    table = Table(title="What a relayed token costs", title_justify="left", pad_edge=False)
    table.add_column("stack", no_wrap=True)
    for name in (
        "streams",
        "CPU µs/token",
        "of a core",
        "added ms",
        "first ms",
        "late",
        "its core",
        "others",
        "failed",
    ):
        table.add_column(name, justify="right")
    for name in ("carried", "CPU µs/request", "kB/idle stream", "left"):
        table.add_column(name, justify="right")
    for result in results:
        whole = [
            "" if result.capacity is None else f"{result.capacity:,}",
            _rounded(result.cpu_us_per_request),
            _rounded(result.idle and result.idle.kilobytes),
            _rounded(result.idle and result.idle.left_open),
        ]
        for point in result.points:
            is_first = point is result.points[0]
            table.add_row(result.title if is_first else "", *_cells(point), *(whole if is_first else ()))
        table.add_section()
    console = _console()
    console.print(table)
    console.print(NOTES)
    for result in results:
        if result.many_idle:
            console.print(f"\n{result.title}: {_told(result.many_idle)}")


def print_fairness(fairness: Fairness) -> None:
    """Print what the light people met."""
    _console().print(
        f"\nHubbub, {LIGHT_PEOPLE} light people and one who asks {QUESTIONS} questions at once; the model answers "
        f"{SLOTS} at once{'' if fairness.has_admission else ' (this server has no admission)'}.\n"
        f"First word of the light ones, p50 / p95: {fairness.alone_p50_ms:.0f} / {fairness.alone_p95_ms:.0f} ms alone, "
        f"{fairness.beside_p50_ms:.0f} / {fairness.beside_p95_ms:.0f} ms beside the heavy one: "
        f"{fairness.ratio:.2f} times; refused: {fairness.light_refused}, failed: {fairness.light_failed}.\n"
        f"The heavy one: {fairness.heavy_complete} answers complete, {fairness.heavy_refused} refused, "
        f"after {fairness.heavy_seconds:.1f} s."
    )


def print_goals(verdicts: Sequence[Verdict]) -> None:
    """Print each goal, what was reached, and what tells how far to trust that."""
    table = Table(title="Goals (Hubbub)", title_justify="left", pad_edge=False)
    table.add_column("goal", no_wrap=True)
    for name in ("limit", "measured", "range", "nginx here", "scaled by nginx"):
        table.add_column(name, justify="right")
    table.add_column("", no_wrap=True)
    for verdict in verdicts:
        goal = verdict.goal
        sign = "≤" if goal.is_at_most else "≥"
        noise = f"{_short(min(verdict.values))}–{_short(max(verdict.values))}" if len(verdict.values) > 1 else ""
        table.add_row(
            goal.title,
            f"{sign} {goal.limit:,g} {goal.unit}",
            _short(verdict.value) if verdict.values else "",
            noise,
            _short(verdict.nginx),
            _short(verdict.scaled),
            _judged(verdict),
        )
    console = _console()
    console.print()
    console.print(table)
    reference = "/".join(f"{value:g}" for value in NGINX_US.values())
    loads = "/".join(f"{streams:,}" for streams in NGINX_US)
    console.print(
        f"Measured: the median; its range where points were repeated (--repeat). Scaled by nginx: measured × nginx "
        f"where the\ngoals were set ({reference} µs at {loads} streams) / nginx in this run."
    )


def _judged(verdict: Verdict) -> str:
    if verdict.failed_at is not None:
        return f"missed: {verdict.failed_at:,} streams were not carried"
    if not verdict.values:
        return "not measured"
    if verdict.is_reached:
        return "reached"
    missed = f"missed by {verdict.missed_by:.0%}" if verdict.goal.limit else f"missed by {verdict.missed_by:g}"
    if verdict.scaled is not None and verdict.scaled <= verdict.goal.limit:
        missed += "; reached when scaled by nginx"
    return missed


def _told(idle: Idle) -> str:
    short = "" if idle.open == idle.asked else f" of {idle.asked:,}"
    if idle.asked < MANY_IDLE_STREAMS:
        limit = f"; no more than {idle.asked:,} could be asked for, by the limit on open files (ulimit -n)"
    else:
        limit = ""
    return f"{idle.open:,}{short} idle streams at once, {idle.kilobytes:.0f} kB each{limit}."


def _console() -> Console:
    return Console(width=180, soft_wrap=True, highlight=False)


def _short(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 10 else f"{value:.3g}"


def _cells(point: Point) -> list[str]:
    is_all = point.is_open
    streams = (
        f"{point.streams:,}" if is_all else f"{min(point.open_streams, point.all_open_streams):,} of {point.streams:,}"
    )
    return [
        streams,
        f"{point.cpu_us_per_token:.0f}",
        f"{point.server_share:.0%}",
        f"{point.delay_p50_ms:.1f} / {point.delay_p99_ms:.0f}",
        f"{point.first_p50_ms:.0f} / {point.first_p99_ms:.0f}",
        f"{point.late_p99_ms:.1f}" + ("" if point.is_sound else " !"),
        f"{point.model_share + point.readers_share:.0%}",
        f"{point.other_share:.0%} {point.other_share_of_ends:.0%}",
        f"{point.failed:,}" + (f" ({point.doubled} doubled)" if point.doubled else ""),
    ]


def _rounded(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"
