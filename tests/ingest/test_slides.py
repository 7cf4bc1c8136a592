"""Slides are read in the order of reading, with what is drawn on them and said beside them."""

import os
from pathlib import Path
from typing import Any

import pptx
from pptx.chart.data import XyChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from hubbub.ingest.blocks import Heading, Loaded, Paragraph, Table
from hubbub.ingest.loaders import pptx as loader
from hubbub.ingest.loaders.xml import etree
from hubbub.ingest.reader import read_here
from tests.ingest import documents
from tests.ingest.workbooks import relations

DATA = Path(__file__).parent / "data"
BLANK = 6
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"


def load(path: Path) -> Loaded:
    with path.open("rb") as file:
        return loader.load(file)


def boxes(path: Path, *placed: tuple[float, float, str]) -> Path:
    """Write a slide of text boxes: each where it stands, in inches from the left and from the top."""
    presentation: Any = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[BLANK])
    for left, top, text in placed:
        slide.shapes.add_textbox(Inches(left), Inches(top), Inches(2), Inches(1)).text_frame.text = text
    presentation.save(str(path))
    return path


def test_charts_are_read_and_hidden_slides_counted() -> None:
    found = read_here(os.open(DATA / "chart.pptx", os.O_RDONLY), "chart.pptx", {})
    text = "\n".join(piece.text for piece in found.pieces)
    for words in ("Text box text", "Chart: Revenue by city", "| Berlin | 4711 |"):
        assert words in text
    assert "Layoffs" not in text
    assert found.completeness.but == "1 hidden slide was left out"
    asked = read_here(os.open(DATA / "chart.pptx", os.O_RDONLY), "chart.pptx", {}, reads_hidden=True)
    assert [(piece.page, piece.heading, piece.text) for piece in asked.pieces][-1] == (
        2, "Hidden plan (hidden slide)", "Layoffs in June",
    )  # fmt: skip


def test_shapes_come_in_the_order_of_reading(tmp_path: Path) -> None:
    path = boxes(tmp_path / "a.pptx", (5, 4, "fourth"), (1, 4.05, "third"), (5, 1, "second"), (1, 1.1, "first"))
    assert [block.text for block in load(path).blocks if isinstance(block, Paragraph)] == [
        *("first", "second", "third", "fourth")
    ]


def test_a_placeholder_stands_where_its_layout_puts_it(tmp_path: Path) -> None:
    presentation: Any = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "Title"
    slide.placeholders[1].text = "body"
    slide.shapes.add_textbox(Inches(1), Inches(0.1), Inches(2), Inches(1)).text_frame.text = "above the body"
    presentation.save(str(tmp_path / "a.pptx"))
    assert load(tmp_path / "a.pptx").blocks == [
        Heading("Title", 1, 1), Paragraph("above the body", 1), Paragraph("body", 1),
    ]  # fmt: skip


def test_smartart_comments_and_alternatives_are_read_once(tmp_path: Path) -> None:
    path = boxes(tmp_path / "a.pptx", (1, 1, "SHAPE"))
    diagram = (
        '<d xmlns:a="urn:a"><pt><a:p><a:r><a:t>Plan</a:t></a:r></a:p></pt>'
        "<pt><a:p><a:r><a:t>Do</a:t></a:r></a:p></pt></d>"
    )
    slide = (
        '<p:sld xmlns:p="urn:p" xmlns:a="urn:a" xmlns:r="urn:x/relationships">'
        "<p:cSld><p:spTree><p:graphicFrame><a:graphicData>"
        "<p:relIds r:dm='diagramData1'/></a:graphicData></p:graphicFrame>"
        "<p:AlternateContent><p:Choice><p:sp><a:p><a:r><a:t>new</a:t></a:r></a:p></p:sp></p:Choice>"
        "<p:Fallback><p:sp><a:p><a:r><a:t>old</a:t></a:r></a:p></p:sp></p:Fallback></p:AlternateContent>"
        "</p:spTree></p:cSld></p:sld>"
    )
    comments = "<c><cm><text>Is this right?</text></cm></c>"
    links = relations(diagramData1="../d.xml", comments="../c.xml")
    for name, text in (
        ("ppt/slides/slide1.xml", slide),
        ("ppt/d.xml", diagram),
        ("ppt/c.xml", comments),
        ("ppt/slides/_rels/slide1.xml.rels", links),
    ):
        documents.replace_part(path, name, text.encode())
    assert load(path).blocks == [
        Heading("Slide 1", 1, 1),
        Paragraph("- Plan\n- Do", 1),
        Paragraph("new", 1),
        Paragraph("Comment: Is this right?", 1),
    ]


def test_tables_are_tables(tmp_path: Path) -> None:
    presentation: Any = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[BLANK])
    table = slide.shapes.add_table(2, 2, Inches(1), Inches(1), Inches(4), Inches(1)).table
    for place, text in enumerate(["City", "Rain", "Bonn", ""]):
        table.cell(place // 2, place % 2).text = text
    presentation.save(str(tmp_path / "a.pptx"))
    assert load(tmp_path / "a.pptx").blocks[1:] == [Table((("City", "Rain"), ("Bonn", "")), 1)]


def test_what_is_struck_out_and_what_stands_higher_is_marked(tmp_path: Path) -> None:
    presentation: Any = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[BLANK])
    paragraph = slide.shapes.add_textbox(0, 0, Inches(2), Inches(1)).text_frame.paragraphs[0]
    looks = [("10", {}), ("-6", {"baseline": "30000"}), (" g, ", {}), ("5", {"strike": "sngStrike"})]
    for text, attributes in [*looks, (" x", {"strike": "noStrike", "baseline": "0"}), ("2", {"baseline": "-25000"})]:
        run = paragraph.add_run()
        run.text = text
        run.font.bold = False
        run.font._rPr.attrib.update(attributes)
    presentation.save(str(tmp_path / "a.pptx"))
    assert load(tmp_path / "a.pptx").blocks[1:] == [Paragraph("10^-6 g, [Struck out: 5] x2", 1)]


def test_a_damaged_slide_is_said_and_the_others_are_read(tmp_path: Path) -> None:
    documents.powerpoint(path := tmp_path / "a.pptx")
    documents.replace_part(path, "ppt/slides/slide1.xml", b"<p:sld>")
    found = load(path)
    assert found.blocks[0] == Heading("Second", 1, 2)
    assert [one.text for one in found.omitted] == ["1 of 2 slides is damaged"]


def test_text_that_no_reader_knows_is_counted_all_the_same(tmp_path: Path) -> None:
    path = boxes(tmp_path / "a.pptx", (1, 1, "SHAPE"))
    shape, rest = (f"<a:p><a:r><a:t>{words}</a:t></a:r></a:p>" for words in ("in a shape", "somewhere else"))
    slide = (
        f'<p:sld xmlns:p="urn:p" xmlns:a="urn:a"><p:cSld><p:spTree><p:sp>{shape}</p:sp></p:spTree></p:cSld>'
        f"<p:new>{rest}</p:new></p:sld>"
    )
    documents.replace_part(path, "ppt/slides/slide1.xml", slide.encode())
    found = read_here(os.open(path, os.O_RDONLY), "a.pptx", {})
    assert found.completeness.held == len("inashapesomewhereelse")
    assert "of its text could not be read" in found.completeness.but


def test_hidden_shapes_are_left_out_and_counted(tmp_path: Path) -> None:
    path = boxes(tmp_path / "a.pptx", (1, 1, "shown"), (1, 2, "unseen"))
    presentation: Any = pptx.Presentation(str(path))
    presentation.slides[0].shapes[1]._element.nvSpPr.cNvPr.set("hidden", "1")
    presentation.save(str(path))
    found = read_here(os.open(path, os.O_RDONLY), "a.pptx", {})
    assert [piece.text for piece in found.pieces] == ["shown"]
    assert found.completeness.but == "1 hidden shape was left out"


def test_embedded_documents_that_are_missing_are_named(tmp_path: Path) -> None:
    path = boxes(tmp_path / "a.pptx", (1, 1, "shown"))
    links = relations(oleObject1="../embeddings/a.bin", package="../embeddings/b.xlsx")
    documents.replace_part(path, "ppt/slides/_rels/slide1.xml.rels", links.encode())
    assert [one.text for one in load(path).omitted] == ["2 embedded documents were not read: a.bin, b.xlsx"]


def test_what_stands_beside_the_notes_is_read(tmp_path: Path) -> None:
    path = boxes(tmp_path / "a.pptx", (1, 1, "shown"), (1, 2, "Ask Ann first."))
    presentation: Any = pptx.Presentation(str(path))
    notes = presentation.slides[0].notes_slide
    notes.notes_text_frame.text = "Pause here."
    notes.shapes._spTree.append(presentation.slides[0].shapes[1]._element)
    presentation.save(str(path))
    assert load(path).blocks[-2:] == [
        Paragraph("Notes: Pause here.", 1), Paragraph("Beside the notes: Ask Ann first.", 1),
    ]  # fmt: skip


def test_what_a_picture_shows_is_read_where_its_author_says_it(tmp_path: Path) -> None:
    path = boxes(tmp_path / "a.pptx", (1, 1, "shown"))
    presentation: Any = pptx.Presentation(str(path))
    (tmp_path / "dot.png").write_bytes(PNG)
    picture = presentation.slides[0].shapes.add_picture(str(tmp_path / "dot.png"), 0, 3_000_000)
    picture._element.nvPicPr.cNvPr.set("descr", "A chart\nof growth")
    presentation.save(str(path))
    assert Paragraph("[Image: A chart of growth]", 1) in load(path).blocks


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c63600000000200"
    "01e221bc330000000049454e44ae426082"
)


def test_automatic_numbers_and_merged_cells_are_read_as_they_are_shown(tmp_path: Path) -> None:
    def line(text: str, mark: str = "", level: int = 0) -> str:
        font = '<a:rPr><a:sym typeface="Wingdings"/></a:rPr>'
        return f'<a:p xmlns:a="{DRAWING}"><a:pPr lvl="{level}">{mark}</a:pPr><a:r>{font}<a:t>{text}</a:t></a:r></a:p>'

    number, letter = '<a:buAutoNum type="arabicPeriod"/>', '<a:buAutoNum type="alphaLcParenBoth"/>'
    lines = (
        *(line("one", number), line("\uf0e0 à two", number), line("part", letter, 1), line("part", letter, 1)),
        *(line("three", number), line("plain", "<a:buNone/>")),
        line("seven", '<a:buAutoNum type="romanUcPeriod" startAt="7"/>'),
    )
    presentation: Any = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[BLANK])
    text = slide.shapes.add_textbox(Inches(1), Inches(1), Inches(2), Inches(1)).text_frame._txBody
    text.remove(text.p_lst[0])
    for one in lines:
        text.append(etree.fromstring(one))
    table = slide.shapes.add_table(3, 2, Inches(1), Inches(4), Inches(4), Inches(1)).table
    for place, words in enumerate(("part", "month", "motor", "May", "", "June")):
        table.cell(place // 2, place % 2).text = words
    table.cell(1, 0).merge(table.cell(2, 0))
    presentation.save(str(tmp_path / "a.pptx"))
    assert load(tmp_path / "a.pptx").blocks[1:] == [
        Paragraph("1. one\n2. → à two\n(a) part\n(b) part\n3. three\n- plain\nVII. seven", 1),
        Table((("part", "month"), ("motor", "May"), ("motor", "June")), 1),
    ]


def test_the_points_of_a_scatter_chart_stay_with_their_own_places(tmp_path: Path) -> None:
    presentation: Any = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[BLANK])
    data = XyChartData()
    for name, points in (("first", ((1, 20), (3, 40))), ("second", ((5, 60),))):
        series = data.add_series(name)
        for x, y in points:
            series.add_data_point(x, y)
    slide.shapes.add_chart(XL_CHART_TYPE.XY_SCATTER, Inches(1), Inches(1), Inches(4), Inches(2), data)
    presentation.save(str(tmp_path / "a.pptx"))
    assert load(tmp_path / "a.pptx").blocks[1:] == [
        Table((("", "first"), ("1", "20"), ("3", "40")), 1), Table((("", "second"), ("5", "60")), 1),
    ]  # fmt: skip


def test_what_the_master_shows_on_each_slide_is_read_once(tmp_path: Path) -> None:
    presentation: Any = pptx.Presentation()
    for text in ("one", "two"):
        slide = presentation.slides.add_slide(presentation.slide_layouts[BLANK])
        slide.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame.text = text
    stamp = slide.shapes.add_textbox(0, 0, Inches(1), Inches(1))
    stamp.text_frame.text = "Confidential until 2027"
    presentation.slide_master.shapes._spTree.append(stamp._element)
    presentation.save(str(tmp_path / "a.pptx"))
    assert [block.text for block in load(tmp_path / "a.pptx").blocks if isinstance(block, Paragraph)] == [
        "one",
        "[Behind the slide: Confidential until 2027]",
        "two",
    ]


def test_what_is_hidden_in_a_group_is_hidden(tmp_path: Path) -> None:
    presentation: Any = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[BLANK])
    group = slide.shapes.add_group_shape()
    for text in ("seen", "unseen"):
        box = group.shapes.add_textbox(0, 0, Inches(1), Inches(1))
        box.text_frame.text = text
    box._element.nvSpPr.cNvPr.set("hidden", "1")
    presentation.save(str(tmp_path / "a.pptx"))
    loaded = load(tmp_path / "a.pptx")
    assert loaded.blocks[1:] == [Paragraph("seen", 1)]
    (hidden,) = loaded.hidden
    assert hidden.blocks[1:] == [Paragraph("unseen", 1)]
