"""Read Markdown: its blocks as they stand, so that code, lists and emphasis stay what they are."""

import re
from typing import BinaryIO

from markdown_it import MarkdownIt
from markdown_it.token import Token

from hubbub.ingest.blocks import Block, Code, Heading, Loaded, Paragraph, Table, title_among
from hubbub.ingest.loaders import html
from hubbub.ingest.loaders.encoding import read_text

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE = re.compile(r"^title:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.MULTILINE)


def load(file: BinaryIO) -> Loaded:
    """Return a Markdown file's blocks, its front matter first.

    The title is that of the front matter, or the heading that stands above all others.
    """
    return read(read_text(file))


def read(text: str) -> Loaded:
    """Return a text's blocks."""
    title = ""
    blocks: list[Block] = []
    if front := _FRONT_MATTER.match(text):
        named = _TITLE.search(front.group(1))
        title = named.group(1) if named else ""
        blocks += [Code(front.group(1).strip("\n"))] if front.group(1).strip() else []
        text = text[front.end() :]
    blocks += _blocks(text)
    return Loaded(blocks, title=title or title_among(blocks))


def _blocks(text: str) -> list[Block]:
    lines = text.split("\n")
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    blocks: list[Block] = []
    covered = 0
    for number, token in enumerate(tokens):
        if token.level != 0 or token.map is None:
            continue
        blocks += _definitions(lines[covered : token.map[0]])
        covered = max(covered, token.map[1])
        source = "\n".join(lines[token.map[0] : token.map[1]]).strip("\n")
        if token.type == "heading_open":
            blocks.append(Heading(tokens[number + 1].content, int(token.tag[1:])))
        elif token.type in ("fence", "code_block"):
            blocks.append(Code(source))
        elif token.type == "table_open":
            blocks.append(Table(_rows(tokens, number)))
        elif token.type == "html_block":
            blocks += html.read_page(source).blocks
        elif token.type != "hr" and source.strip():
            blocks.append(Paragraph(source))
    blocks += _definitions(lines[covered:])
    return [block for block in blocks if not isinstance(block, Heading) or block.text.strip()]


def _definitions(lines: list[str]) -> list[Block]:
    """Return the notes among lines that define what others refer to: a note of one word looks like a link's address."""
    return [Paragraph(line.strip()) for line in lines if line.lstrip().startswith("[^")]


def _rows(tokens: list[Token], number: int) -> tuple[tuple[str, ...], ...]:
    rows: list[list[str]] = []
    while tokens[number].type != "table_close":
        if tokens[number].type == "tr_open":
            rows.append([])
        elif tokens[number].type == "inline":
            rows[-1].append(tokens[number].content)
        number += 1
    return tuple(tuple(row) for row in rows)
