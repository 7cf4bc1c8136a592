"""The tools that the Model Context Protocol offers here: they search, open passages and ask assistants."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from hubbub.app.application import Application
from hubbub.app.assistants_asked import told_by
from hubbub.core.documents import Hit, Passage, page_name
from hubbub.core.errors import HubbubError, ModelError, NotFound
from hubbub.core.people import Person
from hubbub.core.questions import Question
from hubbub.core.scopes import Scope, check_scope, has_scope
from hubbub.web.streams import records_of

MOST_HITS = 20
MOST_COLLECTIONS = 100
MOST_AROUND = 10
SHOWN_CHARACTERS = 40_000
"""How much of a document a call shows: about ten thousand tokens."""
KEEP_SECONDS = 900.0
"""So long an answer is kept after which its program has read it, or has left."""

Name = Annotated[str, Meta(min_length=1, max_length=400)]
Around = Annotated[int, Meta(ge=0, le=MOST_AROUND)]


class Search(msgspec.Struct, forbid_unknown_fields=True):
    """Find the passages of the documents that best fit a query."""

    query: Annotated[str, Meta(min_length=1, max_length=4000, description="A question or words, in any language")]
    collections: Annotated[
        list[Name], Meta(max_length=MOST_COLLECTIONS, description="Names or ids of collections; none: all of them")
    ] = []
    limit: Annotated[int, Meta(ge=1, le=MOST_HITS, description="How many passages at most")] = 8


class OpenPassage(msgspec.Struct, forbid_unknown_fields=True):
    """Read a passage of a document with what stands before and after it."""

    document_id: Annotated[str, Meta(min_length=1, max_length=100, description="As `search` names it")]
    passage_id: Annotated[
        str, Meta(max_length=200, description="As `search` names it; empty: the document's beginning")
    ] = ""
    before: Annotated[Around, Meta(description="How many passages before it")] = 1
    after: Annotated[Around, Meta(description="How many passages after it")] = 1


class ListCollections(msgspec.Struct, forbid_unknown_fields=True):
    """List the collections of documents that can be searched."""


class ListAssistants(msgspec.Struct, forbid_unknown_fields=True):
    """List the assistants that can be asked: each answers by instructions, a model and documents of its own."""


class AskAssistant(msgspec.Struct, forbid_unknown_fields=True):
    """Ask an assistant of this server one question, and get its answer with citations. It knows nothing said before."""

    assistant: Annotated[Name, Meta(description="Its name or id, as `list_assistants` shows them")]
    question: Annotated[str, Meta(min_length=1, description="The whole question, with all that it needs")]


class FoundPassage(msgspec.Struct):
    """A passage of a document."""

    document_id: str
    passage_id: str
    collection_id: str
    name: str
    """The document's file name."""
    title: str
    heading: str
    page: int | None
    text: str


class ListedCollection(msgspec.Struct):
    """A collection that can be searched."""

    id: str
    name: str
    description: str


class FoundPassages(msgspec.Struct):
    """Passages: the best first where they were searched for, else in reading order."""

    passages: list[FoundPassage]


class ListedCollections(msgspec.Struct):
    """Collections by name."""

    collections: list[ListedCollection]


class ListedAssistant(msgspec.Struct):
    """An assistant that can be asked."""

    id: str
    name: str
    description: str


class ListedAssistants(msgspec.Struct):
    """Assistants, the last changed first."""

    assistants: list[ListedAssistant]


class CitedPassage(msgspec.Struct):
    """A passage that an answer cites as `[marker]`."""

    marker: int
    document_id: str
    passage_id: str
    name: str
    """The document's file name."""
    page: int | None


class GivenAnswer(msgspec.Struct):
    """An assistant's answer."""

    answer: str
    citations: list[CitedPassage]
    left_out: str
    """Which part of the assistant was not asked; empty: all of it was."""


class Tool(msgspec.Struct, frozen=True):
    """A tool: what it takes and sends, and the scope that a key needs for it."""

    title: str
    takes: type[msgspec.Struct]
    sends: type[msgspec.Struct]
    scope: Scope
    run: Callable[[Application, Person, Any], Awaitable[tuple[str, msgspec.Struct]]]
    """Returns a text to read, and the same in fields."""


async def _search(app: Application, person: Person, asked: Search) -> tuple[str, msgspec.Struct]:
    ids = await app.collections.ids(person, asked.collections)
    hits = await app.documents.find(person, asked.query, ids, limit=asked.limit)
    found = [_found(hit) for hit in hits]
    return _shown(found) or "No document says anything about this.", FoundPassages(found)


async def _open_passage(app: Application, person: Person, asked: OpenPassage) -> tuple[str, msgspec.Struct]:
    document, passages = await app.documents.show(person, asked.document_id)
    places = {passage.id: place for place, passage in enumerate(passages)}
    if asked.passage_id and asked.passage_id not in places:
        raise NotFound("There is no such passage in this document. It may have been read anew: search again.")
    place = places.get(asked.passage_id, 0)
    shown: list[FoundPassage] = []
    room = SHOWN_CHARACTERS
    for passage in passages[max(place - asked.before, 0) : place + asked.after + 1]:
        text = passage.text[:room]
        room -= len(text)
        if text:
            shown.append(_of(passage, text, document.collection_id, document.name, document.title))
    return _shown(shown) or "This document holds no text, or is still being read.", FoundPassages(shown)


async def _list_collections(app: Application, person: Person, asked: ListCollections) -> tuple[str, msgspec.Struct]:
    listed = [ListedCollection(one.id, one.name, one.description) for one in await app.collections.named(person)]
    lines = [f"- {one.name}{f': {one.description}' if one.description else ''}" for one in listed]
    return "\n".join(lines) or "There is no collection that you may search.", ListedCollections(listed)


async def _list_assistants(app: Application, person: Person, asked: ListAssistants) -> tuple[str, msgspec.Struct]:
    found = [one for one in await app.assistants.list(person) if one.is_askable]
    listed = [ListedAssistant(one.id, one.name, one.description) for one in found]
    lines = [f"- {one.name} (id {one.id}){f': {one.description}' if one.description else ''}" for one in listed]
    return "\n".join(lines) or "There is no assistant that you may ask.", ListedAssistants(listed)


async def _ask_assistant(app: Application, person: Person, asked: AskAssistant) -> tuple[str, msgspec.Struct]:
    settled = await app.assistant_named(person, asked.assistant)
    question = Question(asked.question, model=settled.model, collection_ids=settled.collection_ids)
    answer_id = await app.questions.ask(person, told_by(question, settled), grace_seconds=0, keep_seconds=KEEP_SECONDS)
    await records_of(app.log, answer_id)
    answer = await app.answers.show(person, answer_id)
    if answer.state != "done":
        raise ModelError(answer.failure.message if answer.failure is not None else "The answer was stopped. Ask again.")
    cited = [CitedPassage(one.marker, one.document_id, one.passage_id, one.name, one.page) for one in answer.citations]
    lines = [f"[{one.marker}] {one.name} (document_id {one.document_id}, passage_id {one.passage_id})" for one in cited]
    text = "\n\n".join(part for part in (answer.text, "\n".join(lines), settled.left_out) if part)
    return text, GivenAnswer(answer.text, cited, settled.left_out)


TOOLS: Final[Mapping[str, Tool]] = {
    "search": Tool("Search documents", Search, FoundPassages, "search", _search),
    "open_passage": Tool("Open a passage", OpenPassage, FoundPassages, "documents:read", _open_passage),
    "list_collections": Tool(
        "List collections", ListCollections, ListedCollections, "documents:read", _list_collections
    ),
    "ask_assistant": Tool("Ask an assistant", AskAssistant, GivenAnswer, "chat:write", _ask_assistant),
    "list_assistants": Tool("List assistants", ListAssistants, ListedAssistants, "chat:read", _list_assistants),
}


def described(person: Person) -> list[dict[str, Any]]:
    """Return the tools as `tools/list` names them: those that the person's key may use."""
    return [
        {
            "name": name,
            "title": tool.title,
            "description": tool.takes.__doc__,
            "inputSchema": _schema(tool.takes),
            "outputSchema": _schema(tool.sends),
            "annotations": {"title": tool.title, "readOnlyHint": True, "openWorldHint": False},
        }
        for name, tool in TOOLS.items()
        if has_scope(person, tool.scope)
    ]


async def call(app: Application, person: Person, name: str, arguments: object) -> dict[str, Any]:
    """Return the result of a tool; what went wrong in it is one, too, which the model reads.

    Raises:
        KeyError: there is no such tool.
    """
    tool = TOOLS[name]
    try:
        with app.tracing.begin(f"execute_tool {name}") as traced:
            traced.set("gen_ai.operation.name", "execute_tool")
            traced.set("gen_ai.tool.name", name)
            check_scope(person, tool.scope)
            text, fields = await tool.run(app, person, msgspec.convert(arguments, tool.takes))
    except msgspec.ValidationError as error:
        return _said(f"These arguments can't be used: {error}.", is_error=True)
    except HubbubError as error:
        return _said(error.message, is_error=True)
    return {**_said(text, is_error=False), "structuredContent": msgspec.to_builtins(fields)}


def _said(text: str, *, is_error: bool) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], "isError": is_error, "resultType": "complete"}


def _schema(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """Return a struct's schema, which has to begin with the object itself."""
    schema = msgspec.json.schema(struct)
    parts: dict[str, Any] = schema["$defs"]
    whole = parts.pop(struct.__name__)
    return {**whole, "$defs": parts} if parts else whole


def _found(hit: Hit) -> FoundPassage:
    return FoundPassage(
        hit.document_id, hit.passage_id, hit.collection_id, hit.name, hit.title, hit.heading, hit.page, hit.text
    )


def _of(passage: Passage, text: str, collection_id: str, name: str, title: str) -> FoundPassage:
    return FoundPassage(
        passage.document_id, passage.id, collection_id, name, title, passage.heading, passage.page, text
    )


def _shown(passages: Sequence[FoundPassage]) -> str:
    return "\n\n".join(f"{_place(one)}\n{one.text}" for one in passages)


def _place(one: FoundPassage) -> str:
    page = f", {page_name(one.name, one.page)}" if one.page is not None else ""
    heading = f", {one.heading}" if one.heading else ""
    return f"[{one.name}{page}{heading}] (document_id {one.document_id}, passage_id {one.passage_id})"
