"""A page is read as a browser shows it, each word once."""

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.ingest.blocks import Block, Code, Heading, Loaded, Paragraph, Table
from hubbub.ingest.loaders import html
from hubbub.ingest.loaders.grids import flat


def load(folder: Path, page: str | bytes) -> Loaded:
    (folder / "a").write_bytes(page.encode() if isinstance(page, str) else page)
    with (folder / "a").open("rb") as file:
        return html.load(file)


def nested(depth: int, inside: str) -> str:
    return "<table><tr><td>" * depth + inside + "</td></tr></table>" * depth


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        *(
            pytest.param(nested(depth, "5 days."), [Paragraph("5 days.")], id=f"{depth} nested tables")
            for depth in (2, 3, 6)
        ),
        pytest.param(
            "<table><tr><td><ul><li>Home</ul><td><h1>Warranty</h1><p>24 months."
            "<table><tr><th>Part<th>Fee<tr><td>Motor<td>45</table></table>",
            [
                Paragraph("- Home"),
                Heading("Warranty", 1),
                Paragraph("24 months."),
                Table((("Part", "Fee"), ("Motor", "45")), has_header=True),
            ],
            id="a table that lays out",
        ),
        pytest.param(
            "<table><tr><td>Price<script>var x</script><style>a{}</style><td hidden>no<td>12 EUR<nav>a</nav></table>",
            [Table((("Price", "12 EUR"),))],
            id="scripts, styles and menus within cells",
        ),
        pytest.param(
            "<table><caption>Hours</caption><tr><th>Day<th>Open<tr><td>Monday<td rowspan=2>9-17<tr><td>Tuesday</table>",
            [Paragraph("Hours"), Table((("Day", "Open"), ("Monday", "9-17"), ("Tuesday", "9-17")), has_header=True)],
            id="captions and cells that span rows",
        ),
        pytest.param(
            "<table><tr><th rowspan=2>Region<th colspan=2>2023<tr><th>Plan<th>Actual<tr><td>North<td>10<td>11</table>",
            [Table((("Region", "2023 Plan", "2023 Actual"), ("North", "10", "11")), has_header=True)],
            id="names of columns in two rows",
        ),
        pytest.param(
            "<table><tr><td rowspan=0>A<td>1<tr><td>2<tr><td>3</table>",
            [Table((("A", "1"), ("A", "2"), ("A", "3")))],
            id="a cell that spans all rows",
        ),
        pytest.param(
            "<h2>H<sub>2</sub>O</h2><p>10<sup>-6</sup> m<sup>2</sup>, un<wbr>broken, a<!-- c -->b",
            [Heading("H2O", 2), Paragraph("10^-6 m2, unbroken, ab")],
            id="words that elements part",
        ),
        pytest.param("<p>x<br>y z<span>A</span><span>B</span>", [Paragraph("x\ny zAB")], id="lines"),
        pytest.param(
            "<ol start=3><li>c<ol type=a><li>one<li>two</ol><li value=9>i</ol><dl><dt>Term<dd>Meaning</dl>",
            [Paragraph("3. c\n  a. one\n  b. two\n9. i"), Paragraph("Term\n  Meaning")],
            id="lists with their numbers",
        ),
        pytest.param(
            '<form><label>Name <input value="Ada"></label><input type=hidden value=no><input type=password value=no>'
            "<input type=checkbox checked> yes <select><option>Blue<option>Red</select><textarea>Long note</textarea>"
            "<button>Send</button></form>",
            [Paragraph("Name Ada ☒ yes Blue, Red Long note Send")],
            id="forms",
        ),
        pytest.param(
            '<p style="display: none">no</p><dialog>no</dialog><template>no</template><p aria-hidden=true>seen</p>'
            "<details><summary>More</summary><p>Inside</details><dialog open>Now</dialog>",
            [Paragraph(word) for word in ("seen", "More", "Inside", "Now")],
            id="what is not shown",
        ),
        pytest.param(
            '<figure><img alt="Map of the exits"><figcaption>Figure 3</figcaption></figure>',
            [Paragraph("[Image: Map of the exits]"), Paragraph("Figure 3")],
            id="pictures",
        ),
        pytest.param(
            "<p><math><mfrac><mi>a</mi><mrow><mi>b</mi><mo>+</mo><mn>1</mn></mrow></mfrac><mo>=</mo>"
            "<msup><mi>x</mi><mn>2</mn></msup><annotation>\\frac</annotation></math>",
            [Paragraph("a/(b+1)=x^2")],
            id="formulas",
        ),
        pytest.param(
            "<p><math><mfrac><mrow><msup><mi>x</mi><mn>2</mn></msup><mo>+</mo><mn>1</mn></mrow><mn>2</mn></mfrac></math>",
            [Paragraph("(x^2+1)/2")],
            id="formulas within formulas",
        ),
        pytest.param(
            "<p><math><mi>A</mi><mo>=</mo><mfenced open='['><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mfrac><mn>1</mn>"
            "<mn>2</mn></mfrac></mtd></mtr><mtr><mtd></mtd><mtd><mn>4</mn></mtd></mtr></mtable></mfenced></math> holds",
            [Paragraph("A=[[1, 1/2; , 4]) holds")],
            id="tables of formulas",
        ),
        pytest.param(
            "<table><tr><td><pre>1\n2</pre><td><pre>x = 1\n  y = 2</pre></table>",
            [Code("1\n2"), Code("x = 1\n  y = 2")],
            id="code within cells",
        ),
        pytest.param("<p>東京<ruby>都<rp>(</rp><rt>と</rt><rp>)</rp></ruby>", [Paragraph("東京都(と)")], id="ruby"),
        pytest.param(
            '<p>Fee <del>10</del> 20, <span style="color: red; text-decoration:line-through">5 <s>%</s></span> 6 '
            "<s></s>%<ul><li><strike>Tea</strike> Milk</ul><del><p>One<p>Two</p></del><pre><s>a</s> b</pre>",
            [
                Paragraph("Fee [Struck out: 10] 20, [Struck out: 5 %] 6 %"),
                Paragraph("- [Struck out: Tea] Milk"),
                Paragraph("[Struck out: One]"),
                Paragraph("[Struck out: Two]"),
                Code("[Struck out: a] b"),
            ],
            id="text that is struck out",
        ),
        pytest.param(
            '<x-a><template shadowrootmode="open"><p>Price <slot></slot><template>no</template></template>12</x-a>'
            "<p>End",
            [Paragraph("Price"), Paragraph("12"), Paragraph("End")],
            id="a shadow root that is declared",
        ),
        pytest.param(
            "<ol reversed><li>c<li>b</ol><ol reversed start=9><li>x</ol>",
            [Paragraph("2. c\n1. b"), Paragraph("9. x")],
            id="lists that count down",
        ),
        pytest.param("<svg><title>no</title><text>Label</text></svg>", [Paragraph("Label")], id="drawings"),
    ],
)
def test_what_a_browser_shows(tmp_path: Path, page: str, expected: list[Block]) -> None:
    assert load(tmp_path, page).blocks == expected


@pytest.mark.parametrize(
    "head",
    [
        '<?xml version="1.0" encoding="UTF-8"?>\n<html xmlns="http://www.w3.org/1999/xhtml">',
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x.dtd">\n<html xmlns="http://www.w3.org/1999/xhtml">',
    ],
)
def test_xhtml_with_elements_that_close_themselves(tmp_path: Path, head: str) -> None:
    page = head + '<head><title/><script src="a"/></head><p title="a > b"/><a id="x"/><p>The fee<br/>is 12.</p></html>'
    assert load(tmp_path, page).blocks == [Paragraph("The fee\nis 12.")]


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("shift_jis", "cp932", "会社①の住所"),
        ("gb2312", "gb18030", "朱镕基说"),
        ("iso-8859-1", "cp1252", "“Größe” – 5 €"),
        ("iso-8859-9", "cp1254", "İstanbul’da"),
        ("euc-kr", "cp949", "똠방각하"),
        ("windows-1251", "cp1251", "Залог составляет"),
        ("x-sjis", "cp932", "髙島屋"),
        ("latin1", "utf-8", "UTF-8 whatever it says: ü"),
        ("no-such-encoding", "cp1251", "Срок уведомления составляет три месяца"),
        ("utf-16", "utf-8", "Größe"),
    ],
)
def test_encodings_as_browsers_read_their_labels(tmp_path: Path, label: str, codec: str, text: str) -> None:
    filler = "<!-- charset=koi8-r -->" + '<meta name="keywords" content="more">' * 200
    for meta in (f'<meta charset="{label}">', f'<meta http-equiv="x" content="text/html; charset={label}">'):
        for page in (f"{meta}<p>{text}</p>", f"<head>{filler}{meta}</head><p>{text}</p>"):
            assert load(tmp_path, page.encode(codec)).blocks == [Paragraph(text)]


def test_a_page_of_one_broken_byte_loses_one_character(tmp_path: Path) -> None:
    page = "<meta charset=utf-8><p>Größe und Maß".encode() + b"\xff</p>"
    assert load(tmp_path, page).blocks == [Paragraph("Größe und Maß\ufffd")]


WORDS = st.text("abc", min_size=1, max_size=3).map(lambda word: f" w{word} ")
TAGS = st.sampled_from(
    "div p span b table tr td th ul ol li dl dt dd h1 pre caption thead tbody a sup s del center font x-y".split()
)
PAGES = st.recursive(
    WORDS,
    lambda trees: st.builds(lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>", TAGS, st.lists(trees, max_size=4)),
    max_leaves=25,
)


@settings(max_examples=100)
@given(trees=st.lists(PAGES, max_size=4))
def test_each_word_is_read_and_none_is_made_up(trees: list[str]) -> None:
    page = "".join(trees)
    read = Counter(re.findall(r"w[abc]+", flat(html.read_page(page).blocks)))
    held = Counter(re.findall(r"w[abc]+", page))
    assert held.keys() == read.keys()
    assert all(read[word] >= count for word, count in held.items())


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("<h1>Drill D-9</h1><p>It drills.</p><h2>Care</h2><p>Oil it.</p>", "Drill D-9"),
        ("<title> The  drill </title><h1>Drill D-9</h1>", "The drill"),
        ("<h1>Drill</h1><p>One.</p><h1>Saw</h1><p>Two.</p>", ""),
        ("<p>It drills.</p>", ""),
    ],
)
def test_a_page_without_a_title_has_that_of_the_heading_above_it_all(text: str, title: str) -> None:
    assert html.read_page(text).title == title


HEAD = "<tr><th>Item<th>Price"


def named(*rows: tuple[str, ...]) -> Table:
    return Table(rows, has_header=True)


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (
            HEAD + "<tr><td>Tea<td>2" + HEAD + "<tr><td>Jam<td>3",
            [named(("Item", "Price"), ("Tea", "2"), ("Jam", "3"))],
        ),
        (
            HEAD + "<tr><td>Tea<td>2<tr><th>Person<th>Salary<tr><td>Ann<td>3000",
            [named(("Item", "Price"), ("Tea", "2")), named(("Person", "Salary"), ("Ann", "3000"))],
        ),
        (
            "<tr><th>Item<th>2023<tr><td>Tea<td>2<tr><th>Item<th>2024<tr><td>Tea<td>3",
            [named(("Item", "2023"), ("Tea", "2")), named(("Item", "2024"), ("Tea", "3"))],
        ),
        (
            "<tr><th rowspan=2>Item<th colspan=2>Price<tr><th>Old<th>New<tr><td>Tea<td>2<td>3"
            "<tr><th rowspan=2>Item<th colspan=2>Price<tr><th>Old<th>New<tr><td>Jam<td>4<td>5",
            [named(("Item", "Price Old", "Price New"), ("Tea", "2", "3"), ("Jam", "4", "5"))],
        ),
        (
            HEAD + "<tr><td>Tea<td>2<tr><th>Total<th>2<tr><td>Jam<td>3",
            [named(("Item", "Price"), ("Tea", "2"), ("Total", "2"), ("Jam", "3"))],
        ),
        (
            HEAD + "<tr><td rowspan=3>Tea<td>2<tr><th>Size<th>Fee<tr><td>4",
            [named(("Item", "Price"), ("Tea", "2"), ("Tea", "Size", "Fee"), ("Tea", "4"))],
        ),
        (
            HEAD + "<tr><th>Fruit<th><tr><td>Fig<td>2<tr><th>Nuts<th><tr><td>Pecan<td>3",
            [named(("Item", "Price"), ("Fruit",), ("Fig", "2"), ("Nuts",), ("Pecan", "3"))],
        ),
        (
            "<tr><th>Name<td>Ada<tr><th>Born<td>1815",
            [Table((("Name", "Ada"), ("Born", "1815")), has_header=False)],
        ),
        (
            "<tr><th>Name<td>Ada<th>Born<td>1815<tr><th>City<td>London<th>Died<td>1852",
            [Table((("Name", "Ada", "Born", "1815"), ("City", "London", "Died", "1852")), has_header=False)],
        ),
        (
            "<tr><th><th>May<th>June<tr><th>North<td>1<td>2",
            [named(("", "May", "June"), ("North", "1", "2"))],
        ),
    ],
    ids=[
        *("repeated", "other-names", "other-years", "repeated-two-rows", "total", "spanned", "groups"),
        *("labels", "labels-twice", "both"),
    ],
)
def test_what_names_cells_is_told_as_a_page_says(tmp_path: Path, page: str, expected: list[Block]) -> None:
    assert load(tmp_path, f"<table>{page}</table>").blocks == expected
