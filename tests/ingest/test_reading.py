"""Reading happens in a child: whatever the file, this process stays well."""

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hubbub.connections.sandbox import Crashed, Failed, OutOfMemory, Sandbox, SandboxLimits, TimedOut
from hubbub.core.documents import Omission
from hubbub.core.errors import HubbubError, TooLarge
from hubbub.ingest import attached
from hubbub.ingest.blocks import Heading, Loaded, Table
from hubbub.ingest.chats import reader as chats
from hubbub.ingest.reader import completeness_of
from hubbub.ingest.reading import READER, read, reason
from tests.ingest import documents

MEBIBYTE = 1024 * 1024


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("folder/Handbook.docx", documents.word, "Everybody has thirty days"),
        ("a.pptx", documents.powerpoint, "Notes on alpha."),
        ("a.xlsx", documents.excel, "| person 0 | 0 |"),
        ("a.pdf", lambda path: path.write_bytes(documents.pdf([["In a PDF."]])), "In a PDF."),
        ("a.html", lambda path: path.write_text("<p>In HTML."), "In HTML."),
        ("a.md", lambda path: path.write_text("In *Markdown*."), "In *Markdown*."),
        ("a.csv", lambda path: path.write_text("in,csv"), "| in | csv |"),
        ("a.json", lambda path: path.write_text('{"in": "JSON"}'), "in: JSON"),
        ("a.txt", lambda path: path.write_text("In text."), "In text."),
    ],
)
async def test_reads_every_format_from_a_file_named_by_its_hash(
    tmp_path: Path, name: str, make: Callable[[Path], object], words: str
) -> None:
    make(path := tmp_path / ("a" * 64))
    reading = await read(Sandbox(), path, name)
    assert words in reading.pieces[0].text


@pytest.mark.parametrize("place", [READER, attached.READER, chats.READER])
def test_what_a_child_calls_loads_no_event_loop(place: str) -> None:
    """That took a third of what reading a small document costs."""
    module = place.partition(":")[0]
    program = f"import sys, hubbub.connections.sandboxed, {module}; print('asyncio' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said == "False\n"


def test_what_reads_a_pdf_loads_nothing_that_it_has_no_use_for() -> None:
    """Each took some 5 ms of what reading a small document costs."""
    module, unused = READER.partition(":")[0], ["hashlib", "tempfile"]
    program = f"import sys, {module}, hubbub.ingest.loaders.pdf; print([one for one in {unused} if one in sys.modules])"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"


async def test_titles_and_headings_are_kept(tmp_path: Path) -> None:
    documents.word(path := tmp_path / "a")
    reading = await read(Sandbox(), path, "a.docx")
    assert reading.title == "Handbook"
    assert reading.pieces[0].heading == "The handbook › Leave"


async def test_pages_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(documents.pdf([[f"Page {n}. " + "It is about nothing. " * 12] for n in range(1, 4)]))
    reading = await read(Sandbox(), path, "a.pdf")
    assert reading.pages == 3
    assert reading.pieces[0].page == 1


async def test_halves_of_characters_become_storable(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": "x \\ud800 y \\u0000 z"}')
    reading = await read(Sandbox(), tmp_path / "a.json", "a.json")
    assert reading.pieces[0].text == "a: x ? y � z"


async def test_a_file_without_text_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\n\n---\n")
    with pytest.raises(HubbubError, match="no text"):
        await read(Sandbox(), tmp_path / "a.md", "a.md")


async def test_a_file_says_what_of_it_was_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(documents.pdf([["One page has text."], None, None, [], None]))
    whole = (await read(Sandbox(), path, "a.pdf")).completeness
    assert whole.omitted == (Omission("pages_without_text", "3 of 5 pages hold no text", 3, 5),)
    assert whole.characters == len("Onepagehastext.")


@pytest.mark.parametrize(
    ("held", "but"), [(0, ""), (100, ""), (105, ""), (200, "about 50 % of its text could not be read")]
)
def test_two_counts_of_a_file_s_text_are_compared(held: int, but: str) -> None:
    blocks = [Heading("x" * 40, 1), Table((("y" * 10, " y y \n"), ("z" * 40, "z" * 8)))]
    assert completeness_of(Loaded(blocks, held=held)).but == but


async def test_what_a_reader_chokes_on_is_damaged(tmp_path: Path) -> None:
    documents.word(path := tmp_path / "a.docx")
    documents.replace_part(path, "word/document.xml", b"<w:document>")
    with pytest.raises(HubbubError, match="damaged") as caught:
        await read(Sandbox(), path, "a.docx")
    assert caught.value.code == "corrupt"


@pytest.mark.parametrize(
    ("bomb", "codes"),
    [
        ("zip", {"bomb"}),
        ("entities", {"corrupt"}),
        ("pdf", {"out_of_memory", "crashed", "timed_out", "empty"}),
        ("json", {"corrupt"}),
        ("line", {"read"}),
        ("html", {"timed_out", "read"}),
        ("sheet", {"timed_out", "read"}),
    ],
)
async def test_bombs_leave_this_process_as_it_was(tmp_path: Path, bomb: str, codes: set[str]) -> None:
    path, name = make_bomb(tmp_path, bomb)
    sandbox = Sandbox(limits=SandboxLimits(memory_bytes=256 * MEBIBYTE, cpu_seconds=2, wall_seconds=10))
    before = peak_bytes()
    try:
        reading = await read(sandbox, path, name)
    except HubbubError as error:
        assert error.message.endswith(".")
        outcome = error.code
    else:
        assert sum(len(piece.text) for piece in reading.pieces) < 4 * MEBIBYTE
        outcome = "read"
    assert outcome in codes
    assert peak_bytes() - before < 50 * MEBIBYTE


def make_bomb(folder: Path, bomb: str) -> tuple[Path, str]:
    path = folder / "bomb"
    match bomb:
        case "zip":
            documents.zip_bomb(path)
            return path, "a.docx"
        case "entities":
            documents.entity_bomb(path)
            return path, "a.docx"
        case "pdf":
            path.write_bytes(documents.pdf_bomb(300 * MEBIBYTE))
            return path, "a.pdf"
        case "json":
            path.write_text('{"a":' * 500_000)
            return path, "a.json"
        case "line":
            path.write_text("word " * 200_000)
            return path, "a.txt"
        case "html":
            path.write_text("<div><b>" * 20_000 + "deep")
            return path, "a.html"
        case _:
            documents.excel(path.with_suffix(".xlsx"))
            row = '<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row>'
            sheet = (
                '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
                f'<dimension ref="A1:XFD1048576"/><sheetData>{row}</sheetData></worksheet>'
            )
            documents.replace_part(path.with_suffix(".xlsx"), "xl/worksheets/sheet1.xml", sheet.encode())
            return path.with_suffix(".xlsx"), "a.xlsx"


def peak_bytes() -> int:
    """Return the most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


async def test_each_failure_tells_what_to_do() -> None:
    assert "took longer than 60 seconds" in reason(TimedOut(60.0)).message
    assert "more than 512 MB of memory" in reason(OutOfMemory(512 * MEBIBYTE)).message
    assert "crash (SIGSEGV)" in reason(Crashed(11)).message
    assert isinstance(reason(Failed("too_large", "x")), TooLarge)
    assert reason(Failed("encrypted", "x")).code == "encrypted"
