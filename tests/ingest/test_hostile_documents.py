"""Whatever stands in a document, its loader ends in time, with blocks or with a reason: no crash, no hang."""

import io
import random
import time
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.loaders.__main__ import explode, fuzz
from bench.loaders.seeds import seeds
from hubbub.connections.sandbox import Sandbox, SandboxLimits
from hubbub.core.errors import HubbubError
from hubbub.ingest.loaders import csv, html, pdf, xlsx
from hubbub.ingest.loaders import pptx as slides
from hubbub.ingest.loaders.formats import format_of
from hubbub.ingest.loaders.tables import tables
from hubbub.ingest.reader import _sorted
from hubbub.ingest.reading import read
from hubbub.ingest.split import split
from tests.ingest import documents
from tests.ingest.pdfs import pdf_with, placed
from tests.ingest.workbooks import rows, workbook

DATA = Path(__file__).parent / "data"
MOST_SECONDS = 5.0
FEW = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
TEXT = st.text(st.characters(codec="utf-8"), max_size=40)


def ends_well(loader: object, data: bytes, folder: Path | None = None) -> None:
    """Load bytes; what is raised has to be one of the known reasons."""
    began = time.process_time()
    try:
        if folder is None:
            loaded = loader.load(io.BytesIO(data))  # type: ignore[attr-defined]
        else:
            (folder / "a").write_bytes(data)
            with (folder / "a").open("rb") as file:
                loaded = loader.load(file)  # type: ignore[attr-defined]
        split(loaded.blocks)
    except Exception as error:  # noqa: BLE001 (which it may be is checked)
        assert isinstance(error, HubbubError) or isinstance(_sorted(error, "a"), HubbubError), repr(error)
    assert time.process_time() - began < MOST_SECONDS


def damaged(path: Path, seed: int) -> bytes:
    """Return a file with some of its bytes changed, cut out or repeated; inside of its parts if it is an archive."""
    chance = random.Random(seed)
    if path.suffix == ".pdf":
        return _damaged(path.read_bytes(), chance)
    out = io.BytesIO()
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(out, "w") as copy:
        for name in archive.namelist():
            data = archive.read(name)
            copy.writestr(name, _damaged(data, chance) if chance.random() < 0.4 else data)
    return out.getvalue()


def _damaged(data: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(data) or 1)
        length = chance.choice((1, 1, 4, 40))
        new = chance.choice(
            (b"", chance.randbytes(length), data[place : place + length] * 3, b"9999999999", b"<", b'"')
        )
        data = data[:place] + new + data[place + chance.choice((0, length)) :]
    return data


@FEW
@given(st.sampled_from(["formats.xlsx", "hidden.xlsx", "title_above.xlsx", "chart.pptx"]), st.integers(0, 10**9))
def test_damaged_packages_end_well(name: str, seed: int) -> None:
    ends_well(slides if name.endswith(".pptx") else xlsx, damaged(DATA / name, seed))


@FEW
@given(
    st.sampled_from(["form_filled.pdf", "table.pdf", "twocol_rowwise.pdf", "page_labels.pdf"]), st.integers(0, 10**9)
)
def test_damaged_pdfs_end_well(tmp_path_factory: pytest.TempPathFactory, name: str, seed: int) -> None:
    ends_well(pdf, damaged(DATA / name, seed), tmp_path_factory.mktemp("pdf"))


@FEW
@given(st.text(st.sampled_from(list(',;\t|"\n\\# aé1.5=')), max_size=200))
def test_any_csv_ends_well(text: str) -> None:
    ends_well(csv, f"x{text}".encode())


@FEW
@given(st.text(st.sampled_from(list('0#?.,%E+-;"\\[]hmsydAMP/@_* €$<>=:Gn')), max_size=40), st.floats())
def test_any_number_format_shows_something(code: str, value: float) -> None:
    show = format_of(999, code, False)
    try:
        assert show is None or isinstance(show(value), str)
    except (ValueError, OverflowError):
        assert value != value or abs(value) > 1e15  # shown as it is written then


@FEW
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 16384), st.sampled_from(["a", "7", "2024", "x y"])), max_size=5), max_size=30
    )
)
def test_any_grid_becomes_tables_with_every_cell(grid: list[list[tuple[int, str]]]) -> None:
    grid = [sorted(dict(row).items()) for row in grid]
    found = str(tables(grid))
    for row in grid:
        for _, text in row:
            assert text in found


def test_a_cell_at_the_far_end_costs_nothing(tmp_path: Path) -> None:
    far = "".join(f'<row r="{number}"><c r="XFD{number}"><v>1</v></c></row>' for number in (2, 1_000_000, 1_048_576))
    path = workbook(tmp_path / "a.xlsx", rows("Item|Price", "Tea|3").replace("</sheetData>", f"{far}</sheetData>"))
    ends_well(xlsx, path.read_bytes())


def test_a_merge_over_the_whole_sheet_costs_nothing(tmp_path: Path) -> None:
    merges = '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>' + "<mergeCells/>" * 10
    sheet = rows("Item|Price", *["Tea|3"] * 2000) + merges + '<mergeCell ref="A2:A1048576"/>' * 2000
    ends_well(xlsx, workbook(tmp_path / "a.xlsx", sheet).read_bytes())


async def test_bombs_in_a_pdf_leave_the_limits_whole(tmp_path: Path) -> None:
    """Object streams that unpack to much, a picture of very many pixels, and pages that hold themselves."""
    much = zlib.compress(b" " * 60_000_000, 9)
    stream = b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (
        len(much),
        much,
    )
    picture = (
        b"<< /Type /XObject /Subtype /Image /Width 100000 /Height 100000 /BitsPerComponent 8 /ColorSpace /DeviceRGB "
        b"/Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(much), much)
    )
    itself = (
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 12 0 R >> >> "
        b"/Length 5 >>\nstream\n/X Do\nendstream"
    )
    page = b"/Resources << /XObject << /P 11 0 R /X 12 0 R >> /Font << /F 3 0 R >> >>"
    data = pdf_with(placed((60, 700, "Some text.")) + b" /P Do /X Do", page=page, more=[stream, picture, itself])
    (tmp_path / "a.pdf").write_bytes(data)
    limits = SandboxLimits(memory_bytes=256 * 1024 * 1024, cpu_seconds=5, wall_seconds=20)
    try:
        reading = await read(Sandbox(limits=limits), tmp_path / "a.pdf", "a.pdf")
    except HubbubError as error:
        assert error.code in ("out_of_memory", "timed_out", "crashed", "empty", "corrupt")
    else:
        assert sum(len(piece.text) for piece in reading.pieces) < 1000


def test_a_page_of_very_many_gaps_ends_in_time(tmp_path: Path) -> None:
    cells = [(20 + 80 * (number % 7), 790 - (number // 7), "ab") for number in range(5000)]
    ends_well(pdf, pdf_with(placed(*cells)), tmp_path)
    ends_well(pdf, documents.pdf([["A n n u a l " * 200] * 60]), tmp_path)


@pytest.mark.parametrize("seed", range(2))
def test_damaged_documents_of_every_kind_end_well(seed: int) -> None:
    """The short form of `make bench-loaders`, which also explodes its bombs."""
    documents_of_all_kinds = list(seeds())
    faults = [found for found in fuzz(documents_of_all_kinds, 1.0, seed * 10**6) if found[2].startswith("FAULT")]
    assert not faults, "\n".join(f"seed {seed}, {name}: {outcome}" for seed, name, outcome in faults)


async def test_bombs_end_within_the_limits_and_do_not_hold_up_the_loop() -> None:
    quick = ["nested.zip", "groups.rtf", "packed.msg", "circle.msg"]
    for name, outcome, _ in await explode(quick):
        assert not outcome.startswith("FAULT"), f"{name}: {outcome}"


def test_comments_before_a_page_cost_nothing() -> None:
    ends_well(html, b"<!doctype html>\n" + b"<!-- a -->\n" * 27 + b"<html>x")


def test_a_quote_that_nobody_closes_costs_nothing() -> None:
    ends_well(csv, b"a,b\n'" + b"x," * 200_000)
