"""Mails, RTF, notebooks, XML, OpenDocument, books and archives are read, or refused by name."""

import contextlib
import email.message
import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.connections.sandbox import Sandbox
from hubbub.core.errors import HubbubError
from hubbub.ingest.blocks import Block, Code, Heading, Loaded, Paragraph, Table
from hubbub.ingest.loaders.grids import flat
from hubbub.ingest.loaders.kinds import kind_of
from hubbub.ingest.reading import read
from tests.ingest import documents


def load(name: str, data: bytes) -> Loaded:
    return kind_of(io.BytesIO(data), name).loader().load(io.BytesIO(data))


def packed(parts: dict[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def mail() -> email.message.EmailMessage:
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = "ann@example.org", "bob@example.org", "Kündigung"
    message.set_content("The notice period is three months.")
    message.add_alternative("<p>The notice period is <b>three</b> months.", subtype="html")
    message.add_attachment(
        documents.pdf([["In the lease."]]), maintype="application", subtype="pdf", filename="lease.pdf"
    )
    message.add_attachment(b"MZ\0\1\2\3\4\5\6", maintype="application", subtype="x", filename="a.exe")
    return message


RTF = (
    rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Times;}{\f1\fcharset204 Arial;}}{\*\generator x;}{\info{\title no}}\f0 "
    rb"M\'fcnchen \u8364?5 {\f1 \'c4\'e0}{\field{\*\fldinst HYPERLINK x}{\fldrslt link}}{\footnote note}\par"
    rb"\trowd a\cell b\cell\row c\cell d\cell\row\pard end\par}"
)
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><text>Net <tspan>price</tspan></text></svg>'
ODT = (
    '<office:document-content xmlns:office="o" xmlns:text="t" xmlns:table="ta" xmlns:draw="d" xmlns:dc="dc">'
    "<office:body><office:text><text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>"
    '<text:h text:outline-level="2">Rent</text:h><text:p>Pay<text:s/>now<text:note text:note-class="footnote">'
    "<text:note-citation>1</text:note-citation><text:note-body><text:p>Or later.</text:p></text:note-body></text:note>."
    "<draw:frame><draw:text-box><text:p>Box</text:p></draw:text-box></draw:frame></text:p>"
    "<text:list><text:list-item><text:p>one</text:p></text:list-item></text:list>"
    '<table:table><table:table-row><table:table-cell table:number-columns-spanned="1"><text:p>a</text:p>'
    '</table:table-cell><table:table-cell><text:p>b</text:p></table:table-cell><table:table-cell '
    'table:number-columns-repeated="99999"/></table:table-row><table:table-row><table:table-cell><text:p>c</text:p>'
    '</table:table-cell><table:table-cell><text:p>d</text:p></table:table-cell></table:table-row>'
    '<table:table-row table:number-rows-repeated="1048576"><table:table-cell/></table:table-row>'
    "</table:table></office:text></office:body></office:document-content>"
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.rtf", RTF, [
            Paragraph("München €5 Даlink [Footnote: note]"), Table((("a", "b"), ("c", "d"))), Paragraph("end")]),
        ("a.doc", RTF[:1] + rb"\rtf1 Hello\par}", [Paragraph("Hello")]),
        ("a.svg", SVG, [Paragraph("Net price")]),
        ("a.xml", '<?xml version="1.0" encoding="utf-16"?><o><id n="1">5</id><t>Köln</t></o>'.encode("utf-16"),
         [Code("id.n: 1\nid: 5\nt: Köln")]),
        ("a.xml", '<?xml version="1.0" encoding="windows-1251"?><o>Залог</o>'.encode("cp1251"), [Code("o: Залог")]),
        ("a.xml", b'<!DOCTYPE o [<!ENTITY co "ACME">]><o><t>&co; Ltd</t></o>', [Code("t: ACME Ltd")]),
        ("a.txt", b"<!DOCTYPE html><p>Hi", [Paragraph("Hi")]),
        ("a.xls", b"<table><tr><th>Name<th>Sum<tr><td>Ada<td>5</table>", [
            Table((("Name", "Sum"), ("Ada", "5")), has_header=True)]),
        ("a.md", b"The marker %PDF-1.7 begins it.", [Paragraph("The marker %PDF-1.7 begins it.")]),
        ("a.odt", packed({"META-INF/manifest.xml": "", "content.xml": ODT}), [
            Heading("Rent", 2), Paragraph("Pay now.\n[Footnote 1: Or later.]"), Paragraph("Box"), Paragraph("- one"),
            Table((("a", "b"), ("c", "d")))]),
        ("a.epub", packed({
            "META-INF/container.xml": '<c><rootfile full-path="x/b.opf"/></c>',
            "x/b.opf": '<p><title>Book</title><item id="i" href="c%201.xhtml"/><itemref idref="i"/></p>',
            "x/c 1.xhtml": "<html><title/><body><h1>One</h1><p>Text</body></html>"}),
         [Heading("One", 1), Paragraph("Text")]),
        ("a.ipynb", json.dumps({"cells": [
            {"cell_type": "markdown", "source": ["# Title\n", "Text"]},
            {"cell_type": "code", "source": "x = 1\nx", "outputs": [{"data": {"text/plain": ["1"], "image/png": ""}}]},
        ]}).encode(), [Heading("Title", 1), Paragraph("Text"), Code("x = 1\nx"), Code("1")]),
        ("a.ipynb", b'{"nbformat": 3, "metadata": {}}', []),
        ("a.py", b"import os\n\nx = 1\n", [Code("import os"), Code("x = 1")]),
    ],
)  # fmt: skip
def test_what_a_file_says(name: str, data: bytes, expected: list[Block]) -> None:
    assert load(name, data).blocks == expected


def test_a_mail_with_its_attachments() -> None:
    loaded = load("a.eml", mail().as_bytes())
    assert loaded.title == "Kündigung"
    assert [flat([block]) for block in loaded.blocks] == [
        "From: ann@example.org To: bob@example.org Subject: Kündigung",
        "The notice period is three months.",
        "Attachment: lease.pdf",
        "In the lease.",
    ]
    assert [one.text for one in loaded.omitted] == ["1 of 2 files in it could not be read: a.exe"]


async def test_an_archive_is_read_in_the_sandbox(tmp_path: Path) -> None:
    documents.word(tmp_path / "w")
    inner = packed({"deep.txt": "Deep down."})
    files = {
        "docs/a.docx": (tmp_path / "w").read_bytes(),
        "b.eml": mail().as_bytes(),
        "c.zip": inner,
        "__MACOSX/x": b"no",
    }
    (tmp_path / "z").write_bytes(packed({**files, "d.bin": b"\x7fELF\0\0\0\1\2\3"}))
    reading = await read(Sandbox(), tmp_path / "z", "all.zip")
    said = "\n".join(f"{piece.heading}\n{piece.text}" for piece in reading.pieces)
    for words in ("docs/a.docx", "thirty days of leave", "In the lease.", "deep.txt", "Deep down."):
        assert words in said
    assert "1 of 4 files in it could not be read: d.bin" in reading.completeness.but


def nested_zip(depth: int) -> bytes:
    data = packed({"a.txt": "core"})
    for number in range(depth):
        data = packed({f"{number}.zip": data})
    return data


def test_archives_within_archives_end() -> None:
    assert "core" in flat(load("a.zip", nested_zip(3)).blocks)
    with pytest.raises(HubbubError, match="could not be read"):
        load("a.zip", nested_zip(20))


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.msg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "corrupt"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "unsupported"),
        ("a.xlsb", packed({"[Content_Types].xml": "x", "xl/workbook.bin": "x"}), "unsupported"),
        ("a.txt", "Die Kündigungsfrist beträgt drei Monate.".encode("cp500"), "unsupported"),
        ("a.rtf", b"{no rtf}", "corrupt"),
        ("a.rtf", b"{\\rtf1 " + b"{" * 100_000, "corrupt"),
        ("a.odt", b"no zip", "corrupt"),
        ("a.odt", packed({"META-INF/manifest.xml": "<encryption-data/>", "content.xml": "x"}), "encrypted"),
        ("a.epub", packed({"META-INF/container.xml": "<c/>"}), "corrupt"),
        ("a.jar", packed({"a.class": "x"}), "unsupported"),
        ("a.zip", packed({"a.exe": b"MZ\0\1\2\3\4\5\6\7"}), "unsupported"),
        ("a.zip", packed({"a.txt": b" " * 20_000_000}), "bomb"),
        ("a.ipynb", b"{}", "corrupt"),
        ("a.xml", b"<a><b></a>", "corrupt"),
        ("a.xml", b"<a>" * 5000, "corrupt"),
        ("a.svg", b'<!DOCTYPE s [<!ENTITY a "lolololol">' + b"".join(
            b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)) + b"]><svg>&j;</svg>",
         "corrupt"),
    ],
)  # fmt: skip
def test_why_a_file_can_not_be_read(name: str, data: bytes, code: str) -> None:
    with pytest.raises(HubbubError) as caught:
        load(name, data)
    assert caught.value.code == code
    assert caught.value.message.endswith((".", ")"))


SEEDS = {
    "a.rtf": RTF,
    "a.eml": mail().as_bytes(),
    "a.svg": SVG,
    "a.xml": b"<o><id>5</id><t>x</t></o>",
    "a.ipynb": b'{"cells": [{"cell_type": "code", "source": "x", "outputs": []}]}',
    "a.odt": packed({"META-INF/manifest.xml": "", "content.xml": ODT}),
}


@settings(max_examples=150)
@given(st.sampled_from(sorted(SEEDS)), st.data())
def test_damaged_files_are_read_or_refused(name: str, data: st.DataObject) -> None:
    seed = SEEDS[name]
    place = data.draw(st.integers(0, len(seed)))
    noise = data.draw(
        st.binary(max_size=8) | st.sampled_from([b"{", b"}", b"<a", b"</", b"\\u-1", b"\\bin9", b'"', b"--"])
    )
    with contextlib.suppress(HubbubError):
        load(name, seed[:place] + noise + seed[place + data.draw(st.integers(0, 6)) :])


def test_each_card_is_a_paragraph() -> None:
    cards = b"BEGIN:VCARD\nFN:Eva\nTEL:1\nEND:VCARD\nBEGIN:VCARD\nFN:Max\nTEL:2\nEND:VCARD\n"
    assert load("a.vcf", cards).blocks == [
        Paragraph("BEGIN:VCARD\nFN:Eva\nTEL:1\nEND:VCARD"),
        Paragraph("BEGIN:VCARD\nFN:Max\nTEL:2\nEND:VCARD"),
    ]


def test_what_a_mail_only_refers_to_is_said() -> None:
    mail = b'Content-Type: message/external-body; access-type=URL; URL="https://x/a.pdf"\n\nContent-ID: <1>\n\n'
    (lost,) = load("a.eml", b"Subject: Lease\n" + mail).omitted
    assert lost.text == "1 of 1 files in it could not be read: https://x/a.pdf"


@pytest.mark.parametrize(
    ("forms", "expected"),
    [
        ({"text/plain": "<IPython.core.display.Markdown object>", "text/markdown": "42 g"}, Paragraph("42 g")),
        ({"text/plain": "<a.Styler at 0x7f0a>", "text/html": "<table><tr><td>A<td>5</table>"}, Table((("A", "5"),))),
        ({"text/plain": "<IPython.core.display.JSON object>", "application/json": {"a": 5}}, Code('{"a": 5}')),
        ({"text/plain": "<Figure size 1x1>", "image/svg+xml": "<svg><text>5 g</text></svg>"}, Paragraph("5 g")),
        ({"text/plain": "<b>", "text/html": ""}, Code("<b>")),
        ({"text/plain": ["12%\r", "100%\r\n"]}, Code("100%\r\n")),
        ({"application/x-plot": {}}, Code("[Output that was not read: application/x-plot]")),
    ],
)
def test_what_came_of_a_cell_is_read_in_the_form_that_is_shown(forms: dict[str, object], expected: Block) -> None:
    cell = {"cell_type": "code", "source": "", "outputs": [{"data": forms}]}
    assert load("a.ipynb", json.dumps({"nbformat": 4, "cells": [cell]}).encode()).blocks == [expected]
