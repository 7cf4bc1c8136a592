"""What operators look after, as JSON: how the server does, collections and their jobs, sign-ins, settings."""

import os
import time
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

import hubbub
from hubbub.connections.watchdog import Histogram
from hubbub.core.documents import Progress
from hubbub.core.errors import NotFound
from hubbub.core.people import Person
from hubbub.core.references import recent
from hubbub.core.shown import ShownSetting
from hubbub.web.asker import App, Asker, check_operator
from hubbub.web.bodies import Json, sends
from hubbub.web.metrics import deployments_of
from hubbub.web.protocol import clients_of
from hubbub.web.signing_in import Operator

router = APIRouter(prefix="/api/operators", tags=["operators"])

MOST_LISTED = 200
_NO_STORE = {"cache-control": "no-store"}


async def _looker(request: Request, person: Asker) -> Person:
    check_operator(person, request)
    return person


Looker = Annotated[Person, Depends(_looker)]
"""Who may look: an operator, or, where everybody is let in, who sits at the machine itself."""
Limit = Annotated[int, Query(ge=1, le=MOST_LISTED)]


class DeploymentView(msgspec.Struct, frozen=True):
    """How a deployment does, as this process sees it."""

    name: str
    state: Literal["well", "busy", "ill"]
    opens_in_seconds: float
    under_way: int
    attempts: int
    failures: int


class ModelView(msgspec.Struct, frozen=True):
    """A model, and what this process used it for since it started."""

    name: str
    provider: str
    reason: str
    is_default: bool
    answers: int
    input_tokens: int
    output_tokens: int


class IncidentView(msgspec.Struct, frozen=True):
    """The event loop was held up. `at` is in seconds of the epoch."""

    at: float
    seconds: float
    stack: list[str]
    delayed: dict[str, int]


class ErrorView(msgspec.Struct, frozen=True):
    """What an error said to operators, by the reference that a person was told."""

    reference: str
    at: float
    code: str
    detail: str
    trace_id: str
    """The trace that it happened in; empty where traces are not recorded."""


class ServerView(msgspec.Struct, frozen=True):
    """How this one worker process does; where there are several, each has figures of its own."""

    version: str
    process: int
    at: float
    open_answers: int
    waiting_answers: int
    readers: int
    connections: int | None
    memory_bytes: int
    processor_seconds: float
    lag_median_seconds: float
    lag_99_seconds: float
    lag_longest_seconds: float
    incident_count: int
    models: list[ModelView]
    deployments: list[DeploymentView]
    incidents: list[IncidentView]
    """The last ones, the newest first."""
    errors: list[ErrorView]
    """The last ones that people were told of, the newest first."""
    documents: Progress
    """How far all documents have come."""


class CollectionOfSomebody(msgspec.Struct, frozen=True):
    """A collection, whose it is, and how far its documents have come."""

    id: str
    name: str
    owner_id: str
    owner: str
    created_at: float
    documents: int
    is_shared: bool
    progress: Progress


class CollectionsPage(msgspec.Struct, frozen=True):
    """Collections, whosever they are. Ask on with `after` = `next`, until that is null."""

    collections: list[CollectionOfSomebody]
    next: str | None


class SignInOfSomebody(msgspec.Struct, frozen=True):
    """A sign-in on a browser. Times are seconds of the epoch."""

    id: str
    person_id: str
    person: str
    provider: str
    address: str
    agent: str
    created_at: float
    last_used: float


class SignInsPage(msgspec.Struct, frozen=True):
    """Sign-ins, whosever they are. Ask on with `after` = `next`, until that is null."""

    sign_ins: list[SignInOfSomebody]
    next: str | None


class SettingsInForce(msgspec.Struct, frozen=True):
    """The settings in force and where each comes from. Secrets are not among the values."""

    settings: list[ShownSetting]


@router.get("/server", responses=sends(ServerView))
async def show_server(request: Request, app: App, looker: Looker) -> Response:
    """Show how this process, its models and their deployments do. For operators."""
    watchdog, clients = app.watchdog, clients_of(request.scope)
    default = app.catalog.default
    totals = app.meter.totals
    models = [
        ModelView(
            card.name,
            card.provider,
            card.reason,
            default is not None and default.card.name == card.name,
            *((used.answers, used.input_tokens, used.output_tokens) if (used := totals.get(card.name)) else (0, 0, 0)),
        )
        for card in (model.card for model in app.catalog)
    ]
    deployments = [
        DeploymentView(name, one.state, one.opens_in_seconds, one.under_way, one.attempts, one.failures)
        for name, one in deployments_of(app).items()
    ]
    incidents = [
        IncidentView(one.at, one.seconds, [str(line) for line in one.stack], dict(one.delayed))
        for one in reversed(watchdog.incidents)
    ]
    content = ServerView(
        version=hubbub.__version__,
        process=os.getpid(),
        at=time.time(),
        open_answers=app.runner.open_count,
        waiting_answers=app.runner.waiting_count,
        readers=app.log.reader_count,
        connections=clients.open if clients is not None else None,
        memory_bytes=watchdog.resident_bytes,
        processor_seconds=time.process_time(),
        lag_median_seconds=_finite(watchdog.lag, 0.5),
        lag_99_seconds=_finite(watchdog.lag, 0.99),
        lag_longest_seconds=watchdog.lag.greatest,
        incident_count=watchdog.incident_count,
        models=models,
        deployments=deployments,
        incidents=incidents,
        errors=[ErrorView(one.reference, one.at, one.code, one.detail, one.trace_id) for one in reversed(recent)],
        documents=await app.pipeline.progress(),
    )
    return Json(content, headers=_NO_STORE)


@router.get("/collections", responses=sends(CollectionsPage))
async def list_collections(app: App, looker: Looker, after: str = "", limit: Limit = 50) -> Response:
    """List the collections of all people, with how far their documents have come. For operators."""
    kept, following = await app.operating.collections(after=after, limit=limit)
    names = await app.operating.names({one.collection.owner_id for one in kept})
    views = [
        CollectionOfSomebody(
            one.id,
            one.name,
            one.owner_id,
            names.get(one.owner_id, ""),
            one.created_at,
            one.documents,
            one.is_shared,
            far,
        )
        for one, far in kept
    ]
    return Json(CollectionsPage(views, following or None), headers=_NO_STORE)


@router.get("/sign-ins", responses=sends(SignInsPage))
async def list_sign_ins(app: App, looker: Looker, after: str = "", limit: Limit = 50) -> Response:
    """List the sign-ins of all people. For operators."""
    found, following = await app.operating.sign_ins(after=after, limit=limit)
    names = await app.operating.names({one.person_id for one in found})
    views = [
        SignInOfSomebody(
            one.id,
            one.person_id,
            names.get(one.person_id, ""),
            one.provider,
            one.address,
            one.agent,
            one.created_at,
            one.last_used,
        )
        for one in found
    ]
    return Json(SignInsPage(views, following or None), headers=_NO_STORE)


@router.delete("/sign-ins/{sign_in_id}", status_code=204)
async def end_sign_in(sign_in_id: str, app: App, operator: Operator) -> Response:
    """End somebody's sign-in. What they have open by it ends within a second. For operators."""
    if app.sign_ins is None:
        raise NotFound("There is no such sign-in.")
    await app.sign_ins.end(sign_in_id, by=operator)
    return Response(status_code=204)


@router.get("/settings", responses=sends(SettingsInForce))
async def show_settings(app: App, looker: Looker) -> Response:
    """Show the settings in force, and where each comes from. For operators."""
    return Json(SettingsInForce(list(app.settings_shown)), headers=_NO_STORE)


def _finite(histogram: Histogram, share: float) -> float:
    """Return below what a share of the values is; beyond the last bound that is the greatest one."""
    found = histogram.below(share)
    return found if found != float("inf") else histogram.greatest
