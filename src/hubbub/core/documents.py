"""The words of search: collections, documents, passages, hits and citations."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from hubbub.core.people import Right
from hubbub.core.reasons import Reason

Vector: TypeAlias = bytes
"""An embedding: float32, little endian, L2-normalised, 4 bytes a dimension."""

DocumentState: TypeAlias = Literal["waiting", "reading", "embedding", "ready", "failed"]
"""waiting → reading → embedding (its words can be found already) → ready; or failed, with a reason."""


class Collection(msgspec.Struct, frozen=True):
    """A named set of documents that is searched as one."""

    id: str
    name: str
    owner_id: str
    is_shared: bool = False
    """Whether everybody may use it."""
    description: str = ""
    created_at: float = 0.0
    """Seconds since the epoch."""
    documents: int = 0
    passages: int = 0
    embedded: int = 0
    """How many of the passages have a vector already."""
    right: Right = Right.NONE
    """What the reader may do with it that it was looked up for."""


class Omission(msgspec.Struct, frozen=True):
    """Something of a file that was not read."""

    kind: str
    """What it is, for programs: `pages_without_text`, `hidden_sheets`."""
    text: str
    """The same for a person, to stand after "ready, but": "5 of 6 pages hold no text"."""
    count: int = 1
    of: int = 0
    """Out of how many; 0 where that says nothing."""
    names: str | UnsetType = UNSET
    """What was not read, by name, where it has names."""
    within: str | UnsetType = UNSET
    """The file within the document that it is said of, where it is not the document itself."""


class ReadByOcr(msgspec.Struct, frozen=True):
    """How much of a document was recognised on pictures of its pages, and how surely."""

    pages: int
    of: int
    confidence: int
    """The recogniser's own, in percent: the mean of the pages."""
    lowest: int
    """That of the page that it is least sure of."""
    by: str = "OCR"
    """What read them: "OCR" on this server, "Azure Document Intelligence", or "a model", which has no confidence."""
    what: str = "page"
    """What was read: pages, or pictures in a text."""

    @property
    def text(self) -> str:
        """The same for a person: "5 of 6 pages read by OCR, confidence 87 %"."""
        pages = f"1 {self.what}" if self.of == 1 else f"{self.pages} of {self.of} {self.what}s"
        return f"{pages} read by {self.by}" + (f", confidence {self.confidence} %" if self.confidence else "")


class Completeness(msgspec.Struct, frozen=True):
    """How whole a document was read."""

    characters: int = 0
    """How many characters were read, white space aside."""
    held: int = 0
    """How many a cruder count of the file's format finds; 0 where none was made."""
    omitted: tuple[Omission, ...] = ()
    """What was not read; empty where nothing is known to be missing."""
    ocr: ReadByOcr | None = None
    """What of it was recognised on pictures; None where nothing was."""
    why: tuple[Reason, ...] | UnsetType = UNSET
    """Why it failed, as codes with values: one a sentence of the document's `reason`."""

    @property
    def but(self) -> str:
        """What to say after "ready, but"; empty where nothing is missing."""
        return "; ".join(omission.text for omission in self.omitted)


class Document(msgspec.Struct, frozen=True):
    """What was ingested."""

    id: str
    collection_id: str
    name: str
    """Its file name or path below the ingested folder; unique in its collection."""
    sha256: str
    size_bytes: int
    media_type: str = "application/octet-stream"
    title: str = ""
    state: DocumentState = "waiting"
    reason: str = ""
    """Why it failed, fit for a person; empty otherwise."""
    pages: int = 0
    passages: int = 0
    embedded: int = 0
    added_at: float = 0.0
    completeness: Completeness = Completeness()
    """How whole it was read, once it was."""
    progress: float = 0.0
    """How far it is through its state, 0 to 1: while it is read, the part of it that is read, where its format lets
    that be told; while it is embedded, the part of its passages that have a vector; 1 once it is ready."""
    is_restricted: bool = False
    """Whether some alone may see it, of those who may see its collection."""


def progress_of(state: DocumentState, read: float, passages: int, embedded: int) -> float:
    """Return a document's progress, by the part of it that is read and by its passages."""
    match state:
        case "reading":
            return read
        case "embedding":
            return embedded / passages if passages else 1.0
        case "ready":
            return 1.0
        case _:
            return 0.0


Fault: TypeAlias = Literal["", "file", "missing", "ours"]
"""Whose fault it is that a document failed: the file's, a package's that is not installed, or a bug's."""


class Queued(msgspec.Struct, frozen=True):
    """A document that is to be read, and whose turn it takes."""

    document: Document
    owner_id: str
    """The owner of its collection."""
    payer: str
    """Who is charged for its bytes: a person, or the address of somebody without an account; "" for the operator."""


class Progress(msgspec.Struct, frozen=True):
    """How many documents are in each state, and how many of their passages have a vector."""

    waiting: int = 0
    reading: int = 0
    embedding: int = 0
    ready: int = 0
    failed: int = 0
    passages: int = 0
    embedded: int = 0

    @property
    def is_settled(self) -> bool:
        """Whether every document is ready or failed."""
        return not (self.waiting or self.reading or self.embedding)


class Passage(msgspec.Struct, frozen=True, gc=False):
    """A piece of a document, the unit that is embedded, found and cited."""

    id: str
    document_id: str
    number: int
    """Its place in the document, from 0."""
    text: str
    page: int | None = None
    """The page (or slide) it begins on, from 1; None where the format has no pages."""
    heading: str = ""
    """The headings above it, outermost first, joined with ' › '."""


class Hit(msgspec.Struct, frozen=True, omit_defaults=True):
    """A passage that was found for a query."""

    passage_id: str
    document_id: str
    collection_id: str
    name: str
    title: str
    text: str
    page: int | None
    heading: str
    score: float
    """Higher is better; comparable within one answer only."""
    category: str = ""
    """What kind of document it is from, where the index knows kinds."""
    caption: str = ""
    """The part of it that the back end's ranker holds for the best; empty where it says none."""
    reranker_score: float | None = None
    """What the back end's ranker gave it; None where none was at work."""


def shares_of(hits: Sequence[Hit]) -> list[float]:
    """Return each hit's score as a share of the best one's, which is 1: for whoever wants scores from 0 to 1."""
    best = max((hit.score for hit in hits), default=0.0) or 1.0
    return [hit.score / best for hit in hits]


RetrievalMode: TypeAlias = Literal["hybrid", "text", "vectors"]
"""By words and meanings, by words alone, or by meanings alone."""


class Retrieval(msgspec.Struct, frozen=True):
    """How passages are looked for. What a back end has no means for, it leaves out: see `Tunable` in `search`."""

    mode: RetrievalMode = "hybrid"
    minimum_score: float | None = None
    """Hits with a lower score are left out; None leaves none out."""
    minimum_reranker_score: float | None = None
    include_category: str | None = None
    """Only passages of this category are found."""
    exclude_category: str | None = None
    semantic_ranker: bool | None = None
    """Whether the back end ranks its hits a second time by a model of its own; None: as it is set."""
    semantic_captions: bool = False
    """Whether that ranker says which part of a hit is the best."""
    query_rewriting: bool = False
    """Whether the back end writes the query in more ways."""


class Citation(msgspec.Struct, frozen=True):
    """A reference in an answer's text, written there as `[marker]`, to one of its hits."""

    marker: int
    passage_id: str
    document_id: str
    name: str
    title: str
    page: int | None
    heading: str
    quote: str = ""
    """The words that are quoted, where the answer quotes; to be marked in the source."""


_DECK = (".pptx", ".pptm", ".odp", ".fodp")


def page_name(name: str, page: int) -> str:
    """What the page with this number is called in a file of this name: "page 3", or "slide 3"."""
    return f"{'slide' if name.lower().endswith(_DECK) else 'page'} {page}"
