"""Keep what was found for a question while tools are called for it, so that each step reads the same passages."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import msgspec
from msgspec.structs import replace

from hubbub.core.documents import Document, Hit
from hubbub.core.people import Reader
from hubbub.core.questions import Begun, Generation, Question

MOST = 256
"""So many questions are kept at once; the oldest goes first."""
SECONDS = 600.0
"""How long what was found is kept after the last step."""

_encoder = msgspec.json.Encoder(order="deterministic")


@runtime_checkable
class Holds(Protocol):
    """Knows documents by their ids."""

    async def document(self, document_id: str, *, reader: Reader | None = None) -> Document | None: ...


class _Found(NamedTuple):
    until: float
    query: str
    hits: tuple[Hit, ...]


class Searches:
    """What was found for questions whose model may call tools. A worker keeps its own.

    A step of a loop is the same question, of the same reader, with the results of tools behind it. Rights on
    collections are asked for at each step, before this; where a document is gone, was moved, or
    is restricted to others by now, a step searches anew.
    """

    def __init__(self, library: object = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Take what knows documents; without it nothing is kept."""
        self._library = library if isinstance(library, Holds) else None
        self._clock = clock
        self._found: OrderedDict[bytes, _Found] = OrderedDict()

    async def kept(self, question: Question) -> Begun | None:
        """Return what was found for an earlier step of a question; None where there was none, or it holds no more."""
        if self._library is None or not question.since:
            return None
        found = self._found.get(_key(question))
        if found is None or found.until < self._clock():
            return None
        for document_id in dict.fromkeys(hit.document_id for hit in found.hits):
            document = await self._library.document(document_id, reader=question.reader)
            if document is None or document.collection_id not in question.collection_ids:
                return None
        self.keep(question, found.query, found.hits)
        return Begun("", found.query, found.hits)

    def keep(self, question: Question, query: str, hits: Sequence[Hit]) -> None:
        """Keep what was found for a question, where its model may call tools."""
        if self._library is None or not question.generation.tools:
            return
        key = _key(question)
        self._found[key] = _Found(self._clock() + SECONDS, query, tuple(hits))
        self._found.move_to_end(key)
        while len(self._found) > MOST:
            self._found.popitem(last=False)


def _key(question: Question) -> bytes:
    """Return what is the same for all steps of a question: all but the tools, and what they returned."""
    same = replace(question, since=(), generation=Generation(), instructions=None, wait_seconds=None)
    return hashlib.sha256(_encoder.encode(same)).digest()
