"""What there is to ask, and embeddings, for the clients that OpenAI's API has."""

from contextlib import aclosing
from typing import Literal

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from hubbub.app.model_names import CODE, Listed
from hubbub.core.errors import NotFound
from hubbub.web.aliases import DEPLOYMENT
from hubbub.web.asker import App, Asker, application_of, person_of
from hubbub.web.bodies import Json, sends, takes
from hubbub.web.dialects.embeddings import EmbeddingList, EmbeddingRequest, texts_of, written
from hubbub.web.dialects.openai import FAULTS, headers_of_bounds, read_body
from hubbub.web.quick import QuickRoute
from hubbub.web.streams import WhileThere

router = APIRouter(prefix="/v1", tags=["OpenAI"], responses=FAULTS)
quick = APIRouter(prefix="/v1", tags=["OpenAI"], responses=FAULTS, route_class=QuickRoute)


class ModelObject(msgspec.Struct, frozen=True):
    """What can be asked for by this name; `created` is 0 where nobody knows."""

    id: str
    created: int
    owned_by: str
    object: Literal["model"] = "model"


class ModelList(msgspec.Struct, frozen=True):
    """What you may ask, the default model first; what makes embeddings last."""

    data: list[ModelObject]
    object: Literal["list"] = "list"


@router.get("/models", responses=sends(ModelList))
async def list_model_objects(app: App, person: Asker) -> Response:
    """List the models, alone and over your collections, and what makes embeddings."""
    listed = [_object(one) for one in (await app.model_names(person)).listed()]
    if app.embeddings is not None:
        listed.append(ModelObject(app.embeddings.name, 0, "hubbub"))
    return Json(ModelList(listed))


@router.get("/models/{name:path}", responses=sends(ModelObject))
async def show_model_object(name: str, app: App, person: Asker) -> Response:
    """Show what can be asked for by a name."""
    if app.embeddings is not None and name == app.embeddings.name:
        return Json(ModelObject(name, 0, "hubbub"))
    return Json(_object((await app.model_names(person)).find(name)))


@quick.post("/embeddings", openapi_extra=takes(EmbeddingRequest), responses=sends(EmbeddingList))
async def make_embeddings(request: Request) -> Response:
    """Embed texts with what the search embeds with, when nobody's search needs it."""
    app = application_of(request)
    person = await person_of(request)
    body = await read_body(request, EmbeddingRequest)
    if deployment := request.scope.get(DEPLOYMENT):
        body = msgspec.structs.replace(body, model=deployment)
    if app.embeddings is None:
        message = "This server makes no embeddings. Set embeddings.provider to change that."
        raise NotFound(message, code=CODE)
    embeddings, texts = app.embeddings, texts_of(body, app.embeddings)

    async def make() -> Response:
        async with aclosing(embeddings.embed(person, texts)) as pieces:
            made = await written(embeddings.name, texts, pieces, is_base64=body.encoding_format == "base64")
            return Json(made, headers=headers_of_bounds())

    return WhileThere(make)


def _object(listed: Listed) -> ModelObject:
    return ModelObject(listed.name, int(listed.created_at), listed.owned_by)
