"""The audit, for operators: page by page with a filter, whole as lines of JSON, and live."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from hubbub.app.application import Application
from hubbub.audit.base import Audit, Filter
from hubbub.audit.chain import Outcome, as_line
from hubbub.core.errors import NotFound
from hubbub.identity.grants import granted
from hubbub.web.asker import App
from hubbub.web.bodies import Json, sends
from hubbub.web.routes.operating import Looker

router = APIRouter(prefix="/api/operators/audit", tags=["operators"])

_NO_STORE = {"cache-control": "no-store"}
LINES = "application/x-ndjson"
LIVE_SECONDS = 0.5
QUIET_SECONDS = 15.0
"""A stream where nothing happens says so with an empty line, so that nothing between cuts it."""
MOST_LISTED = 200


class AuditLine(msgspec.Struct, frozen=True):
    """Who did what to what, from where, and what came of it. `at` is in seconds of the epoch."""

    number: int
    at: float
    who: str
    """The id of a person; empty where nobody is known."""
    deed: str
    what: str
    """The id of the thing."""
    where: str
    outcome: Outcome
    detail: str


class AuditPage(msgspec.Struct, frozen=True):
    """Lines, the newest first. Ask on with `before` = `next`, until that is null; a page may have none."""

    lines: list[AuditLine]
    next: int | None
    names: dict[str, str]
    """What the people who are named by their ids are called."""


class AuditVerdict(msgspec.Struct, frozen=True):
    """Whether the audit holds. Keep `last` elsewhere: it tells later whether the end was cut off."""

    entries: int
    last: str
    fault: str


@router.get("", responses=sends(AuditPage))
async def show_audit(
    app: App,
    operator: Looker,
    before: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50,
    who: str = "",
    deed: str = "",
    what: str = "",
    about: str = "",
    outcome: Outcome | None = None,
    since: Annotated[float, Query(ge=0)] = 0.0,
    until: Annotated[float, Query(ge=0)] = 0.0,
) -> Response:
    """Show the audit, the newest lines first. For operators.

    `deed` is what the words begin with; `about` is a person: what they did, and what was done to them.
    """
    wanted = Filter(who, deed, what, outcome, since, until, about)
    found = await _audit(app).find(wanted, before=before, limit=limit)
    lines = [
        AuditLine(number, one.at, one.who, one.deed, one.what, one.where, one.outcome, one.detail)
        for number, one in found.entries
    ]
    ids = {one.who for one in lines} | {one.what for one in lines}
    return Json(AuditPage(lines, found.next or None, await app.operating.names(ids)), headers=_NO_STORE)


@router.get("/verified", responses=sends(AuditVerdict))
async def verify_audit(app: App, operator: Looker) -> Response:
    """Check that nothing in the audit was changed, removed or put in. For operators."""
    verdict = await _audit(app).verify()
    last = f"{verdict.entries}:{verdict.digest.hex()}"
    return Json(AuditVerdict(verdict.entries, last, verdict.fault), headers=_NO_STORE)


@router.get(
    "/lines", response_class=Response, responses={200: {"description": "Lines of JSON", "content": {LINES: {}}}}
)
async def export_audit(
    app: App, operator: Looker, after: Annotated[int, Query(ge=0)] = 0, live: bool = False
) -> Response:
    """Send the audit as lines of JSON, with their digests; `live` goes on with what comes. For operators."""
    audit = _audit(app)
    if not live:
        await app.deeds.note("audit exported", by=operator, detail=f"behind {after}")
    until = None if live else await audit.last()
    lines = _lines(app, audit, operator.id, after, until)
    return StreamingResponse(lines, media_type=LINES, headers=_NO_STORE)


async def _lines(
    app: Application, audit: Audit, operator_id: str, after: int, until: int | None
) -> AsyncGenerator[bytes]:
    """Yield lines up to a number; without one as they come, for as long as the operator is one."""
    clock = asyncio.get_running_loop().time
    told_at = clock()
    has_ended = asyncio.Event()
    grant = granted.get()
    held = grant.hold(lambda _: has_ended.set()) if grant is not None else None
    try:
        while not has_ended.is_set() and await app.operating.is_operator(operator_id):
            async with aclosing(audit.entries(after)) as entries:
                async for one in entries:
                    if has_ended.is_set() or (until is not None and one.number > until):
                        return
                    after = one.number
                    told_at = clock()
                    yield as_line(one)
                    await asyncio.sleep(0)
            if until is not None:
                return
            if clock() - told_at >= QUIET_SECONDS:
                told_at = clock()
                yield b"\n"
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LIVE_SECONDS):
                    await has_ended.wait()
    finally:
        if held is not None:
            held.release()


def _audit(app: App) -> Audit:
    if app.audit is None:
        raise NotFound("No audit is kept here.")
    return app.audit
