"""The measuring itself: it can tell right from wrong, and says when there is nothing to measure."""

import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from bench import squad
from bench.grounding import Row
from hubbub.core.answer import Answer
from hubbub.core.documents import Citation, Hit

ROOT = Path(__file__).parents[2]
TEXTS = {"Normans-0.txt": "Normandy is a\nregion [in] France. It has harbours."}
QUOTE = "Normandy is a\nregion [in] France."
HIT = Hit("p", "d", "c", "Normans-0.txt", "", TEXTS["Normans-0.txt"], None, "", 1.0)
CITATION = Citation(1, "p", "d", "Normans-0.txt", "", None, "", QUOTE)
ANSWER = Answer("a", text="> Normandy is a region \\[in\\] France. [1]\n\n", hits=(HIT,), citations=(CITATION,))


def test_a_citation_that_holds() -> None:
    assert squad.check_citations([ANSWER], TEXTS) == squad.Cited(1, 1, 1)
    assert squad.is_right(squad.Query("q", answers=("region [IN]  france",)), ANSWER)
    assert not squad.is_right(squad.Query("q", answers=("Spain", "harbours")), ANSWER)


@pytest.mark.parametrize(
    ("answer", "at_hits"),
    [
        (replace(ANSWER, hits=()), 0),
        (replace(ANSWER, citations=(replace(CITATION, passage_id="q"),)), 0),
        (replace(ANSWER, citations=(replace(CITATION, document_id="e"),)), 0),
        (replace(ANSWER, citations=(replace(CITATION, quote="Normandy is in Spain."),)), 1),
        (replace(ANSWER, citations=(replace(CITATION, quote=""),)), 1),
        (replace(ANSWER, text="> Normandy is a region \\[in\\] France. [2]\n\n"), 1),
        (replace(ANSWER, text="> Normandy is a region in France. [1]\n\n"), 1),
    ],
)
def test_a_citation_that_does_not(answer: Answer, at_hits: int) -> None:
    cited = squad.check_citations([answer], TEXTS)
    assert (cited.count, cited.at_hits) == (1, at_hits)
    assert cited.at_hits + cited.verbatim < 2


def test_a_quote_that_is_in_no_file_does_not_hold() -> None:
    assert squad.check_citations([ANSWER], {"Normans-0.txt": "Something else."}).verbatim == 0


def test_a_target_that_is_missed_is_said() -> None:
    missed, reached, without = (
        Row("recall@5", (0.9, None, value), "{:.2f}", target)
        for value, target in ((0.95, 0.96), (0.96, 0.96), (0.1, None))
    )
    assert (missed.is_missed, reached.is_missed, without.is_missed) == (True, False, False)
    assert str(missed).endswith("≥ 0.96 MISSED")
    assert str(reached).endswith("≥ 0.96 reached")
    assert str(without).split() == ["recall@5", "0.90", "0.10"]


def test_without_the_data_it_says_what_is_missing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.grounding", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.startswith(f"skipped: there is no corpus.jsonl and no queries.jsonl in {tmp_path}")
