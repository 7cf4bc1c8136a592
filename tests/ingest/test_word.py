"""All that Word shows of a document is read, in order; what it does not show is marked."""

import re
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubbub.core.documents import Omission
from hubbub.core.errors import HubbubError
from hubbub.ingest.blocks import Block, Heading, Loaded, Paragraph, Table
from hubbub.ingest.loaders import docx
from hubbub.ingest.loaders.grids import flat
from tests.ingest import documents


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*runs: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(one if one.startswith('<') else run(one) for one in runs)}</w:p>"


def load(folder: Path, body: str, *, w: str = documents.W, **parts: str) -> Loaded:
    documents.word_xml(path := folder / "a.docx", body, w=w, **parts)
    with path.open("rb") as file:
        return docx.load(file)


def text_box(*paragraphs: str) -> str:
    content = f"<w:txbxContent>{''.join(paragraphs)}</w:txbxContent>"
    return (
        f'<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx>{content}</wps:txbx></w:drawing>'
        f"</mc:Choice><mc:Fallback><w:pict><v:textbox>{content}</v:textbox></w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r>"
    )


def field(code: str, result: str) -> str:
    marks = (f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end"))
    begin, separate, end = marks
    return f"{begin}<w:r><w:instrText>{code}</w:instrText></w:r>{separate}{result}{end}"


CHART = (
    "<c:chart><c:title><a:p><a:r><a:t>Sales</a:t></a:r></a:p></c:title><c:ser><c:tx><c:v>2024</c:v></c:tx>"
    '<c:cat><c:pt idx="0"><c:v>North</c:v></c:pt><c:pt idx="1"><c:v>South</c:v></c:pt></c:cat>'
    '<c:val><c:pt idx="0"><c:v>4711</c:v></c:pt><c:pt idx="1"><c:v>12</c:v></c:pt></c:val></c:ser></c:chart>'
)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            f"<w:sdt><w:sdtPr/><w:sdtContent>{paragraph('Tenant: Ada')}</w:sdtContent></w:sdt>",
            [Paragraph("Tenant: Ada")],
            id="a content control around paragraphs",
        ),
        pytest.param(
            paragraph("Rent is ", f"<w:sdt><w:sdtContent>{run('1250 euros')}</w:sdtContent></w:sdt>", "."),
            [Paragraph("Rent is 1250 euros.")],
            id="a content control within a paragraph",
        ),
        pytest.param(
            paragraph(
                "Notice period is ",
                "<w:del><w:r><w:delText>one month</w:delText></w:r></w:del>",
                f"<w:ins>{run('three months')}</w:ins>",
                f"<w:moveFrom>{run('gone')}</w:moveFrom><w:moveTo>{run(' at last')}</w:moveTo>",
                ".",
            ),
            [Paragraph("Notice period is three months at last.")],
            id="tracked changes",
        ),
        pytest.param(
            paragraph("First ", properties="<w:rPr><w:del/></w:rPr>") + paragraph("second."),
            [Paragraph("First second.")],
            id="paragraphs whose break was deleted",
        ),
        pytest.param(
            paragraph("Before ", text_box(paragraph("The deposit is 4711 euros.")), "after."),
            [Paragraph("Before after."), Paragraph("The deposit is 4711 euros.")],
            id="a text box, once, beside its paragraph",
        ),
        pytest.param(
            paragraph("Due ", field("DATE", run("1 May")), ", total ", field(field("IF", run("x")), run("12")), "."),
            [Paragraph("Due 1 May, total 12.")],
            id="results of fields, and no codes",
        ),
        pytest.param(
            paragraph('<w:r><w:fldChar w:fldCharType="begin"/></w:r>', "All the rest."),
            [Paragraph("All the rest.")],
            id="a field that does not end hides nothing",
        ),
        pytest.param(
            paragraph(
                '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:checked/></w:checkBox></w:ffData>'
                '</w:fldChar></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>',
                " paid by ",
                '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:ddList><w:result w:val="1"/>'
                '<w:listEntry w:val="card"/><w:listEntry w:val="cash"/></w:ddList></w:ffData></w:fldChar></w:r>'
                '<w:r><w:fldChar w:fldCharType="end"/></w:r>',
            ),
            [Paragraph("☒ paid by cash")],
            id="fields of a form",
        ),
        pytest.param(
            paragraph(f'<w:smartTag w:element="place"><w:customXml>{run("Bremen")}</w:customXml></w:smartTag>'),
            [Paragraph("Bremen")],
            id="smart tags",
        ),
        pytest.param(
            paragraph("Open ", run("secret", "<w:vanish/>"), run(" words", "<w:vanish/>"), run(" here")),
            [Paragraph("Open [Hidden: secret words] here")],
            id="hidden text",
        ),
        pytest.param(
            paragraph(
                "Fee ",
                run("10", "<w:strike/>"),
                run(" euros", "<w:dstrike/>"),
                run(" 20", '<w:strike w:val="0"/>'),
                run(" x", "<w:strike/><w:vanish/>"),
            ),
            [Paragraph("Fee [Struck out: 10 euros] 20[Hidden: x]")],
            id="text that is struck out",
        ),
        pytest.param(
            paragraph(
                "Up to 10",
                run("1", '<w:vertAlign w:val="superscript"/>'),
                run("2", '<w:vertAlign w:val="superscript"/>'),
                " per m",
                run("2", '<w:vertAlign w:val="superscript"/>'),
                run("3", '<w:vertAlign w:val="subscript"/>'),
            ),
            [Paragraph("Up to 10^12 per m2_3")],
            id="digits that stand higher",
        ),
        pytest.param(
            paragraph(
                f"<w:r><w:ruby><w:rt>{run('と')}</w:rt><w:rubyBase>{run('都')}</w:rubyBase></w:ruby></w:r>", "へ"
            ),
            [Paragraph("都(と)へ")],
            id="readings above characters",
        ),
        pytest.param(
            paragraph("AB", "<w:r><w:noBreakHyphen/></w:r>", "12", "<w:r><w:softHyphen/></w:r>", "34"),
            [Paragraph("AB-1234")],
            id="hyphens",
        ),
        pytest.param(
            paragraph('<w:r><w:sym w:font="Symbol" w:char="F061"/></w:r>', " is an angle"),
            [Paragraph("α is an angle")],
            id="symbols",
        ),
        pytest.param(
            paragraph(
                "<m:oMath><m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f>"
                "<m:r><m:t>=</m:t></m:r><m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r>"
                "</m:sup></m:sSup></m:oMath>"
            ),
            [Paragraph("(a+b)/2=x^2")],
            id="equations",
        ),
        pytest.param(
            paragraph("A map", '<w:r><w:drawing><wp:docPr descr="Map of the exits"/></w:drawing></w:r>'),
            [Paragraph("A map\n[Image: Map of the exits]")],
            id="what a picture shows",
        ),
        pytest.param(
            paragraph("Chart:", '<w:r><w:drawing><c:chart r:id="chart1"/></w:drawing></w:r>'),
            [Paragraph("Chart:"), Paragraph("Chart: Sales"), Table((("", "2024"), ("North", "4711"), ("South", "12")))],
            id="a chart's values",
        ),
    ],
)
def test_what_word_shows(tmp_path: Path, body: str, expected: list[Block]) -> None:
    for w in (documents.W, documents.STRICT_W):
        assert load(tmp_path, body, w=w, chart1=CHART).blocks == expected


def test_styles_strike_out_and_raise(tmp_path: Path) -> None:
    styles = (
        '<w:style w:type="character" w:styleId="Old"><w:rPr><w:strike/></w:rPr></w:style>'
        '<w:style w:type="character" w:styleId="Older"><w:basedOn w:val="Old"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="Gone"><w:rPr><w:strike/></w:rPr></w:style>'
        '<w:style w:type="character" w:styleId="Up"><w:rPr><w:vertAlign w:val="superscript"/></w:rPr></w:style>'
    )
    body = paragraph("Due ", run("May", '<w:rStyle w:val="Older"/>'), " 10", run("3", '<w:rStyle w:val="Up"/>'))
    gone = paragraph("All", run(" but this", '<w:strike w:val="false"/>'), properties='<w:pStyle w:val="Gone"/>')
    assert load(tmp_path, body + gone, styles=styles).blocks == [
        Paragraph("Due [Struck out: May] 10^3"),
        Paragraph("[Struck out: All] but this"),
    ]


def test_notes_and_comments_follow_their_paragraph(tmp_path: Path) -> None:
    def note(number: int, text: str, kind: str = "footnote") -> str:
        return f'<w:{kind} w:id="{number}" w:author="Ann">{paragraph(text)}</w:{kind}>'

    body = paragraph(
        "A surcharge applies",
        '<w:r><w:footnoteReference w:id="7"/><w:endnoteReference w:id="3"/></w:r>',
        ", too.",
        '<w:r><w:commentReference w:id="0"/></w:r>',
    )
    loaded = load(
        tmp_path,
        paragraph("Cost", '<w:r><w:footnoteReference w:id="5" w:customMarkFollows="1"/><w:t>*</w:t></w:r>')
        + body
        + paragraph("Next.", '<w:r><w:footnoteReference w:id="4"/></w:r>'),
        footnotes='<w:footnote w:type="separator" w:id="-1"/>'
        + note(5, "Net.")
        + note(4, "Later.")
        + note(7, "Not in Bremen."),
        endnotes=note(3, "See the appendix.", "endnote"),
        comments=note(0, "Is that so?", "comment"),
    )
    assert loaded.blocks == [
        Paragraph("Cost*\n[Footnote: Net.]"),
        Paragraph(
            "A surcharge applies, too.\n[Footnote 1: Not in Bremen.]\n[Endnote 1: See the appendix.]\n"
            "[Comment by Ann: Is that so?]"
        ),
        Paragraph("Next.\n[Footnote 2: Later.]"),
    ]


def test_a_comment_without_a_place_stands_at_the_end_and_one_on_deleted_text_is_gone(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        '<w:p><w:del><w:r><w:commentReference w:id="1"/></w:r></w:del></w:p>' + paragraph("Here."),
        comments="".join(f'<w:comment w:id="{one}">{paragraph(f"Comment {one}")}</w:comment>' for one in (1, 2)),
    )
    assert loaded.blocks == [Paragraph("Here."), Paragraph("[Comment: Comment 2]")]


def test_headers_stand_before_their_section_and_footers_after_it(tmp_path: Path) -> None:
    def section(*references: str) -> str:
        return "<w:sectPr>" + "".join(references) + "</w:sectPr>"

    def reference(kind: str, part: str, when: str = "default") -> str:
        return f'<w:{kind}Reference w:type="{when}" r:id="{part}"/>'

    loaded = load(
        tmp_path,
        paragraph("One.", properties=section(reference("header", "header1"), reference("header", "header2", "first")))
        + paragraph("Two.")
        + section(
            reference("header", "header1"), reference("header", "header3", "odd"), reference("footer", "footer1")
        ),
        header1=paragraph("Contract 0815"),
        header2=paragraph("Draft"),
        header3=paragraph("Odd pages"),
        footer1=paragraph("Page ", field("PAGE", run("1"))),
    )
    assert [flat([block]) for block in loaded.blocks] == [
        "[Header, not shown: Draft]",
        "[Header: Contract 0815]",
        "One.",
        "[Header: Odd pages]",
        "Two.",
        "[Footer: Page 1]",
    ]


NUMBERING = (
    '<w:abstractNum w:abstractNumId="5">'
    '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="§ %1"/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2)"/></w:lvl>'
    '<w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/></w:lvl>'
    '<w:lvl w:ilvl="3"><w:start w:val="1"/><w:numFmt w:val="none"/><w:lvlText w:val="Note:"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="5"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="5"/>'
    '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride></w:num>'
)
STYLES = (
    '<w:style w:type="paragraph" w:styleId="H"><w:name w:val="heading 2"/><w:pPr><w:numPr><w:numId w:val="1"/>'
    '</w:numPr></w:pPr></w:style><w:style w:type="paragraph" w:styleId="Own"><w:name w:val="Kapitel"/>'
    '<w:basedOn w:val="H"/></w:style><w:style w:type="paragraph" w:styleId="Loop"><w:basedOn w:val="Loop"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Ghost"><w:rPr><w:vanish/></w:rPr></w:style>'
)


def test_lists_and_headings_have_the_numbers_that_word_shows(tmp_path: Path) -> None:
    def item(text: str, level: int, number: int = 1) -> str:
        return paragraph(text, properties=f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')

    def styled(text: str, style: str, more: str = "") -> str:
        return paragraph(text, properties=f'<w:pStyle w:val="{style}"/>{more}')

    loaded = load(
        tmp_path,
        item("Rent", 0)
        + item("monthly", 1)
        + item("in advance", 1)
        + item("cash", 2)
        + item("no cheques", 3)
        + styled("Deposit", "Own")
        + item("at once", 1)
        + item("Anew", 0, 2)
        + styled("Odd", "Loop")
        + styled("No number", "Own", '<w:numPr><w:numId w:val="0"/></w:numPr>')
        + styled("unseen", "Ghost")
        + paragraph("By outline", properties='<w:outlineLvl w:val="0"/>'),
        numbering=NUMBERING,
        styles=STYLES,
    )
    assert loaded.blocks == [
        Paragraph("§ 1 Rent\n  1.a) monthly\n  1.b) in advance\n    - cash\n      Note: no cheques"),
        Heading("§ 2 Deposit", 2),
        Paragraph("  2.a) at once\n§ 7 Anew"),
        Paragraph("Odd"),
        Heading("No number", 2),
        Paragraph("[Hidden: unseen]"),
        Heading("By outline", 1),
    ]


def cell(*content: str, properties: str = "") -> str:
    inside = "".join(one if one.startswith("<") else paragraph(one) for one in content)
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inside}</w:tc>"


def table(*rows: str) -> str:
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in rows) + "</w:tbl>"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            table(
                cell("Region") + cell("2023", properties='<w:gridSpan w:val="2"/>'),
                cell("") + cell("Plan") + cell("Actual"),
                cell("North") + cell("10") + cell("11"),
            ),
            [Table((("Region", "2023 Plan", "2023 Actual"), ("North", "10", "11")))],
            id="names of columns in two rows",
        ),
        pytest.param(
            table(
                cell("Part") + cell("Fee"),
                cell("Motor", properties='<w:vMerge w:val="restart"/>') + cell("45"),
                cell("", properties="<w:vMerge/>") + cell("60"),
            ),
            [Table((("Part", "Fee"), ("Motor", "45"), ("Motor", "60")))],
            id="cells that span rows",
        ),
        pytest.param(
            table(
                cell("Part") + cell("Fees"),
                cell("Motor") + cell(table(cell("new") + cell("45"), cell("used") + cell("20")), "net"),
            ),
            [Table((("Part", "Fees"), ("Motor", "new, 45; used, 20 net")))],
            id="a small table within a cell",
        ),
        pytest.param(
            table(cell("Menu") + cell(paragraph("Warranty", properties='<w:outlineLvl w:val="0"/>'), "24 months.")),
            [Paragraph("Menu"), Heading("Warranty", 1), Paragraph("24 months.")],
            id="a table that lays out",
        ),
        pytest.param(
            table(cell("Fees 2025", properties='<w:gridSpan w:val="2"/>'), cell("Part") + cell("Fee")),
            [Paragraph("Fees 2025"), Table((("Part", "Fee"),))],
            id="a title over the columns",
        ),
        pytest.param(
            table(
                cell("a") + cell("b"), "<w:trPr><w:del/></w:trPr>" + cell("no") + cell("more"), cell("c") + cell("d")
            ),
            [Table((("a", "b"), ("c", "d")))],
            id="a row that was deleted",
        ),
        pytest.param(
            table(
                cell("a") + cell("b"),
                f"<w:sdt><w:sdtContent>{cell('c')}</w:sdtContent></w:sdt>" + cell("d"),
            ),
            [Table((("a", "b"), ("c", "d")))],
            id="a content control around a cell",
        ),
    ],
)
def test_tables(tmp_path: Path, body: str, expected: list[Block]) -> None:
    assert load(tmp_path, body).blocks == expected


def test_what_was_not_read_is_counted(tmp_path: Path) -> None:
    picture = "<w:r><w:drawing><a:blip/></w:drawing></w:r>"
    body = paragraph("Scanned.", picture, picture) + '<w:altChunk r:id="x"/>'
    assert load(tmp_path, body).omitted == (
        Omission("inserted_files", "1 inserted file was not read", 1),
        Omission("pictures", "2 pictures were not read", 2),
    )
    assert load(tmp_path, paragraph("A page of words. " * 50, picture)).omitted == ()
    documents.word_xml(path := tmp_path / "b.docx", paragraph("Whole."), footnotes="")
    documents.replace_part(path, "word/footnotes.xml", b"<cut")
    with path.open("rb") as file:
        assert [one.text for one in docx.load(file).omitted] == ["1 part of the file is damaged"]


def test_a_document_that_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HubbubError, match=r"nested too deeply|damaged"):
        load(tmp_path, "<w:sdt>" * 1500 + paragraph("deep") + "</w:sdt>" * 1500)


def test_parts_are_found_whatever_their_names(tmp_path: Path) -> None:
    documents.word_xml(path := tmp_path / "a.docx", paragraph("Here."))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(
                name.replace("word/document.xml", "Word\\Main.xml"), data.replace(b"document.xml", b"main.xml")
            )
    with path.open("rb") as file:
        assert docx.load(file).blocks == [Paragraph("Here.")]


WORDS = st.text("abc", min_size=1, max_size=3)
WRAPPERS = st.sampled_from("p r sdt sdtContent ins moveTo hyperlink smartTag txbxContent oddity".split())
TREES = st.recursive(
    WORDS.map(lambda word: f"<w:t>{word} </w:t>"),
    lambda trees: (
        st.builds(lambda name, parts: f"<w:{name}>{''.join(parts)}</w:{name}>", WRAPPERS, st.lists(trees))
        | st.lists(st.lists(trees, max_size=2), max_size=3).map(
            lambda rows: table(*("".join(cell(paragraph(*parts)) for parts in row) for row in [rows, rows]))
        )
    ),
    max_leaves=20,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trees=st.lists(TREES, max_size=4))
def test_no_word_is_lost_in_whatever_order_elements_nest(tmp_path: Path, trees: list[str]) -> None:
    body = "".join(trees)
    held = Counter(re.findall(r"<w:t>(\w+) </w:t>", body))
    assert held <= Counter(re.findall(r"\w+", flat(load(tmp_path, body).blocks)))


def test_fields_that_were_never_calculated_are_said(tmp_path: Path) -> None:
    def empty(code: str) -> str:
        return field(code, "").replace('<w:r><w:fldChar w:fldCharType="separate"/></w:r>', "")

    body = (
        paragraph("Total ", empty("=SUM(ABOVE)"), " on ", field("DATE", ""), " or ", field("DATE", run("3 May")))
        + paragraph('<w:fldSimple w:instr=" SEQ Table "/>', ' <w:fldSimple w:instr="SEQ Table"/>'.strip(), text_box())
        + paragraph(
            empty('SYMBOL 252 \\f "Wingdings" \\s 12'), " ", empty("MACROBUTTON None Click here"), empty("IF 1")
        )
        + paragraph("10", run("6", '<w:position w:val="10"/>'), " a", run("5", '<w:position w:val="1"/>'))
    )
    loaded = load(tmp_path, body)
    missing = "(not calculated)"
    assert [block.text for block in loaded.blocks if isinstance(block, Paragraph)] == [
        *(f"Total {missing} on {missing} or 3 May", missing * 2, "✓ Click here", "10^6 a5")
    ]
    said = "4 fields are not calculated in the file"
    assert loaded.omitted == (Omission("fields_not_calculated", said, 4),)
