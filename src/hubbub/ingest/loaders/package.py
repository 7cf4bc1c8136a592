"""Open the ZIP archives that Office keeps its documents in, and find their parts by their relations."""

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import unquote

import msgspec

from hubbub.core.errors import Invalid
from hubbub.ingest.loaders.archive import check_archive
from hubbub.ingest.loaders.xml import Element, attribute, name_of, parse

DAMAGED = "The file is damaged. Save it anew and add it again."


class Relation(msgspec.Struct, frozen=True):
    """A reference from one part to another."""

    id: str
    kind: str
    """The last word of its type: `styles`, `footnotes`, `header`. It is the same in strict documents."""
    target: str
    """The name of a part, "" where it lies outside the package."""


class Package:
    """The parts of an Office document, by names that begin without a slash.

    Raises:
        Invalid: it is no archive, or damaged.
        TooLarge: it unpacks to too much.
    """

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._archive = zipfile.ZipFile(file)
            check_archive(self._archive)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise Invalid(DAMAGED, code="corrupt") from error
        # Some programs write backslashes, or other cases than in their relations.
        self._parts = {_plain(part.filename): part for part in self._archive.infolist()}

    def names(self) -> list[str]:
        """Return the parts' names in the archive's order, in lower case."""
        return list(self._parts)

    def read(self, name: str) -> bytes | None:
        """Return a part's bytes, None where it is not there.

        Raises:
            Invalid: it is damaged.
        """
        part = self._parts.get(_plain(name))
        if part is None:
            return None
        try:
            return self._archive.read(part)
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, ValueError, zlib.error) as error:
            raise Invalid(DAMAGED, code="corrupt") from error

    def root(self, name: str) -> Element | None:
        """Return the root of a part that is XML, None where it is not there.

        Raises:
            Invalid: it is damaged.
        """
        data = self.read(name)
        return None if data is None else parse(data)

    def relations(self, name: str = "") -> Iterator[Relation]:
        """Yield what a part, or the package itself, refers to."""
        folder, file = posixpath.split(name)
        root = self.root(posixpath.join(folder, "_rels", f"{file}.rels"))
        for one in root if root is not None else ():
            if name_of(one) != "Relationship":
                continue
            is_outside = one.get("TargetMode") == "External"
            target = posixpath.normpath(posixpath.join("/", folder, unquote(one.get("Target", ""))))
            kind = (attribute(one, "Type") or "").rpartition("/")[2]
            yield Relation(one.get("Id", ""), kind, "" if is_outside else target.lstrip("/"))

    def title(self) -> str:
        """Return the title among the document's properties, "" where it has none."""
        for relation in self.relations():
            if relation.kind == "core-properties" and (root := self.root(relation.target)) is not None:
                return next((one.text or "" for one in root if name_of(one) == "title"), "").strip()
        return ""


def _plain(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()
