"""Collect pictures in the sandbox that are read elsewhere, and hand back there what they say."""

from collections.abc import Mapping

import msgspec

from hubbub.ingest.ocr.base import Picture, Recognised
from hubbub.ingest.png import png

MOST_BYTES = 40 * 1024 * 1024
"""The size of the pictures of one file, which is part of what a child may return."""


class Drawn(msgspec.Struct, frozen=True):
    """A picture that is to be read."""

    digest: str
    png: bytes


class Drawing:
    """Collects pictures in the sandbox, and reads none."""

    def __init__(self, most: int) -> None:
        self.drawn: dict[str, Drawn] = {}
        self._most = most
        self._size = 0

    @property
    def is_full(self) -> bool:
        """Whether no further one is taken."""
        return len(self.drawn) >= self._most or self._size >= MOST_BYTES

    def read(self, picture: Picture, *, most_seconds: float) -> Recognised | None:
        key = digest_of(picture)
        if key not in self.drawn and not self.is_full:
            data = png(picture.pixels, picture.width, picture.height, picture.width, channels=1)
            self._size += len(data)
            if self._size <= MOST_BYTES:
                self.drawn[key] = Drawn(key, data)
        return None


class Answered:
    """Says in the sandbox what was read elsewhere."""

    def __init__(self, answers: Mapping[str, Recognised]) -> None:
        self._answers = answers

    def read(self, picture: Picture, *, most_seconds: float) -> Recognised | None:
        return self._answers.get(digest_of(picture))


def digest_of(picture: Picture) -> str:
    """Return what tells a picture from others: pages are drawn alike each time."""
    import hashlib  # with OpenSSL, which takes 5 ms: few readers draw anything

    size = f"{picture.width} {picture.height} ".encode()
    return hashlib.sha256(size + picture.pixels).hexdigest()
