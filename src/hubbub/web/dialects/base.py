"""The door of the dialects: what each wire format says of an answer's events."""

from collections.abc import Sequence
from typing import Protocol

from hubbub.answers.base import Record
from hubbub.core.errors import HubbubError


class Dialect(Protocol):
    """Renders the events of one answer for one reader. The same records give the same bytes, however they are cut.

    It may remember what it has rendered: it is given each record once, in order, from the first on
    unless the format says otherwise.
    """

    media_type: str

    def opening(self) -> bytes:
        """Return what is sent before anything else; nothing, as a rule."""
        ...

    def frames(self, records: Sequence[Record]) -> bytes:
        """Return the frames of the next records, with all that ends the stream after the last of them.

        Where there are none it returns a sign of life, or nothing where the format has no room for one.
        """
        ...

    def trouble(self, error: HubbubError) -> bytes:
        """Return the frame that says why the stream breaks off here, though the answer itself goes on."""
        ...
