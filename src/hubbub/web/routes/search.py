"""Search over HTTP: passages for a query, without an answer."""

from collections.abc import Sequence

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from hubbub.app.found import Found
from hubbub.web.asker import App, Asker
from hubbub.web.bodies import Json, sends

router = APIRouter(prefix="/api", tags=["documents"])

QUERY_CHARACTERS = 4000
MOST_COLLECTIONS = 100
MOST_HITS = 50


class SearchResults(msgspec.Struct):
    """The passages that were found, best first."""

    query: str
    results: Sequence[Found]


class SearchQuery(BaseModel):
    """What is looked for, and where."""

    model_config = ConfigDict(extra="forbid")
    query: str = Field(min_length=1, max_length=QUERY_CHARACTERS)
    collections: list[str] = Field(
        default=[], max_length=MOST_COLLECTIONS, description="Ids or names; none: all that you may list"
    )
    limit: int = Field(default=10, ge=1, le=MOST_HITS)


@router.post("/search", responses=sends(SearchResults))
async def search(asked: SearchQuery, app: App, person: Asker) -> Response:
    """Find the best passages for a query, with the places in them that hold its words."""
    ids = await app.collections.ids(person, asked.collections)
    results = await app.documents.find_marked(person, asked.query, ids, limit=asked.limit)
    return Json(SearchResults(asked.query, results))
