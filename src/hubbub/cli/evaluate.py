"""Evaluate search and answers with questions whose answers are known, by one configuration or two."""

import asyncio
import csv
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from html import escape
from pathlib import Path

from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from hubbub.app.application import Application
from hubbub.cli.evaluated import NDCG_DEPTH, Known, Outcome, as_rows, read_questions, score, totals
from hubbub.cli.fetching import fetching_shown
from hubbub.cli.judging import judge
from hubbub.cli.logs import logging_to_stderr
from hubbub.cli.terminal import printable
from hubbub.cli.workbook import Cell, write_rows
from hubbub.compose import OnFetch, open_asking, prepare_folder
from hubbub.compose.metering import prices_of
from hubbub.core.answer import fold
from hubbub.core.errors import Invalid
from hubbub.core.people import OPERATOR
from hubbub.core.questions import Question
from hubbub.settings import Settings
from hubbub.usage.prices import UNITS

TABLES = (".csv", ".xlsx")
RECORDED_SECONDS = 5.0
"""How long is waited for an answer's cost to be recorded."""

output = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, soft_wrap=True, highlight=False)


def evaluate(
    path: Path,
    configurations: Mapping[str, Settings],
    collections: Sequence[str],
    *,
    model: str | None,
    page: Path | None,
    table: Path | None = None,
    judge_model: str | None = None,
) -> None:
    """Ask all questions of a file by each configuration, print the figures, and write each answer.

    The page is HTML, the table CSV or XLSX, by how its name ends. A judge is a model of each configuration.

    Raises:
        Invalid: the questions can't be read.
        NotFound: there is no such collection or model.
        HubbubError: something could not be opened.
    """
    if table is not None and table.suffix.lower() not in TABLES:
        raise Invalid(f"A table is written as {' or '.join(TABLES)}: {table} ends otherwise.")
    questions = read_questions(path)
    outcomes: dict[str, list[Outcome]] = {}
    for name, settings in configurations.items():
        with logging_to_stderr(settings.server.log_format, "warning"), fetching_shown() as on_fetch:
            prepare_folder(settings.server.data_folder)
            outcomes[name] = asyncio.run(_ask_all(settings, questions, collections, model, judge_model, on_fetch))
    figures = {name: totals(found) for name, found in outcomes.items()}
    shown = Table("", *map(printable, figures), box=None)
    for rows in zip(*figures.values(), strict=True):
        shown.add_row(rows[0].label, *map(str, rows))
    output.print(shown)
    if table is not None:
        _write(table, as_rows(outcomes))
    if page is not None:
        page.write_text(as_page(outcomes), encoding="utf-8")
        notes.print(f"Each answer stands in {printable(str(page))}.", markup=False)


def _write(path: Path, rows: Sequence[Sequence[Cell]]) -> None:
    if path.suffix.lower() == ".xlsx":
        write_rows(path, rows)
        return
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # with a mark, by which Excel tells UTF-8
        csv.writer(file).writerows([_harmless(cell) for cell in row] for row in rows)


def _harmless(cell: Cell) -> Cell:
    """Return a cell that no sheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


async def _ask_all(
    settings: Settings,
    questions: Sequence[Known],
    names: Sequence[str],
    model: str | None,
    judge_model: str | None,
    on_fetch: OnFetch,
) -> list[Outcome]:
    async with open_asking(settings, on_fetch, needs_model=False) as application:
        ids = await application.collections.ids(OPERATOR, names)
        if not ids:
            ids = tuple(one.id for one in await application.collections.named(OPERATOR))
        has_prices = bool(prices_of(settings))
        return [await _ask(application, known, ids, model, judge_model, has_prices) for known in questions]


async def _ask(
    application: Application,
    known: Known,
    ids: Sequence[str],
    model: str | None,
    judge_model: str | None,
    has_prices: bool,
) -> Outcome:
    hits = await application.documents.find(OPERATOR, known.question, ids, limit=NDCG_DEPTH)
    question = Question(known.question, model=model, collection_ids=tuple(ids), wait_seconds=0.0)
    count, money = _spent(application)
    began = time.monotonic()
    answer_id = await application.questions.ask(OPERATOR, question)
    async with aclosing(application.answers.follow(OPERATOR, answer_id)) as following:
        events = [event async for event in following]
    seconds = time.monotonic() - began
    answer = fold(answer_id, events)
    outcome = score(known, hits, answer, seconds)
    if has_prices:
        outcome = replace(outcome, money=await _recorded(application, count, money))
    if judge_model is not None and answer.text and not answer.failure:
        count, money = _spent(application)
        grades = await judge(application, judge_model, known.question, answer)
        await _recorded(application, count, money)  # so that it isn't taken for the next question's
        if grades is not None:
            outcome = replace(outcome, groundedness=grades.groundedness, relevance=grades.relevance)
    return outcome


def _spent(application: Application) -> tuple[int, int]:
    totals = application.meter.totals.values()
    return sum(one.answers for one in totals), sum(one.money for one in totals)


async def _recorded(application: Application, count: int, money: int) -> float | None:
    """Return what was spent since, once one more answer is recorded; None where that doesn't come."""
    until = time.monotonic() + RECORDED_SECONDS
    while time.monotonic() < until:
        answers, spent = _spent(application)
        if answers > count:
            return (spent - money) / UNITS
        await asyncio.sleep(0.005)
    return None


def as_page(outcomes: Mapping[str, Sequence[Outcome]]) -> str:
    """Return an HTML page with all figures and answers that needs nothing else."""
    figures = {name: totals(found) for name, found in outcomes.items()}
    head = "".join(f"<th>{escape(name)}" for name in figures)
    rows = "".join(
        f"<tr><th>{escape(row[0].label)}" + "".join(f"<td>{one}" for one in row)
        for row in zip(*figures.values(), strict=True)
    )
    answers = "".join(
        f"<h2>{escape(asked[0].question)}</h2>"
        + "".join(
            f"<h3>{escape(name)}: {escape(_in_words(one))}</h3><pre>{escape(one.failed or one.text)}</pre>"
            for name, one in zip(outcomes, asked, strict=True)
        )
        for asked in zip(*outcomes.values(), strict=True)
    )
    return (
        "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'><title>Evaluation</title>"
        "<style>body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
        "th{text-align:left;font-weight:400}td,th{padding:.2rem 1rem .2rem 0}pre{white-space:pre-wrap}"
        "h2{font-size:1.1rem;margin-top:2rem}h3{font-size:.9rem}</style>"
        f"<h1>Evaluation</h1><table><tr><th>{head}{rows}</table>{answers}\n"
    )


def _in_words(one: Outcome) -> str:
    said = [f"{one.seconds:.2f} s"]
    if one.recall is not None:
        said.append(f"recall {one.recall:.2f}")
    if one.cited is not None:
        said.append(f"cited {one.cited:.2f}")
    if one.holds is not None:
        said.append("holds a known answer" if one.holds else "holds no known answer")
    if one.money is not None:
        said.append(f"cost {one.money:.6f}")
    if one.groundedness is not None:
        said.append(f"groundedness {one.groundedness}, relevance {one.relevance}")
    if one.failed:
        said.append("failed")
    if one.refused:
        said.append("refused")
    return ", ".join(said)
