"""Collections as OpenAI's vector stores: listed, shown and searched."""

from collections import Counter
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hubbub.app.found_pages import Narrow
from hubbub.core.documents import Collection, shares_of
from hubbub.core.errors import BadParam, NotFound
from hubbub.core.people import Person
from hubbub.web.asker import App, Asker
from hubbub.web.bodies import Json, sends, takes
from hubbub.web.dialects.openai import FAULTS, read_body
from hubbub.web.dialects.vector_filters import RankingOptions, attributes_of, attributes_of_hit, holds_of

router = APIRouter(prefix="/v1/vector_stores", tags=["OpenAI"], responses=FAULTS)

MOST_LISTED = 100
RESULTS = 10
MOST_RESULTS = 50
QUERY_CHARACTERS = 4000
MOST_QUERIES = 16


class FileCounts(msgspec.Struct, frozen=True):
    """How many files are in each state."""

    in_progress: int
    completed: int
    failed: int
    cancelled: int
    total: int


class VectorStore(msgspec.Struct, frozen=True):
    """A collection."""

    id: str
    name: str
    created_at: int
    file_counts: FileCounts
    status: Literal["in_progress", "completed"]
    usage_bytes: int
    metadata: dict[str, str] = {}
    last_active_at: int | None = None
    expires_after: None = None
    expires_at: None = None
    object: Literal["vector_store"] = "vector_store"


class VectorStoreList(msgspec.Struct, frozen=True):
    """The collections that you may see."""

    data: list[VectorStore]
    first_id: str | None
    last_id: str | None
    has_more: bool
    object: Literal["list"] = "list"


class StoreQuery(msgspec.Struct, frozen=True):
    """What is looked for."""

    query: str | list[str]
    filters: dict[str, Any] | None = None
    max_num_results: int | None = None
    ranking_options: RankingOptions | None = None
    rewrite_query: bool | None = None


class Content(msgspec.Struct, frozen=True):
    """A passage's text."""

    text: str
    type: Literal["text"] = "text"


class StoreResult(msgspec.Struct, frozen=True):
    """A passage that was found; its score is 1 for the best one and comparable within one page only."""

    file_id: str
    filename: str
    score: float
    attributes: dict[str, str | float | bool]
    content: list[Content]


class StoreResults(msgspec.Struct, frozen=True):
    """The passages that were found, best first."""

    search_query: list[str]
    data: list[StoreResult]
    has_more: bool = False
    next_page: str | None = None
    object: Literal["vector_store.search_results.page"] = "vector_store.search_results.page"


@router.get("", responses=sends(VectorStoreList))
async def list_vector_stores(
    app: App,
    person: Asker,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 20,
    order: Literal["asc", "desc"] = "desc",
    after: str | None = None,
    before: str | None = None,
) -> Response:
    """List the collections that you may see, by when they were made."""
    listed = sorted(await app.collections.list(person), key=lambda one: (one.created_at, one.id))
    if order == "desc":
        listed.reverse()
    ids = [one.id for one in listed]
    for param, given in (("after", after), ("before", before)):
        if given is not None and given not in ids:  # from the first on, a client that pages would never end
            raise BadParam(f"There is no vector store {given[:64]!r} here.", param)
    begin = ids.index(after) + 1 if after is not None else 0
    end = ids.index(before) if before is not None else len(ids)
    if before is not None and after is None:
        begin = max(begin, end - limit)
    page = listed[begin : min(end, begin + limit)]
    stores = [await _store(app, person, one) for one in page]
    return Json(
        VectorStoreList(
            stores,
            stores[0].id if stores else None,
            stores[-1].id if stores else None,
            begin + len(page) < end,
        )
    )


@router.get("/{collection_id}", responses=sends(VectorStore))
async def show_vector_store(collection_id: str, app: App, person: Asker) -> Response:
    """Show a collection."""
    for one in await app.collections.list(person):
        if one.id == collection_id:
            return Json(await _store(app, person, one))
    raise NotFound("There is no such vector store.")


@router.post("/{collection_id}/search", openapi_extra=takes(StoreQuery), responses=sends(StoreResults))
async def search_vector_store(collection_id: str, request: Request, app: App, person: Asker) -> Response:
    """Find the best passages of a collection for a query."""
    asked = await read_body(request, StoreQuery)
    queries = [asked.query] if isinstance(asked.query, str) else asked.query
    limit = RESULTS if asked.max_num_results is None else asked.max_num_results
    if not 1 <= limit <= MOST_RESULTS:
        raise BadParam(f"max_num_results is a number from 1 to {MOST_RESULTS}.", "max_num_results")
    if not 1 <= len(queries) <= MOST_QUERIES or not all(0 < len(one.strip()) <= QUERY_CHARACTERS for one in queries):
        raise BadParam(f"query is 1 to {MOST_QUERIES} texts of 1 to {QUERY_CHARACTERS} characters.", "query")
    narrow = Narrow()
    if asked.filters is not None:
        holds = holds_of(asked.filters)
        narrow = Narrow(also=lambda document: holds(attributes_of(document)))
    page = await app.documents.find_page(person, " ".join(queries), [collection_id], narrow, offset=0, limit=limit)
    least = (asked.ranking_options and asked.ranking_options.score_threshold) or 0.0
    found = [
        StoreResult(hit.document_id, hit.name, share, attributes_of_hit(hit), [Content(hit.text)])
        for hit, share in zip(page.hits, shares_of(page.hits), strict=True)
        if share >= least
    ]
    return Json(StoreResults(queries, found))


async def _store(app: App, person: Person, one: Collection) -> VectorStore:
    documents = await app.documents.list(person, one.id)
    states = Counter(document.state for document in documents)
    ready, failed = states["ready"], states["failed"]
    going = len(documents) - ready - failed
    counts = FileCounts(going, ready, failed, 0, len(documents))
    size = sum(document.size_bytes for document in documents)
    return VectorStore(one.id, one.name, int(one.created_at), counts, "in_progress" if going else "completed", size)
