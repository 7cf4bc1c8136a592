"""Put the names of documents in the place of numbered markers: `[2]` becomes `[report.pdf#page=3]`."""

import re
from urllib.parse import quote

import msgspec

from hubbub.core.documents import Citation
from hubbub.core.events import Way

_SPECIAL = re.compile(r"`+|\[(\d{1,3})\]")
_MARKER = re.compile(r"(?<!\\)\[(\d{1,3})\]")
_UNSAFE = re.compile(r"[%#?\[\]\\\x00-\x1f\x7f]|:(?= )")


def source_name(name: str, page: int | None) -> str:
    """Return what a document's page is cited as: the end of its address below `/content/`.

    What would end the citation or change the address is percent-encoded: brackets, `#`, `?` and the like.
    """
    safe = _UNSAFE.sub(lambda found: quote(found[0], safe=""), name)
    return safe if page is None else f"{safe}#page={page}"


class Citing:
    """Replaces the markers of one answer, text by text, in order. What was not cited stays, and so does code."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._fence = ""  # the backticks that opened the code we are in
        self._has_code = True

    def begin(self, way: Way) -> None:
        """Learn how the answer is made: quotes hold no code, their backticks are escaped."""
        self._has_code = way != "quotes"

    def cite(self, citation: Citation) -> None:
        """Take a citation; its markers come after it."""
        self._names[str(citation.marker)] = source_name(citation.name, citation.page)

    def json(self, text: bytes) -> bytes:
        """Return a text with its markers replaced, both as JSON strings."""
        if b"[" not in text and b"`" not in text:
            return text
        return msgspec.json.encode(self.text(msgspec.json.decode(text, type=str)))

    def text(self, text: str) -> str:
        """Return a text with its markers replaced."""
        return _SPECIAL.sub(self._replaced, text) if self._has_code else _MARKER.sub(self._named, text)

    def _replaced(self, found: re.Match[str]) -> str:
        run = found[0]
        if found[1] is not None:
            return run if self._fence else self._named(found)
        if not self._fence:
            self._fence = run
        elif run == self._fence:
            self._fence = ""
        return run

    def _named(self, found: re.Match[str]) -> str:
        name = self._names.get(found[1])
        return found[0] if name is None else f"[{name}]"
