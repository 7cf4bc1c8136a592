"""What else programs write in forms of their own is read as they show it: numbers of lists, letters off their line."""

# ruff: noqa: E501 (documents as they are written)

from pathlib import Path

import pytest

from hubbub.ingest.blocks import Paragraph
from hubbub.ingest.loaders.numerals import formatted
from tests.ingest.test_variants import load, packed, shown
from tests.ingest.test_word import load as load_word
from tests.ingest.test_word import paragraph, run

SPINE = {
    "META-INF/container.xml": '<c><rootfile full-path="b.opf"/></c>',
    "b.opf": '<p><item id="i" href="c.xhtml"/><itemref idref="i"/></p>',
}


def book(page: str) -> bytes:
    return packed({**SPINE, "c.xhtml": f'<?xml version="1.0"?>{page}'})


@pytest.mark.parametrize(
    ("form", "numbers"),
    [
        ("russianLower", {1: "а", 10: "к", 29: "я", 30: "аа"}),
        ("lowerLetter", {26: "z", 28: "bb"}),
        ("lower-alpha", {26: "z", 28: "ab", 703: "aaa"}),
        ("upperRoman", {4: "IV", 1994: "MCMXCIV", 0: "0"}),
        ("decimalEnclosedCircle", {1: "①", 20: "⑳", 21: "21"}),
        ("chineseCounting", {1: "一", 10: "十", 11: "十一", 20: "二十", 34: "三十四", 100: "100"}),
        ("chineseLegalSimplified", {10: "壹拾", 12: "壹拾贰"}),
        ("ideographDigital", {10: "一〇"}),
        ("hebrew1", {1: "א", 11: "יא", 15: "טו", 16: "טז", 20: "כ", 116: "קטז"}),
        ("arabicAbjad", {3: "ج"}),
        ("thaiNumbers", {10: "๑๐"}),
        ("chicago", {4: "§", 5: "**"}),
        ("decimalZero", {7: "07", 12: "12"}),
        ("none", {3: ""}),
        ("of no known form", {3: "3"}),
    ],
)
def test_numbers_in_their_form(form: str, numbers: dict[int, str]) -> None:
    assert {number: formatted(number, form) for number in numbers} == numbers


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        # Numbers of lists that a style gives
        ("a.html", '<ol style="list-style-type: lower-alpha"><li>one<li>two</ol>', "a. one b. two"),
        ("a.html", '<ol><li style="list-style-type:upper-roman">one<li style="list-style:none">two</ol>', "I. one two"),
        ("a.html", '<ul style="list-style:decimal inside"><li>one</ul><ol type="disc"><li>two</ol>', "1. one - two"),
        # What is no part of the number that it stands beside
        ("a.html", "<p>log<sub>10</sub>100, 101<sub>2</sub>, H<sub>2</sub>O, SO<sub>4</sub><sup>2-</sup>", "log10 100, 101_2, H2O, SO4^2-"),
        ("a.html", "<p><sup>1</sup>2024 figures, <sup>2</sup> 2025, 1<sup>1</sup>/<sub>2</sub>", "1 2024 figures, 2 2025, 1 1/2"),
        ("a.html", "<p><math><msub><mi>x</mi><mn>1</mn></msub><mn>2</mn></math>", "x_1 2"),
        ("a.rtf", r"{\rtf1 log{\sub 10}100 101{\dn4 2} {\super 1}2024 1{\super 1}/{\sub 2}\par}", "log10 100 101_2 1 2024 1 1/2"),
        # Elements that HTML doesn't know, and lines that styles part
        ("a.html", '<p>in <st1:City w:st="on">Berlin</st1:City> now, <my-date>2 May</my-date> at least', "in Berlin now, 2 May at least"),
        ("a.html", "<my-card>One</my-card><my-card>Two</my-card>", "One Two"),
        ("a.html", '<p><span style="display:block">Fee</span><span style="display: flex"><b>5</b><b>EUR</b></span>', "Fee 5 EUR"),
        # Formulas
        ("a.html", "<p>If <math><mn>1</mn><mphantom><mn>9</mn></mphantom><mo>+</mo><mn>2</mn></math> so", "If 1+2 so"),
        (
            "a.html",
            "<p>So <math><mmultiscripts><mi>C</mi><mn>6</mn><none/><mprescripts/><none/><mn>14</mn></mmultiscripts></math>",
            "So ^14C_6",
        ),
        (
            "a.html",
            '<p>Let <mjx-container><mjx-math aria-hidden="true"><mjx-c></mjx-c></mjx-math><mjx-assistive-mml><math><mi>x</mi>'
            "</math></mjx-assistive-mml></mjx-container> be",
            "Let x be",
        ),
        (
            "a.html",
            '<p>So <span class="katex"><span class="katex-mathml"><math><mfrac><mi>a</mi><mi>b</mi></mfrac></math></span>'
            '<span class="katex-html" aria-hidden="true"><span class="vlist">b</span><span class="vlist">a</span></span></span>.',
            "So a/b.",
        ),
        ("a.html", '<p>So <span class="katex"><span class="katex-html">x=1</span></span>.', "So x=1."),
        # XML that is named otherwise
        (
            "a.epub",
            book(
                '<!DOCTYPE html [<!ENTITY firm "ACME"><!ATTLIST p x CDATA "y">]><h:html xmlns:h="http://www.w3.org/1999/xhtml" '
                'xmlns:m="http://www.w3.org/1998/Math/MathML"><h:body><h:h1>&firm;</h:h1><h:p>pays <m:math><m:mfrac><m:mi>a'
                "</m:mi><m:mi>b</m:mi></m:mfrac></m:math>.</h:p></h:body></h:html>"
            ),
            "ACME pays a/b.",
        ),
        # RTF: large first letters, halves of letters, breaks of columns, older lists
        ("a.rtf", r"{\rtf1\pard\dropcapli2\dropcapt1 T\par\pard he fee\par}", "The fee"),
        ("a.rtf", rb"{\rtf1\ansicpg932{\fonttbl{\f0\fcharset128 M;}}\f0 \'95\\\'8e\'a6 \{a\\b\}\par}", "表示 {a¥b}".replace("¥", "\\")),
        ("a.rtf", r"{\rtf1 one\column two\par}", "one two"),
        ("a.rtf", r"{\rtf1{\pntext 1)\tab}{\*\pn\pnlvlbody\pndec{\pntxta )}}one\par}", "1) one"),
    ],
)  # fmt: skip
def test_it_is_read_as_it_is_shown(name: str, data: bytes | str, expected: str) -> None:
    loaded = load(name, data)
    assert (shown(loaded), loaded.omitted) == (expected, ())


MATH = "<m:r><w:rPr><w:%s/></w:rPr><m:t>%s</m:t></m:r>"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (paragraph("T", properties='<w:framePr w:dropCap="drop"/>') + paragraph("he fee is due."), "The fee is due."),
        (paragraph("log", run("10", '<w:vertAlign w:val="subscript"/>'), "100"), "log10 100"),
        (paragraph(run("1", '<w:vertAlign w:val="superscript"/>'), "2024 figures"), "1 2024 figures"),
        (paragraph(f"<m:oMath>{MATH % ('del', '5')}{MATH % ('ins', '6')}</m:oMath>", " EUR for all of the many words"), "6 EUR for all of the many words"),
        (
            paragraph("<m:oMath><m:phant><m:phantPr><m:show m:val='0'/></m:phantPr><m:e><m:r><m:t>9</m:t></m:r></m:e></m:phant></m:oMath>", "and so"),
            "and so",
        ),
        (
            paragraph("<m:oMath><m:acc><m:accPr><m:chr m:val='\u0304'/></m:accPr><m:e><m:r><m:t>x</m:t></m:r></m:e></m:acc></m:oMath>", "is it"),
            "x\u0304 is it",
        ),
    ],
)  # fmt: skip
def test_word_is_read_as_it_is_shown(tmp_path: Path, body: str, expected: str) -> None:
    assert load_word(tmp_path, body).blocks == [Paragraph(expected)]


def test_lists_of_opendocument_in_other_scripts() -> None:
    flat = (
        '<?xml version="1.0"?><office:document xmlns:office="o" xmlns:text="t" xmlns:style="s" office:mimetype="m">'
        '<office:automatic-styles><text:list-style style:name="L"><text:list-level-style-number text:level="1" '
        'style:num-format="①, ②, ③, ..."/></text:list-style></office:automatic-styles><office:body><office:text>'
        '<text:list text:style-name="L"><text:list-item><text:p>one</text:p></text:list-item></text:list></office:text>'
        "</office:body></office:document>"
    )
    assert shown(load("a.fodt", flat)) == "① one"


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ('<p>in <st1:City w:st="on">Berlin</st1:City> now', ["in Berlin now"]),
        ("<p>until <my-date>2 May</my-date> at least", ["until 2 May at least"]),
        ("<p>Let <mjx-a><mjx-b><math><mi>x</mi></math></mjx-b></mjx-a> be", ["Let x be"]),
        ("<my-card>One</my-card><my-card>Two</my-card>", ["One", "Two"]),
    ],
)
def test_elements_that_html_does_not_know_part_no_sentence(page: str, expected: list[str]) -> None:
    assert load("a.html", page).blocks == [Paragraph(text) for text in expected]


def test_tables_within_tables_are_not_repeated_within_what_is_repeated() -> None:
    row = '<table:table-row table:number-rows-repeated="50"><table:table-cell table:number-columns-repeated="50">'
    begin, end = f"<table:table>{row}", "</table:table-cell></table:table-row></table:table>"
    flat = (
        '<?xml version="1.0"?><office:document xmlns:office="o" xmlns:text="t" xmlns:table="ta" office:mimetype="m">'
        f"<office:body><office:text>{begin * 6}<text:p>word</text:p>{end * 6}</office:text></office:body></office:document>"
    )
    assert "word" in shown(load("a.fodt", flat))
