"""Read Excel workbooks as they are shown: a sheet is a heading over its tables, its comments and its drawings."""

import zipfile
import zlib
from collections import Counter
from typing import BinaryIO

from hubbub.core.documents import Omission
from hubbub.core.errors import TooLarge
from hubbub.ingest.blocks import Block, Heading, Hidden, Loaded, Paragraph
from hubbub.ingest.gauge import reading_one
from hubbub.ingest.loaders import embedded
from hubbub.ingest.loaders.beside import sides
from hubbub.ingest.loaders.crude import held
from hubbub.ingest.loaders.drawings import drawn
from hubbub.ingest.loaders.inlaid import Inlaid
from hubbub.ingest.loaders.ooxml import SAFE, Package, Relation, damaged, etree, relation_id
from hubbub.ingest.loaders.sheet import MOST_CELLS, Grid, Styles, plain_text, read_grid
from hubbub.ingest.loaders.tables import tables

_DAMAGE = (SyntaxError, zipfile.BadZipFile, zlib.error, EOFError)


def load(file: BinaryIO) -> Loaded:
    """Return what each sheet shows: the results of formulas, numbers and dates in their formats.

    Raises:
        Invalid: it is damaged.
        TooLarge: it has too many cells.
    """
    package = Package(file)
    try:
        workbook = _Workbook(package)
    except _DAMAGE as error:
        raise damaged() from error
    blocks: list[Block] = []
    hidden: list[Hidden] = []
    links: list[Relation] = []
    for number, (name, part, is_hidden) in enumerate(workbook.sheets):
        with reading_one(number, len(workbook.sheets)):
            shown = workbook.sheet(part)
        links += workbook.links(part) if not is_hidden else []
        if is_hidden:
            inside = [*shown.blocks, *(block for one in shown.hidden for block in one.blocks)]
            hidden.append(Hidden("sheet", 1, [Heading(f"{name} (hidden sheet)", 1), *inside]))
        elif shown.blocks or shown.hidden:
            blocks += [Heading(name, 1), *shown.blocks] if shown.blocks else []
            hidden += [Hidden(one.what, one.count, [Heading(name, 1), *one.blocks]) for one in shown.hidden]
    inner, lost = embedded.inner(package, links)
    # Shared strings are no measure: files keep some that no cell shows any more.
    parts = package.parts("xl/drawings/drawing", "xl/charts/chart")
    return Loaded(
        [*blocks, *inner],
        title=package.title(),
        hidden=tuple(hidden),
        omitted=(*workbook.omitted(), *lost),
        held=held(package, parts),
    )


class _Workbook:
    """A workbook that is being read."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._inlaid = Inlaid(package.data)
        main = package.main()
        root = package.xml(main)
        if root is None:
            raise damaged()
        relations = package.relations(main)
        by_kind = {relation.kind: relation.target for relation in relations.values()}
        properties = root.find("{*}workbookPr")
        is_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        self._styles = Styles(package.xml(by_kind.get("styles", "")), is_1904)
        self._strings = _strings(package, by_kind.get("sharedStrings", ""))
        self._left = MOST_CELLS
        self._counts: Counter[str] = Counter()
        self.sheets: list[tuple[str, str, bool]] = []
        """Each sheet's name, its part, and whether it is hidden."""
        for sheet in root.iterfind("{*}sheets/{*}sheet"):
            relation = relations.get(relation_id(sheet))
            if relation is not None:
                is_hidden = sheet.get("state", "visible") != "visible"
                self.sheets.append((sheet.get("name", ""), relation.target, is_hidden))

    def sheet(self, part: str) -> Loaded:
        """Return a sheet's blocks.

        Raises:
            TooLarge: the workbook has too many cells.
        """
        grid = Grid()
        try:
            if (opened := self._package.open(part)) is not None:
                with opened:
                    read_grid(opened, grid, self._strings, self._styles, self._left)
        except _DAMAGE:
            self._counts["damaged_sheets"] += 1
        self._left -= grid.cells
        if self._left < 0:
            raise TooLarge(f"The workbook has more than {MOST_CELLS} cells. Split it into smaller ones.")
        self._counts["formulas"] += grid.not_calculated
        self._counts["damaged_sheets"] += grid.is_damaged
        blocks = [block for part in sides(grid.shown()) for block in tables(part)]
        blocks += [Paragraph("\n".join(grid.margins))] if grid.margins else []
        hidden = [
            Hidden(what, count, [Heading(f"Hidden {what}s", 2), *tables(rows)])
            for what, count, rows in (("row", *grid.hidden_rows()), ("column", *grid.hidden_columns()))
            if count
        ]
        try:
            blocks += self._beside(part)
        except _DAMAGE:
            self._counts["damaged_sheets"] += 1
        return Loaded(blocks, hidden=tuple(hidden))

    def _beside(self, part: str) -> list[Block]:
        """Return a sheet's comments and the text of its drawings."""
        relations = [(one.kind, one.target) for one in self._package.relations(part).values()]
        threads = _comments(self._package, [target for kind, target in relations if kind == "threadedComment"])
        # A program that knows no threads is told of each one in a comment of the old kind on its cell.
        told = {cell for cell, _ in threads}
        old = _comments(self._package, [target for kind, target in relations if kind == "comments"])
        comments = [line for _, line in (*threads, *(one for one in old if one[0] not in told))]
        blocks: list[Block] = [Paragraph("\n".join(comments))] if comments else []
        for kind, target in relations:
            if kind == "drawing":
                blocks += drawn(self._package, target, self._inlaid)
            elif kind == "vmlDrawing":
                blocks += _controls(self._package.data(target))
        return blocks

    def links(self, part: str) -> list[Relation]:
        """Return what a sheet leads to."""
        try:
            return list(self._package.relations(part).values())
        except _DAMAGE:
            return []

    def omitted(self) -> tuple[Omission, ...]:
        """Return what could not be read so far."""
        found: list[Omission] = []
        if count := self._counts["formulas"]:
            one = "1 formula is not calculated" if count == 1 else f"{count} formulas are not calculated"
            found.append(Omission("formulas_not_calculated", f"{one} in the file", count))
        if count := self._counts["damaged_sheets"]:
            one = "1 sheet is damaged" if count == 1 else f"{count} sheets are damaged"
            found.append(Omission("damaged_sheets", f"{one}, and read in part", count, len(self.sheets)))
        return tuple(found)


def _controls(drawing: bytes) -> list[Block]:
    """Return what stands on buttons and in boxes of the old kind. Comments are drawn so, too, without their text."""
    root = etree.fromstring(drawing, etree.XMLParser(recover=True, **SAFE)) if drawing.strip() else None
    found = (
        " ".join(" ".join(box.itertext()).split()) for box in ((root.iter("{*}textbox")) if root is not None else ())
    )
    lines = [line for line in found if line]
    return [Paragraph("\n".join(lines))] if lines else []


def _strings(package: Package, part: str) -> list[str]:
    """Return the workbook's shared strings."""
    opened = package.open(part)
    if opened is None:
        return []
    found: list[str] = []
    with opened:
        for _, item in etree.iterparse(opened, tag="{*}si", **SAFE):
            found.append(plain_text(item))
            item.clear()
            while item.getprevious() is not None:
                del item.getparent()[0]
    return found


def _comments(package: Package, parts: list[str]) -> list[tuple[str, str]]:
    """Return the cells of comments, and what is said of each."""
    lines: list[tuple[str, str]] = []
    for part in parts:
        root = package.xml(part)
        for comment in () if root is None else root.iter("{*}comment", "{*}threadedComment"):
            text = " ".join(plain_text(comment.find("{*}text")).split())
            if text:
                cell = comment.get("ref", "a cell")
                lines.append((cell, f"Comment on {cell}: {text}"))
    return lines
