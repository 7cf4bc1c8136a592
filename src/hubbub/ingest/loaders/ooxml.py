"""Open the packages that Office writes: their parts, and the relationships that lead from one to another."""

import importlib
import posixpath
import zipfile
import zlib
from typing import IO, Any, BinaryIO

import msgspec

from hubbub.core.errors import Invalid
from hubbub.core.reasons import because

etree: Any = importlib.import_module("lxml.etree")  # it has no types

SAFE: dict[str, Any] = {"resolve_entities": False, "no_network": True, "huge_tree": False, "remove_comments": True}
"""How XML is parsed: no entity is replaced, nothing is fetched, and libxml2's own limits hold."""


class Relation(msgspec.Struct, frozen=True):
    """Where a part leads to."""

    kind: str
    """The last part of its type: `worksheet`, `notesSlide`; it is the same in strict and in transitional files."""
    target: str


class Package:
    """An open package. Its parts' names are found whatever their case, as Office finds them."""

    def __init__(self, file: BinaryIO) -> None:
        """Open a package.

        Raises:
            Invalid: it is damaged.
        """
        try:
            self._archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise damaged() from error
        self._names = {name.replace("\\", "/").lower(): name for name in self._archive.namelist()}

    def open(self, part: str) -> IO[bytes] | None:
        """Return a part as an open file, if it is there."""
        name = self._names.get(part.lower())
        return None if name is None else self._archive.open(name)

    def parts(self, *beginnings: str) -> list[str]:
        """Return the names of the parts that begin so."""
        return [name for name in self._names if name.startswith(beginnings)]

    def data(self, part: str) -> bytes:
        """Return a part's bytes; none where it is not there or is damaged."""
        try:
            return self.read(part) or b""
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
            return b""

    def xml(self, part: str) -> Any:
        """Return the root element of a part; None where it is not there.

        Raises:
            SyntaxError, BadZipFile, zlib.error: it is damaged.
        """
        opened = self.open(part)
        if opened is None:
            return None
        with opened:
            return etree.parse(opened, etree.XMLParser(**SAFE)).getroot()

    def read(self, part: str) -> bytes | None:
        """Return a part's bytes; None where it is not there.

        Raises:
            BadZipFile, zlib.error: it is damaged.
        """
        opened = self.open(part)
        if opened is None:
            return None
        with opened:
            return opened.read()

    def relations(self, part: str = "") -> dict[str, Relation]:
        """Return where a part leads to inside the package, by the relationship's id."""
        folder, name = posixpath.split(part)
        root = self.xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        found: dict[str, Relation] = {}
        for relation in () if root is None else root.iterfind("{*}Relationship"):
            target = relation.get("Target", "")
            if relation.get("TargetMode") != "External" and target:
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                found[relation.get("Id", "")] = Relation(relation.get("Type", "").rpartition("/")[2], target)
        return found

    def related(self, part: str, kind: str) -> list[str]:
        """Return the parts that a part leads to by relationships of one kind."""
        return [relation.target for relation in self.relations(part).values() if relation.kind == kind]

    def main(self) -> str:
        """Return the name of the part that everything else hangs on.

        Raises:
            Invalid: there is none.
        """
        found = self.related("", "officeDocument")
        if not found:
            raise damaged()
        return found[0]

    def title(self) -> str:
        """Return the title that the document's properties give; "" where they give none."""
        for part in self.related("", "core-properties"):
            root = self.xml(part)
            title = None if root is None else root.findtext("{*}title")
            if title and title.strip():
                return str(title).strip()
        return ""


def parsed(data: bytes) -> Any:
    """Return the root element of a part.

    Raises:
        SyntaxError: it is damaged.
    """
    return etree.fromstring(data, etree.XMLParser(**SAFE))


def relation_id(element: Any, name: str = "id") -> str:
    """Return the id of the relationship that an element names, in strict and in transitional files."""
    for key, value in element.attrib.items():
        if key.endswith(f"/relationships}}{name}"):
            return str(value)
    return ""


def damaged() -> Invalid:
    """Return the error for a file that is not what it should be."""
    return Invalid(because("damaged"), code="corrupt")
