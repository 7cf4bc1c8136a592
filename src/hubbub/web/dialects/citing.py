"""Put the names of documents in the place of numbered markers: `[2]` becomes `[report.pdf#page=3]`."""

import re
from collections.abc import Sequence
from urllib.parse import quote

import msgspec

from hubbub.conversation.prose import Found, Marker, Prose
from hubbub.core.documents import Citation
from hubbub.core.events import Way

_MARKER = re.compile(r"(?<!\\)\[([1-9][0-9]{0,2})\]")
_UNSAFE = re.compile(r"[%#?\[\]\\\x00-\x1f\x7f]|:(?= )")


def source_name(name: str, page: int | None) -> str:
    """Return what a document's page is cited as: the end of its address below `/content/`.

    What would end the citation or change the address is percent-encoded: brackets, `#`, `?` and the like.
    """
    safe = _UNSAFE.sub(lambda found: quote(found[0], safe=""), name)
    return safe if page is None else f"{safe}#page={page}"


class Citing:
    """Replaces the markers of one answer, text by text, in order. What was not cited or is no prose stays.

    A text may be kept back until it is known what it is; `rest` is what is left at the end.
    """

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._prose: Prose | None = Prose()
        """Reads what a model writes over documents; None where passages are quoted: they are escaped."""

    def begin(self, way: Way) -> None:
        """Learn how the answer is made."""
        self._prose = Prose() if way == "grounded" else None

    def begin_again(self) -> None:
        """Forget the text so far: it was no answer, and nothing is cited in it."""
        self._names.clear()
        self._prose = None if self._prose is None else Prose()

    def cite(self, citation: Citation) -> None:
        """Take a citation; its markers come after it."""
        self._names[citation.marker] = source_name(citation.name, citation.page)

    def json(self, text: bytes) -> bytes:
        """Return a text with its markers replaced, both as JSON strings."""
        return msgspec.json.encode(self.text(msgspec.json.decode(text, type=str)))

    def text(self, text: str) -> str:
        """Return a text with its markers replaced."""
        if self._prose is None:
            return _MARKER.sub(lambda found: self._named(int(found[1])), text)
        return self._said(self._prose.feed(text))

    def rest(self) -> str:
        """Return what was kept back, when there is no more text."""
        return "" if self._prose is None else self._said(self._prose.finish())

    def _said(self, parts: Sequence[Found]) -> str:
        return "".join([self._replaced(part) for part in parts])

    def _replaced(self, part: Found) -> str:
        if isinstance(part, str):
            return part
        if isinstance(part, Marker) and any(number in self._names for number in part.numbers):
            return "".join([self._named(number) for number in part.numbers])
        return part.source

    def _named(self, number: int) -> str:
        return f"[{self._names.get(number, number)}]"
