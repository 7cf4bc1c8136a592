"""Read a site's map: the URLs of its pages, or of further maps."""

import zlib
from xml.parsers import expat

import msgspec

from hubbub.core.errors import Invalid

MOST_BYTES = 50 * 1024 * 1024
MOST_URLS = 50_000
"""Both as sitemaps.org has them."""
_GZIP = b"\x1f\x8b"


class Sitemap(msgspec.Struct):
    """What a map names."""

    pages: list[str] = msgspec.field(default_factory=list[str])
    maps: list[str] = msgspec.field(default_factory=list[str])


def parse_sitemap(data: bytes) -> Sitemap:
    """Return what a map names, in its order, none twice. It may be XML, also compressed, or lines of text.

    Raises:
        Invalid: it is none, or too large.
    """
    if data.startswith(_GZIP):
        unpacking = zlib.decompressobj(31)
        try:
            data = unpacking.decompress(data, MOST_BYTES)
        except zlib.error as error:
            raise Invalid("The sitemap is damaged.") from error
        if unpacking.unconsumed_tail:
            raise Invalid("The sitemap is too large.")
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _lines(data)
    return _Parsing().parse(data)


def _lines(data: bytes) -> Sitemap:
    urls = [line.strip() for line in data.decode("utf-8-sig", errors="replace").splitlines() if line.strip()]
    if not urls or not all(url.startswith(("http://", "https://")) for url in urls):
        raise Invalid("There is no sitemap there.")
    return Sitemap(list(dict.fromkeys(urls[:MOST_URLS])))


class _Parsing:
    def __init__(self) -> None:
        self._path: list[str] = []
        self._text: list[str] = []
        self._found: dict[str, list[str]] = {"url": [], "sitemap": []}

    def parse(self, data: bytes) -> Sitemap:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            raise Invalid("There is no sitemap there: it is no XML.") from error
        if not self._is_map:
            raise Invalid("There is no sitemap there.")
        pages, maps = (list(dict.fromkeys(self._found[kind])) for kind in ("url", "sitemap"))
        return Sitemap(pages, maps)

    _is_map = False

    def _doctype(self, *_: object) -> None:
        raise Invalid("The sitemap declares a document type, which none needs.")

    def _start(self, name: str, _: dict[str, str]) -> None:
        name = name.rpartition(" ")[2]
        if not self._path:
            self._is_map = name in ("urlset", "sitemapindex")
        self._path.append(name)
        self._text.clear()

    def _characters(self, text: str) -> None:
        if self._path[-1:] == ["loc"]:
            self._text.append(text)

    def _end(self, _: str) -> None:
        if self._path[1:] in (["url", "loc"], ["sitemap", "loc"]):
            found = self._found[self._path[1]]
            if len(found) < MOST_URLS and (url := "".join(self._text).strip()):
                found.append(url)
        self._path.pop()
        self._text.clear()
