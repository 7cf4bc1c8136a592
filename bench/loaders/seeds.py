"""Small documents of every kind that are read, to be damaged."""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from tests.ingest import documents
from tests.ingest.compound import compound, properties, texts

# ruff: noqa: E501 (documents as they are written)

DATA = Path(__file__).parents[2] / "tests" / "ingest" / "data"
MAIL = (
    b"From: =?utf-8?B?R3LDvMOfZQ==?= <a@x>\nSubject: s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n"
    b"--B\nContent-Type: multipart/alternative; boundary=C\n\n--C\nContent-Type: text/plain; charset=cp1252\n\nGr\xf6\xdfe\n"
    b"--C\nContent-Type: text/html\n\n<p>Gr&ouml;&szlig;e</p>\n--C--\n--B\nContent-Type: text/csv; name*=utf-8''a%C3%A4.csv\n"
    b"Content-Transfer-Encoding: base64\n\nYSxiCjEsMgo=\n--B\nContent-Type: message/rfc822\n\nSubject: t\n\nwords\n--B--\n"
)
RTF = (
    rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Times;}{\f1\fcharset204 Arial;}}\f0 M\'fcnchen \u8364?5 {\f1 \'c4\'e0}"
    rb"{\field{\*\fldinst HYPERLINK x}{\fldrslt link}}{\footnote note}\par\trowd a\cell b\cell\row\pard {\upr{a}{\*\ud{b}}}"
    rb"{\v hid}{\deleted gone}{\pict\bin3 abc}\par}"
)
PAGE = (
    b"<!doctype html><meta charset=windows-1251><title>t</title><nav>n</nav><h1>H</h1><p>\xcf\xf0\xe8 <b>x</b><ul><li>a<ol>"
    b"<li>b</ol></ul><table><caption>c<tr><th rowspan=2>A<th colspan=2>B<tr><td>1<td>2<tfoot><tr><td>s</table><select>"
    b"<option>o</select><math><mfrac><mi>a</mi><mi>b</mi></mfrac></math><pre>code\n x</pre><svg><text>t</text></svg>"
)
SHEETS = (
    '<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x"><office:body><office:spreadsheet>'
    '<table:table table:name="S"><table:table-column table:visibility="collapse" table:number-columns-repeated="2"/>'
    '<table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="2"><text:p>a</text:p>'
    '</table:table-cell><table:table-cell table:formula="=1"/></table:table-row></table:table></office:spreadsheet>'
    "</office:body></office:document-content>"
)


def seeds() -> Iterator[tuple[str, bytes]]:
    """Yield documents, each with its name."""
    for path in sorted(DATA.iterdir()):
        yield path.name, path.read_bytes()
    yield "mail.eml", MAIL
    yield "text.rtf", RTF
    yield "page.html", PAGE
    yield "page.xhtml", b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><title/><p>x<br/></p></html>'
    yield "table.csv", b'"a; b";c\n"x\ny";1,5\n# no\n;2,5\n' * 5
    yield "records.jsonl", b'{"a": [1, {"b": null}], "c": "d"}\n' * 5
    yield "record.json", json.dumps({"a": ["x" * 700, {"b": [1.5, True]}] * 3, "c": {"d": "e"}}).encode()
    yield "text.txt", "Größe und Maß.\f\n2024-01-01 10:00:00 INFO x\n".encode("cp1252") * 5
    yield "wide.txt", "Größe 日本語。\n".encode("utf-16-le") * 5
    yield (
        "text.md",
        b"---\ntitle: t\n---\n# H\n\n- a\n  - b\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```x\ny\n```\n<div>d</div>\n",
    )
    yield "drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><defs/><text><tspan x="1">a</tspan></text></svg>'
    yield (
        "data.xml",
        b'<?xml version="1.0" encoding="utf-8"?><!DOCTYPE d [<!ENTITY e "x">]><d a="b">&e;<p>c <i>d</i></p></d>',
    )
    yield "sheets.ods", _packed({"META-INF/manifest.xml": b"<m/>", "content.xml": SHEETS.encode()})
    yield (
        "sheets.fods",
        SHEETS.replace("document-content", 'document office:mimetype="m"', 1)
        .replace("document-content", "document")
        .encode(),
    )
    notebook = {"cells": [{"cell_type": "code", "source": ["x"], "outputs": [{"data": {"text/html": "<p>y"}}]}]}
    yield "book.ipynb", json.dumps(notebook).encode()
    opf = b'<package><manifest><item id="a" href="a.x"/></manifest><spine><itemref idref="a"/></spine></package>'
    container = b'<c><rootfile full-path="o/c.opf"/></c>'
    yield "book.epub", _packed({"META-INF/container.xml": container, "o/c.opf": opf, "o/a.x": PAGE})
    mail = {
        "__properties_version1.0": properties(32, x00390040=133_000_000_000_000_000),
        **texts(x0037="s", x1000="words", x0C1A="Ann"),
        "__attach_version1.0_#00000000/__substg1.0_37010102": b"a,b\n1,2\n",
        **texts("__attach_version1.0_#00000000/", x3707="a.csv"),
    }
    yield "mail.msg", compound(mail)
    yield "archive.zip", _packed({"a.html": PAGE, "b.rtf": RTF, "c.zip": _packed({"d.eml": MAIL})})
    yield "packed.txt.gz", gzip.compress(b"words " * 99)
    yield "archive.tar.gz", gzip.compress(_tarred(PAGE))
    yield "pages.pdf", documents.pdf([["One page."], None, ["Another (one)."]], title="t", outline=[("One", 1)])


def _packed(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def _tarred(data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        part = tarfile.TarInfo("a.html")
        part.size = len(data)
        archive.addfile(part, io.BytesIO(data))
    return out.getvalue()
