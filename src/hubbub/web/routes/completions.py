"""Completions of a prompt, for clients that know of no chats."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request
from msgspec import Meta
from starlette.responses import Response

from hubbub.core.errors import BadParam
from hubbub.web.asker import application_of, person_of
from hubbub.web.bodies import takes
from hubbub.web.dialects.chat_completions import MEDIA_TYPE
from hubbub.web.dialects.completions import CompletionChunks, completion_of
from hubbub.web.dialects.openai import FAULTS, further_fields, read_body
from hubbub.web.quick import QuickRoute
from hubbub.web.routes.chat_completions import (
    ChatCompletionRequest,
    StreamOptions,
    named_in,
    reply_to,
    target_of,
)

quick = APIRouter(prefix="/v1", tags=["OpenAI"], responses=FAULTS, route_class=QuickRoute)

_MOST = 2**63 - 1


class CompletionRequest(msgspec.Struct, frozen=True):
    """What is asked. Fields that are not among these go on to the model's server, or are refused by name."""

    model: Annotated[str | None, Meta(description="MODEL, MODEL+search or MODEL+COLLECTION: see /v1/models")] = None
    prompt: Annotated[Any, Meta(description="A text, or a list of one")] = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int, Meta(ge=1, le=_MOST)] | None = None
    stop: str | list[str] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    seed: Annotated[int, Meta(ge=-_MOST, le=_MOST)] | None = None


@quick.post(
    "/completions",
    response_class=Response,
    openapi_extra=takes(CompletionRequest),
    responses={200: {"description": "The completion; chunks of it, where stream is true", "content": {MEDIA_TYPE: {}}}},
)
async def complete(request: Request) -> Response:
    """Answer a prompt as one message of a person, in the form of OpenAI's completions. Nothing of it is kept."""
    app, person = application_of(request), await person_of(request)
    body = await read_body(request, CompletionRequest)
    target = await target_of(app, person, named_in(request, body.model))
    chat = ChatCompletionRequest(
        messages=[{"role": "user", "content": _prompt(body.prompt)}],
        stream=body.stream,
        stream_options=body.stream_options,
        max_tokens=body.max_tokens,
        stop=body.stop,
        temperature=body.temperature,
        top_p=body.top_p,
        presence_penalty=body.presence_penalty,
        frequency_penalty=body.frequency_penalty,
        seed=body.seed,
    )
    extra = further_fields(await request.body(), CompletionRequest, target.card)
    return await reply_to(request, app, person, chat, target, extra, CompletionChunks, completion_of)


def _prompt(given: object) -> str:
    if isinstance(given, list) and len(given) == 1:  # pyright: ignore[reportUnknownArgumentType]
        given = given[0]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(given, str):
        raise BadParam("prompt has to be a text, or a list of one. Send several one by one.", "prompt")
    if not given:
        raise BadParam("prompt is empty. Say something.", "prompt")
    return given
