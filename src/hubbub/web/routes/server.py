"""What the server is and offers: who you are, the models, health."""

from typing import Literal

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

import hubbub
from hubbub.app.application import Application
from hubbub.core.scopes import may_use_model
from hubbub.models.base import Model, ModelCard, Pooled, Started
from hubbub.web.asker import App, Asker, may_operate
from hubbub.web.bodies import Json, sends
from hubbub.web.choices import choices_of
from hubbub.web.page import set_cookie

_NEVER_KEPT = {"cache-control": "no-store"}

router = APIRouter(prefix="/api", tags=["server"])
probes = APIRouter(tags=["server"])


class Limits(msgspec.Struct):
    """How much may be sent."""

    question_characters: int
    document_bytes: int
    picture_bytes: int
    """How large a picture may be that is sent with a question."""
    document_suffixes: list[str]
    """How the names of the files end that can be read."""


class You(msgspec.Struct):
    """A person, as they see themselves."""

    id: str
    name: str
    is_signed_in: bool
    is_operator: bool


class Me(msgspec.Struct):
    """Who you are here, and what holds for you."""

    person: You
    version: str
    limits: Limits
    has_quotas: bool
    """Whether what people use is bounded: `/api/usage` says how far that is used."""
    is_open_to_everybody: bool
    """Whether the settings say that everybody is let in, without signing in and without a key."""
    can_sign_in: bool
    """Whether people can sign in here: see `/api/sign-in`."""
    can_add_by_url: bool
    """Whether you may add documents by URL."""
    may_operate: bool
    """Whether you may look at how the server does: `/api/operators/…`."""


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


class Live(msgspec.Struct):
    """That the process's event loop turns."""

    status: str = "ok"


class Ready(msgspec.Struct):
    """Whether questions can be answered here."""

    status: Literal["ready", "not_ready"]
    reasons: list[str]
    """Why not: each begins with "draining", "store" or "models"; the log says more."""


@router.get("/me", responses=sends(Me))
async def show_me(request: Request, app: App) -> Response:
    """Say who you are. A browser is given a cookie to be known by."""
    welcome = await app.identity.welcome(request.headers)
    await app.meter.look()
    suffixes = list(app.documents.suffixes)
    limits = Limits(app.limits.question_characters, app.limits.document_bytes, app.attachments.most_bytes, suffixes)
    person = welcome.person
    you = You(person.id, person.name, app.sign_ins is not None and person.known_by == "account", person.is_operator)
    is_open = choices_of(request).is_open_to_everybody
    by_url = app.by_url is not None and app.by_url.may_add(person)
    can_sign_in = app.sign_ins is not None
    may = may_operate(person, request)
    response = Json(Me(you, hubbub.__version__, limits, app.meter.is_on, is_open, can_sign_in, by_url, may))
    set_cookie(request, response, welcome)
    return response


@router.get("/models", responses=sends(Models))
async def list_models(app: App, person: Asker) -> Response:
    """List the models that can be asked."""
    catalog = await app.models_of(person)
    default = catalog.default
    cards = [model.card for model in catalog if may_use_model(person, model.card.name)]
    return Json(Models(cards, default.card.name if default and default.card in cards else None))


@router.get("/health", responses=sends(Health))
async def show_health(app: App) -> Response:
    """Say that the server lives, as `/livez` does, and how much it does. Asks neither the database nor a model."""
    return Json(Health("ok", hubbub.__version__, app.runner.open_count, app.runner.waiting_count))


@probes.get("/livez", responses=sends(Live))
async def show_liveness() -> Response:
    """Say that the process lives: its event loop turns. For a probe that restarts it."""
    return Json(Live(), headers=_NEVER_KEPT)


@probes.get("/readyz", responses=sends(Ready) | sends(Ready, 503, "Send nobody here now"))
async def show_readiness(app: App) -> Response:
    """Say whether questions can be answered here. For a probe that decides whether anybody is sent here.

    Goes by what was seen last: asks neither the database nor a model.
    """
    reasons = _reasons(app)
    content = Ready("not_ready" if reasons else "ready", reasons)
    return Json(content, status_code=503 if reasons else 200, headers=_NEVER_KEPT)


def _reasons(app: Application) -> list[str]:
    runner, reasons = app.runner, list[str]()
    if runner.is_draining:
        reasons.append("draining: it is about to end or to restart")
    if runner.store_trouble:
        reasons.append(f"store: {runner.store_trouble}")
    if all(runner.trouble_of(model.card.name) or _is_down(model) for model in app.catalog):
        reasons.append("models: none can answer")
    return reasons


def _is_down(model: Model) -> bool:
    if isinstance(model, Pooled):
        return all(one.state == "ill" for one in model.deployments)
    return isinstance(model, Started) and model.state not in ("asleep", "ready")


@router.get("/docs", include_in_schema=False)
async def show_docs() -> Response:
    """Go to the API's documentation."""
    return RedirectResponse("../docs/")  # relative: there may be a prefix before it
