"""What many programs write, each in its own way, is read as that program shows it."""

# ruff: noqa: E501 (documents as they are written)

import base64
import gzip
import io
import json
import tarfile
import zipfile

import pytest

from hubbub.core.errors import HubbubError
from hubbub.ingest.blocks import Loaded, Table, without_hidden
from hubbub.ingest.loaders.kinds import kind_of
from hubbub.ingest.loaders.nested import inner_blocks

LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
GERMAN = "Die Kündigungsfrist beträgt drei Monate."


def load(name: str, data: bytes | str) -> Loaded:
    data = data.encode() if isinstance(data, str) else data
    return kind_of(io.BytesIO(data), name).loader().load(io.BytesIO(data))


def short(value: bytes | str) -> str:
    """Return what a test is called by of its parameters: packed bytes hold the time."""
    return value if isinstance(value, str) and len(value) < 14 else "as it is"


def shown(loaded: Loaded) -> str:
    """Return all that is read, a table's cells parted by bars, on one line."""
    lines: list[str] = []
    for block in loaded.blocks:
        lines += [" | ".join(row) for row in block.rows] if isinstance(block, Table) else [block.text]
    return " ".join(" ".join(lines).split())


def packed(parts: dict[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(parts: dict[str, bytes], mode: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in parts.items():
            part = tarfile.TarInfo(name)
            part.size = len(data)
            archive.addfile(part, io.BytesIO(data))
    return out.getvalue()


def mail(*parts: str, kind: str = "multipart/mixed") -> str:
    body = "".join(f"--B\n{part}\n" for part in parts)
    return f"From: a\nMIME-Version: 1.0\nContent-Type: {kind}; boundary=B\n\n{body}--B--\n"


FLAT_WORD = (
    '<?xml version="1.0"?><?mso-application progid="Word.Document"?>'
    '<pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage"><pkg:part pkg:name="/_rels/.rels">'
    '<pkg:xmlData><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="a" Type="{LINKS}/officeDocument" Target="word/document.xml"/></Relationships></pkg:xmlData>'
    '</pkg:part><pkg:part pkg:name="/word/document.xml"><pkg:xmlData><w:document xmlns:w="w"><w:body><w:p><w:r>'
    "<w:t>one </w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:r><w:t>line</w:t></w:r></w:p>"
    "</w:body></w:document></pkg:xmlData></pkg:part></pkg:package>"
)
WORD_2003 = (
    '<?xml version="1.0"?><w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"><w:body><w:p>'
    "<w:r><w:t>one </w:t></w:r><w:r><w:t>line</w:t></w:r></w:p></w:body></w:wordDocument>"
)
EXCEL_2003 = (
    '<?xml version="1.0"?><Workbook xmlns:ss="s"><Worksheet ss:Name="S"><Table><Row><Cell><Data>A</Data></Cell>'
    '<Cell ss:Index="3"><Data>C</Data></Cell></Row><Row><Cell><Data>1</Data></Cell><Cell><Data>2</Data></Cell><Cell>'
    "<Data>3</Data></Cell></Row></Table></Worksheet></Workbook>"
)
FLAT_ODT = (
    '<?xml version="1.0"?><office:document xmlns:office="o" xmlns:text="t" office:mimetype="m"><office:body>'
    "<office:text><text:p>one <text:span>line</text:span></text:p></office:text></office:body></office:document>"
)
NOTEBOOK = json.dumps(
    {
        "nbformat": 4,
        "cells": [
            {
                "cell_type": "code",
                "source": "x",
                "outputs": [
                    {"output_type": "display_data", "data": {"text/html": "<p>only <b>here</b>"}},
                    {"output_type": "display_data", "data": {"text/latex": "$x^2$"}},
                    {"output_type": "error", "ename": "ValueError", "evalue": "bad", "traceback": []},
                ],
            }
        ],
    }
)


ODF_LISTS = (
    '<?xml version="1.0"?><office:document xmlns:office="o" xmlns:text="t" xmlns:style="s" office:mimetype="m">'
    '<office:automatic-styles><text:list-style style:name="L"><text:list-level-style-number text:level="1" '
    'style:num-format="1" style:num-suffix=".)"/><text:list-level-style-number text:level="2" style:num-format="a" '
    'style:num-suffix="."/></text:list-style></office:automatic-styles><office:body><office:text>'
    '<text:list text:style-name="L"><text:list-item><text:p>one</text:p><text:list><text:list-item><text:p>part</text:p>'
    "</text:list-item><text:list-item><text:p>part</text:p></text:list-item></text:list></text:list-item><text:list-item>"
    '<text:p>two</text:p></text:list-item><text:list-item text:start-value="5"><text:p>five</text:p></text:list-item>'
    '</text:list><text:list text:style-name="B"><text:list-item><text:p>mark</text:p></text:list-item></text:list>'
    '<text:list text:style-name="L" text:continue-numbering="true"><text:list-item><text:p>six</text:p></text:list-item>'
    '</text:list><text:h text:outline-level="1"><text:number>1.2</text:number>Title</text:h></office:text></office:body>'
    "</office:document>"
)
ODF_MERGED = (
    '<?xml version="1.0"?><office:document xmlns:office="o" xmlns:text="t" xmlns:table="ta" office:mimetype="m"><office:body>'
    '<office:spreadsheet><table:table table:name="S"><table:table-row><table:table-cell table:number-rows-spanned="2">'
    "<office:annotation><text:p>see</text:p></office:annotation><text:p>v</text:p></table:table-cell><table:table-cell>"
    "<text:p>1</text:p></table:table-cell></table:table-row><table:table-row><table:covered-table-cell/><table:table-cell>"
    "<text:p>2</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet></office:body></office:document>"
)
ODF_LOOKS = (
    '<?xml version="1.0"?><office:document xmlns:office="o" xmlns:text="t" xmlns:style="s" xmlns:table="ta" office:mimetype="m">'
    '<office:automatic-styles><style:style style:name="S" style:family="text"><style:text-properties '
    'style:text-line-through-style="solid"/></style:style><style:style style:name="U" style:family="text" '
    'style:parent-style-name="S"><style:text-properties style:text-position="super 58%%" '
    'style:text-line-through-style="none"/></style:style><style:style style:name="P" style:family="paragraph">'
    '<style:text-properties text:display="none"/></style:style><style:style style:name="C" style:family="table-cell">'
    '<style:text-properties style:text-line-through-type="single"/></style:style></office:automatic-styles>'
    "<office:body><office:%s</office:body></office:document>"
)
ODF_TEXT = (
    'text><text:p>Fee <text:span text:style-name="S">5</text:span> 10<text:span text:style-name="U">3</text:span></text:p>'
    '<text:p text:style-name="P">no one</text:p><text:section text:display="none"><text:p>apart</text:p></text:section>'
    '<text:section text:display="condition"><text:p>here</text:p></text:section></office:text>'
)
ODF_SHEET = (
    'spreadsheet><table:table table:name="S"><table:table-row><table:table-cell table:style-name="C"><text:p>5</text:p>'
    "</table:table-cell><table:table-cell><text:p>6</text:p></table:table-cell></table:table-row></table:table>"
    "</office:spreadsheet>"
)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        # Frames, and what stands in for them
        ("a.html", '<p>a<iframe srcdoc="<p>b &amp;amp; <iframe srcdoc=\'c\'></iframe>"></iframe>d<iframe src=x>e</iframe>', "a b & c d"),
        ("a.html", "<frameset><frame src=a><noframes><p>no frames</noframes></frameset>", ""),
        # Tables within tables of RTF, cells that go over rows, lines within cells, and shapes
        (
            "a.rtf",
            r"{\rtf1\trowd\intbl Item\cell Parts\cell\row\trowd\pard\intbl\itap1 A\par B\cell before\par"
            r"\pard\intbl\itap2 1\nestcell 2\nestcell{\*\nesttableprops\trowd\cellx1\cellx2\nestrow}{\nonesttables\par}"
            r"3\nestcell 4\nestcell{\*\nesttableprops\trowd\nestrow}\pard\intbl\itap1 after\cell\row\pard End\par}",
            "Item | Parts A B | before 1, 2; 3, 4 after End",
        ),
        (
            "a.rtf",
            r"{\rtf1\trowd\clvmgf\cellx1\cellx2\intbl N\cell Jan\cell\row\trowd\clvmrg\cellx1\cellx2\intbl\cell Feb\cell\row"
            r"\trowd\cellx1\cellx2\intbl\cell Mar\cell\row\pard x\par}",
            "N | Jan N | Feb | Mar x",
        ),
        (
            "a.rtf",
            r"{\rtf1{\shp{\*\shpinst{\sp{\sn fFlipH}{\sv 0}}{\sp{\sn gtextUNICODE}{\sv Art}}{\shptxt box\par}}}\par}",
            "Art box",
        ),
        # OpenDocument: numbers of lists, comments and merged cells of sheets
        ("a.fodt", ODF_LISTS, "1.) one a. part b. part 2.) two 5.) five - mark 6.) six 1.2 Title"),
        ("a.fods", ODF_MERGED, "S v | 1 v | 2 Comment on A1: see"),
        # Text that is struck out, hidden, or stands higher
        (
            "a.fodt",
            ODF_LOOKS % ODF_TEXT,
            "Fee [Struck out: 5] 10^3 [Hidden: no one] [Hidden: apart] here",
        ),
        ("a.fods", ODF_LOOKS % ODF_SHEET, "S [Struck out: 5] | 6"),
        (
            "a.rtf",
            r"{\rtf1 10{\super 3} H{\sub 2}O {\strike 5 }6 {\striked1 7}\striked0 \up6 2\up0 .\par}",
            "10^3 H2O [Struck out: 5] 6 [Struck out: 7]^2.",
        ),
        # Headers of RTF, which hold paragraphs and tables and come again
        (
            "a.rtf",
            r"{\rtf1{\header A\par\trowd\intbl b\cell c\cell\row}Body{\footnote d\par e\par}\par\sect{\header A\par "
            r"\trowd\intbl b\cell c\cell\row}{\footer f\par}End\par}",
            "[Header: A b c] Body [Footnote: d e] [Footer: f] End",
        ),
        # Documents that are one XML file
        ("flat.xml", FLAT_WORD, "one line"),
        ("2003.xml", WORD_2003, "one line"),
        ("2003.xls", EXCEL_2003, "S A | | C 1 | 2 | 3"),
        ("a.fodt", FLAT_ODT, "one line"),
        ("damaged.xml", "<d><p>one</p><p>two</d>", "p: one p: two"),
        # Archives
        ("a.txt.gz", gzip.compress(b"one line"), "one line"),
        ("a.svgz", gzip.compress(b'<svg xmlns="http://www.w3.org/2000/svg"><text>one line</text></svg>'), "one line"),
        ("a.tar.gz", tarred({"b/c.txt": b"one line"}), "b/c.txt one line"),
        ("a.tar", tarred({"b/c.txt": b"one line"}, "w"), "b/c.txt one line"),
        ("a.zip", packed({"b.tgz": tarred({"c.txt": b"one line"})}), "b.tgz c.txt one line"),
        ("a.kmz", packed({"doc.kml": "<kml><name>Place</name></kml>"}), "doc.kml name: Place"),
        # Drawings
        (
            "a.svg",
            '<svg xmlns="http://www.w3.org/2000/svg"><defs><text>no</text></defs><g display="none"><text>no</text></g>'
            '<text><tspan x="0" y="1">one</tspan><tspan x="0" y="2">two</tspan><tspan x="9">t</tspan></text></svg>',
            "one twot",
        ),
        # Notebooks
        ("a.ipynb", NOTEBOOK, "x only here $x^2$ ValueError: bad"),
        # Markdown
        ("a.md", "Text.[^1]\n\n<div>in <b>a</b> page</div>\n<!-- no -->\n\n[^1]: word", "Text.[^1] in a page [^1]: word"),
        # Pages
        ("a.html", "<table><tr><th>A<th>B<tfoot><tr><td>sum<td>3<tbody><tr><td>x<td>3</table>", "A | B x | 3 sum | 3"),
        ("a.html", '<p hidden>no<p hidden="until-found">one', "one"),
        ("a.html", '<aside epub:type="footnote" hidden>note</aside>', "note"),
        ("a.html", "<table><tr><td hidden>no<td>a<td rowspan=2>b<tr><td>c</table>", "a | b c | b"),
        ("a.html", "<p>1<sup>1</sup>&frasl;<sub>2</sub> cups, 10<sup>6</sup>", "1 1⁄2 cups, 10^6"),
        ("a.html", '<p>10<span style="vertical-align: super">6</span> g', "10^6 g"),
        ("a.html", '<p>Cost 5<a role="doc-noteref" href="#n">1</a>.', "Cost 5^1."),
        ("a.html", '<p>Cost 5<a epub:type="noteref" href="#n">1</a>.', "Cost 5^1."),
        # Tables of text
        ("a.csv", "Names\nAda\nBob, Jr.\nCem\n", "Names Ada Bob, Jr. Cem"),
        ("a.csv", "Price\n1,50\n2,75\n3,25\n", "Price 1,50 2,75 3,25"),
        ("a.csv", "a^b^c\n1^2^3\n4^5^6\n", "a | b | c 1 | 2 | 3 4 | 5 | 6"),
        ("a.csv", 'a, b, c\n1, "x, y", 3\n', "a | b | c 1 | x, y | 3"),
        ("a.csv", "a,b\n'x, y',2\n", "a | b x, y | 2"),
        # Records
        ("a.json", "{unquoted: 'one', trailing: [1,],}", "{unquoted: 'one', trailing: [1,],}"),
        ("a.jsonl", '\x1e{"a":1}\n\x1e{"a":2}\n', "a: 1 a: 2"),
        # Encodings
        ("a.txt", "通知期限为三个月。今天天气很好。".encode("utf-16-le"), "通知期限为三个月。今天天气很好。"),
        ("a.txt", "통지 기간은 삼 개월입니다. 안녕하세요.".encode("utf-16-be"), "통지 기간은 삼 개월입니다. 안녕하세요."),
        ("a.txt", "Le délai est à l'œuvre, coûte 5 €.".encode("iso8859-15"), "Le délai est à l'œuvre, coûte 5 €."),
        ("a.txt", "Ĝi estas ŝanĝita. La ĉefo diris ĵaŭde.".encode("iso8859-3"), "Ĝi estas ŝanĝita. La ĉefo diris ĵaŭde."),
        # RTF
        ("a.rtf", r"{\rtf1 kept {\deleted gone} {\v hid}seen}", "kept [Hidden: hid]seen"),
        ("a.rtf", r"{\rtf1{\upr{ansi}{\*\ud{unicode}}}}", "unicode"),
        ("a.rtf", rb"{\rtf1\pca Gr\'94\'e1e}", "Größe"),
        ("a.rtf", rb"{\rtf1\pc Gr\'94\'e1e}", "Größe"),
        ("a.rtf", r"{\rtf1{\mmath{\*\moMath{\mr x+y}}}}", "x+y"),
        # Mails
        ("a.eml", "From: Jörg <j@x>\nBcc: c@x\nSubject: Größe\n\nwords", "From: Jörg <j@x> Bcc: c@x Subject: Größe words"),
        ("a.mbox", "From a@x Mon Jan  1 00:00:00 2024\nSubject: s\n\n>From the start\n", "s Subject: s From the start"),
        (
            "a.txt",
            "Received: by x\nFrom: a@x\nTo: b@x\nContent-Transfer-Encoding: base64\n\n"
            + base64.b64encode(b"one line").decode(),
            "From: a@x To: b@x one line",
        ),
        (
            "a.eml",
            mail(
                "Content-Type: text/plain\n\nthe same words",
                "Content-Type: multipart/mixed; boundary=C\n\n--C\nContent-Type: text/html\n\n<p>the same words\n"
                "--C\nContent-Type: text/csv; name=x.csv\n\na,b\n1,2\n--C--",
                kind="multipart/alternative",
            ),
            "From: a the same words Attachment: x.csv a | b 1 | 2",
        ),
        (
            "a.eml",
            mail(
                "Content-Type: text/plain\n\nYour order, as a page",
                "Content-Type: text/html\n\n<p>Your order</p><table><tr><td>Tea<td>5<tr><td>Milk<td>6</table>",
                kind="multipart/alternative",
            ),
            "From: a Your order Tea | 5 Milk | 6",
        ),
        (
            "a.eml",
            mail(
                "Content-Type: text/plain\n\nYour order\nTea 5",
                'Content-Type: text/html\n\n<img alt="The logo of a shop"><table><tr><td>Your order<tr><td>Tea<td>5</table>',
                kind="multipart/alternative",
            ),
            "From: a Your order Tea 5",
        ),
        (
            "a.eml",
            mail(
                "Content-Type: text/plain\n\nPlease open this mail in a program that shows pages",
                "Content-Type: text/x-amp-html\n\n<html amp4email><p>Tea 6</p>",
                "Content-Type: text/html\n\n<p>Tea 5</p>",
                kind="multipart/alternative",
            ),
            "From: a Tea 5",
        ),
        (
            "a.eml",
            "From: a\nContent-Type: text/plain; format=flowed\n\nthree \n months\n> as \n> said \nsince\n-- \nAnn",
            "From: a three months > as said since -- Ann",
        ),
        (
            "a.eml",
            "From: a\nContent-Type: text/plain; format=flowed; delsp=yes\n\nnumber 123 \n456, at \n\nonce",
            "From: a number 123456, at once",
        ),
        (
            "a.eml",
            mail(
                "Content-Type: text/plain\n\nDo come",
                "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nSUMMARY:All about the bud\n get\\, twice\nEND:VCALENDAR",
                kind="multipart/alternative",
            ),
            "From: a Do come Attachment: attachment.txt BEGIN:VCALENDAR SUMMARY:All about the budget, twice END:VCALENDAR",
        ),
        (
            "a.vcf",
            "BEGIN:VCARD\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BC=\nller;Eva\nNOTE:one\\ntwo\nEND:VCARD",
            "BEGIN:VCARD N:Müller;Eva NOTE:one two END:VCARD",
        ),
        (
            "a.vcf",
            f"BEGIN:VCARD\nFN:Eva\nPHOTO;ENCODING=b:{'A' * 60}\n {'B' * 60}\nTEL:1\nEND:VCARD",
            "BEGIN:VCARD FN:Eva PHOTO;ENCODING=b:(not read) TEL:1 END:VCARD",
        ),
        (
            "a.eml",
            mail(
                "Content-Type: text/plain\n\nreturned",
                "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nStatus: 5.1.1\n",
                kind="multipart/report",
            ),
            "From: a returned Reporting-MTA: dns; mx Status: 5.1.1",
        ),
    ],
    ids=short,
)  # fmt: skip
def test_it_is_read_as_it_is_shown(name: str, data: bytes | str, expected: str) -> None:
    assert shown(load(name, data)) == expected


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.gz", gzip.compress(gzip.compress(b"one")), "unsupported"),
        ("a.gz", gzip.compress(b"\0" * 3_000_000) * 100, "bomb"),
        ("a.gz", gzip.compress(b"one line" * 99)[:-20], "corrupt"),
        ("a.tar.gz", tarred({"a.exe": b"MZ\0\1\2\3"}), "unsupported"),
        ("a.xml", "<a><b></a>", "corrupt"),
    ],
    ids=short,
)
def test_it_is_refused_by_name(name: str, data: bytes | str, code: str) -> None:
    with pytest.raises(HubbubError) as caught:
        load(name, data)
    assert caught.value.code == code


def test_an_encrypted_mail_says_so() -> None:
    parts = (
        "Content-Type: application/pgp-encrypted\n\nVersion: 1",
        "Content-Type: application/octet-stream\n\n-----BEGIN",
    )
    loaded = load("a.eml", mail(*parts, kind="multipart/encrypted"))
    assert shown(loaded) == "From: a"
    assert [one.text for one in loaded.omitted] == ["1 of 1 files in it could not be read: the encrypted text"]


@pytest.mark.parametrize(
    ("fields", "expected", "said"),
    [
        (
            r"On {\field{\*\fldinst DATE}{\fldrslt }} {\field{\*\fldinst { = 2+3 }}} of {\field{\*\fldinst PAGE}{\fldrslt}}.",
            "On (not calculated) (not calculated) of .",
            ["2 fields are not calculated in the file"],
        ),
        (
            r"{\field{\*\fldinst TOC}{\fldrslt {One\par}{Two}}}, {\field{\*\fldinst REF x}{\fldrslt 7}}",
            "One Two, 7",
            [],
        ),
        (
            r"a{\field{\*\fldinst{\deleted DATE}}{\fldrslt{\deleted 5.1.2026}}}b{\*\x{\field{\*\fldinst DATE}}}",
            "ab",
            [],
        ),
        (r'{\field{\*\fldinst{\deleted SYMBOL 252 \\f "Wingdings"}}}now', "now", []),
    ],
)
def test_fields_of_rtf_that_were_never_calculated_say_so(fields: str, expected: str, said: list[str]) -> None:
    loaded = load("a.rtf", rf"{{\rtf1\ansi {fields}\par}}")
    assert (shown(loaded), [one.text for one in loaded.omitted]) == (expected, said)


def test_a_damaged_document_says_so() -> None:
    assert [one.kind for one in load("a.xml", "<d><p>one</p><p>two</d>").omitted] == ["xml"]


# Spreadsheets of OpenDocument

COLUMNS = '<table:table-column/><table:table-column table:visibility="collapse"/>'
STYLES = (
    '<office:automatic-styles><style:style style:name="h"><style:table-properties table:display="false"/>'
    "</style:style></office:automatic-styles>"
)


def cell(text: str, attributes: str = "") -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def sheets(*tables: str) -> bytes:
    names = " ".join(f'xmlns:{name}="urn:{name}"' for name in ("office", "text", "table", "style", "draw"))
    body = f"<office:body><office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body>"
    content = f"<office:document-content {names}>{STYLES}{body}</office:document-content>"
    return packed({"META-INF/manifest.xml": "<manifest/>", "content.xml": content})


def test_a_sheet_of_opendocument_is_read_as_one_of_excel_is() -> None:
    title = row(cell("Report 2024"))
    head = row(cell("Item"), cell("secret"), cell("Price"))
    rows = (
        row(cell("Tea"), cell("s1"), '<table:table-cell office:value-type="float" office:value="42.5"/>'),
        row(cell("Milk"), cell("s2"), '<table:table-cell table:formula="of:=SUM(1)"/>'),
        row(cell("Gone"), cell("s3"), cell("9"), attributes='table:visibility="filter"'),
    )
    shape = "<table:shapes><draw:frame><draw:text-box><text:p>In a box.</text:p></draw:text-box></draw:frame></table:shapes>"
    shown_sheet = f'<table:table table:name="Prices">{COLUMNS}{shape}{title}{head}{"".join(rows)}</table:table>'
    hidden_sheet = f'<table:table table:name="Own" table:style-name="h">{row(cell("own"))}</table:table>'
    loaded = load("a.ods", sheets(shown_sheet, hidden_sheet))
    assert shown(loaded) == "Prices Report 2024 Item | Price Tea | 42.5 Milk | (not calculated) In a box."
    assert [one.text for one in without_hidden(loaded).omitted] == [
        "1 formula is not calculated in the file",
        "1 hidden row was left out",
        "1 hidden column was left out",
        "1 hidden sheet was left out",
    ]


def test_what_is_hidden_in_an_attached_sheet_is_counted() -> None:
    hidden = f'<table:table table:name="Own" table:style-name="h">{row(cell("own"))}</table:table>'
    shown_sheet = f'<table:table table:name="Seen">{row(cell("a"), cell("b"))}</table:table>'
    blocks, omitted = inner_blocks([("a.ods", sheets(shown_sheet, hidden))])
    assert "own" not in shown(Loaded(blocks))
    assert [one.text for one in omitted] == ["a.ods: 1 hidden sheet was left out"]


# Workbooks of Excel, and charts


def book(sheet: str, **parts: str) -> bytes:
    def links(*found: tuple[str, str]) -> str:
        rows = (f'<Relationship Id="{kind}" Type="{LINKS}/{kind}" Target="{target}"/>' for kind, target in found)
        return f'<Relationships xmlns="r">{"".join(rows)}</Relationships>'

    beside = [(name.rstrip("0123456789"), f"../{name}.xml") for name in parts]
    return packed(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": links(("officeDocument", "xl/workbook.xml")),
            "xl/workbook.xml": f'<workbook xmlns:r="{LINKS}"><sheets><sheet name="S" r:id="worksheet"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": links(("worksheet", "worksheets/s.xml")),
            "xl/worksheets/s.xml": f'<worksheet xmlns="m">{sheet}</worksheet>',
            "xl/worksheets/_rels/s.xml.rels": links(*beside),
            **{f"xl/{name}.xml": data for name, data in parts.items()},
        }
    )


def test_what_stands_beside_a_sheets_cells_is_read() -> None:
    data = (
        '<sheetData><row r="1"><c t="inlineStr"><is><t>a</t></is></c><c t="str"><f>IF(1,"")</f><v></v></c></row></sheetData>'
        '<headerFooter><oddHeader>&amp;L&amp;"Arial,Bold"&amp;10Confidential&amp;RPage &amp;P</oddHeader>'
        "<oddFooter>&amp;P</oddFooter></headerFooter>"
    )
    drawing = '<xml xmlns:v="v"><v:shape><v:textbox><div><font>Push me</font></div></v:textbox></v:shape></xml>'
    loaded = load("a.xlsx", book(data, vmlDrawing1=drawing))
    assert shown(loaded) == "S a [Header: Confidential Page] Push me"
    assert loaded.omitted == ()  # the formula has a result: nothing


def test_cells_out_of_their_order_are_read_in_it() -> None:
    row = '<row r="1"><c r="C1"><v>3</v></c><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row>'
    assert shown(load("a.xlsx", book(f"<sheetData>{row}</sheetData>"))) == "S 1 | 2 | 3"


def test_a_charts_values_are_read_in_their_format() -> None:
    series = (
        "<c:ser><c:tx><c:v>Share</c:v></c:tx><c:cat><c:pt idx='0'><c:v>North</c:v></c:pt></c:cat><c:val><c:numCache>"
        "<c:formatCode>0%</c:formatCode><c:pt idx='0'><c:v>0.07</c:v></c:pt></c:numCache></c:val></c:ser>"
    )
    chart = f'<c:chartSpace xmlns:c="c">{series}</c:chartSpace>'
    anchor = '<wsDr xmlns="x"/>'
    link = f'<Relationships xmlns="r"><Relationship Id="a" Type="{LINKS}/chart" Target="chart.xml"/></Relationships>'
    data = book("<sheetData/>", drawing1=anchor)
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/_rels/drawing1.xml.rels", link)
        archive.writestr("xl/chart.xml", chart)
    assert shown(load("a.xlsx", out.getvalue())) == "S | Share North | 7%"
