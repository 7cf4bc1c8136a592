"""Read Word documents: all that Word shows, in the order in which it is read."""

from typing import BinaryIO

from hubbub.core.errors import Invalid
from hubbub.core.reasons import because
from hubbub.ingest.blocks import Block, Loaded, Paragraph, title_among
from hubbub.ingest.loaders import embedded
from hubbub.ingest.loaders.ooxml import Package, damaged
from hubbub.ingest.loaders.word_parts import Parts, Section
from hubbub.ingest.loaders.word_walk import Walk
from hubbub.ingest.loaders.xml import Element, child

CAPTION_LENGTH = 200
"""With less text than this for each picture, the pictures hold what the document says."""


def load(file: BinaryIO) -> Loaded:
    """Return a document's blocks.

    Tracked insertions are read and deletions are not. Notes and comments follow their paragraph, headers stand
    before their section and footers after it. What Word does not show as text, or not there, is marked in brackets.

    Raises:
        Invalid: it is damaged, or no Word document.
        TooLarge: it unpacks to too much.
    """
    try:
        parts = Parts(Package(file))
        body = child(parts.document, "body")
        if body is None:
            raise damaged()
        walk = Walk(parts)
        blocks = _sections(walk, body, parts)
    except (SyntaxError, RecursionError) as error:
        if isinstance(error, RecursionError) or "depth" in str(error):
            raise Invalid(because("nested_too_deeply"), code="corrupt") from error
        raise damaged() from error
    if walk.pictures and parts.held < walk.pictures * CAPTION_LENGTH:
        parts.lose_pictures(walk.pictures)
    if walk.not_calculated:
        parts.lose_fields(walk.not_calculated)
    inner, lost = embedded.inner(parts.package, walk.embedded)
    title = parts.package.title() or title_among(blocks)
    omitted = (*parts.omissions(), *lost)
    return Loaded([*blocks, *inner], title=title, omitted=omitted, held=parts.held)


def _sections(walk: Walk, body: Element, parts: Parts) -> list[Block]:
    blocks: list[Block] = []
    shown: set[str] = set()
    for section, elements in parts.sections(body):
        blocks += _margins(walk, parts, section, "header", shown)
        blocks += walk.blocks(elements)
        blocks += _margins(walk, parts, section, "footer", shown)
    return blocks + walk.comments_without_place()


def _margins(walk: Walk, parts: Parts, section: Section, kind: str, shown: set[str]) -> list[Block]:
    """Return a section's headers or footers, each once a document."""
    blocks: list[Block] = []
    for name, is_shown in section.margins(kind):
        root = parts.root(name)
        text = walk.text_of(root, name) if root is not None else ""
        if text and text not in shown:
            shown.add(text)
            blocks.append(Paragraph(f"[{kind.capitalize()}{'' if is_shown else ', not shown'}: {text}]"))
    return blocks
