"""The chats that the page of the Azure sample keeps at the server."""

import base64
import binascii
import time
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from msgspec import Meta
from starlette.responses import Response

from hubbub.core.errors import Malformed, NotFound
from hubbub.core.people import may_list
from hubbub.history.base import Session
from hubbub.web.asker import App, Asker, application_of, person_of
from hubbub.web.bodies import Json, sends, takes
from hubbub.web.dialects.sample_errors import FAULTS
from hubbub.web.quick import QuickRoute, body_as

router = APIRouter(prefix="/chat_history", tags=["sample"], responses=FAULTS)
quick = APIRouter(prefix="/chat_history", tags=["sample"], responses=FAULTS, route_class=QuickRoute)

MOST_SESSIONS = 500
MOST_BYTES = 64 * 1024 * 1024
"""So much of a person's newest is kept; one is as large as a request may be."""
TITLE_CHARACTERS = 50


class Nothing(msgspec.Struct):
    """There is nothing to tell."""


class NewSession(msgspec.Struct):
    """A chat as the page has it: its questions, each with the whole response to it."""

    id: Annotated[str, Meta(min_length=1, max_length=128)]
    answers: Annotated[list[tuple[str, msgspec.Raw]], Meta(min_length=1)]


class SessionView(msgspec.Struct):
    """A chat in a list."""

    id: str
    entra_oid: str
    title: str
    timestamp: int


class SessionViews(msgspec.Struct):
    """Chats, the one last saved first, and what to ask for the next ones with."""

    sessions: list[SessionView]
    continuation_token: str | None


class SessionWithAnswers(msgspec.Struct):
    """A chat."""

    id: str
    entra_oid: str
    answers: msgspec.Raw


@quick.post("", status_code=201, openapi_extra=takes(NewSession), responses=sends(Nothing, 201, "Kept"))
async def save_session(request: Request) -> Response:
    """Keep a chat, in place of the one that had its id."""
    app, person = application_of(request), await person_of(request)
    new = await body_as(request, NewSession)
    first = new.answers[0][0]
    title = f"{first[:TITLE_CHARACTERS]}..." if len(first) > TITLE_CHARACTERS else first
    session = Session(new.id, person.id, title, int(time.time() * 1000))
    await app.sessions.save(session, msgspec.json.encode(new.answers), most=MOST_SESSIONS, most_bytes=MOST_BYTES)
    return Json(Nothing(), status_code=201)


@router.get("/sessions", responses=sends(SessionViews))
async def list_sessions(
    app: App,
    person: Asker,
    count: Annotated[int, Query(ge=1, le=100)] = 10,
    continuation_token: str = "",
    token: Annotated[str, Query(alias="continuationToken", description="The same; the page spells it so")] = "",
) -> Response:
    """List your chats, the one last saved first."""
    after = _after(continuation_token or token)
    is_listed = may_list(person, person.id)
    found = await app.sessions.sessions(person.id, limit=count + 1, after=after) if is_listed else []
    views = [SessionView(one.id, one.owner_id, one.title, one.saved_at) for one in found[:count]]
    return Json(SessionViews(views, _token(found[count - 1]) if len(found) > count else None))


@router.get("/sessions/{session_id}", responses=sends(SessionWithAnswers))
async def show_session(session_id: str, app: App, person: Asker) -> Response:
    """Show a chat."""
    content = await app.sessions.content(person.id, session_id)
    if content is None:
        raise NotFound("There is no such chat.")
    return Json(SessionWithAnswers(session_id, person.id, msgspec.Raw(content)))


@router.delete("/sessions/{session_id}", status_code=204)
async def delete_session(session_id: str, app: App, person: Asker) -> None:
    """Delete a chat."""
    if not await app.sessions.delete(person.id, session_id):
        raise NotFound("There is no such chat.")


def _token(last: Session) -> str:
    """Return what the list goes on with behind a chat. It is put into addresses as it is."""
    return base64.urlsafe_b64encode(msgspec.json.encode((last.saved_at, last.id))).decode().rstrip("=")


def _after(token: str) -> tuple[int, str] | None:
    if not token:
        return None
    try:
        decoded = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(decoded, type=tuple[int, str])
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise Malformed("This continuation_token is none that was given out here.") from error
