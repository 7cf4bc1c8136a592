"""Text that is set in a symbol font is read as what it shows, in each format that has fonts."""

from pathlib import Path

import pytest

from hubbub.ingest.loaders import symbols
from tests.ingest import documents
from tests.ingest.test_variants import load, packed, shown
from tests.ingest.workbooks import workbook

RTF = (
    r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fbidi \froman\fcharset0 Times;}"
    r"{\f3\fbidi \froman\fcharset2\fprq2{\*\panose 05050102010706020507}Symbol;}{\f4\fnil\fcharset2 Wingdings 2;}"
    r"{\f5\fnil\fcharset2 Wingdings;}{\f6\fbidi \fswiss\fcharset238 Arial CE;}}%s\par}"
)
ODT = (
    '<office:document-content xmlns:office="o" xmlns:text="t" xmlns:style="s" xmlns:svg="v"><office:font-face-decls>'
    '<style:font-face style:name="Signs" svg:font-family="\'Symbol\'"/></office:font-face-decls>'
    '<office:automatic-styles><style:style style:name="T" style:family="text"><style:text-properties '
    'style:font-name="Signs"/></style:style><style:style style:name="N" style:family="text" '
    'style:parent-style-name="T"><style:text-properties style:font-name="Arial"/></style:style>'
    "</office:automatic-styles><office:body><office:text><text:p>5 "
    '<text:span text:style-name="T">m<text:span text:style-name="N">m</text:span></text:span>g</text:p>'
    "</office:text></office:body></office:document-content>"
)


@pytest.mark.parametrize("font", ["symbol", "wingdings", "webdings"])
def test_a_table_of_signs_has_one_for_each_byte(font: str) -> None:
    assert len(symbols.in_font(font, "".join(map(chr, range(0xF020, 0xF100))))) == 0xE0


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        (
            "a.html",
            '<p>5 <font face="Symbol, serif">m</font>g <span style="color:red; font-family:\'Wingdings\'">à'
            "<span style='font:7.0pt \"Times New Roman\"'> a </span>ü</span> J</p>",
            "5 μg → a ✓ J",
        ),
        ("a.html", '<table><tr><td style="font-family:Wingdings 2">P</td><td>yes</table>', "✓ | yes"),
        ("a.html", "<p style='font-family:Arial'>my symbol J</p>", "my symbol J"),
        ("a.rtf", RTF % r"5 {\f3 m}g {\f3\'b3} 3 {\f4 P}{\f5\u-3844 ?} \f6 \'b9", "5 μg ≥ 3 ✓✓ ą"),
        ("a.rtf", RTF % r'{\field{\*\fldinst SYMBOL 252 \\f "Wingdings" \\s 11}{\fldrslt\f5 \'fc}} done', "✓ done"),
        ("a.odt", packed({"META-INF/manifest.xml": "", "content.xml": ODT}), "5 μmg"),
    ],
)  # fmt: skip
def test_text_in_a_symbol_font(name: str, data: bytes | str, expected: str) -> None:
    assert shown(load(name, data)) == expected


def test_a_run_of_word_in_a_symbol_font(tmp_path: Path) -> None:
    font = '<w:rPr><w:rFonts w:ascii="{0}" w:hAnsi="{0}"/></w:rPr>'
    styles = f'<w:style w:type="character" w:styleId="Sign">{font.format("Wingdings")}</w:style>'
    body = (
        f"<w:p><w:r>{font.format('Symbol')}<w:t>m</w:t></w:r><w:r>{font.format('Arial')}<w:t>g </w:t></w:r>"
        '<w:r><w:rPr><w:rStyle w:val="Sign"/></w:rPr><w:t>\uf0e0</w:t></w:r><w:r><w:rPr><w:rStyle w:val="Sign"/>'
        '<w:rFonts w:ascii="Arial"/></w:rPr><w:t> J</w:t></w:r></w:p>'
    )
    documents.word_xml(tmp_path / "a.docx", body, styles=styles)
    assert shown(load("a.docx", (tmp_path / "a.docx").read_bytes())) == "μg → J"


def test_one_part_of_a_word_file_names_a_symbol_font(tmp_path: Path) -> None:
    sign = '<w:r><w:rPr><w:rFonts w:ascii="WINGDINGS"/></w:rPr><w:t>\uf0e0</w:t></w:r>'
    body = '<w:p><w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:t>go</w:t></w:r></w:p>'
    documents.word_xml(tmp_path / "a.docx", body, footnotes=f'<w:footnote w:id="2"><w:p>{sign}</w:p></w:footnote>')
    assert shown(load("a.docx", (tmp_path / "a.docx").read_bytes())) == "go [Footnote 1: →]"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ('<w:rFonts w:ascii="Symbol"/>'.encode("utf-16"), True),
        (b'<w:rFonts w:ascii="webdings"/>', True),
        (b'<w:rFonts w:ascii="Arial"/>', False),
    ],
)
def test_which_xml_may_name_a_symbol_font(data: bytes, *, expected: bool) -> None:
    assert symbols.may_name_symbols(data) == expected


def test_a_cell_in_a_symbol_font(tmp_path: Path) -> None:
    rich = '<r><t>ü</t></r><r><rPr><rFont val="{}"/></rPr><t>{}</t></r>'
    cells = (
        '<c r="A1" t="inlineStr" s="1"><is><t>ü</t></is></c><c r="B1" t="inlineStr"><is><t>ü</t></is></c>'
        f'<c r="C1" t="inlineStr"><is>{rich.format("Webdings", "a")}</is></c>'
        f'<c r="D1" t="inlineStr" s="1"><is>{rich.format("Arial", " done")}</is></c>'
    )
    path = workbook(
        tmp_path / "a.xlsx",
        f'<sheetData><row r="1">{cells}</row></sheetData>',
        styles='<fonts><font/><font><name val="Wingdings"/></font></fonts><cellXfs><xf/><xf fontId="1"/></cellXfs>',
    )
    assert shown(load("a.xlsx", path.read_bytes())) == "Sheet ✓ | ü | ü✔ | ✓ done"
