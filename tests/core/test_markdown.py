import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hubbub.core.markdown import escape, unescape

markdown_it = pytest.importorskip("markdown_it")
PARSER = markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"])

# What formats, and plain letters between it.
TEXTS = st.text(alphabet="ab1 2.)(\n\t`*_[]<>#|~\\-+=&;:/@!'\"é$", max_size=40)
FORMULA = re.compile(r"(?<!\\)(?:\\\\)*(?:\\[\[(]|\$[^$]*\$)")
"""Where a formula begins for what shows formulas: the page, and many chat clients."""


def shown(markdown: str) -> tuple[str, set[str]]:
    """Return the text that a reader sees, and the kinds of formatting around it."""
    tokens = PARSER.parse(markdown)
    inner = [child for token in tokens for child in token.children or ()]
    return "".join(child.content for child in inner), {token.type for token in (*tokens, *inner)}


@given(TEXTS)
@example("1986. It was a good year.")
@example("- not a list")
@example("---")
@example("===")
@example("AT&amp;T &#65; &lt;b&gt;")
@example("[2] <<Who?>> [x](javascript:alert(1)) ![x](y) | a | b |")
@example("~~~\n\ncode ``` `x`")
@example("a\\*b\\")
@example("[Footnote 1: It costs $5, and $6 in $HOME.] \\[x\\] \\(y\\) $$z$$")
def test_what_was_escaped_is_shown_as_it_was_and_formats_nothing(text: str) -> None:
    plain = " ".join(text.split())
    seen, kinds = shown(f"> {escape(text)}")
    assert seen == plain
    assert kinds <= {"blockquote_open", "blockquote_close", "paragraph_open", "paragraph_close", "inline", "text"} | {
        "text_special"
    }
    assert unescape(escape(text)) == plain
    assert not FORMULA.search(escape(text))


def test_addresses_do_not_become_links() -> None:
    assert escape("https://a.example/b www.a.example a@b.example") == (
        r"https\://a.example/b www\.a.example a\@b.example"
    )
    assert escape("At 10:30, R&D paid 5.50 (net) - or not!") == "At 10:30, R&D paid 5.50 (net) - or not!"
