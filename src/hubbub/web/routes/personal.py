"""Exports, handovers and erasures: one's own, and for operators those of others; legal holds."""

import time
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import FileResponse, Response, StreamingResponse

from hubbub.app.handing_over import HandingOver
from hubbub.app.personal_data import PersonalData, check_confirmed
from hubbub.core.errors import NotFound
from hubbub.identity.jobs_sqlite import Hold, Job, JobKind, JobState
from hubbub.web.asker import App, Asker
from hubbub.web.bodies import Json, sends, takes
from hubbub.web.quick import body_as
from hubbub.web.signing_in import Operator

router = APIRouter(prefix="/api", tags=["people"])

_NO_STORE = {"cache-control": "no-store"}


async def _personal(app: App) -> PersonalData:
    if app.personal is None:
        raise NotFound("Exports, handovers and erasures are not kept here.")
    return app.personal


Personal = Annotated[PersonalData, Depends(_personal)]


class Confirmation(msgspec.Struct, forbid_unknown_fields=True):
    """The id of the person who is to be erased: said once more, since nothing brings it back."""

    confirm: str


class ConfirmedErasure(msgspec.Struct, forbid_unknown_fields=True):
    """The id of the person who is to be erased, said once more, and who gets their collections, assistants and prompts.

    Without a taker these are deleted, too.
    """

    confirm: str
    taker_id: str = ""


class Handover(msgspec.Struct, forbid_unknown_fields=True):
    """Who gets a person's collections, assistants and prompts."""

    taker_id: str


class ThingsToHandOver(msgspec.Struct, frozen=True):
    """How much of a person's can be handed over."""

    collections: int
    documents: int
    """In these collections, whoever added them."""
    assistants: int
    prompts: int
    exceeds_allowance: bool
    """Whether the one who gets them would keep more than they may: they could add nothing until there is room."""


class Reason(msgspec.Struct, forbid_unknown_fields=True):
    """Why somebody's things are held."""

    reason: str


class JobView(msgspec.Struct, frozen=True):
    """An export, a handover or an erasure, and how much of what it has come to. Times are seconds of the epoch."""

    id: str
    kind: JobKind
    person_id: str
    asked_by: str
    asked_at: float
    state: JobState
    ended_at: float | None
    report: dict[str, int | str]
    taker_id: str
    """Who gets the person's collections, assistants and prompts; empty: nobody."""


class Jobs(msgspec.Struct, frozen=True):
    """Your exports and erasures, the newest first."""

    jobs: list[JobView]


class JobsPage(msgspec.Struct, frozen=True):
    """What is done with all people's things, the newest first. Ask on with `before` = `next`, until that is null."""

    jobs: list[JobView]
    next: str | None
    names: dict[str, str]


class HoldView(msgspec.Struct, frozen=True):
    """A legal hold: nothing of this person is deleted."""

    person_id: str
    person: str
    reason: str
    placed_by: str
    placed_at: float


class NewReading(msgspec.Struct, forbid_unknown_fields=True):
    """Whose things are to be read, why, and for how long."""

    person_id: str
    reason: str
    minutes: float = 30.0


class ReadingView(msgspec.Struct, frozen=True):
    """Somebody's things are read by you until a time (seconds of the epoch)."""

    person_id: str
    person: str
    reason: str
    until: float


class ReadingsOfYours(msgspec.Struct, frozen=True):
    """Whose things you read now."""

    readings: list[ReadingView]


class Holds(msgspec.Struct, frozen=True):
    """All legal holds."""

    holds: list[HoldView]


@router.get("/me/jobs", responses=sends(Jobs))
async def list_my_jobs(person: Asker, personal: Personal) -> Response:
    """List your exports and erasures, the newest first."""
    return Json(Jobs([_view(one) for one in await personal.of(person.id)]), headers=_NO_STORE)


@router.post("/me/export", status_code=202, responses=sends(JobView, 202))
async def export_me(person: Asker, personal: Personal) -> Response:
    """Ask for all that is kept of you, as one ZIP file. It is made in the background."""
    return _accepted(await personal.export(person, person.id))


@router.post("/me/erasure", status_code=202, responses=sends(JobView, 202), openapi_extra=takes(Confirmation))
async def erase_me(request: Request, person: Asker, personal: Personal) -> Response:
    """Ask for all that is kept of you to be deleted, your account included. It can't be undone."""
    check_confirmed(person.id, (await body_as(request, Confirmation)).confirm)
    return _accepted(await personal.erase(person, person.id))


@router.get("/exports/{job_id}", responses=sends(JobView))
async def show_export(job_id: str, person: Asker, personal: Personal) -> Response:
    """Show how far an export or an erasure is that you asked for, or that is of you."""
    return Json(_view(await personal.job(person, job_id)), headers=_NO_STORE)


@router.get(
    "/exports/{job_id}/file",
    response_class=Response,
    responses={200: {"description": "The file", "content": {"application/zip": {}}}},
)
async def fetch_export(job_id: str, person: Asker, personal: Personal) -> Response:
    """Fetch an export that is done, for as long as it is kept."""
    kept = await personal.file(person, job_id)
    name = f"hubbub-{job_id}.zip"
    if kept.path is not None:
        return FileResponse(
            kept.path, stat_result=kept.stat, filename=name, media_type="application/zip", headers=_NO_STORE
        )
    told = {"Content-Length": str(kept.size_bytes), "Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(kept.pieces, media_type="application/zip", headers={**_NO_STORE, **told})


@router.post("/people/{person_id}/export", status_code=202, responses=sends(JobView, 202))
async def export_person(person_id: str, operator: Operator, personal: Personal) -> Response:
    """Ask for all that is kept of somebody, as one ZIP file. That you did is in the audit. For operators."""
    return _accepted(await personal.export(operator, person_id))


@router.post(
    "/people/{person_id}/erasure", status_code=202, responses=sends(JobView, 202), openapi_extra=takes(ConfirmedErasure)
)
async def erase_person(person_id: str, request: Request, operator: Operator, personal: Personal) -> Response:
    """Ask for all that is kept of somebody to be deleted. It can't be undone. For operators.

    With a taker, their collections, assistants and prompts are handed over before.
    """
    wanted = await body_as(request, ConfirmedErasure)
    check_confirmed(person_id, wanted.confirm)
    return _accepted(await personal.erase(operator, person_id, wanted.taker_id))


@router.get("/people/{person_id}/handover", responses=sends(ThingsToHandOver))
async def count_things(
    person_id: str, app: App, operator: Operator, personal: Personal, taker_id: str = ""
) -> Response:
    """Count what of somebody's can be handed over, and tell whether it is too much for a taker. For operators."""
    await app.directory.check(operator, [person_id])
    if taker_id:
        await personal.check_taker(operator, person_id, taker_id)
    handing_over = HandingOver(app, personal)
    things = await handing_over.things(person_id)
    exceeds = bool(taker_id) and await handing_over.exceeds(person_id, taker_id)
    view = ThingsToHandOver(**msgspec.structs.asdict(things), exceeds_allowance=exceeds)
    return Json(view, headers=_NO_STORE)


@router.post(
    "/people/{person_id}/handover", status_code=202, responses=sends(JobView, 202), openapi_extra=takes(Handover)
)
async def hand_over(person_id: str, request: Request, operator: Operator, personal: Personal) -> Response:
    """Ask for somebody's collections, assistants and prompts to be given to another person. For operators."""
    taker_id = (await body_as(request, Handover)).taker_id
    return _accepted(await personal.hand_over(operator, person_id, taker_id))


@router.put("/people/{person_id}/hold", status_code=204, openapi_extra=takes(Reason))
async def hold_person(person_id: str, request: Request, operator: Operator, personal: Personal) -> Response:
    """Place a legal hold: nothing of this person is erased, or deleted for its age. For operators."""
    await personal.hold(operator, person_id, (await body_as(request, Reason)).reason, time.time())
    return Response(status_code=204)


@router.delete("/people/{person_id}/hold", status_code=204)
async def release_person(person_id: str, operator: Operator, personal: Personal) -> Response:
    """End a legal hold. For operators."""
    await personal.release(operator, person_id)
    return Response(status_code=204)


@router.get("/operators/holds", responses=sends(Holds))
async def list_holds(app: App, operator: Operator, personal: Personal) -> Response:
    """List all legal holds. For operators."""
    found = await personal.jobs.holds()
    names = await app.operating.names({one.person_id for one in found})
    return Json(Holds([_hold(one, names.get(one.person_id, "")) for one in found]), headers=_NO_STORE)


@router.get("/operators/readings", responses=sends(ReadingsOfYours))
async def list_readings(app: App, operator: Operator) -> Response:
    """List whose things you read as an operator, and until when."""
    found = await app.readings.of(operator)
    names = await app.operating.names({one.person_id for one in found})
    views = [ReadingView(one.person_id, names.get(one.person_id, ""), one.reason, one.until) for one in found]
    return Json(ReadingsOfYours(views), headers=_NO_STORE)


@router.post("/operators/readings", status_code=201, responses=sends(ReadingView, 201), openapi_extra=takes(NewReading))
async def begin_reading(request: Request, app: App, operator: Operator) -> Response:
    """Begin to read a person's chats and documents as an operator. That you did, and why, is in the audit."""
    new = await body_as(request, NewReading)
    made = await app.readings.begin(operator, new.person_id, new.reason, new.minutes)
    names = await app.operating.names({made.person_id})
    view = ReadingView(made.person_id, names.get(made.person_id, ""), made.reason, made.until)
    return Json(view, status_code=201, headers=_NO_STORE)


@router.delete("/operators/readings/{person_id}", status_code=204)
async def end_reading(person_id: str, app: App, operator: Operator) -> Response:
    """Read a person's things no longer."""
    await app.readings.end(operator, person_id)
    return Response(status_code=204)


@router.get("/operators/jobs", responses=sends(JobsPage))
async def list_jobs(
    app: App,
    operator: Operator,
    personal: Personal,
    before: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """List exports, handovers and erasures of all people, the newest first. For operators."""
    jobs, following = await personal.jobs.page(before, limit)
    names = await app.operating.names({one.person_id for one in jobs} | {one.asked_by for one in jobs})
    return Json(JobsPage([_view(one) for one in jobs], following or None, names), headers=_NO_STORE)


def _accepted(job: Job) -> Response:
    return Json(_view(job), status_code=202, headers=_NO_STORE)


def _view(job: Job) -> JobView:
    return JobView(**msgspec.structs.asdict(job))


def _hold(hold: Hold, name: str) -> HoldView:
    return HoldView(hold.person_id, name, hold.reason, hold.placed_by, hold.placed_at)
