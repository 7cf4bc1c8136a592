"""Evaluating with questions of one's own."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from typer.testing import Result

from hubbub.cli.evaluate import as_page
from hubbub.cli.evaluated import Known, Outcome, Source, read_questions, score, totals
from hubbub.cli.judging import grades_in
from hubbub.cli.workbook import read_rows, write_rows
from hubbub.core.answer import Answer
from hubbub.core.documents import Citation, Hit
from hubbub.core.errors import Invalid


def hit(number: int, name: str, page: int | None = None) -> Hit:
    return Hit(f"p{number}", f"d{number}", "c1", name, "", "text", page, "", 1 / number)


HITS = [hit(1, "leave.pdf", 1), hit(2, "sub/leave.pdf", 2), hit(3, "other.pdf", 2)]
ANSWER = Answer(
    "a",
    text="> There are **thirty\\_days** of leave. [1]",
    hits=tuple(HITS),
    citations=(Citation(1, "p2", "d2", "sub/leave.pdf", "", 2, ""),),
    finish_reason="stop",
)


def values(outcomes: list[Outcome]) -> dict[str, str]:
    return {total.label: str(total) for total in totals(outcomes)}


def test_questions_are_read_as_json_lines_as_csv_and_as_the_sample_writes_them(tmp_path: Path) -> None:
    wanted = [
        Known("How much leave?", ("thirty", "30"), (Source("leave.pdf", 2), Source("b.txt"))),
        Known("Mars?", is_answerable=False),
    ]
    lines = tmp_path / "q.jsonl"
    lines.write_text(
        '\ufeff{"question": " How much leave?", "answers": ["thirty", "30"],'
        ' "documents": ["leave.pdf#page=2", "b.txt"]}\n'
        '\n{"question": "Mars?", "answerable": false}\n',
        encoding="utf-8",
    )
    sheet = tmp_path / "q.csv"
    sheet.write_text(
        "question,answers,documents,answerable\nHow much leave?,thirty | 30,leave.pdf#page=2|b.txt,\nMars?,,,no\n"
    )
    assert read_questions(lines) == read_questions(sheet) == wanted
    sample = tmp_path / "ground_truth.jsonl"
    sample.write_text('{"question": "Leave?", "truth": "Thirty [sic] days [leave.pdf#page=2][b_1.txt]."}\n')
    assert read_questions(sample) == [Known("Leave?", (), (Source("leave.pdf", 2), Source("b_1.txt")))]


@pytest.mark.parametrize("text", ["", "no json\n", '{"answer": "x"}\n', "[1]\n"])
def test_what_is_no_question_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(text)
    with pytest.raises(Invalid):
        read_questions(path)


def test_a_question_is_scored_by_its_pages_and_its_answers() -> None:
    known = Known("Leave?", ("Thirty_days",), (Source("leave.pdf", 2), Source("missing.pdf")))
    outcome = score(known, HITS, ANSWER, 1.0)
    assert (outcome.recall, outcome.cited, outcome.holds, outcome.refused) == (0.5, 0.5, True, False)
    assert outcome.ndcg == pytest.approx(0.6309 / 1.6309, abs=1e-3)
    assert score(Known("Leave?", ("forty",)), HITS, ANSWER, 1.0).holds is False


def test_what_is_not_known_counts_nowhere() -> None:
    absent = score(Known("Mars?", is_answerable=False), [], Answer("b", finish_reason="nothing_found"), 3.0)
    found = values([score(Known("Leave?"), HITS, ANSWER, 1.0), absent])
    assert (found["recall@5 of the sources"], found["answers that hold a known answer"]) == ("–", "–")
    assert (found["refused, the answer is there"], found["refused, there is no answer"]) == ("0.000", "1.000")


def test_the_page_shows_what_documents_say_as_text() -> None:
    outcome = score(Known("<b>Leave</b>?"), HITS, Answer("a", text="<script>x</script>"), 1.0)
    page = as_page({"this": [outcome], "<i>": [outcome]})
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert "&lt;b&gt;Leave" in page and "<i>" not in page
    assert "http" not in page  # it needs nothing else


def test_two_configurations_are_compared(hubbub: Callable[..., Result], folder: Path) -> None:
    documents = folder.parent / "documents"
    documents.mkdir()
    (documents / "leave.md").write_text("# Leave\n\nEverybody has thirty days of leave a year.\n")
    assert hubbub("ingest", str(documents), "--collection", "rules").exit_code == 0
    questions = folder.parent / "questions.jsonl"
    asked = (
        {"question": "How many days of leave does everybody have?", "answers": ["thirty"], "documents": ["leave.md"]},
        {"question": "Which planet has the most moons?", "answerable": False},
    )
    questions.write_text("\n".join(map(json.dumps, asked)))
    other, page = folder.parent / "other.toml", folder.parent / "page.html"
    other.write_text("")
    told = hubbub(
        "evaluate",
        str(questions),
        "--collection",
        "rules",
        "--against",
        str(other),
        "--page",
        str(page),
        "--data",
        str(folder),
    )
    assert told.exit_code == 0, told.stderr
    figures = {" ".join(line.split()[:-2]): line.split()[-2:] for line in told.stdout.splitlines() if line.strip()}
    assert figures["recall@5 of the sources"] == ["1.000", "1.000"]
    assert figures["answers that hold a known answer"] == ["1.000", "1.000"]
    assert figures["refused, there is no answer"] == ["1.000", "1.000"]
    assert "thirty days of leave" in page.read_text(encoding="utf-8")
    assert hubbub("evaluate", str(folder / "missing.jsonl")).exit_code == 1


def test_questions_are_read_from_workbooks_of_others(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in (
        ["Question", "answers", "documents", "answerable"],
        ["How much leave?", 30, "leave.pdf#page=2|b.txt"],
        [],
        ["Mars <&>?", None, None, False],
    ):
        sheet.append(row)
    book.save(tmp_path / "q.xlsx")
    assert read_questions(tmp_path / "q.xlsx") == [
        Known("How much leave?", ("30",), (Source("leave.pdf", 2), Source("b.txt"))),
        Known("Mars <&>?", is_answerable=False),
    ]
    for content in (b"", b"no workbook"):
        (tmp_path / "bad.xlsx").write_bytes(content)
        with pytest.raises(Invalid):
            read_questions(tmp_path / "bad.xlsx")
    Workbook().save(tmp_path / "empty.xlsx")
    with pytest.raises(Invalid):
        read_questions(tmp_path / "empty.xlsx")


def test_a_table_is_read_by_others_and_holds_no_formulas(tmp_path: Path) -> None:
    rows: list[list[str | float | None]] = [["a <&>", "=1+1", " x\ny\x00"], [1.5, None, 2]]
    write_rows(tmp_path / "t.xlsx", rows)
    sheet = load_workbook(tmp_path / "t.xlsx").active
    assert isinstance(sheet, Worksheet)
    assert [list(row) for row in sheet.iter_rows(values_only=True)] == [["a <&>", "=1+1", " x\ny"], [1.5, None, 2]]
    assert sheet["B1"].data_type == "s"
    assert read_rows(tmp_path / "t.xlsx") == [["a <&>", "=1+1", " x\ny"], ["1.5", "", "2"]]


@pytest.mark.parametrize(
    ("reply", "grades"),
    [
        ("groundedness: 4, relevance: 5", (4, 5)),
        ("**Groundedness**: 1\n**Relevance**: 2", (1, 2)),
        ("groundedness: 7, relevance: 5", None),
        ("groundedness: 45, relevance: 5", None),
        ("groundedness: 4, relevance: 5\ngroundedness: 1, relevance: 1", None),
        ("I can't tell.", None),
    ],
)
def test_a_judge_is_believed_where_it_gives_two_grades(reply: str, grades: tuple[int, int] | None) -> None:
    assert grades_in(reply) == grades


def test_what_an_answer_cost_and_what_a_judge_says_are_told(hubbub: Callable[..., Result], folder: Path) -> None:
    documents = folder.parent / "documents"
    documents.mkdir()
    (documents / "leave.md").write_text("# Leave\n\nEverybody has thirty days of leave a year.\n")
    assert hubbub("ingest", str(documents), "--collection", "rules").exit_code == 0
    write_rows(folder.parent / "q.xlsx", [["question", "answers"], ["How many days of leave?", "thirty"]])
    config, table = folder.parent / "this.toml", folder.parent / "table.xlsx"
    config.write_text(
        '[models.writer]\nprovider = "scripted"\ntext = "Thirty days. [1]"\nprice_input = 2\nprice_output = 8\n'
        '[models.judge]\nprovider = "scripted"\ntext = "groundedness: 4, relevance: 5"\nprice_output = 1000\n'
    )
    asked = ("evaluate", str(folder.parent / "q.xlsx"), "--collection", "rules", "--data", str(folder))
    more = ("--config", str(config), "--model", "writer", "--judge", "judge", "--table", str(table))
    told = hubbub(*asked, *more)
    assert told.exit_code == 0, told.stderr
    figures = {" ".join(line.split()[:-1]): line.split()[-1] for line in told.stdout.splitlines() if line.strip()}
    assert figures["groundedness, 1 to 5, by the judge"] == "4.00"
    assert figures["relevance, 1 to 5, by the judge"] == "5.00"
    assert 0 < float(figures["money an answer"]) < 0.01, "the judge is not counted"
    head, row = read_rows(table)
    found = dict(zip(head, row, strict=True))
    assert (found["question"], found["holds"], found["groundedness"]) == ("How many days of leave?", "1", "4")
    assert hubbub(*asked, "--table", str(folder.parent / "table.pdf")).exit_code == 1
    csv_table = folder.parent / "table.csv"
    assert hubbub(*asked, "--config", str(config), "--model", "writer", "--table", str(csv_table)).exit_code == 0
    assert csv_table.read_text(encoding="utf-8-sig").startswith("question,configuration,answer,")
