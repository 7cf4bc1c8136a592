"""Answer programs that speak the protocols of the chat samples: /chat, /chat/stream and /ask."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Collection as Names
from functools import partial
from typing import Any, TypeAlias
from uuid import uuid4

from fastapi import APIRouter, Request
from msgspec.structs import replace
from starlette.responses import Response

from hubbub.answers.base import Record
from hubbub.app.application import Application
from hubbub.app.assistants_asked import Settled, told_by
from hubbub.app.model_rights import Models
from hubbub.conversation.prompt import prompt_text
from hubbub.core.documents import Collection
from hubbub.core.errors import Malformed, NotFound
from hubbub.core.events import Event
from hubbub.core.messages import Turn
from hubbub.core.people import Person
from hubbub.core.questions import Instructions, Question
from hubbub.search.base import tuned_by
from hubbub.web.asker import application_of, person_of
from hubbub.web.bodies import takes
from hubbub.web.chat_bodies import ChatBody, Version, format_of, read_body, said_in, systems_of, turns_of, version_of
from hubbub.web.choices import ProtocolChoices, choices_of
from hubbub.web.dialects import chat_protocol, chat_protocol_old, simple_chat
from hubbub.web.dialects.base import Dialect
from hubbub.web.dialects.lines import JSON_LINES
from hubbub.web.dialects.openai import LEFT_OUT
from hubbub.web.dialects.sample_errors import FAULTS, sample_failure
from hubbub.web.dialects.thoughts import Plan
from hubbub.web.overrides import Wishes
from hubbub.web.quick import QuickRoute
from hubbub.web.streams import EventStream, WholeReply, events_of

quick = APIRouter(tags=["chat protocols"], responses=FAULTS, route_class=QuickRoute)

KEEP_SECONDS = 15 * 60.0
"""Longer than any answer takes; then its log is forgotten. Who has left can't come again to it: then it is stopped."""

Render: TypeAlias = Callable[[Sequence[Event]], Response]
Rendering: TypeAlias = Callable[[str], tuple[Dialect, Render]]
"""Makes, for an answer's id, what renders it as a stream and as a whole."""

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": "A line of JSON for each piece of the answer", "content": {JSON_LINES: {}}}
}
_WHOLE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer, in the format of the question",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


@quick.post("/chat", response_class=Response, openapi_extra=takes(ChatBody), responses=_WHOLE)
async def chat(request: Request) -> Response:
    """Answer the last of the messages, at once, or as a stream where the body says `stream`."""
    return await _answer(request)


@quick.post("/chat/stream", response_class=Response, openapi_extra=takes(ChatBody), responses=_STREAM)
async def chat_stream(request: Request) -> Response:
    """Answer the last of the messages, as a stream."""
    return await _answer(request, streams=True)


@quick.post("/ask", response_class=Response, openapi_extra=takes(ChatBody), responses=_WHOLE)
async def ask(request: Request) -> Response:
    """Answer the last of the messages by itself, at once, or as a stream where the body says `stream`."""
    return await _answer(request, is_ask=True)


@quick.post("/v0/chat", response_class=Response, openapi_extra=takes(ChatBody), responses=_WHOLE)
async def chat_v0(request: Request) -> Response:
    """Do what `/chat` does, in the format of the AI Chat Protocol before April 2026."""
    return await _answer(request, version="old")


@quick.post("/v0/chat/stream", response_class=Response, openapi_extra=takes(ChatBody), responses=_STREAM)
async def chat_stream_v0(request: Request) -> Response:
    """Do what `/chat/stream` does, in the format of the AI Chat Protocol before April 2026."""
    return await _answer(request, version="old", streams=True)


@quick.post("/v0/ask", response_class=Response, openapi_extra=takes(ChatBody), responses=_WHOLE)
async def ask_v0(request: Request) -> Response:
    """Do what `/ask` does, in the format of the AI Chat Protocol before April 2026."""
    return await _answer(request, version="old", is_ask=True)


async def _answer(
    request: Request, *, version: Version | None = None, streams: bool = False, is_ask: bool = False
) -> Response:
    app, person, protocols = application_of(request), await person_of(request), choices_of(request).protocols
    body = await read_body(request)
    wanted = format_of(body, version or version_of(request), protocols, is_ask=is_ask)
    turns = turns_of(body, most_characters=app.limits.question_characters)
    assistant = await app.assistant_named(person, body.assistant) if body.assistant else None
    if wanted in ("simple", "responses"):
        question = _simple_question(await app.models_of(person), turns, assistant)
        rendering = partial(_simple, body, is_responses=wanted == "responses")
    else:
        question, plan = await _question(app, protocols, person, body, turns[-1:] if is_ask else turns, assistant)
        session = body.session
        if session is None and protocols.has_history:
            session = str(uuid4())
        rendering = partial(_protocol, body, plan, session, is_old=wanted == "old")
    answer_id = await app.questions.ask(person, question, grace_seconds=0, keep_seconds=KEEP_SECONDS)
    dialect, render = rendering(answer_id)
    headers = {LEFT_OUT: assistant.left_out} if assistant is not None and assistant.left_out else {}
    if streams or body.stream is True:
        stream = EventStream(app.log, answer_id, dialect, refuse=sample_failure)
        stream.headers.update(headers)
        return stream
    return WholeReply(app.log, answer_id, partial(_with_headers, render, headers))


def _with_headers(render: Render, headers: Mapping[str, str], records: Sequence[Record]) -> Response:
    response = render(events_of(records))
    response.headers.update(headers)
    return response


def _protocol(body: ChatBody, plan: Plan, session: object, answer_id: str, *, is_old: bool) -> tuple[Dialect, Render]:
    if not is_old:
        return chat_protocol.stream(plan, session), partial(chat_protocol.whole, plan, session)
    names = body.session_names
    return chat_protocol_old.stream(plan, session, names), partial(chat_protocol_old.whole, plan, session, names)


def _simple(body: ChatBody, answer_id: str, *, is_responses: bool) -> tuple[Dialect, Render]:
    if is_responses:
        return simple_chat.responses(answer_id), partial(simple_chat.whole_response, answer_id)
    is_of_port = isinstance(body.stream, bool)  # the Quart sample sends messages alone
    return simple_chat.deltas() if is_of_port else simple_chat.choices(), simple_chat.whole_message


async def _question(
    app: Application,
    protocols: ProtocolChoices,
    person: Person,
    body: ChatBody,
    turns: Sequence[Turn],
    assistant: Settled | None,
) -> tuple[Question, Plan]:
    """Return the question over the documents that the person may see, and how these are searched.

    An assistant that has collections is asked over these alone.

    Raises:
        Malformed, NotFound: the overrides can't be gone by.
    """
    if any(turn.images for turn in turns):
        raise Malformed("Images can't be answered from documents. Send texts only.")
    wishes = Wishes(body.overrides, tuned_by(app.search))
    own = assistant.collection_ids if assistant is not None else ()
    collections = wishes.narrowed(await _searched(app, protocols.collections, person, own))
    *before, last = said_in(turns)
    question = Question(
        last.text,
        tuple(before),
        collection_ids=tuple(one.id for one in collections),
        instructions=wishes.instructions(systems_of(turns)),
        generation=wishes.generation(),
        retrieval=wishes.retrieval(),
        hits=wishes.overrides.top,
        is_plain=True,
        has_follow_ups=bool(wishes.overrides.suggest_followup_questions),
        tells_prompts=True,
    )
    plan = Plan(
        wishes.overrides.top or app.engine.hits,
        wishes.retrieval(),
        tuple(one.name for one in collections),
        wishes.not_applied(),
        wishes.for_writers(),
    )
    return _asking(assistant, question), plan


def _asking(assistant: Settled | None, question: Question) -> Question:
    """Return a question as it goes to an assistant, if any."""
    return question if assistant is None else told_by(replace(question, model=assistant.model), assistant)


async def _searched(app: Application, wanted: Names[str], person: Person, own: Names[str]) -> Sequence[Collection]:
    """Return the collections that questions search, as far as the person may see them: an assistant's own go first.

    Raises:
        NotFound: there is none, and without one the model would answer from what it happens to know.
    """
    found = await app.collections.named(person) if not own else await app.access.known_collections(person)
    if own:
        found = [one for one in found if one.id in own]
    elif wanted:
        found = [one for one in found if one.name in wanted or one.id in wanted]
    if not found:
        raise NotFound("There is nothing here for you to search.")
    return found


def _simple_question(catalog: Models, turns: Sequence[Turn], assistant: Settled | None) -> Question:
    """Return the question to the model alone, or to an assistant, which may answer from its collections.

    Raises:
        Malformed: there are images, and the model can't see any.
    """
    systems = "\n\n".join(systems_of(turns))
    *before, last = said_in(turns)
    if not any(turn.images for turn in turns):
        instructions = Instructions(systems, replaces=True) if systems else None
        ids = assistant.collection_ids if assistant is not None else ()
        plain = Question(last.text, tuple(before), collection_ids=ids, instructions=instructions, is_plain=bool(ids))
        return _asking(assistant, plain)
    name = assistant.model if assistant is not None else None
    model = catalog.get(name) if name else catalog.default
    if assistant is not None and assistant.collection_ids:
        raise Malformed("Images can't be answered from documents. Send texts only.")
    if model is None or not model.card.reads_images:
        raise Malformed("The model here can't look at images. Send texts only.")
    prompt = (Turn("system", systems or prompt_text("chat")), *before, last)
    return _asking(assistant, Question(last.text, prompt, is_verbatim=True))
