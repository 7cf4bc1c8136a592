"""Each format is read as a person reads it."""

from pathlib import Path

import pytest

from hubbub.core.errors import HubbubError
from hubbub.ingest.blocks import Block, Code, Heading, Loaded, Paragraph, Table
from hubbub.ingest.loaders.kinds import KINDS, kind_of, media_type_of
from tests.ingest import documents


def load(path: Path) -> Loaded:
    with path.open("rb") as file:
        return kind_of(file, path.name).loader().load(file)


def blocks(path: Path, content: str | bytes) -> list[Block]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return load(path).blocks


def test_word(tmp_path: Path) -> None:
    documents.word(path := tmp_path / "a.docx")
    assert load(path) == Loaded(
        [
            Heading("The handbook", 0),
            Heading("Leave", 1),
            Paragraph("Everybody has thirty days of leave a year."),
            Paragraph("- in summer\n- in winter"),
            Heading("Pay", 1),
            Table((("grade", "pay"), ("A", "100"))),
            Paragraph("Pay comes monthly."),
        ],
        title="Handbook",
        held=98,
    )


def test_powerpoint(tmp_path: Path) -> None:
    documents.powerpoint(path := tmp_path / "a.pptx")
    loaded = load(path)
    assert loaded.pages == 2
    assert loaded.blocks == [
        Heading("First", 1, 1),
        Paragraph("alpha", 1),
        Paragraph("Notes: Notes on alpha.", 1),
        Heading("Second", 1, 2),
        Paragraph("beta", 2),
        Paragraph("Notes: Notes on beta.", 2),
    ]


def test_excel(tmp_path: Path) -> None:
    documents.excel(path := tmp_path / "a.xlsx")
    rows = (("name", "days"), ("person 0", "0"), ("person 1", "1"), ("person 2", "2"))
    assert load(path).blocks == [Heading("People", 1), Table(rows)]


def test_pdf(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    first = ["Leave", "Everybody who works here has thirty days", "of leave a year.", "A second paragraph begins here"]
    path.write_bytes(documents.pdf([first, ["Pay", "Pay comes monthly."]], title="Rules", outline=[("Leave", 1)]))
    loaded = load(path)
    assert (loaded.title, loaded.pages) == ("Rules", 2)
    assert loaded.blocks == [
        Heading("Leave", 1, 1),
        Paragraph("Everybody who works here has thirty days\nof leave a year.", 1),
        Paragraph("A second paragraph begins here", 1),
        Paragraph("Pay", 2),
        Paragraph("Pay comes monthly.", 2),
    ]


def test_html(tmp_path: Path) -> None:
    page = """<!doctype html><html><head><title>The  page</title><style>p {}</style></head><body>
      <nav><a href="/">Home</a></nav><div hidden>hidden</div>
      <h1>Leave <em>rules</em></h1> loose <b>text</b>
      <p>Thirty&nbsp;days<br>a year.</p><ul><li>summer</li><li><p>winter</p></li></ul>
      <div>In a <span>div</span></div><script>alert(1)</script>
      <table><tr><th>grade<th>pay</tr><tr><td>A<td>100</tr></table>
      <pre>x = 1\n  y = 2</pre></body></html>"""
    assert blocks(tmp_path / "a.html", page) == [
        Heading("Leave rules", 1),
        Paragraph("loose text"),
        Paragraph("Thirty days\na year."),
        Paragraph("- summer\n- winter"),
        Paragraph("In a div"),
        Table((("grade", "pay"), ("A", "100")), has_header=True),
        Code("x = 1\n  y = 2"),
    ]
    assert load(tmp_path / "a.html").title == "The page"


def test_html_in_the_encoding_that_it_names(tmp_path: Path) -> None:
    page = '<meta charset="iso-8859-2"><p>Łódź</p>'.encode("iso-8859-2")
    assert blocks(tmp_path / "a.htm", page) == [Paragraph("Łódź")]


def test_markdown(tmp_path: Path) -> None:
    text = """---\ntitle: "Rules"\n---\n# Leave\n\nThirty **days**\na year.\n\n- summer\n- winter
\n| grade | pay |\n|---|---|\n| A | 100 |\n\n```python\n# not a heading\n\nx = 1\n```\n\nPay\n---\nMonthly.\n"""
    assert blocks(tmp_path / "a.md", text) == [
        Code('title: "Rules"'),
        Heading("Leave", 1),
        Paragraph("Thirty **days**\na year."),
        Paragraph("- summer\n- winter"),
        Table((("grade", "pay"), ("A", "100"))),
        Code("```python\n# not a heading\n\nx = 1\n```"),
        Heading("Pay", 2),
        Paragraph("Monthly."),
    ]
    assert load(tmp_path / "a.md").title == "Rules"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_csv(tmp_path: Path, separator: str) -> None:
    text = f'name{separator}note\r\nAnn{separator}"a{separator}b\nc"\r\n\r\nBob{separator}\r\n'
    rows = (("name", "note"), ("Ann", f"a{separator}b\nc"), ("Bob", ""))
    assert blocks(tmp_path / "a.csv", text) == [Table(rows)]


def test_json(tmp_path: Path) -> None:
    text = '[{"name": "Ann", "pay": {"grade": "A", "steps": [1, 2.50]}, "none": null}, {"name": "Bob", "ok": true}]'
    expected = [Code("name: Ann\npay.grade: A\npay.steps: 1, 2.50\nnone: null"), Code("name: Bob\nok: true")]
    assert blocks(tmp_path / "a.json", text) == expected
    assert blocks(tmp_path / "b.json", '{"a": {"b": 1}, "c": 2}') == [Code("a.b: 1\nc: 2")]
    assert blocks(tmp_path / "a.jsonl", '{"a": 1}\n\n{"a": 2}\n') == [Code("a: 1"), Code("a: 2")]


def test_text(tmp_path: Path) -> None:
    assert blocks(tmp_path / "a.txt", "one\r\ntwo\r\n \r\nthree") == [Paragraph("one\ntwo"), Paragraph("three")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_text_in_any_usual_encoding(tmp_path: Path, encoding: str) -> None:
    text = "Größe: 5 € – “so” and so on, for a while, in plain Latin letters."
    assert blocks(tmp_path / "a.txt", text.encode(encoding)) == [Paragraph(text)]


def test_what_the_bytes_say_goes_before_the_name(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(documents.pdf([["Hello."]]))
    assert load(path).pages == 1
    documents.word(tmp_path / "b.bin")
    assert load(tmp_path / "b.bin").title == "Handbook"
    assert blocks(tmp_path / "README", "Just text.") == [Paragraph("Just text.")]
    assert blocks(tmp_path / "page", "<!DOCTYPE html><p>Hi") == [Paragraph("Hi")]


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("a.pdf", documents.pdf([["x"]], is_encrypted=True), "encrypted", "remove its password"),
        ("a.pdf", documents.pdf([["x"]], picture_only=True), "empty", "only pictures"),
        ("a.pdf", b"%PDF-1.7\n" + b"\xff" * 500, "corrupt", "damaged"),
        ("a.pdf", b"Hello.", "corrupt", "not PDF"),
        ("a.docx", b"PK\x03\x04" + b"\0" * 100, "corrupt", "damaged"),
        (
            "a.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "encrypted",
            "password",
        ),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "unsupported", "save it as .docx"),
        ("a.json", b"{nope", "corrupt", "JSON"),
        ("a.json", b"[" * 100_000, "corrupt", "nested too deeply"),
        ("a.csv", b'"' + b"x" * 5_000_000, "corrupt", "CSV"),
        ("a.txt", bytes(range(256)) * 8, "unsupported", "not text"),
        ("a.exe", b"MZ\x90\0\3\0\0\0" * 100, "unsupported", ".pdf, .docx"),
        ("a.txt", b"", "empty", "empty"),
    ],
)
def test_why_a_file_cannot_be_read(tmp_path: Path, name: str, content: bytes, code: str, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(HubbubError) as caught:
        load(path)
    assert caught.value.code == code
    assert words in caught.value.message


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    documents.zip_bomb(path := tmp_path / "a.docx", unpacked_megabytes=17)
    with pytest.raises(HubbubError, match="unpacks to more than 16 MB"):
        load(path)


def test_a_names_media_type() -> None:
    assert media_type_of("a/B.PDF") == "application/pdf"
    assert media_type_of("unknown") == "application/octet-stream"
    assert len({suffix for kind in KINDS for suffix in kind.suffixes}) == sum(len(kind.suffixes) for kind in KINDS)
