"""Evaluate search and answers with questions whose answers are known, by one configuration or two."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from html import escape
from pathlib import Path

from rich.console import Console
from rich.table import Table

from hubbub.app.application import Application
from hubbub.cli.evaluated import NDCG_DEPTH, Known, Outcome, read_questions, score, totals
from hubbub.cli.fetching import fetching_shown
from hubbub.cli.logs import logging_to_stderr
from hubbub.cli.terminal import printable
from hubbub.compose import OnFetch, open_asking, prepare_folder
from hubbub.core.answer import fold
from hubbub.core.people import OPERATOR
from hubbub.core.questions import Question
from hubbub.settings import Settings

output = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, soft_wrap=True, highlight=False)


def evaluate(
    path: Path,
    configurations: Mapping[str, Settings],
    collections: Sequence[str],
    *,
    model: str | None,
    page: Path | None,
) -> None:
    """Ask all questions of a file by each configuration, print the figures, and write a page with each answer.

    Raises:
        Invalid: the questions can't be read.
        NotFound: there is no such collection or model.
        HubbubError: something could not be opened.
    """
    questions = read_questions(path)
    outcomes: dict[str, list[Outcome]] = {}
    for name, settings in configurations.items():
        with logging_to_stderr(settings.server.log_format, "warning"), fetching_shown() as on_fetch:
            prepare_folder(settings.server.data_folder)
            outcomes[name] = asyncio.run(_ask_all(settings, questions, collections, model, on_fetch))
    figures = {name: totals(found) for name, found in outcomes.items()}
    table = Table("", *map(printable, figures), box=None)
    for rows in zip(*figures.values(), strict=True):
        table.add_row(rows[0].label, *map(str, rows))
    output.print(table)
    if page is not None:
        page.write_text(as_page(outcomes), encoding="utf-8")
        notes.print(f"Each answer stands in {printable(str(page))}.", markup=False)


async def _ask_all(
    settings: Settings, questions: Sequence[Known], names: Sequence[str], model: str | None, on_fetch: OnFetch
) -> list[Outcome]:
    async with open_asking(settings, on_fetch, needs_model=False) as application:
        ids = await application.collections.ids(OPERATOR, names)
        if not ids:
            ids = tuple(one.id for one in await application.collections.named(OPERATOR))
        return [await _ask(application, known, ids, model) for known in questions]


async def _ask(application: Application, known: Known, ids: Sequence[str], model: str | None) -> Outcome:
    hits = await application.documents.find(OPERATOR, known.question, ids, limit=NDCG_DEPTH)
    question = Question(known.question, model=model, collection_ids=tuple(ids), wait_seconds=0.0)
    began = time.monotonic()
    answer_id = await application.questions.ask(OPERATOR, question)
    async with aclosing(application.answers.follow(OPERATOR, answer_id)) as following:
        events = [event async for event in following]
    return score(known, hits, fold(answer_id, events), time.monotonic() - began)


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
    if one.failed:
        said.append("failed")
    if one.refused:
        said.append("refused")
    return ", ".join(said)
