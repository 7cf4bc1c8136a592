"""Search for a question within a time, as a step of its trace."""

from collections.abc import Sequence

from hubbub.conversation.times import Scope
from hubbub.core.documents import Hit, Retrieval, shares_of
from hubbub.core.errors import SearchError
from hubbub.core.people import Reader
from hubbub.core.questions import Question
from hubbub.core.tracing import step
from hubbub.search.base import Narrowing, Search

DEEPEST = 200
"""So many of the best passages are looked through for those of some documents, where a search can't keep to them."""


async def find(search: Search, query: str, question: Question, scope: Scope, limit: int) -> list[Hit]:
    """Return what is found in the question's collections, best first.

    Raises:
        SearchError: the search failed, or the time was up.
    """
    with step("search") as traced:
        traced.set("gen_ai.operation.name", "retrieval")
        traced.set("hubbub.search.collections", len(question.collection_ids))
        traced.text("gen_ai.retrieval.query.text", lambda: query)
        try:
            async with scope:
                ids, how, among = question.collection_ids, question.retrieval, question.document_ids
                hits = await find_in(search, query, ids, among, limit=limit, retrieval=how, reader=question.reader)
        except TimeoutError as error:
            raise SearchError(
                "The search took too long for the time that this answer was given. Give it more, or ask again.",
                code="too_late",
            ) from error
        if question.least_share:
            hits = [hit for hit, share in zip(hits, shares_of(hits), strict=True) if share >= question.least_share]
        traced.set("hubbub.search.hits", len(hits))
        traced.text("hubbub.search.documents", lambda: "\n".join(dict.fromkeys(hit.name for hit in hits)))
        traced.text("hubbub.search.passages", lambda: "\n\n".join(hit.text for hit in hits))
        return hits


async def find_in(
    search: Search,
    query: str,
    collection_ids: Sequence[str],
    document_ids: Sequence[str] | None,
    *,
    limit: int,
    retrieval: Retrieval | None = None,
    reader: Reader | None = None,
) -> list[Hit]:
    """Return what a search finds in these documents of collections, best first; None: in all of them.

    Raises:
        SearchError: the search could not answer.
    """
    if document_ids is None:
        return await search.find(query, collection_ids, limit=limit, retrieval=retrieval, reader=reader)
    if isinstance(search, Narrowing):
        return await search.find_among(
            query, collection_ids, document_ids, limit=limit, retrieval=retrieval, reader=reader
        )
    left = frozenset(document_ids)
    deep = max(limit, DEEPEST)
    found = await search.find(query, collection_ids, limit=deep, retrieval=retrieval, reader=reader)
    return [hit for hit in found if hit.document_id in left][:limit]
