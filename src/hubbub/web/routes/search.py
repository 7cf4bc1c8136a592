"""Search over HTTP: passages for a query, without an answer."""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from hubbub.app.found import Found, marked
from hubbub.app.found_pages import Narrow
from hubbub.core.errors import Invalid
from hubbub.web.asker import App, Asker
from hubbub.web.bodies import Json, sends

router = APIRouter(prefix="/api", tags=["documents"])

QUERY_CHARACTERS = 4000
MOST_COLLECTIONS = 100
MOST_HITS = 50
MOST_KINDS = 50
NAME_CHARACTERS = 400
CURSOR_CHARACTERS = 100


class Facets(msgspec.Struct):
    """How many of the best passages, at most 200, are of each kind of file, and in each collection."""

    kinds: Mapping[str, int]
    collections: Mapping[str, int]


class SearchResults(msgspec.Struct):
    """The passages that were found, best first."""

    query: str
    results: Sequence[Found]
    facets: Facets
    next_cursor: str | None
    """What to send as `cursor` for the next page; null after the last."""


class SearchFilters(BaseModel):
    """Which documents are searched: those that fulfil all of it."""

    model_config = ConfigDict(extra="forbid")
    kinds: list[str] = Field(
        default=[], max_length=MOST_KINDS, description="How the names of files end, without the point: pdf"
    )
    name: str = Field(default="", max_length=NAME_CHARACTERS, description="A file's name; * stands for any characters")
    added_from: datetime | None = Field(default=None, description="Added then or later")
    added_before: datetime | None = None


class SearchQuery(BaseModel):
    """What is looked for, and where."""

    model_config = ConfigDict(extra="forbid")
    query: str = Field(min_length=1, max_length=QUERY_CHARACTERS)
    collections: list[str] = Field(
        default=[], max_length=MOST_COLLECTIONS, description="Ids or names; none: all that you may list"
    )
    limit: int = Field(default=10, ge=1, le=MOST_HITS)
    filters: SearchFilters = SearchFilters()
    explain: bool = Field(default=False, description="Tell of each result why it was found: `why`")
    cursor: str | None = Field(
        default=None, max_length=CURSOR_CHARACTERS, description="The next_cursor of the page before; the rest as there"
    )


@router.post("/search", responses=sends(SearchResults))
async def search(asked: SearchQuery, app: App, person: Asker) -> Response:
    """Find the best passages for a query, with the places in them that hold its words."""
    offset = _offset(asked)
    ids = await app.collections.ids(person, asked.collections)
    narrow = Narrow(asked.filters.kinds, asked.filters.name, asked.filters.added_from, asked.filters.added_before)
    page = await app.documents.find_page(
        person, asked.query, ids, narrow, offset=offset, limit=asked.limit, with_reasons=asked.explain
    )
    results: list[Found] = []
    for hit in page.hits:
        results.append(marked(asked.query, hit, page.why.get(hit.passage_id)))
        await asyncio.sleep(0)  # a long passage takes a millisecond
    following = None if page.next_offset is None else _cursor(asked, page.next_offset)
    return Json(SearchResults(asked.query, results, Facets(page.kinds, page.collections), following))


def _cursor(asked: SearchQuery, offset: int) -> str:
    """Return a page's place, and what tells that it belongs to this search."""
    return urlsafe_b64encode(f"{offset}:{_mark(asked)}".encode()).decode()


def _offset(asked: SearchQuery) -> int:
    if asked.cursor is None:
        return 0
    try:
        offset, _, mark = urlsafe_b64decode(asked.cursor.encode()).decode("ascii").partition(":")
        place = int(offset)
    except ValueError:
        place, mark = -1, ""
    if mark != _mark(asked):
        raise Invalid("This cursor belongs to another search. Begin again without one.")
    return place


def _mark(asked: SearchQuery) -> str:
    return sha256(asked.model_dump_json(exclude={"cursor", "limit", "explain"}).encode()).hexdigest()[:12]
