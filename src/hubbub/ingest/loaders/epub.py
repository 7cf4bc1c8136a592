"""Read EPUB: the pages of a book in the order of its spine."""

import posixpath
import zipfile
import zlib
from functools import partial
from typing import BinaryIO
from urllib.parse import unquote

from hubbub.core.documents import Omission
from hubbub.core.errors import Invalid
from hubbub.core.reasons import because
from hubbub.ingest.blocks import Block, Loaded
from hubbub.ingest.gauge import read_so_far
from hubbub.ingest.loaders import html
from hubbub.ingest.loaders.inlaid import Inlaid
from hubbub.ingest.loaders.xml import name_of, parse

_DAMAGED = because("damaged")


def load(file: BinaryIO) -> Loaded:
    """Return a book's text.

    Raises:
        Invalid: it is damaged, or protected against being read.
    """
    blocks: list[Block] = []
    missing = 0
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            if "META-INF/rights.xml" in names or "META-INF/license.lcpl" in names:
                raise Invalid(because("book_protected"), code="encrypted")
            container = parse(archive.read("META-INF/container.xml"))
            package = next((one.get("full-path", "") for one in container.iter() if name_of(one) == "rootfile"), "")
            root = parse(archive.read(package), resolves=True)
            places = {one.get("id"): one.get("href", "") for one in root.iter() if name_of(one) == "item"}
            title = next((one.text or "" for one in root.iter() if name_of(one) == "title"), "")
            spine = [one.get("idref") for one in root.iter() if name_of(one) == "itemref"]
            inlaid = Inlaid(lambda name: archive.read(name) if name in names else b"")
            for number, reference in enumerate(spine):
                read_so_far(number, len(spine))
                place = _beside(package, places.get(reference, ""))
                if place not in names:
                    missing += 1
                    continue
                page = html.decode_page(archive.read(place))
                blocks += html.read_page(page, is_xml=True, pictures=partial(_picture, inlaid, place)).blocks
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, zlib.error, OSError, NotImplementedError) as error:
        raise Invalid(_DAMAGED, code="corrupt") from error
    words = f"{missing} of {len(spine)} parts of the book are missing"
    return Loaded(blocks, title=title, omitted=(Omission("parts", words, missing, len(spine)),) if missing else ())


def _beside(place: str, address: str) -> str:
    """Return the name of what a part of the book has an address for."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(place), unquote(address)))


def _picture(inlaid: Inlaid, place: str, address: str) -> list[Block]:
    return inlaid.read(address if address.startswith("data:") else _beside(place, address))
