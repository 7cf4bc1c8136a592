"""Answers: read them, follow their events, stop them."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from hubbub.app.application import Application
from hubbub.core.answer import Answer
from hubbub.core.errors import HubbubError, Malformed
from hubbub.core.people import Person
from hubbub.core.references import told
from hubbub.web.asker import App, Asker, application_of, person_of
from hubbub.web.bodies import Json, sends
from hubbub.web.dialects.hubbub import HubbubEvents
from hubbub.web.feeds import MOST_ANSWERS, Feed, Wanted
from hubbub.web.quick import QuickRoute
from hubbub.web.streams import EventStream

router = APIRouter(prefix="/api/answers", tags=["answers"])
quick = APIRouter(prefix="/api/answers", tags=["answers"], route_class=QuickRoute)

_FOLLOW = {
    "name": "follow",
    "in": "query",
    "required": True,
    "description": "An answer's id, a dot, and the number of the event to begin behind; once for each answer",
    "schema": {"type": "array", "items": {"type": "string"}, "maxItems": MOST_ANSWERS},
}
_ANSWER_ID = {"name": "answer_id", "in": "path", "required": True, "schema": {"type": "string"}}
_AFTER = {
    "name": "after",
    "in": "query",
    "description": "Begin behind the event of this number",
    "schema": {"type": "integer", "minimum": 0},
}
_LAST_EVENT_ID = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The same; sent by browsers that come again",
    "schema": {"type": "integer", "minimum": 0},
}


@quick.get(
    "/events",
    response_class=Response,
    openapi_extra={"parameters": [_FOLLOW]},
    responses={200: {"description": "The events of all as they come", "content": {"text/event-stream": {}}}},
)
async def follow_answers(request: Request) -> Response:
    """Follow many answers over one connection, until all have ended.

    An event `answer` names the answer that the events after it are of. `over` says that it has ended and there is
    nothing more; `refused`, with a code and a text as JSON, that it can't be followed; `trouble`, that it breaks off.
    """
    app, person = application_of(request), await person_of(request)
    asked = request.query_params.getlist("follow")
    if not 0 < len(asked) <= MOST_ANSWERS:
        raise Malformed(f"Follow 1 to {MOST_ANSWERS} answers over one connection.")
    wanted: dict[str, Wanted] = {}
    for one in asked:
        answer_id, _, after = one.rpartition(".")
        wanted[answer_id] = await _wanted(app, person, answer_id, _number(after))
    return Feed(app.log, list(wanted.values()))


@router.get("/{answer_id}", responses=sends(Answer))
async def show_answer(answer_id: str, app: App, person: Asker) -> Response:
    """Show what an answer is now; `number` is that of the last event in it."""
    return Json(await app.answers.show(person, answer_id))


@quick.get(
    "/{answer_id}/events",
    response_class=Response,
    openapi_extra={"parameters": [_ANSWER_ID, _AFTER, _LAST_EVENT_ID]},
    responses={
        200: {"description": "The events as they come, until the ending", "content": {"text/event-stream": {}}},
        204: {"description": "The answer has ended and there is nothing after this number"},
    },
)
async def follow_answer(request: Request) -> Response:
    """Follow an answer's events from any number on, as often as you like. Leaving does not stop it."""
    app, person, answer_id = application_of(request), await person_of(request), str(request.path_params["answer_id"])
    await app.answers.check(person, answer_id)
    last_event_id = request.headers.get("last-event-id")
    number = _number(last_event_id if last_event_id is not None else request.query_params.get("after"))
    last, is_open = await app.log.reach(answer_id, number)
    if number > last:
        raise _beyond(last, number)
    if not is_open and number == last:
        return Response(status_code=204)
    return EventStream(app.log, answer_id, HubbubEvents(), number)


@router.post("/{answer_id}/stop", status_code=202, responses=sends(Answer, 202))
async def stop_answer(answer_id: str, app: App, person: Asker) -> Response:
    """Stop an answer; what it said so far stays. Nothing happens to one that has ended."""
    await app.answers.stop(person, answer_id)
    return Json(await app.answers.show(person, answer_id), status_code=202)


async def _wanted(app: Application, person: Person, answer_id: str, after: int) -> Wanted:
    try:
        await app.answers.check(person, answer_id)
        last, _ = await app.log.reach(answer_id, after)
        if after > last:
            raise _beyond(last, after)
    except HubbubError as error:
        if error.status >= 500:  # which concerns all of them, and may pass
            raise
        return Wanted(answer_id, after, told(error))
    return Wanted(answer_id, after)


def _beyond(last: int, number: int) -> Malformed:
    return Malformed(f"The answer has {last} events so far; there is nothing to follow after {number}.")


def _number(text: str | None) -> int:
    if text is None or text == "":
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Malformed("The number of an event is a whole number, 0 or more.")
    return int(text)
