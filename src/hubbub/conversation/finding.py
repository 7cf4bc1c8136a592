"""Search for a question within a time, as a step of its trace."""

from hubbub.conversation.times import Scope
from hubbub.core.documents import Hit
from hubbub.core.errors import SearchError
from hubbub.core.questions import Question
from hubbub.core.tracing import step
from hubbub.search.base import Search


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
                ids, how = question.collection_ids, question.retrieval
                hits = await search.find(query, ids, limit=limit, retrieval=how, reader=question.reader)
        except TimeoutError as error:
            raise SearchError(
                "The search took too long for the time that this answer was given. Give it more, or ask again.",
                code="too_late",
            ) from error
        traced.set("hubbub.search.hits", len(hits))
        traced.text("hubbub.search.documents", lambda: "\n".join(dict.fromkeys(hit.name for hit in hits)))
        traced.text("hubbub.search.passages", lambda: "\n\n".join(hit.text for hit in hits))
        return hits
