"""What the server is and offers: who you are, the models, health."""

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

import hubbub
from hubbub.models.base import ModelCard
from hubbub.web.access import Asker, Hub
from hubbub.web.bodies import Json, sends
from hubbub.web.page import set_cookie

router = APIRouter(prefix="/api", tags=["server"])


class Limits(msgspec.Struct):
    """How much may be sent."""

    question_characters: int
    document_bytes: int


class You(msgspec.Struct):
    """A person, as they see themselves."""

    id: str
    name: str


class Me(msgspec.Struct):
    """Who you are here, and what holds for you."""

    person: You
    version: str
    limits: Limits


class Models(msgspec.Struct):
    """The models that can be asked; the default one answers where none is named."""

    models: list[ModelCard]
    default: str | None


class Health(msgspec.Struct):
    """That the server lives, how many answers are under way, and how many of them wait to be let in."""

    status: str
    version: str
    open_answers: int
    waiting_answers: int


@router.get("/me", responses=sends(Me))
async def show_me(request: Request, hub: Hub) -> Response:
    """Say who you are. A browser is given a cookie to be known by."""
    welcome = await hub.identity.welcome(request.headers)
    limits = Limits(hub.limits.question_characters, hub.limits.document_bytes)
    response = Json(Me(You(welcome.person.id, welcome.person.name), hubbub.__version__, limits))
    set_cookie(request, response, welcome)
    return response


@router.get("/models", responses=sends(Models))
async def list_models(hub: Hub, person: Asker) -> Response:
    """List the models that can be asked."""
    default = hub.catalog.default
    return Json(Models([model.card for model in hub.catalog], default.card.name if default else None))


@router.get("/health", responses=sends(Health))
async def show_health(hub: Hub) -> Response:
    """Say that the server lives. Asks neither the database nor a model."""
    return Json(Health("ok", hubbub.__version__, hub.desk.open_count, hub.desk.waiting_count))


@router.get("/docs", include_in_schema=False)
async def show_docs() -> Response:
    """Go to the API's documentation."""
    return RedirectResponse("../docs/")  # relative: there may be a prefix before it
