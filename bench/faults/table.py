"""Add up what became of the questions, say of every goal whether it is reached, and print both."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from bench.faults.outage import QUESTIONS_A_SECOND, WINDOW_SECONDS, Fallen
from bench.faults.runs import GRACE_SECONDS, LIMITS, WITHIN_SECONDS, Ran
from bench.faults.switching import Switches

HEAD = f"""\
Limits of a deployment here, shorter than in earnest: connection {LIMITS.connect_seconds:g} s, first token \
{LIMITS.first_token_seconds:g} s, silence {LIMITS.silence_seconds:g} s, all {LIMITS.total_seconds:g} s.
Each question has {WITHIN_SECONDS:g} s (within_seconds), and is late {GRACE_SECONDS:g} s after that. One of four is \
asked over documents."""
NOTES = """\
Met: the fault has really happened. Unseen: a whole text and no failure, of those that can be got over. Told: an error
after a true beginning of the text, of those that come in mid-stream. Recorded: the model's own reason to end, an
immediate refusal, or quotes in its place. Spliced: a text that no deployment has said. Left open: connections that
were there a second after the answer."""
MOST_EXAMPLES = 20


@dataclass(frozen=True)
class Row:
    """A fault's figures."""

    title: str
    runs: Sequence[Ran]

    def count(self, holds: Callable[[Ran], bool]) -> int:
        """Return of how many runs that holds."""
        return sum(map(holds, self.runs))

    @property
    def meant_unseen(self) -> list[Ran]:
        """The runs whose fault comes before the first token, or can be got over."""
        return [ran for ran in self.runs if ran.variant.meant == "unseen"]

    @property
    def meant_told(self) -> list[Ran]:
        """The runs whose fault comes in mid-stream."""
        return [ran for ran in self.runs if ran.variant.meant == "told"]

    @property
    def meant_otherwise(self) -> list[Ran]:
        """All others."""
        return [ran for ran in self.runs if ran.variant.meant not in ("unseen", "told")]


@dataclass(frozen=True)
class Goal:
    """What is to be reached, and what was."""

    title: str
    value: float
    limit: float
    is_at_most: bool = True
    form: str = "{:g}"

    @property
    def is_reached(self) -> bool:
        """Whether it was."""
        return self.value <= self.limit if self.is_at_most else self.value >= self.limit


def goals_of(rows: Sequence[Row], proxied: Sequence[Row], falls: Sequence[Fallen], switches: Switches) -> list[Goal]:
    """Return every goal with what was reached."""
    before = [ran for row in rows for ran in row.meant_unseen]
    mid = [ran for row in rows for ran in row.meant_told]
    others = [ran for row in rows for ran in row.meant_otherwise]
    through = [ran for row in proxied for ran in row.runs]
    all_ran = [ran for row in (*rows, *proxied) for ran in row.runs]
    percent = "{:.1%}"
    goals = [
        Goal("faults before the first token that nobody sees", _share(before), 0.99, False, percent),
        Goal("faults in mid-stream that are told", _share(mid), 1.0, False, percent),
        Goal("other endings that are recorded", _share(others), 1.0, False, percent),
        Goal("through the proxy: as meant", _share(through), 0.99, False, percent),
        Goal("answers that are spliced", sum(ran.outcome == "spliced" for ran in all_ran), 0),
        Goal(f"answers past their time and {GRACE_SECONDS:g} s", sum(ran.is_late for ran in all_ran), 0),
        Goal("connections left open", sum(ran.left_open for ran in all_ran), 0),
    ]
    if falls:
        goals.append(
            Goal(
                f"total outage: attempts a question in the worst {WINDOW_SECONDS:g} s",
                max(fallen.worst_window() for fallen in falls),
                1.1,
                form="{:.2f}",
            )
        )
        over_documents = sum(fallen.over_documents for fallen in falls)
        quoted = sum(fallen.quoted for fallen in falls) / max(1, over_documents)
        goals.append(Goal("total outage: questions over documents answered by quotes", quoted, 1.0, False, percent))
    if switches.milliseconds:
        goals.append(Goal("switch after a 429, p99, ms", switches.percentile(0.99), 50, form="{:.1f}"))
        goals.append(Goal("calls to a deployment that cools", switches.calls_to_cooling, 0))
    return goals


def _share(runs: Sequence[Ran]) -> float:
    return sum(ran.is_as_meant for ran in runs) / len(runs) if runs else 1.0


def print_rows(title: str, rows: Sequence[Row]) -> None:
    """Print the figures, a row a fault."""
    table = Table(title=title, title_justify="left", pad_edge=False)
    table.add_column("fault", no_wrap=True)
    for name in ("runs", "met", "unseen", "told", "recorded", "spliced", "attempts", "slowest s", "late", "left open"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(row.title, *_cells(row))
    _console().print(table)


def print_proxied(rows: Sequence[Row]) -> None:
    """Print the figures of what a proxy did by chance, a row a kind."""
    table = Table(title="The same through a proxy that fails by chance", title_justify="left", pad_edge=False)
    table.add_column("what the proxy did", no_wrap=True)
    for name in ("runs", "struck", "unseen", "told", "else", "as meant", "spliced", "attempts", "slowest s", "late"):
        table.add_column(name, justify="right")
    table.add_column("left open", justify="right")
    for row in rows:
        outcomes = [row.count(lambda ran, outcome=outcome: ran.outcome == outcome) for outcome in ("unseen", "told")]
        spliced = row.count(lambda ran: ran.outcome == "spliced")
        table.add_row(
            row.title,
            f"{len(row.runs):,}",
            f"{row.count(lambda ran: ran.has_met):,}",
            *(f"{number:,}" for number in outcomes),
            f"{len(row.runs) - sum(outcomes) - spliced:,}",
            f"{_share(row.runs):.1%}",
            f"{spliced}",
            *_times(row),
        )
    _console().print(table)


def print_odd(rows: Sequence[Row]) -> None:
    """Print the runs that were not as they should have been, the seed of their proxy with them."""
    odd = [ran for row in rows for ran in row.runs if not ran.is_as_meant or ran.is_late or ran.left_open]
    for ran in odd[:MOST_EXAMPLES]:
        seed = f", proxy's seed {ran.seed}: {ran.fates}" if ran.seed is not None else ""
        _console().print(
            f"Not as meant: {ran.variant.name}{seed}\n  {ran.outcome} after {ran.seconds:.1f} s, {ran.attempts} "
            f"attempts, {ran.left_open} left open; {ran.said}\n  {ran.text[:100]!r}"
        )
    if len(odd) > MOST_EXAMPLES:
        _console().print(f"… and {len(odd) - MOST_EXAMPLES} more; the JSON has them.")


def print_falls(falls: Sequence[Fallen]) -> None:
    """Print what the outages came to."""
    title = f"All deployments fail, {QUESTIONS_A_SECOND} questions a second"
    table = Table(title=title, title_justify="left", pad_edge=False)
    table.add_column("how", no_wrap=True)
    for name in ("questions", "attempts", f"worst {WINDOW_SECONDS:g} s", "p50 s", "slowest s", "quoted"):
        table.add_column(name, justify="right")
    table.add_column("what people were told")
    for fallen in falls:
        ranked = sorted(fallen.seconds)
        table.add_row(
            fallen.title,
            f"{len(fallen.asked):,}",
            f"{fallen.attempts_a_question:.2f}",
            f"{fallen.worst_window():.2f}",
            f"{ranked[len(ranked) // 2]:.3f}",
            f"{ranked[-1]:.1f}",
            f"{fallen.quoted} of {fallen.over_documents}",
            ", ".join(f"{code} {count:,}" for code, count in sorted(fallen.told.items(), key=lambda one: -one[1])),
        )
    _console().print(table)
    words: Mapping[str, str] = {code: text for fallen in falls for code, text in fallen.words.items()}
    for code, text in words.items():
        _console().print(f"  {code}: “{text}”")


def print_switches(switches: Switches) -> None:
    """Print how soon another deployment was asked."""
    p50, p99, most = (switches.percentile(share) for share in (0.5, 0.99, 1.0))
    _console().print(
        f"\nSwitch after a 429, {len(switches.milliseconds):,} times: p50 {p50:.1f} ms, p99 {p99:.1f} ms, "
        f"at most {most:.1f} ms; calls to a deployment that cools: {switches.calls_to_cooling}."
    )


def print_goals(goals: Sequence[Goal]) -> None:
    """Print each goal and what was reached."""
    table = Table(title="Goals", title_justify="left", pad_edge=False)
    table.add_column("goal", no_wrap=True)
    table.add_column("limit", justify="right")
    table.add_column("measured", justify="right")
    table.add_column("", no_wrap=True)
    for goal in goals:
        sign = "≤" if goal.is_at_most else "≥"
        verdict = "reached" if goal.is_reached else "MISSED"
        table.add_row(goal.title, f"{sign} {goal.form.format(goal.limit)}", goal.form.format(goal.value), verdict)
    console = _console()
    console.print()
    console.print(table)


def say(text: str) -> None:
    """Print a line as it is."""
    _console().print(text)


def _cells(row: Row) -> list[str]:
    return [
        f"{len(row.runs):,}",
        f"{row.count(lambda ran: ran.has_met):,}",
        *(_part(runs) for runs in (row.meant_unseen, row.meant_told, row.meant_otherwise)),
        f"{row.count(lambda ran: ran.outcome == 'spliced')}",
        *_times(row),
    ]


def _times(row: Row) -> list[str]:
    return [
        f"{sum(ran.attempts for ran in row.runs) / max(1, len(row.runs)):.2f}",
        f"{max((ran.seconds for ran in row.runs), default=0):.1f}",
        f"{row.count(lambda ran: ran.is_late)}",
        f"{sum(ran.left_open for ran in row.runs)}",
    ]


def _part(runs: Sequence[Ran]) -> str:
    return f"{sum(ran.is_as_meant for ran in runs):,}/{len(runs):,}" if runs else ""


def _console() -> Console:
    return Console(width=160, soft_wrap=True, highlight=False, markup=False)
