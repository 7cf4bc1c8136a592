"""Read questions whose answers are known, and score what was found and answered."""

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, cast

import msgspec

from hubbub.cli.workbook import Cell, read_rows
from hubbub.core.answer import Answer
from hubbub.core.documents import Hit
from hubbub.core.errors import Invalid
from hubbub.core.markdown import unescape

# As the Azure sample writes its sources: [Benefit_Options.pdf#page=3].
_SOURCE = re.compile(r"\[([^\[\]#]+\.\w{1,5})(?:#page=(\d+))?\]")
_LISTS = re.compile(r"\s*\|\s*")
NDCG_DEPTH = 10
RECALL_DEPTH = 5
NOT_HERE = "nothing_found"


class Source(msgspec.Struct, frozen=True):
    """A document that answers, or a page of one."""

    name: str
    page: int | None = None

    def is_of(self, name: str, page: int | None) -> bool:
        """Tell whether a passage or a citation is of it."""
        return name.rpartition("/")[2] == self.name.rpartition("/")[2] and self.page in (None, page)


class Known(msgspec.Struct, frozen=True):
    """A question, and what is known of its answer."""

    question: str
    answers: tuple[str, ...] = ()
    """Texts of which a right answer holds one."""
    sources: tuple[Source, ...] = ()
    is_answerable: bool = True


class Outcome(msgspec.Struct, frozen=True):
    """What came of a question. None: it can't be told from what is known."""

    question: str
    recall: float | None
    ndcg: float | None
    cited: float | None
    """Which part of the known sources the answer cites."""
    holds: bool | None
    """Whether the answer holds one of the known answers."""
    refused: bool
    is_answerable: bool
    failed: str
    seconds: float
    tokens: int
    text: str
    money: float | None = None
    """What it cost, in the prices' currency; None where no prices are known, or it was not recorded."""
    groundedness: int | None = None
    relevance: int | None = None
    """What the judge says, 1 to 5."""


def read_questions(path: Path) -> list[Known]:
    """Return the questions of a file: JSON Lines, or a CSV or a workbook (XLSX) with a head.

    A question has `question`, and any of `answers` (or `answer`), `documents` and `answerable`. In a sheet several
    values stand between "|". `truth`, as in the Azure sample's `ground_truth.jsonl`, gives the sources that it names.

    Raises:
        Invalid: it can't be read.
    """
    try:
        if path.suffix.lower() == ".xlsx":
            return _of_sheet(path)
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() in (".csv", ".tsv"):
            rows: Iterable[Mapping[str, Any]] = csv.DictReader(
                io.StringIO(text), delimiter="\t" if path.suffix.lower() == ".tsv" else ","
            )
            found = [_known(row, number) for number, row in enumerate(rows, start=2)]
        else:
            lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
            found = [_known(msgspec.json.decode(line, type=dict[str, Any]), number) for number, line in lines]
    except (OSError, UnicodeDecodeError, msgspec.DecodeError, csv.Error) as error:
        raise Invalid(f"The questions in {path} can't be read: {error}") from error
    if not found:
        raise Invalid(f"There are no questions in {path}.")
    return found


def _of_sheet(path: Path) -> list[Known]:
    rows = read_rows(path)
    if not rows:
        raise Invalid(f"There are no questions in {path}.")
    head = [name.strip().lower() for name in rows[0]]
    filled = [(number, row) for number, row in enumerate(rows[1:], start=2) if any(cell.strip() for cell in row)]
    if not filled:
        raise Invalid(f"There are no questions in {path}.")
    return [_known(dict(zip(head, row, strict=False)), number) for number, row in filled]


def _known(row: Mapping[str, Any], number: int) -> Known:
    question = row.get("question") or row.get("text")
    if not isinstance(question, str) or not question.strip():
        raise Invalid(f"Line {number} has no question. Name that field or column “question”.")
    truth = str(row.get("truth") or row.get("ground_truth") or "")
    sources = [Source(name, int(page) if page else None) for name, page in _SOURCE.findall(truth)]
    for written in _list(row.get("documents") or row.get("document")):
        name, _, page = written.partition("#page=")
        sources.append(Source(name, int(page) if page.isdecimal() else None))
    answerable = str(row.get("answerable", "")).strip().lower() not in ("false", "no", "0")
    return Known(question.strip(), tuple(_list(row.get("answers") or row.get("answer"))), tuple(sources), answerable)


def _list(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(one) for one in cast(list[Any], value)]
    return [one for one in _LISTS.split(str(value or "").strip()) if one]


def score(known: Known, hits: Sequence[Hit], answer: Answer, seconds: float) -> Outcome:
    """Return what came of a question, by what was found for it and what was answered."""
    recall = ndcg = cited = None
    if known.sources:
        places = [
            next((place for place, hit in enumerate(hits, start=1) if one.is_of(hit.name, hit.page)), None)
            for one in known.sources
        ]
        count = len(known.sources)
        recall = sum(place is not None and place <= RECALL_DEPTH for place in places) / count
        gained = sum(1 / math.log2(place + 1) for place in places if place is not None and place <= NDCG_DEPTH)
        ndcg = min(1.0, gained / sum(1 / math.log2(place + 1) for place in range(1, min(count, NDCG_DEPTH) + 1)))
        pages = {hit.passage_id: hit.page for hit in answer.hits}
        cites = [(one.name, pages.get(one.passage_id, one.page)) for one in answer.citations]
        cited = sum(any(one.is_of(*cite) for cite in cites) for one in known.sources) / count
    said = _plain(unescape(answer.text))
    return Outcome(
        known.question,
        recall,
        ndcg,
        cited,
        any(_plain(accepted) in said for accepted in known.answers) if known.answers else None,
        answer.finish_reason == NOT_HERE,
        known.is_answerable,
        answer.failure.message if answer.failure else "",
        seconds,
        answer.usage.prompt_tokens + answer.usage.completion_tokens if answer.usage else 0,
        answer.text,
    )


class Total(msgspec.Struct, frozen=True):
    """A figure over all questions that it can be told of; None: over none."""

    label: str
    value: float | None
    form: str = "{:.3f}"

    def __str__(self) -> str:
        return "–" if self.value is None else self.form.format(self.value)


def totals(outcomes: Sequence[Outcome]) -> list[Total]:
    """Return the figures of an evaluation, each with its label."""
    there = [one for one in outcomes if one.is_answerable]
    absent = [one for one in outcomes if not one.is_answerable]
    seconds = sorted(one.seconds for one in outcomes)
    return [
        Total("questions", float(len(outcomes)), "{:.0f}"),
        Total(f"recall@{RECALL_DEPTH} of the sources", _mean(one.recall for one in there)),
        Total(f"nDCG@{NDCG_DEPTH}", _mean(one.ndcg for one in there)),
        Total("sources cited", _mean(one.cited for one in there)),
        Total("answers that hold a known answer", _mean(one.holds for one in there)),
        Total("refused, the answer is there", _mean(one.refused for one in there)),
        Total("refused, there is no answer", _mean(one.refused for one in absent)),
        Total("failed", _mean(bool(one.failed) for one in outcomes)),
        Total("seconds an answer, half of them", median(seconds) if seconds else None, "{:.2f}"),
        Total("seconds an answer, 95 of 100", seconds[int(0.95 * (len(seconds) - 1))] if seconds else None, "{:.2f}"),
        Total("tokens an answer", _mean(one.tokens for one in outcomes), "{:.0f}"),
        Total("money an answer", _mean(one.money for one in outcomes), "{:.6f}"),
        Total("groundedness, 1 to 5, by the judge", _mean(one.groundedness for one in outcomes), "{:.2f}"),
        Total("relevance, 1 to 5, by the judge", _mean(one.relevance for one in outcomes), "{:.2f}"),
    ]


def as_rows(outcomes: Mapping[str, Sequence[Outcome]]) -> list[list[Cell]]:
    """Return a table with a row for each question and configuration, below its head."""
    head: list[Cell] = [
        *("question", "configuration", "answer", "recall", "ndcg", "sources cited", "holds", "refused", "answerable"),
        *("failed", "seconds", "tokens", "money", "groundedness", "relevance"),
    ]
    rows = [head]
    for name, found in outcomes.items():
        for one in found:
            holds = None if one.holds is None else float(one.holds)
            figures = [one.recall, one.ndcg, one.cited, holds, float(one.refused), float(one.is_answerable)]
            further = [one.seconds, one.tokens, one.money, one.groundedness, one.relevance]
            rows.append([one.question, name, one.text, *figures, one.failed, *further])
    return rows


def _mean(values: Iterable[float | None]) -> float | None:
    known = [float(value) for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
