"""The door of the dialects: what each wire format says of an answer's events, and how own ones ask."""

from collections.abc import Sequence
from typing import Protocol

from hubbub.answers.base import Record
from hubbub.core.errors import HubbubError
from hubbub.core.events import Event, decode
from hubbub.core.questions import Question


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


class WireFormat(Protocol):
    """A format of somebody's own in which programs ask: a route, and what is read and said there."""

    @property
    def path(self) -> str:
        """Where programs post their questions: "/acme/ask". Bodies are JSON, as everywhere."""
        ...

    def read(self, body: bytes) -> Question:
        """Return the question that a body asks. Collections it may name by their ids or names.

        Raises:
            Malformed, Invalid: it can't be read; the message says why. A `ValueError` says so, too.
        """
        ...

    def reply(self, question: Question, answer_id: str) -> Dialect:
        """Return what tells the answer to the program that asked."""
        ...


def events_in(records: Sequence[Record]) -> list[Event]:
    """Return the events of records."""
    return [decode(record.data) for record in records]
