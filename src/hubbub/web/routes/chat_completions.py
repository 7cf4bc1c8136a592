"""Chat completions, for the clients that OpenAI's API has."""

import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request
from msgspec import Meta
from starlette.responses import Response

from hubbub.answers.base import Record, party_of
from hubbub.app import model_names
from hubbub.app.application import Application
from hubbub.app.assistants_asked import Settled, told_by
from hubbub.app.custom_tools import custom_names, read_tools
from hubbub.app.files_sent import with_files_read
from hubbub.app.messages import (
    Able,
    able_of,
    check_sizes,
    check_thorough,
    over_documents,
    read_messages,
    readable,
)
from hubbub.app.tool_choice import choose
from hubbub.core.errors import BadParam
from hubbub.core.events import Event, Failed
from hubbub.core.people import Person
from hubbub.core.questions import Generation, Question
from hubbub.models.base import ModelCard
from hubbub.web.aliases import DEPLOYMENT
from hubbub.web.asker import application_of, person_of
from hubbub.web.bodies import Json, takes
from hubbub.web.dialects.base import Dialect
from hubbub.web.dialects.chat_completions import MEDIA_TYPE, Asked, ChatCompletionChunks, completion_of
from hubbub.web.dialects.openai import FAULTS, further_fields, headers_of_answer, read_body, refused
from hubbub.web.quick import QuickRoute
from hubbub.web.streams import EventStream, WholeReply, events_of

quick = APIRouter(prefix="/v1", tags=["OpenAI"], responses=FAULTS, route_class=QuickRoute)

KEEP_SECONDS = 900.0
"""Chat completions are not kept: who asked has read them by then, or has left and won't come back for them."""


_MOST = 2**63 - 1


class StreamOptions(msgspec.Struct, frozen=True):
    """What a stream holds besides the text."""

    include_usage: bool | None = None


class ChatCompletionRequest(msgspec.Struct, frozen=True):
    """What is asked. Fields that are not among these go on to the model's server, or are refused by name."""

    model: Annotated[
        str | None, Meta(description="MODEL, MODEL+search, MODEL+COLLECTION or assistant:NAME: see /v1/models")
    ] = None
    messages: list[Any] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int, Meta(ge=1, le=_MOST)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1, le=_MOST)] | None = None
    stop: str | list[str] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    seed: Annotated[int, Meta(ge=-_MOST, le=_MOST)] | None = None
    reasoning_effort: str | None = None
    response_format: dict[str, Any] | None = None
    tools: list[Any] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    thorough: Annotated[
        bool | None,
        Meta(description="Over documents: whether the model may search several times (not of OpenAI's API)"),
    ] = None
    input: Any = None


@quick.post(
    "/chat/completions",
    response_class=Response,
    openapi_extra=takes(ChatCompletionRequest),
    responses={200: {"description": "The completion; chunks of it, where stream is true", "content": {MEDIA_TYPE: {}}}},
)
async def complete_chat(request: Request) -> Response:
    """Go on with a conversation, as OpenAI's API does. Nothing of it is kept, and leaving stops it."""
    app, person = application_of(request), await person_of(request)
    body = await read_body(request, ChatCompletionRequest)
    _check(body)
    target = await target_of(app, person, named_in(request, body.model))
    extra = further_fields(await request.body(), ChatCompletionRequest, target.card)
    return await reply_to(request, app, person, body, target, extra, ChatCompletionChunks, completion_of)


class Target(msgspec.Struct, frozen=True):
    """What a request asks: by the name that it has there, and what that stands for here."""

    name: str
    asked: model_names.Asked
    card: ModelCard | None
    """The model that answers; None where passages are quoted."""
    assistant: Settled | None = None
    """What the assistant that is asked brings along; None: none is asked."""


def named_in(request: Request, model: str | None) -> str:
    """Return the name of what a request asks: the deployment that its address names goes first."""
    name = request.scope.get(DEPLOYMENT) or model
    if not name:
        raise BadParam("A model has to be named; GET /v1/models lists what there is.", "model")
    return name


async def target_of(app: Application, person: Person, name: str) -> Target:
    """Return what a name stands for.

    Raises:
        NotFound: nothing, for this person.
        NotAllowed: an assistant of which they may ask no collection.
    """
    asked = (await app.model_names(person, name)).read(name)
    assistant = None
    if asked.assistant_id:
        assistant = await app.asking_assistants.settle(person, asked.assistant_id)
        asked = msgspec.structs.replace(asked, model=assistant.model, collection_ids=assistant.collection_ids)
    catalog = await app.models_of(person)
    usual = catalog.default if assistant is not None and not asked.collection_ids else catalog.writer()
    model = catalog.get(asked.model) if asked.model else usual
    return Target(name, asked, model.card if model else None, assistant)


async def reply_to(
    request: Request,
    app: Application,
    person: Person,
    body: ChatCompletionRequest,
    target: Target,
    extra: dict[str, object],
    chunks: Callable[[Asked], Dialect],
    whole: Callable[[Asked, Sequence[Event]], object],
) -> Response:
    """Start the answer to a request, and return what it is replied with: a stream of chunks, or the whole."""
    read = await with_files_read(app, person, body.messages or (), where="messages")
    is_over = bool(target.asked.collection_ids)
    able = able_of(target.name, target.card, app.limits.image_hosts, is_over_documents=is_over)
    question = _question(app, body, read, target.asked, able, extra)
    if target.assistant is not None:
        question = told_by(question, target.assistant)
    answer_id = await app.questions.ask(person, question, grace_seconds=0, keep_seconds=KEEP_SECONDS)
    left_out = target.assistant.left_out if target.assistant is not None else ""
    headers = headers_of_answer(answer_id, app.runner.room_of(party_of(person)), left_out)
    has_usage = body.stream_options is not None and bool(body.stream_options.include_usage)
    address = str(request.base_url).rstrip("/") if is_over else ""
    custom = custom_names(body.tools or ())
    asked = Asked(answer_id, target.name, int(time.time()), has_usage, address, custom)
    if body.stream:
        stream = EventStream(app.log, answer_id, chunks(asked), refuse=refused)
        stream.headers.update(headers)
        return stream

    def render(records: Sequence[Record]) -> Response:
        events = events_of(records)
        last = events[-1]
        return refused(last) if isinstance(last, Failed) else Json(whole(asked, events), headers=headers)

    return WholeReply(app.log, answer_id, render)


def _check(body: ChatCompletionRequest) -> None:
    """Refuse a request that asks for nothing, or for what can't be done."""
    if body.messages is None or body.input is not None:
        message = "The conversation goes into messages; input is what /v1/responses takes."
        raise BadParam(message, "messages" if body.messages is None else "input")
    if not body.messages:
        raise BadParam("messages is empty. Say something.", "messages")


def _question(
    app: Application,
    body: ChatCompletionRequest,
    messages: Sequence[object],
    target: model_names.Asked,
    able: Able,
    extra: dict[str, object],
) -> Question:
    turns = read_messages(messages, able)
    check_sizes(turns, body_bytes=app.limits.body_bytes, picture_bytes=app.limits.picture_bytes)
    how = msgspec.structs.replace(_generation(body, able), extra=extra)
    check_thorough(body.thorough, is_over_documents=bool(target.collection_ids))
    if not target.collection_ids:
        text = next((turn.text for turn in reversed(turns) if turn.role == "user"), "")
        return Question(text, readable(turns, able), target.model, is_verbatim=True, generation=how)
    question = Question("", (), target.model, target.collection_ids, generation=how, is_thorough=bool(body.thorough))
    return over_documents(turns, question, able, _place_of, most_characters=app.limits.question_characters)


def _place_of(number: int) -> str:
    return f"messages[{number}].content" if number >= 0 else "messages"


def _generation(body: ChatCompletionRequest, able: Able) -> Generation:
    tools = () if body.tool_choice == "none" and not able.calls_tools else read_tools(body.tools or (), able)
    if not tools and body.tool_choice not in (None, "none", "auto"):
        raise BadParam("tool_choice needs tools to choose from.", "tool_choice")
    tools, choice = choose(tools, body.tool_choice, custom=custom_names(body.tools or ()))
    stop = [body.stop] if isinstance(body.stop, str) else body.stop or []
    return Generation(
        max_tokens=body.max_completion_tokens or body.max_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        stop=tuple(stop),
        seed=body.seed,
        presence_penalty=body.presence_penalty,
        frequency_penalty=body.frequency_penalty,
        reasoning_effort=body.reasoning_effort,
        response_format=body.response_format,
        tools=tools,
        tool_choice=choice if tools else None,
        parallel_tool_calls=body.parallel_tool_calls if tools else None,
    )
