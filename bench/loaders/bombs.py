"""Documents that are small and would become huge, or never end."""

import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

from tests.ingest import documents
from tests.ingest.compound import compound, properties, texts

MANY = 200_000


def bombs() -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Yield the names of bombs, and what makes each."""
    yield "zeros.zip", lambda: _packed({"a.txt": b"\0" * 300_000_000})
    yield "nested.zip", lambda: _nested(30)
    yield "parts.zip", lambda: _packed({f"{number}.txt": b"" for number in range(20_000)})
    yield "zeros.txt.gz", lambda: gzip.compress(b"\0" * 500_000_000, 9)
    entities = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12))
    lol = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "lolololol">{entities}]><d>&m;</d>'.encode()
    yield "entities.xml", lambda: lol
    yield (
        "entities.svg",
        lambda: lol.replace(b"<d>", b"<svg>").replace(b"</d>", b"</svg>").replace(b"DOCTYPE d", b"DOCTYPE svg"),
    )
    yield "outside.xml", lambda: b'<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><d>&e;</d>'
    yield "quadratic.xml", lambda: b'<!DOCTYPE d [<!ENTITY e "%s">]><d>%s</d>' % (b"x" * 50_000, b"&e;" * 50_000)
    yield "deep.xml", lambda: b"<a>" * MANY + b"x" + b"</a>" * MANY
    yield "deep.html", lambda: b"<div>" * MANY + b"x"
    yield "comments.html", lambda: b"<!-- a -->\n" * 200 + b"<html>x"
    yield "tables.html", lambda: b"<table><tr><td>" * 20_000 + b"x"
    yield "spans.html", lambda: b"<table>" + b"<tr><td rowspan=65534 colspan=1000>x" * 5000 + b"</table>"
    yield "lists.html", lambda: b"<ul><li>" * 50_000 + b"x"
    yield "deep.json", lambda: b"[" * MANY + b"]" * MANY
    yield "keys.json", lambda: json.dumps({"k" * 1000: {"k" * 1000: [0] * MANY}}).encode()
    yield "groups.rtf", lambda: b"{\\rtf1 " + b"{" * MANY
    yield "bin.rtf", lambda: b"{\\rtf1 \\bin2147483647 x}"
    yield "parts.eml", lambda: b"Content-Type: multipart/mixed; boundary=B\n\n" + b"--B\n\nx\n" * MANY
    forwarded = b"Content-Type: message/rfc822\n\n" * 5000 + b"x"
    yield "forwarded.eml", lambda: b"From: a\n" + forwarded
    yield "quotes.md", lambda: b">" * 50_000 + b"x"
    yield "brackets.md", lambda: b"[" * 100_000 + b"](x)"
    yield "quotes.csv", lambda: b'"' * 1_000_001
    yield "columns.csv", lambda: b",".join([b"x"] * MANY) + b"\n" + b"1\n" * 1000
    yield "streams.pdf", lambda: documents.pdf_bomb(400_000_000)
    yield "pixels.pdf", lambda: _picture(60_000)
    rows = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(1, 1_048_577, 100))
    yield "far.xlsx", lambda: _book(f"<sheetData>{rows}</sheetData>")
    yield (
        "merged.xlsx",
        lambda: _book(
            '<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData><mergeCells>'
            + '<mergeCell ref="A1:XFD1048576"/>' * 50_000
            + "</mergeCells>"
        ),
    )
    yield "cells.xlsx", lambda: _book("<sheetData>" + "<row>" + "<c><v>1</v></c>" * 3_000_000 + "</row></sheetData>")
    repeated = (
        '<o:d xmlns:o="o" xmlns:t="t"><o:body><o:spreadsheet><t:table t:name="S">'
        '<t:table-row t:number-rows-repeated="9999999"><t:table-cell t:number-columns-repeated="9999999"><t:p>x</t:p>'
        "</t:table-cell></t:table-row></t:table></o:spreadsheet></o:body></o:d>"
    )
    yield "repeated.ods", lambda: _packed({"META-INF/manifest.xml": b"<m/>", "content.xml": repeated.encode()})
    mail = {"__properties_version1.0": properties(32), **texts(x0037="s")}
    packed = struct.pack("<II4sI", 0x7FFFFFFF, 0x7FFFFFFF, b"LZFu", 0) + b"\xff" + b"\0\x0f" * 200_000
    yield "packed.msg", lambda: compound({**mail, "__substg1.0_10090102": packed})
    circle = bytearray(compound({**mail, "__substg1.0_1000001F": b"x\0" * 9000}))
    for place in range(0, 512, 4):  # each sector follows itself
        struct.pack_into("<I", circle, (struct.unpack_from("<I", circle, 76)[0] + 1) * 512 + place, place // 4)
    yield "circle.msg", lambda: bytes(circle)


def _nested(depth: int) -> bytes:
    nested = b"core"
    for number in range(depth):
        nested = _packed({f"{number}.zip" if number else "a.txt": nested})
    return nested


def _packed(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def _book(sheet: str) -> bytes:
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    link = '<Relationships><Relationship Id="a" Type="%s/%s" Target="%s"/></Relationships>'
    return _packed(
        {
            "[Content_Types].xml": b"<Types/>",
            "_rels/.rels": (link % (kinds, "officeDocument", "xl/workbook.xml")).encode(),
            "xl/workbook.xml": (
                f'<workbook xmlns:r="{kinds}"><sheets><sheet name="S" r:id="a"/></sheets></workbook>'.encode()
            ),
            "xl/_rels/workbook.xml.rels": (link % (kinds, "worksheet", "worksheets/s.xml")).encode(),
            "xl/worksheets/s.xml": f'<worksheet xmlns="m">{sheet}</worksheet>'.encode(),
        }
    )


def _picture(size: int) -> bytes:
    """Return a PDF whose only picture has so many pixels each way."""
    line = zlib.compress(b"\0" * 100_000)
    head = b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8" % (
        size,
        size,
    )
    content = b"q 500 0 0 500 0 0 cm /P Do Q"
    return documents.pdf_of(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 5 0 R "
            b"/Resources << /XObject << /P 4 0 R >> >> >>",
            head + b" /Filter /FlateDecode /Length %d >>\nstream\n" % len(line) + line + b"\nendstream",
            b"<< /Length %d >>\nstream\n" % len(content) + content + b"\nendstream",
        ]
    )
