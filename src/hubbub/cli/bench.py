"""Find out what a running server and its model hold: more and more people ask, until they have to wait."""

import asyncio
import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from hubbub.cli.load import GRACE_SECONDS, Load, checked_model
from hubbub.cli.measured import Step, steps_up_to, verdict
from hubbub.cli.terminal import printable
from hubbub.connections.http import Http
from hubbub.core.errors import Invalid, NotAllowed

QUESTIONS_UNASKED = 20
"""So many questions may be asked without anybody having agreed to what they cost."""
MOST_PEOPLE = 1000
MOST_SECONDS = 600.0

output = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, soft_wrap=True, highlight=False)


def bench(
    url: str,
    *,
    model: str | None,
    people: Sequence[int],
    seconds: float,
    questions: int,
    question: str,
    is_agreed: bool,
    may_load_others: bool,
) -> None:
    """Put load on a server and print what it holds. `people`: how many ask at once, a step each.

    Raises:
        Invalid: the address is none, or more is wanted than makes sense.
        NotAllowed: the server is on another machine, and nobody allowed it; or nobody agreed to the cost.
        NotFound: no Hubbub is there, or no such model.
    """
    url = _checked(url, may_load_others)
    if not 0 < seconds <= MOST_SECONDS or not 0 < max(people) <= MOST_PEOPLE or min(people) < 1 or questions < 1:
        raise Invalid(f"Take 1 to {MOST_PEOPLE} people, up to {MOST_SECONDS:g} seconds, and at least one question.")
    if not question.strip():
        raise Invalid("The question is empty.")
    name = asyncio.run(_checked_model(url, model))
    _agree(name, questions, is_agreed)
    asyncio.run(_bench(url, name, people, seconds, questions, question))


def people_for(exactly: int | None, up_to: int) -> list[int]:
    """Return the steps: one number of people, or more and more of them."""
    return [exactly] if exactly is not None else steps_up_to(max(up_to, 1))


def _checked(url: str, may_load_others: bool) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = None, None
    if parts is None or not host or parts.scheme not in ("http", "https") or parts.query or parts.fragment:
        raise Invalid(f"{url!r} is no address of a server. One looks like http://127.0.0.1:8000.")
    if not _is_loopback(host) and not may_load_others:
        raise NotAllowed(
            f"{host} is another machine. If it is yours, or its owner agrees, add --i-may-load-this-server."
        )
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _checked_model(url: str, model: str | None) -> str:
    async with Http() as http:
        return await checked_model(http, url, model)


async def _bench(url: str, model: str, people: Sequence[int], seconds: float, questions: int, question: str) -> None:
    async with Http() as http:
        load = Load(http, url, question, model, questions)
        steps: list[Step] = []
        shown = _Shown(load, steps, questions)
        try:
            with shown:
                for count in people:
                    if load.left == 0:
                        break
                    shown.begin(count)
                    steps.append(await load.step(count, seconds, shown.look))
                    shown.end()
                    if not steps[-1].is_held:
                        break
        except asyncio.CancelledError:
            if shown.is_measuring:
                steps.append(load.so_far())
            notes.print("Interrupted; this is what there is.")
            raise
        finally:
            left_over = await load.clean_up()
            _report(steps, load.left)
            if left_over:
                notes.print(f"{left_over} chats could not be deleted.", style="yellow")


def _agree(model: str, questions: int, is_agreed: bool) -> None:
    """Let nobody spend money unawares."""
    if questions <= QUESTIONS_UNASKED or is_agreed:
        return
    notes.print(
        f"Up to {questions:,} questions will be asked of {printable(model)!r}. If it is a service that is paid for, "
        "each of them costs money; and others who use the server will notice.",
        markup=False,
    )
    if not typer.confirm("Go on?", err=True):
        raise NotAllowed("Nothing was asked. For fewer questions there is --questions, and --yes agrees beforehand.")


class _Shown:
    """Shows on standard error how far it is: a live line on a terminal, a line a step elsewhere."""

    def __init__(self, load: Load, steps: Sequence[Step], questions: int) -> None:
        self._load = load
        self._steps = steps
        self._questions = questions
        self._live = Live(console=notes, refresh_per_second=4, transient=True, auto_refresh=False)
        self._looks = 0
        self._people = 0
        self.is_measuring = False

    def __enter__(self) -> "_Shown":
        if notes.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def begin(self, people: int) -> None:
        self._people = people
        self.is_measuring = True
        if not notes.is_terminal:
            notes.print(f"{people} at once …")

    def end(self) -> None:
        self.is_measuring = False

    def look(self) -> None:
        """Draw anew, now and then."""
        self._looks += 1
        if self._looks % 20 or not notes.is_terminal:
            return
        asked = self._questions - self._load.left
        table = _table([*self._steps, self._load.so_far()])
        table.caption = f"{self._people} at once; {asked} of at most {self._questions} questions asked; Ctrl+C ends it"
        self._live.update(table, refresh=True)


def _report(steps: Sequence[Step], left: int) -> None:
    if steps:
        output.print(_table(steps))
    for step in steps:
        if step.reason:
            output.print(f"With {step.people}: {printable(step.reason)}", markup=False)
        if not step.is_sound:
            output.print(
                f"! with {step.people}: this client was {1000 * step.late_p95_seconds:.0f} ms late itself (p95) and "
                f"took {step.cpu_share:.0%} of a core; run it on another machine for more."
            )
        if step.unfinished:
            output.print(
                f"With {step.people}: {step.unfinished} answers were not complete {GRACE_SECONDS:g} s after "
                "the time was over."
            )
    if left == 0:
        output.print("All questions that were allowed have been asked; --questions allows more.")
    output.print(verdict(steps), style="bold", markup=False)


def _table(steps: Sequence[Step]) -> Table:
    table = Table(title="What it holds", title_justify="left", box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for name in ("people", "answers\n/min", "first words s\np50/p95/p99", "pause\nms p95", "tokens\n/s"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("refused", "failed", "in\nline", "fair-\nness", "client"):
        table.add_column(name, justify="right", no_wrap=True)
    for step in steps:
        firsts = "/".join(f"{value:.2f}" for value in step.first_seconds) if step.first_seconds else "–"
        table.add_row(
            f"{step.people}",
            f"{step.answers_per_minute:.0f}",
            firsts,
            f"{1000 * step.pause_p95_seconds:.0f}",
            f"{step.tokens_per_second:.0f}",
            f"{step.refused}",
            f"{step.failed}",
            f"{step.waited} ≤{step.worst_place}" if step.waited else "0",
            f"{step.fairness:.2f}",
            f"{step.cpu_share:.0%}" + ("" if step.is_sound else " !"),
        )
    return table
